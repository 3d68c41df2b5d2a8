"""A part of a year: its numbers, counted once from the plays and kept in Redis beside the year's latest event."""

from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import replace
from typing import TypeVar

from pydantic import TypeAdapter, ValidationError
from redis.exceptions import RedisError

from app.events import Event, Gap, YearCounts
from app.periods import Period
from app.redis import event_stream
from app.redis.event_stream import Topic
from app.store import Connection, fetch_jobs, listeners
from app.store.plays import counted_years, scrobbles
from app.store.plays.counted_years import CountedYear
from app.web.context import Context
from app.web.visits.status import YearStatus

T = TypeVar("T")
Months = dict[int, YearCounts]
_MONTHS, _PART = TypeAdapter(Months), TypeAdapter(CountedYear)
NOTHING = CountedYear()


class OnlyMonthsKept(Exception):
    """Days were asked for of a year whose plays were removed to make room: only its months are still counted."""


def part_of_year(context: Context, status: YearStatus, year: int, period: Period | None) -> YearStatus:
    """Return the status of a year with the numbers of a part of it, or unchanged for all of it.

    While plays come in for the first time the part has none: it is counted when they are in.
    Raises OnlyMonthsKept, StoreAway, TooManyRequests.
    """
    event = status.event
    if period is None or event is None:
        return status
    counted = NOTHING
    if event.scrobbles and not (event.is_running and not event.is_whole):
        counted = _kept(
            context,
            Topic(status.username, year),
            event,
            f"in {period.stem}",
            _PART,
            lambda connection: _count(connection, Topic(status.username, year), event, period),
        )
    return replace(status, event=_within(event, counted, period))


def months_of_year(context: Context, status: YearStatus, year: int) -> Months:
    """Return the counts of each month that has plays. Raises StoreAway, TooManyRequests."""
    event, topic = status.event, Topic(status.username, year)
    if event is None or not event.scrobbles:
        return {}
    return _kept(
        context, topic, event, "months", _MONTHS, lambda connection: _count_months(connection, topic, event)
    )


def _kept(
    context: Context,
    topic: Topic,
    event: Event,
    name: str,
    form: TypeAdapter[T],
    count: Callable[[Connection], T],
) -> T:
    """Return what Redis keeps under this name, or else count it from the database, and keep it."""
    with suppress(RedisError, ValidationError):  # what another version has kept
        kept = event_stream.load_derived(context.redis, topic, event, name, even_outdated=event.is_running)
        if kept is not None:
            return form.validate_json(kept)
    context.rate_limits.hit("database")
    with context.pool.connection() as connection:
        counted = count(connection)
    with suppress(RedisError):  # it may take nothing, where its disk is full
        text = form.dump_json(counted, exclude_defaults=True).decode()
        event_stream.save_derived(context.redis, topic, event, name, text)
    return counted


def _count(connection: Connection, topic: Topic, event: Event, period: Period) -> CountedYear:
    if not event.only_counted:
        listener = listeners.find(connection, topic.username)
        year = period.year
        return counted_years.count_period(connection, listener.id, year, period) if listener else NOTHING
    if period.month is None:
        raise OnlyMonthsKept
    return CountedYear(**_kept_of_year(connection, topic).in_month(period.month).numbers)


def _count_months(connection: Connection, topic: Topic, event: Event) -> Months:
    if not event.only_counted:
        listener = listeners.find(connection, topic.username)
        return scrobbles.count_months(connection, listener.id, topic.year or 0) if listener else {}
    kept = _kept_of_year(connection, topic)
    return {month: kept.in_month(month) for month in kept.months.keys() | kept.plays_by_month.keys()}


def _kept_of_year(connection: Connection, topic: Topic) -> CountedYear:
    job = fetch_jobs.find(connection, topic.username, topic.year or 0)
    return counted_years.find(connection, job.id) if job else NOTHING


def _within(event: Event, counted: CountedYear, period: Period) -> Event:
    """Return the year's event with the numbers of the period, as far as something is known of that alone."""
    songs, ends_of_songs = counted.song_years, counted.song_oldest_and_newest
    if event.song_years and not songs:
        # It makes no difference in this part: whoever counts by song goes on doing so.
        songs, ends_of_songs = counted.years, counted.oldest_and_newest
    known = {
        "song_years": songs,
        "oldest_and_newest": counted.oldest_and_newest,
        "song_oldest_and_newest": ends_of_songs,
        "gaps": tuple(_gaps_within(event, period)),
        "duplicates": 0,
        "undated": 0,
        "unreadable": 0,
        "added": 0,
        "removed": 0,
        "preview": False,
        # How far the year is, while it comes in.
        "expected": event.expected if event.is_running and not event.is_whole else None,
    }
    return event.model_copy(update={**counted.numbers, **known})


def _gaps_within(event: Event, period: Period) -> Iterator[Gap]:
    """Return the gaps of the period; of one that reaches beyond, nobody knows how many plays are in it."""
    start, end = period.seconds
    for gap in event.gaps:
        if gap.start < end and gap.end > start:
            is_within = start <= gap.start and gap.end <= end
            plays = gap.plays if is_within else None
            yield Gap(start=max(start, gap.start), end=min(end, gap.end), plays=plays)
