"""History: what is known of all the years of a listener. Redis remembers it, so that the database may sleep."""

from collections.abc import Iterable
from dataclasses import dataclass, field

from pydantic import BaseModel, ConfigDict, ValidationError
from redis import Redis
from redis.exceptions import RedisError

from app.fetches import QueueAway
from app.progress import KEPT, Event, Topic, parse
from app.store import Connection, StoreAway, jobs, listeners, scrobbles
from app.web.site import Site
from app.wishes import go_on, wished

Years = dict[int, int]


class Note(BaseModel):
    """What the database said of a listener; made anew when something in it has changed without an event."""

    model_config = ConfigDict(frozen=True)

    years: list[int]
    """In which there can be scrobbles."""
    whole: Years
    """The years stored whole, with Last.fm's count."""
    plays: dict[int, Years]
    """Listening year -> release year -> plays."""


NOTHING = Note(years=[], whole={}, plays={})


@dataclass(frozen=True)
class Past:
    """One listening year: its plays, by release year as far as they are stored, and what goes on with it."""

    year: int
    count: int | None = None
    plays: Years = field(default_factory=dict)
    is_whole: bool = False
    event: Event | None = None
    is_wished: bool = False

    @property
    def is_running(self) -> bool:
        """Whether a worker has it, or will by itself."""
        return self.event is not None and self.event.running

    @property
    def is_missing(self) -> bool:
        """Whether there is something to fetch that nobody was sent after."""
        return not (self.is_whole or self.is_running or self.is_wished or self.count == 0)


def look_back(site: Site, username: str, counted: dict[str, int]) -> list[Past]:
    """The listener's years, the newest first; `counted` is how many plays Last.fm has, where that is known.

    Asks the database only for what Redis does not remember. Also sets going again what had been wished for and
    was cut short.
    """
    counts = {int(year): count for year, count in counted.items()}
    topic = Topic(username)
    try:
        note = _remembered(site.redis, topic) or _look_up(site, topic)
        past = _with_redis(site.redis, username, note, counts)
        if any(one.is_wished for one in past) and not any(one.is_running for one in past):
            with site.pool.connection() as connection:
                go_on(connection, site.redis, username)
            past = _with_redis(site.redis, username, note, counts)
    except StoreAway:
        return _with_redis(site.redis, username, NOTHING, counts)
    except (RedisError, QueueAway):
        return _without_redis(site, username)
    return past


def _with_redis(redis: Redis, username: str, note: Note, counts: Years) -> list[Past]:
    years = sorted({*note.years, *note.whole, *counts}, reverse=True)
    events, wishes = _events(redis, username, years), wished(redis, username)
    return [_past(year, note, events.get(year), counts, is_wished=year in wishes) for year in years]


def _past(year: int, note: Note, event: Event | None, counts: Years, *, is_wished: bool) -> Past:
    count, plays = note.whole.get(year, counts.get(year)), note.plays.get(year, {})
    if event is not None:
        plays = {int(released): plays for released, plays in event.years.items()}
        count = event.expected if event.phase == "completed" and event.expected is not None else count
    is_whole = year in note.whole or (event is not None and event.phase == "completed")
    return Past(year, count, plays, is_whole, event, is_wished)


def _remembered(redis: Redis, topic: Topic) -> Note | None:
    data = redis.get(topic.history)
    if not isinstance(data, bytes):
        return None
    try:
        return Note.model_validate_json(data)
    except ValidationError:
        return None


def _look_up(site: Site, topic: Topic) -> Note:
    with site.pool.connection() as connection:
        note = _noted(connection, topic.username)
    if note.years:
        site.redis.set(topic.history, note.model_dump_json(), ex=KEPT)
    return note


def _noted(connection: Connection, username: str) -> Note:
    listener = listeners.find(connection, username)
    if listener is None:
        return NOTHING
    stored = scrobbles.by_years(connection, listener.id)
    placed = {year: {at: n for at, n in plays.items() if at is not None} for year, plays in stored.items()}
    return Note(
        years=listener.available_years, whole=jobs.whole_years(connection, listener.username), plays=placed
    )


def _events(redis: Redis, username: str, years: Iterable[int]) -> dict[int, Event]:
    years = list(years)
    if not years:
        return {}
    found = redis.mget([Topic(username, year).channel for year in years])
    snapshots = {year: parse(data) for year, data in zip(years, found, strict=True)}
    return {year: snapshot.event for year, snapshot in snapshots.items() if snapshot}


def _without_redis(site: Site, username: str) -> list[Past]:
    try:
        with site.pool.connection() as connection:
            note = _noted(connection, username)
    except StoreAway:
        return []
    return [_past(year, note, None, {}, is_wished=False) for year in sorted(note.years, reverse=True)]
