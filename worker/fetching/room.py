"""Make room: what is stored of Last.fm's data stays within the limit. Plays that nobody looks at go."""

from collections.abc import Iterator
from uuid import uuid4

import structlog
from redis import Redis

from app.counters.counts import increment
from app.counters.gauges import note_storage
from app.redis import looks
from app.redis.event_stream import Snapshot, Topic, drop_snapshot, latest_snapshot, save_snapshot
from app.settings import MEGABYTE
from app.store import Connection, fetch_jobs, listeners
from app.store.plays.year_events import year_event
from app.store.upkeep import orphans, room
from app.store.upkeep.room import StoredYear
from worker import shutdown

log = structlog.get_logger()

TARGET = 0.9
"""The part of the limit that is left after room was made, so that the next years need none."""

MIN_GAIN = 0.25
"""The part of the removed bytes that has to be gained. Less means that an open transaction keeps rows on disk."""

_LOCK = "lastyear:making-room"
_LOCKED_FOR = 600
"""Seconds. Whoever makes room keeps others from it; where none could be made, nobody tries again for so long."""

# Both do nothing, and return 0, where another worker has the lock by now.
_RENEW = "return redis.call('GET', KEYS[1]) == ARGV[1] and redis.call('EXPIRE', KEYS[1], ARGV[2]) or 0"
_RELEASE = "return redis.call('GET', KEYS[1]) == ARGV[1] and redis.call('DEL', KEYS[1]) or 0"


def make_room(connection: Connection, redis: Redis, limit_mb: int, *, ours: Topic | None = None) -> int:
    """Remove the plays of the years that nobody has looked at for longest, if more is stored than the limit.

    Returns of how many years. The year `ours`, which was just read, is the last to go; years that a run is reading
    stay. May run twice, and at the same time: then one of them does it. Raises ShutdownRequested.
    """
    limit, lock = limit_mb * MEGABYTE, _Lock(redis)
    size = room.lastfm_bytes(connection)
    note_storage(redis, size)
    if size <= limit or not lock.take():
        return 0
    try:
        return _make_room(connection, redis, limit, ours, lock)
    finally:
        lock.release()


def _make_room(connection: Connection, redis: Redis, limit: int, ours: Topic | None, lock: "_Lock") -> int:
    store_looks(connection, redis)
    removed, size = 0, _tidied(connection)
    while (excess := size - TARGET * limit) > 0 and lock.renew():
        gone = []
        for one in _enough(connection, excess, size, ours):
            shutdown.raise_if_requested()
            if lock.renew() and _remove(connection, redis, one):
                gone.append(one)
                increment(redis, "years_evicted")
        before, size = size, _tidied(connection)
        note_storage(redis, size)
        removed += len(gone)
        if before - size <= MIN_GAIN * sum(one.bytes for one in gone):
            log.error("No room is gained: a run has every year, or a long transaction is open", bytes=size)
            lock.keep()
            return removed
    log.info("Made room", years=removed, bytes=size)
    return removed


class _Lock:
    """Keeps other workers from making room, until it is released or was not renewed for a while."""

    def __init__(self, redis: Redis) -> None:
        self._redis = redis
        self._token = uuid4().hex
        self._is_kept = False

    def take(self) -> bool:
        """Take it; False where another worker has it."""
        return bool(self._redis.set(_LOCK, self._token, nx=True, ex=_LOCKED_FOR))

    def renew(self) -> bool:
        """Hold it for longer; False where it has lapsed and may be another worker's."""
        return bool(self._redis.eval(_RENEW, 1, _LOCK, self._token, _LOCKED_FOR))

    def keep(self) -> None:
        """Let it lapse by itself instead of releasing it."""
        self._is_kept = True

    def release(self) -> None:
        """Let others make room."""
        if not self._is_kept:
            self._redis.eval(_RELEASE, 1, _LOCK, self._token)


def store_looks(connection: Connection, redis: Redis) -> None:
    """Take over from Redis when somebody looked at which year last."""
    found = looks.latest_looks(redis)
    if found:
        room.note_looks(connection, found)
        looks.drop_looks(redis, max(at for *_, at in found))


def _tidied(connection: Connection) -> int:
    """Remove what no play needs any more, and return how many bytes are left."""
    with connection.transaction():
        orphans.remove(connection)
    room.compact(connection)
    return room.lastfm_bytes(connection)


def _enough(connection: Connection, excess: float, size: int, ours: Topic | None) -> Iterator[StoredYear]:
    """Return as many years as take that many bytes, with their share of names and indexes."""
    years = sorted(room.longest_unseen(connection), key=lambda one: _is(one, ours))
    whole = sum(one.bytes for one in years)
    for one in years:
        if excess <= 0:
            return
        yield one
        excess -= one.bytes / whole * size


def _remove(connection: Connection, redis: Redis, stored: StoredYear) -> bool:
    with connection.transaction():
        if not room.remove_plays(connection, stored):
            return False
    topic = Topic(stored.username, stored.year)
    job = fetch_jobs.find(connection, stored.username, stored.year)
    if job is None or job.plays_removed_at is None:
        drop_snapshot(redis, topic)
    elif (snapshot := latest_snapshot(redis, topic)) and snapshot.event.run == job.run:
        event = year_event(connection, job, listeners.find(connection, stored.username))
        save_snapshot(redis, topic, Snapshot(at=snapshot.at, username=stored.username, event=event))
    return True


def _is(stored: StoredYear, topic: Topic | None) -> bool:
    return topic is not None and Topic(stored.username, stored.year).channel == topic.channel
