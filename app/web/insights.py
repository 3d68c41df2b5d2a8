"""Insights into a listener's whole year, from its event and what Redis keeps: no page waits for the database."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from redis.exceptions import RedisError

from app.events import Event
from app.insights.highlights import MIN_PLAYS as LEAST_TOLD
from app.insights.highlights import Highlight, YearFacts, highlights
from app.insights.musical_age import MusicalAge, Untold, musical_age
from app.insights.standing import MIN_PLAYS, CountedAges, Standing, standing
from app.insights.usual_years import Shares, usual_shares
from app.insights.year_albums import YearAlbums
from app.insights.year_rules import RULES
from app.redis.event_stream import Topic
from app.redis.usual_years import read_usual_shares, read_usual_year
from app.redis.year_albums import keep_year_albums, kept_year_albums
from app.store import fetch_jobs, listeners
from app.store.plays import year_albums
from app.web.all_years import kept_years
from app.web.context import Context
from app.web.words.summary import Summary


@dataclass(frozen=True)
class Insights:
    """What a year says about its listener."""

    age: MusicalAge | Untold
    standing: Standing | None
    """None where too little is counted here or in this year."""
    highlights: Sequence[Highlight] | None
    """None where Redis has forgotten the year's albums."""


def year_insights(context: Context, event: Event, summary: Summary) -> Insights | None:
    """Work out what a year says; None while it comes in, and where no release year is known.

    While it is read again, only its age is told.
    """
    if not summary.is_whole or not summary.placed:
        return None
    try:
        shares, ages = read_usual_year(context.redis, summary.year, by_song=summary.options.by_song)
    except RedisError:  # Nothing more is asked of it: each question may take seconds.
        return Insights(musical_age(summary.years, summary.year, usual_shares(summary.year)), None, ())
    usual = usual_shares(summary.year, shares)
    age = musical_age(summary.years, summary.year, usual)
    if event.is_running:
        return Insights(age, None, ())
    return Insights(age, _standing(summary, ages), _highlights(context, event, summary, usual))


def musical_ages(context: Context, years: Mapping[int, Mapping[int, int]]) -> dict[int, MusicalAge | Untold]:
    """Tell the musical age in each listening year from its plays by release year."""
    try:
        counted = read_usual_shares(context.redis, years)
    except RedisError:
        counted = {}
    return {year: musical_age(plays, year, usual_shares(year, counted.get(year))) for year, plays in years.items()}


def read_albums(context: Context, topic: Topic, event: Event, *, by_song: bool) -> None:
    """Read a year's albums from the database, and keep them for its page. Raises StoreAway, RedisError."""
    with context.pool.connection() as connection:
        listener = listeners.find(connection, topic.username)
        job = fetch_jobs.find(connection, topic.username, topic.year or 0)
        if listener is None or job is None:
            return
        found = year_albums.find_of_job(connection, job, listener.id, by_song=by_song)
    keep_year_albums(context.redis, topic, event, found, by_song=by_song)


def _highlights(context: Context, event: Event, summary: Summary, usual: Shares) -> Sequence[Highlight] | None:
    if summary.placed < LEAST_TOLD:
        return ()
    topic = Topic(summary.name, summary.year)
    try:
        albums = kept_year_albums(context.redis, topic, event, by_song=summary.options.by_song)
        others = _other_ages(context, summary)
    except RedisError:
        return ()
    return None if albums is None else highlights(_facts(summary, albums, usual, others), RULES)


def _standing(summary: Summary, ages: CountedAges | None) -> Standing | None:
    return standing(summary.placed, summary.mean_age, summary.year, ages)


def _facts(summary: Summary, albums: YearAlbums, usual: Shares, others: Mapping[int, float]) -> YearFacts:
    return YearFacts(
        year=summary.year,
        plays=summary.years,
        unplaced=summary.unplaced,
        albums=albums,
        usual=usual,
        average_age=summary.mean_age,
        average_ages=others,
        by_song=summary.options.by_song,
    )


def _other_ages(context: Context, summary: Summary) -> dict[int, float]:
    """Return the average age of the music in the listener's other whole years."""
    years = {
        one.year: one.song_plays if summary.options.by_song and one.song_plays else one.plays
        for one in kept_years(context.redis, summary.name)
        if one.is_complete and one.year != summary.year
    }
    return {
        year: sum(max(0, year - released) * count for released, count in plays.items()) / placed
        for year, plays in years.items()
        if (placed := sum(plays.values())) >= MIN_PLAYS
    }
