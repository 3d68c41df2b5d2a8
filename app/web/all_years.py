"""All years of a listener: what is stored and what goes on. Cached in Redis, so that the database may sleep."""

import time
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime

import flask
from pydantic import BaseModel, ConfigDict, ValidationError
from redis import Redis
from redis.exceptions import RedisError

from app.charts.eras import Era
from app.events import Event, Failure, YearCounts
from app.formatting import so_far
from app.jobs.backlog import add_years, enqueue_next_year, pending_years
from app.jobs.queues import QueueAway, QueueFull
from app.redis.allowance import is_key_refused
from app.redis.event_stream import SNAPSHOT_TTL, Topic, latest_snapshot, parse_snapshot
from app.store import Connection, StoreAway, fetch_jobs, listeners
from app.store.plays import counted_years, scrobbles
from app.web.context import Context
from app.web.visits.introductions import introduce, is_interrupted, is_stored
from app.web.visits.starts import may_start_fetches
from app.web.visits.status import next_try
from app.web.words.chart_options import ChartOptions

Years = dict[int, int]


class StoredYears(BaseModel):
    """What the database says of a listener. Dropped from Redis when something changes there without an event."""

    model_config = ConfigDict(frozen=True)

    years: list[int]
    """Since the listener registered."""
    completed: Years
    """The years that are completed, with Last.fm's count."""
    scrobbles: Years
    """How many plays are stored of each year."""
    plays: dict[int, Years]
    """Listening year -> release year -> plays."""
    song_plays: dict[int, Years]
    """The same by the songs' own release years; without the years in which that makes no difference."""


NO_YEARS = StoredYears(years=[], completed={}, scrobbles={}, plays={}, song_plays={})


@dataclass(frozen=True)
class ListenerYear:
    """A listening year: how many plays Last.fm counts, those stored by release year, and what goes on with it."""

    year: int
    count: int | None = None
    scrobbles: int = 0
    """How many plays are stored."""
    plays: Years = field(default_factory=dict)
    song_plays: Years = field(default_factory=dict)
    """The same by the songs' own release years; empty where that makes no difference."""
    is_complete: bool = False
    event: Event | None = None
    is_in_backlog: bool = False

    @property
    def so_far(self) -> str:
        """How many plays are here of a year that is not whole; empty where it is, and where there are none."""
        return so_far(self.scrobbles, self.count) if self.scrobbles and not self.is_complete else ""

    @property
    def is_open(self) -> bool:
        """Whether more plays may come: it is not whole, or not over."""
        return not self.is_complete or self.year >= datetime.now(UTC).year

    def plays_by(self, options: ChartOptions) -> Years:
        """Return its plays by release year, counted as these options say."""
        return self.song_plays if options.by_song and self.song_plays else self.plays

    @property
    def is_running(self) -> bool:
        """Whether a worker reads it, or will."""
        return self.event is not None and self.event.is_running

    @property
    def has_note(self) -> bool:
        """Whether there is something to say of it besides its numbers."""
        return not self.is_complete or self.is_in_backlog

    @property
    def is_missing(self) -> bool:
        """Whether it has plays that no worker reads or will read."""
        return not (self.is_complete or self.is_running or self.is_in_backlog or self.count == 0)

    @property
    def is_interrupted(self) -> bool:
        """Whether it is to go on after Last.fm gave no answer."""
        event = self.event
        return (
            not self.is_complete
            and event is not None
            and event.phase == "failed"
            and event.next_try_at is not None
        )

    @property
    def is_due(self) -> bool:
        """Whether it is to go on now."""
        return self.is_interrupted and self.event is not None and (self.event.next_try_at or 0) <= time.time()

    @property
    def next_try(self) -> int:
        """In how many seconds Last.fm is asked again after it gave no answer; 0 if no time is known."""
        return 0 if self.is_complete else next_try(self.event)


def listener_years(context: Context, username: str, counts: Years) -> list[ListenerYear]:
    """List a listener's years, the newest first; `counts` is how many plays Last.fm counts, where that is known.

    Asks the database only if Redis has forgotten them, and raises TooManyRequests where that is too often. Years
    that Last.fm has interrupted join the backlog when their next try is due. Also enqueues the next year of a
    backlog that nobody works on any more.
    """
    topic = Topic(username)
    try:
        stored = _cached(context.redis, topic) or _look_up(context, topic)
        years = _with_redis(context.redis, username, stored, counts)
        if not may_start_fetches(flask.request):
            return years
        add_years(context.redis, username, [one.year for one in years if one.is_due])
        first = next((one for one in years if one.is_in_backlog or one.is_due), None)
        waits = first is None or (first.is_interrupted and not first.is_due)
        if not waits and not any(one.is_running for one in years):
            _go_on(context, username, first)
            years = _with_redis(context.redis, username, stored, counts)
    except StoreAway:
        return _with_redis(context.redis, username, NO_YEARS, counts)
    except QueueFull:
        return years  # the backlog goes on at a later visit
    except (RedisError, QueueAway):
        return _without_redis(context, username)
    return years


def eras_of(years: Iterable[ListenerYear], options: ChartOptions) -> tuple[Era, ...]:
    """Sum up the years of which a release year is known, the oldest first."""
    summed_up = (Era.of(one.year, one.plays_by(options), is_so_far=one.is_open) for one in years)
    return tuple(sorted(filter(None, summed_up), key=lambda era: era.year))


def kept_years(redis: Redis, username: str) -> list[ListenerYear]:
    """List a listener's years as Redis has them, the newest first; nothing where it has forgotten them."""
    stored = _cached(redis, Topic(username))
    return _with_redis(redis, username, stored, {}) if stored else []


def _go_on(context: Context, username: str, first: ListenerYear | None) -> None:
    """Have the first year of the backlog fetched; one that Last.fm has interrupted, once Last.fm answers."""
    if first is not None and is_interrupted(first.event):
        topic = Topic(username, first.year)
        introduce(context, topic, latest_snapshot(context.redis, topic))
        return
    with context.pool.connection() as connection:
        enqueue_next_year(connection, context.redis, username, at_once=first is not None and first.is_due)


def _with_redis(redis: Redis, username: str, stored: StoredYears, counts: Years) -> list[ListenerYear]:
    years = sorted({*stored.years, *stored.completed, *counts}, reverse=True)
    events, backlog = _due_now(redis, _events(redis, username, years)), pending_years(redis, username)
    return [
        _listener_year(year, stored, events.get(year), counts, is_in_backlog=year in backlog) for year in years
    ]


def _due_now(redis: Redis, events: dict[int, Event]) -> dict[int, Event]:
    """Put the next try of years for which Last.fm refused our key at this moment, once it accepts it again."""
    waiting = [year for year, one in events.items() if one.error is Failure.LASTFM_REFUSES and one.next_try_at]
    if not waiting or is_key_refused(redis):
        return events
    return events | {year: events[year].model_copy(update={"next_try_at": time.time()}) for year in waiting}


def _listener_year(
    year: int, stored: StoredYears, event: Event | None, counts: Years, *, is_in_backlog: bool
) -> ListenerYear:
    count, plays = stored.completed.get(year, counts.get(year)), stored.plays.get(year, {})
    song_plays = stored.song_plays.get(year, {})
    scrobbles, is_complete = stored.scrobbles.get(year, 0), year in stored.completed
    if event is not None:
        scrobbles, plays, is_complete = event.scrobbles, event.years, is_complete or event.is_whole
        song_plays = event.song_years
        count = event.expected if event.phase == "completed" and event.expected is not None else count
    return ListenerYear(year, count, scrobbles, plays, song_plays, is_complete, event, is_in_backlog)


def _cached(redis: Redis, topic: Topic) -> StoredYears | None:
    data = redis.get(topic.history)
    if not isinstance(data, bytes):
        return None
    try:
        return StoredYears.model_validate_json(data)
    except ValidationError:
        return None


def _look_up(context: Context, topic: Topic) -> StoredYears:
    if not is_stored(context, topic.username):
        return NO_YEARS
    context.rate_limits.hit("database")
    with context.pool.connection() as connection:
        stored = _stored_years(connection, topic.username)
    if stored.years:
        context.redis.set(topic.history, stored.model_dump_json(), ex=SNAPSHOT_TTL)
    return stored


def _stored_years(connection: Connection, username: str) -> StoredYears:
    listener = listeners.find(connection, username)
    if listener is None:
        return NO_YEARS
    counted = counted_years.of_listener(connection, listener.username_key)
    every: dict[int, YearCounts] = {**scrobbles.count_all_years(connection, listener.id), **counted}
    return StoredYears(
        years=listener.available_years,
        completed=fetch_jobs.completed_years(connection, listener.username),
        scrobbles={year: counts.scrobbles for year, counts in every.items()},
        plays={year: counts.years for year, counts in every.items()},
        song_plays={year: counts.song_years for year, counts in every.items() if counts.song_years},
    )


def _events(redis: Redis, username: str, years: Iterable[int]) -> dict[int, Event]:
    years = list(years)
    if not years:
        return {}
    found = redis.mget([Topic(username, year).channel for year in years])
    snapshots = {year: parse_snapshot(data) for year, data in zip(years, found, strict=True)}
    return {year: snapshot.event for year, snapshot in snapshots.items() if snapshot}


def _without_redis(context: Context, username: str) -> list[ListenerYear]:
    context.rate_limits.hit("database")
    try:
        with context.pool.connection() as connection:
            stored = _stored_years(connection, username)
    except StoreAway:
        return []
    return [
        _listener_year(year, stored, None, {}, is_in_backlog=False) for year in sorted(stored.years, reverse=True)
    ]
