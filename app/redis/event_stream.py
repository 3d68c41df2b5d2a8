"""The event stream: events are published, kept as the latest, and followed over Redis, never over the database."""

import hashlib
import json
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from pydantic import BaseModel, ConfigDict, ValidationError
from redis import Redis
from redis.client import PubSub

from app.events import Event, Failure

_PREFIX = "lastyear:progress:"
_HISTORY = "lastyear:history:"
SNAPSHOT_TTL = timedelta(days=30)  # a snapshot is a cache: the database has the truth
VOID_TTL = timedelta(hours=1)  # longer than any run goes on before it finds out that it is over
MAX_SNAPSHOTS = 20_000
"""How many topics have one; those that were saved longest ago are dropped."""
MAX_DERIVED = 60
"""How many texts are kept of a year; with one more all are dropped, since a year has endless parts."""
_SAVED = "lastyear:saved"  # the topics that have one, by when it was saved


@dataclass(frozen=True)
class Topic:
    """What events are about: a listener's year, or with year None the listener's list of years."""

    username: str
    year: int | None = None

    @property
    def channel(self) -> str:
        """The Redis channel and key; names that differ only by case share it."""
        return _PREFIX + self.username.casefold() + ("" if self.year is None else f"/{self.year}")

    @property
    def history(self) -> str:
        """The Redis key of what the database said of all years of the listener."""
        return _HISTORY + self.username.casefold()

    @property
    def derived(self) -> str:
        """The Redis key of what was made from the snapshot."""
        return f"{self.channel}/derived"


# Saves a snapshot, unless the latest is of a newer run, and publishes it if a channel is given. Drops the oldest
# ones beyond ARGV[5], with what was made from them, and the names of those that expired after ARGV[7] seconds.
_SAVE = """
local latest = redis.call('GET', KEYS[1])
local known, snapshot = pcall(cjson.decode, latest or '')
if known and type(snapshot) == 'table' and type(snapshot.event) == 'table' then
    local run = snapshot.event.run
    if type(run) == 'string' and run > ARGV[2] then return 0 end
end
redis.call('SET', KEYS[1], ARGV[1], 'EX', ARGV[3])
local clock = redis.call('TIME')
if ARGV[6] == 'listed' then
    redis.call('ZADD', KEYS[2], clock[1] .. string.format('.%06d', clock[2]), KEYS[1])
else
    redis.call('ZREM', KEYS[2], KEYS[1])
end
redis.call('ZREMRANGEBYSCORE', KEYS[2], '-inf', clock[1] - ARGV[7])
for _, old in ipairs(redis.call('ZRANGE', KEYS[2], 0, -1 - ARGV[5])) do
    redis.call('DEL', old, old .. '/derived', (string.gsub(old, '^lastyear:progress:', 'lastyear:history:')))
    redis.call('ZREM', KEYS[2], old)
end
if ARGV[4] ~= '' then redis.call('PUBLISH', ARGV[4], ARGV[1]) end
return 1
"""

Publish = Callable[[Topic, Event], None]
"""Makes an event the latest of its topic and sends it to everyone who follows that."""


class Snapshot(BaseModel):
    """The latest event of a topic, its time in seconds since 1970, and the name as Last.fm spells it."""

    model_config = ConfigDict(frozen=True)

    at: float
    username: str
    event: Event

    @property
    def age(self) -> float:
        """Seconds since it was published; less than nothing if the clock was ahead then."""
        return time.time() - self.at


def publish(redis: Redis, topic: Topic, event: Event) -> None:
    """Save and publish the event in one step, so that whoever follows first and reads then misses nothing.

    Does nothing if the latest event is of a newer run: what an older one still sends comes too late.
    """
    snapshot = Snapshot(at=time.time(), username=topic.username, event=event)
    _save(redis, topic, snapshot, channel=topic.channel)


def save_snapshot(redis: Redis, topic: Topic, snapshot: Snapshot) -> None:
    """Make this the topic's latest snapshot without publishing it, unless there is one of a newer run."""
    _save(redis, topic, snapshot, channel="")


def _save(redis: Redis, topic: Topic, snapshot: Snapshot, *, channel: str) -> None:
    longest = int(SNAPSHOT_TTL.total_seconds())
    brief = _brief_life(snapshot.event)
    ttl, listed = (int(brief.total_seconds()), "") if brief else (longest, "listed")
    run, text = str(snapshot.event.run), snapshot.model_dump_json()
    redis.eval(_SAVE, 2, topic.channel, _SAVED, text, run, ttl, channel, MAX_SNAPSHOTS, listed, longest)


def _brief_life(event: Event) -> timedelta | None:
    """Return for how long something is known of a name that has no chart; None for all others.

    No forgotten name stays longer than it has to, and invented ones do not take the place of years.
    """
    is_nobody = event.error is Failure.NO_SUCH_USER and not event.scrobbles
    return event.error.retry_after if event.error and (is_nobody or event.error is Failure.BARRED) else None


def latest_snapshot(redis: Redis, topic: Topic) -> Snapshot | None:
    """Read the latest snapshot of the topic; None where there never was one or it was dropped."""
    return parse_snapshot(redis.get(topic.channel))


def parse_snapshot(data: object) -> Snapshot | None:
    """Read a snapshot from its JSON; None for nothing, and for anything that is not a snapshot."""
    if not isinstance(data, str | bytes):
        return None
    try:
        return Snapshot.model_validate_json(data)
    except ValidationError:
        return None


def drop_snapshot(redis: Redis, topic: Topic) -> None:
    """Drop the topic's latest snapshot, so that the next visit reads the database, and have open pages reload."""
    pipeline = redis.pipeline()
    pipeline.getdel(topic.channel)
    pipeline.delete(topic.history, topic.derived)
    dropped, _ = pipeline.execute()
    if dropped is not None:
        redis.publish(topic.channel, dropped)


def forget_listener(redis: Redis, username: str, *, voiding: UUID | None = None) -> None:
    """Drop every snapshot of a listener, and what was made from them.

    With `voiding`, events of runs older than that run are not taken any more: in the place of a snapshot that more
    were to follow, its id stands until no such run can say anything.
    """
    topic = Topic(username)
    years = topic.channel.replace("*", "") + "/*"
    listed = (key for key, _ in redis.zscan_iter(_SAVED, match=years))  # those that have expired as well
    keys = {topic.channel.encode(), *redis.scan_iter(match=years), *listed}
    _forget(redis, [topic.history.encode(), *keys], voiding)


def forget_everyone(redis: Redis, *, voiding: UUID) -> None:
    """Do the same for all listeners."""
    _forget(redis, [*redis.scan_iter(match=_PREFIX + "*"), *redis.scan_iter(match=_HISTORY + "*")], voiding)
    redis.delete(_SAVED)


def _forget(redis: Redis, keys: Sequence[bytes], voiding: UUID | None) -> None:
    running = [key for key in keys if voiding and _is_running(redis, key)]
    pipeline = redis.pipeline()
    if keys:
        pipeline.delete(*keys)
        pipeline.zrem(_SAVED, *keys)
    for key in running:
        pipeline.set(key, json.dumps({"event": {"run": str(voiding)}}), ex=VOID_TTL)
    pipeline.execute()


def _is_running(redis: Redis, key: bytes) -> bool:
    if key.endswith(b"/derived") or key.startswith(_HISTORY.encode()):
        return False
    snapshot = parse_snapshot(redis.get(key))
    return snapshot is not None and snapshot.event.is_running


@contextmanager
def follow_all(redis: Redis) -> Iterator[PubSub]:
    """Subscribe to every topic: one subscription per process, which hands the events on to its pages."""
    with redis.pubsub() as pubsub:
        pubsub.psubscribe(_PREFIX + "*")
        yield pubsub


def save_derived(redis: Redis, topic: Topic, event: Event, name: str, text: str) -> None:
    """Keep a text that was made from the year as it is at this event."""
    if redis.hlen(topic.derived) >= MAX_DERIVED:
        redis.delete(topic.derived)
    redis.hset(topic.derived, name, _digest(event) + text)
    redis.expire(topic.derived, SNAPSHOT_TTL)


def load_derived(
    redis: Redis, topic: Topic, event: Event, name: str, *, even_outdated: bool = False
) -> str | None:
    """Return the text kept under this name, if the year's run, progress and counts are still the same.

    With `even_outdated`, any text that is kept: while a year is read again, its counts change all the time.
    """
    kept, digest = redis.hget(topic.derived, name), _digest(event)
    text = kept.decode() if isinstance(kept, bytes) else ""
    return text[len(digest) :] if text and (even_outdated or text.startswith(digest)) else None


def _digest(event: Event) -> str:
    state = f"{event.run} {event.done} {json.dumps(event.numbers, sort_keys=True)}"
    return hashlib.blake2b(state.encode(), digest_size=16).hexdigest()
