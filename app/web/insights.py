"""Insights into a listener's whole year, from its event and what Redis keeps: no page waits for the database."""

from collections.abc import Mapping
from dataclasses import dataclass

from redis.exceptions import RedisError

from app.insights.musical_age import MusicalAge, Untold, musical_age
from app.insights.standing import CountedAges, Standing, standing
from app.insights.usual_years import CountedShares, usual_shares
from app.redis.usual_years import read_usual_shares, read_usual_year
from app.web.context import Context
from app.web.words.summary import Summary


@dataclass(frozen=True)
class Insights:
    """What a year says about its listener."""

    age: MusicalAge | Untold
    standing: Standing | None
    """None where too little is counted here or in this year."""


def year_insights(context: Context, summary: Summary) -> Insights | None:
    """Work out what a year says; None while it comes in, and where no release year is known."""
    if not summary.is_whole or not summary.placed:
        return None
    shares, ages = _usual(context, summary)
    return Insights(
        age=musical_age(summary.years, summary.year, usual_shares(summary.year, shares)),
        standing=standing(summary.placed, summary.mean_age, summary.year, ages),
    )


def musical_ages(context: Context, years: Mapping[int, Mapping[int, int]]) -> dict[int, MusicalAge | Untold]:
    """Tell the musical age in each listening year from its plays by release year."""
    try:
        counted = read_usual_shares(context.redis, years)
    except RedisError:
        counted = {}
    return {year: musical_age(plays, year, usual_shares(year, counted.get(year))) for year, plays in years.items()}


def _usual(context: Context, summary: Summary) -> tuple[CountedShares | None, CountedAges | None]:
    try:
        return read_usual_year(context.redis, summary.year, by_song=summary.options.by_song)
    except RedisError:
        return None, None
