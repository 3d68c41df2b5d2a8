"""Progress of a fetch: published, kept as the latest, and followed over Redis, never over the database."""

import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from typing import Annotated, Any, Literal, Protocol
from uuid import UUID

import requests
import structlog
from pydantic import BaseModel, ConfigDict, Field, ValidationError
from redis import Redis
from redis.client import PubSub

log = structlog.get_logger()

PREFIX = "lastyear:progress:"
KEPT = timedelta(days=30)  # a snapshot is a cache: the database has the truth

LEFT_ALONE = 10.0  # seconds for which a web that does not take events is left alone
LAST_WORDS = (1.0, 3.0, 6.0)  # seconds between the tries at a run's last event

Phase = Literal["queued", "fetching", "augmenting", "completed", "failed"]
Count = Annotated[int, Field(ge=0)]
Year = Annotated[str, Field(pattern=r"^[0-9]{4}$")]


class Failure(StrEnum):
    """Why a fetch ended without its year; the value is what an event says as `error`."""

    NO_SUCH_USER = "no such user"
    LISTENING_HIDDEN = "listening hidden"
    LASTFM_AWAY = "Last.fm does not answer"
    LASTFM_REFUSES = "Last.fm refuses our key"
    BROKEN = "internal error"


class End(BaseModel):
    """The most played album, or song, of the release year at one end of a chart."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    release_year: int
    artist: str
    title: str
    plays: Count


class Event(BaseModel):
    """Where a fetch stands. On a listener's own topic `years` are listening years and pages are years counted.

    With `preview` plays and years are not only those that are stored: some are from Last.fm's chart of albums,
    shown until the pages have brought as much. `song_years` are plays by the years of the songs themselves, and
    empty where that is no different from `years`, as far as anybody knows. `ends` are of the first of the `years`
    and of the last, said when no more are to come; `song_ends` those of `song_years`.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    run: UUID
    phase: Phase
    page: Count = 0
    pages: Count = 0
    scrobbles: Count = 0
    expected: Count | None = None
    matched: Count = 0
    fuzzy_matched: Count = 0
    not_found: Count = 0
    by_mbid: Count | None = None
    years: dict[Year, Count] = Field(default_factory=dict, max_length=1000)
    song_years: dict[Year, Count] = Field(default_factory=dict, max_length=1000)
    ends: tuple[End, End] | None = None
    song_ends: tuple[End, End] | None = None
    preview: bool = False
    queued_ahead: Count = 0
    seconds_left: Count | None = None
    error: Failure | None = None

    def standing(self) -> dict[str, Any]:
        """The part that says what is stored, by the names of `app.store.scrobbles.Standing`."""
        parts = {"scrobbles", "matched", "fuzzy_matched", "not_found", "by_mbid", "years", "song_years"}
        return self.model_dump(include=parts, exclude_none=True)

    def by_song(self) -> "Event":
        """The same with every play counted by its song's own year."""
        if not self.song_years:
            return self
        return self.model_copy(update={"years": self.song_years, "ends": self.song_ends})

    @property
    def pending(self) -> int:
        """Plays about whose album the mirror could not be asked yet."""
        return self.scrobbles - (self.matched + self.fuzzy_matched + self.not_found)

    @property
    def running(self) -> bool:
        """Whether more events of this run are to come."""
        return self.phase in ("queued", "fetching", "augmenting")


@dataclass(frozen=True)
class Topic:
    """What events are about: a listener's year, or with year None the listener's list of years."""

    username: str
    year: int | None = None

    @property
    def channel(self) -> str:
        """The Redis channel and key; names that differ only by case share it."""
        return PREFIX + self.username.casefold() + ("" if self.year is None else f"/{self.year}")

    @property
    def history(self) -> str:
        """The Redis key of what the database said of all years of the listener."""
        return f"lastyear:history:{self.username.casefold()}"


class Snapshot(BaseModel):
    """The latest event of a topic, when it was said (seconds since 1970), and the name as Last.fm spells it."""

    model_config = ConfigDict(frozen=True)

    at: float
    username: str
    event: Event

    @property
    def age(self) -> float:
        """Seconds since it was said."""
        return time.time() - self.at


class Publisher(Protocol):
    """Somewhere to send progress to."""

    def publish(self, topic: Topic, event: Event) -> None:
        """Makes `event` the latest of `topic` and hands it to everyone who follows it."""


class RedisPublisher:
    """Publishes straight to Redis."""

    def __init__(self, redis: Redis) -> None:
        self._redis = redis

    def publish(self, topic: Topic, event: Event) -> None:
        """Keeps and publishes in one step, so that whoever follows first and reads then misses nothing."""
        snapshot = Snapshot(at=time.time(), username=topic.username, event=event)
        with self._redis.pipeline(transaction=True) as pipeline:
            remember(pipeline, topic, snapshot)
            pipeline.publish(topic.channel, snapshot.model_dump_json())
            pipeline.execute()


class WebhookPublisher:
    """Posts to the web's `/internal/job-update`, for a web on another machine."""

    def __init__(self, url: str, token: str) -> None:
        self._url = url
        self._session = requests.Session()
        self._session.headers["Authorization"] = f"Bearer {token}"
        self._silent_until = 0.0

    def publish(self, topic: Topic, event: Event) -> None:
        """Posts the event. One that is not taken is only logged: the next one says everything anew.

        A web that is away must not slow a fetch down, so that it is left alone for a while. After the last event
        of a run there is no next one: it is posted a few times.
        """
        if event.running:
            if time.monotonic() >= self._silent_until:
                self._post(topic, event)
            return
        for pause in (*LAST_WORDS, 0):
            if self._post(topic, event):
                return
            time.sleep(pause)

    def _post(self, topic: Topic, event: Event) -> bool:
        body = {"username": topic.username, "year": topic.year, "event": event.model_dump(mode="json")}
        try:
            self._session.post(self._url, json=body, timeout=(3, 5)).raise_for_status()
        except requests.RequestException as error:
            log.warning("A progress event was not taken", reason=type(error).__name__)
            self._silent_until = time.monotonic() + LEFT_ALONE
            return False
        return True


class JobUpdate(BaseModel):
    """The body of a posted event."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    username: str = Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,31}$")
    year: int | None = Field(default=None, ge=2002, le=9999)
    event: Event


def latest(redis: Redis, topic: Topic) -> Snapshot | None:
    """The latest event of the topic, or None when there never was one or it was forgotten."""
    return parse(redis.get(topic.channel))


def remember(redis: Redis, topic: Topic, snapshot: Snapshot) -> None:
    """Keeps a snapshot as the topic's latest without telling anybody."""
    redis.set(topic.channel, snapshot.model_dump_json(), ex=KEPT)


def outdate(redis: Redis, topic: Topic) -> None:
    """Drops the latest of a topic, so that who looks next reads the database, and has its open pages look now."""
    pipeline = redis.pipeline()
    pipeline.getdel(topic.channel)
    pipeline.delete(topic.history, _beside(topic))
    dropped, _ = pipeline.execute()
    if dropped is not None:
        redis.publish(topic.channel, dropped)


def forget(redis: Redis, username: str) -> None:
    """Drops every snapshot about a listener."""
    topic = Topic(username)
    keys = [topic.channel, *redis.scan_iter(match=topic.channel.replace("*", "") + "/*")]
    redis.delete(topic.history, *keys)


def parse(data: object) -> Snapshot | None:
    """A snapshot from its JSON; None for nothing, and for what an older version wrote otherwise."""
    if not isinstance(data, str | bytes):
        return None
    try:
        return Snapshot.model_validate_json(data)
    except ValidationError:
        return None


@contextmanager
def subscription(redis: Redis) -> Iterator[PubSub]:
    """Follows every topic. One a process is enough: who watches what is sorted out behind it."""
    with redis.pubsub() as pubsub:  # type: ignore[no-untyped-call]
        pubsub.psubscribe(PREFIX + "*")
        yield pubsub


def keep_beside(redis: Redis, topic: Topic, event: Event, name: str, data: str) -> None:
    """Keeps what was made of the year as `event` says it stands; forgotten with its listener."""
    redis.hset(_beside(topic), mapping={f"{name} of": _standing(event), name: data})
    redis.expire(_beside(topic), KEPT)


def kept_beside(redis: Redis, topic: Topic, event: Event, name: str) -> str | None:
    """What was kept by this name, if the year still stands like that."""
    of, data = redis.hmget(_beside(topic), [f"{name} of", name])
    if not (isinstance(of, bytes) and isinstance(data, bytes)) or of.decode() != _standing(event):
        return None
    return data.decode()


def _beside(topic: Topic) -> str:
    return f"{topic.channel}/made"


def _standing(event: Event) -> str:
    return f"{event.run} {json.dumps(event.standing(), sort_keys=True)}"


class MirrorNote(BaseModel):
    """What the worker last saw of the mirror, for pages, which do not ask it themselves."""

    model_config = ConfigDict(frozen=True)

    release_groups: int
    stamp: str

    @property
    def empty(self) -> bool:
        """Whether nothing can be looked up yet, since MusicBrainz is still being imported."""
        return self.release_groups == 0

    @property
    def small(self) -> bool:
        """Whether so few albums are known that a listener should be told; MusicBrainz has millions."""
        return 0 < self.release_groups < 100_000


NOT_IMPORTED = MirrorNote(release_groups=0, stamp="")


_NOTE = "lastyear:mirror"


def note_mirror(redis: Redis, note: MirrorNote | None) -> None:
    """Leaves a note of what the mirror holds; None: nobody knows."""
    if note is None:
        redis.delete(_NOTE)
    else:
        redis.set(_NOTE, note.model_dump_json())


def mirror_note(redis: Redis) -> MirrorNote | None:
    """The note last left, if there is one."""
    data = redis.get(_NOTE)
    if not isinstance(data, str | bytes):
        return None
    return MirrorNote.model_validate_json(data)
