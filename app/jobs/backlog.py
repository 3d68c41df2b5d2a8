"""Backlog: the years of a listener that are to be fetched, queued one at a time so that others get their turn.

A year is queued when the listener's fetch before it has ended; whoever came in between is ahead of it.
The newest year comes first, so that all who call this at once agree on which it is.
"""

import time
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from enum import Enum, auto

from redis import Redis

from app.counters.counts import increment
from app.events import Failure
from app.jobs.enqueue import enqueue_year
from app.jobs.queues import FETCHES, QueueFull
from app.store import Connection, fetch_jobs, listeners
from app.store.fetch_jobs import FetchJob
from app.store.listeners import username_key

KEPT_FOR = timedelta(days=7)
"""It is dropped after this time. It has no expiry in Redis, since a full Redis evicts what has one."""
MAX_BACKLOGS = 1000
"""How many listeners may have one."""

_ALL = "lastyear:backlogs"  # the listeners that have one, by when years were added to it

# Removes a year, or with none all of them, and the listener from the list when no year is left.
_REMOVE = """
if ARGV[2] then redis.call('SREM', KEYS[1], ARGV[2]) else redis.call('DEL', KEYS[1]) end
if redis.call('EXISTS', KEYS[1]) == 0 then redis.call('ZREM', KEYS[2], ARGV[1]) end
"""
_PREFIX = "lastyear:backlog:"


class Turn(Enum):
    """What to do about the next year of a backlog."""

    FETCH = auto()
    WAIT = auto()
    SKIP = auto()
    CLEAR = auto()


def add_years(redis: Redis, username: str, years: Iterable[int]) -> None:
    """Add years to the listener's backlog. `enqueue_next_year` queues the first of them. Raises QueueFull."""
    if not (wanted := list(years)):
        return
    now, key = time.time(), username_key(username)
    for old in redis.zrangebyscore(_ALL, "-inf", now - KEPT_FOR.total_seconds()):
        clear(redis, old.decode() if isinstance(old, bytes) else str(old))
    if redis.zcard(_ALL) >= MAX_BACKLOGS and redis.zscore(_ALL, key) is None:
        increment(redis, "queue_refusals", FETCHES, "queue_full")
        raise QueueFull
    with redis.pipeline() as pipeline:
        pipeline.sadd(_key(username), *wanted)
        pipeline.zadd(_ALL, {key: now})
        pipeline.execute()


def pending_years(redis: Redis, username: str) -> list[int]:
    """Return the years in the listener's backlog, in the order in which they will be fetched."""
    return sorted(map(int, redis.smembers(_key(username))), reverse=True)


def clear(redis: Redis, username: str) -> None:
    """Remove all years from the listener's backlog."""
    redis.eval(_REMOVE, 2, _key(username), _ALL, username_key(username))


def clear_all(redis: Redis) -> None:
    """Remove the backlogs of all listeners."""
    redis.delete(_ALL, *redis.scan_iter(match=_PREFIX + "*"))


def enqueue_next_year(connection: Connection, redis: Redis, username: str, *, at_once: bool = False) -> None:
    """Queue the first year of the listener's backlog, unless one is queued or running already.

    Called whenever a fetch of the listener has ended. May be called by several at once: the claim decides. A year
    that Last.fm has interrupted waits for its next try, unless it is to go on `at_once`. Raises QueueAway.
    """
    for year in pending_years(redis, username):
        turn = _turn_of(fetch_jobs.find(connection, username, year), datetime.now(UTC))
        if turn is Turn.WAIT and at_once:
            turn = Turn.FETCH
        if turn is Turn.SKIP:
            redis.eval(_REMOVE, 2, _key(username), _ALL, username_key(username), year)
            continue
        if turn is Turn.CLEAR:
            clear(redis, username)
        elif turn is Turn.FETCH:
            listener = listeners.find(connection, username)
            enqueue_year(connection, redis, listener.username if listener else username, year)
        return


def _turn_of(job: FetchJob | None, now: datetime) -> Turn:
    if job is None:
        return Turn.FETCH
    if job.was_whole(now):
        return Turn.SKIP
    if job.status != "failed":
        # A run has it, or is silent for so long that its claim can be taken over.
        return Turn.FETCH
    if job.next_try_at is not None:
        return Turn.WAIT if job.waits(now) else Turn.FETCH
    failure = job.failure or Failure.BROKEN
    if now - job.updated_at > failure.retry_after:
        return Turn.FETCH
    return Turn.CLEAR if failure.ends_backlog else Turn.SKIP


def _key(username: str) -> str:
    return _PREFIX + username_key(username)
