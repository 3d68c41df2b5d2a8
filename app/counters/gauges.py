"""Gauges: what a worker has measured last, kept in Redis so that nobody wakes the app database to ask."""

import time
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import cast

from redis import Redis
from redis.exceptions import RedisError

from app.counters.counts import DAYS_KEPT, HOURS_KEPT, day_key, hour_key, increment

STORAGE = "storage_bytes"
_STORAGE_KEY = "lastyear:counters:storage"
_AWAKE_KEY = "lastyear:counters:database-awake"
_AWAKE_FOR = timedelta(minutes=5)
"""After so long without a connection Neon suspends the compute, unless it was set up otherwise."""


@dataclass(frozen=True)
class Storage:
    """How many bytes of Last.fm's data the app database held, and when that was measured."""

    bytes: int
    at: datetime


def note_storage(redis: Redis, size: int, at: float | None = None) -> None:
    """Note how many bytes Last.fm's data takes, unless Redis is away or takes nothing."""
    moment = datetime.fromtimestamp(time.time() if at is None else at, UTC)
    pipeline = redis.pipeline(transaction=False)
    pipeline.hset(_STORAGE_KEY, mapping={"bytes": size, "at": int(moment.timestamp())})
    for key, kept in ((hour_key(moment), HOURS_KEPT), (day_key(moment), DAYS_KEPT)):
        pipeline.hset(key, STORAGE, size)
        pipeline.expire(key, kept)
    with suppress(RedisError):
        pipeline.execute()


def read_storage(redis: Redis) -> Storage | None:
    """Return what was noted last; None if nothing was. Raises redis.exceptions.RedisError."""
    size, at = cast("list[bytes | None]", redis.hmget(_STORAGE_KEY, "bytes", "at"))
    return Storage(int(size), datetime.fromtimestamp(int(at), UTC)) if size and at else None


def note_database_use(redis: Redis, *, ends: bool = False) -> None:
    """Note that a connection to the app database was opened: the first for a while has woken it.

    With `ends`, that one was closed: the database is awake from now on for as long as before.
    """
    with suppress(RedisError):
        if ends:
            redis.set(_AWAKE_KEY, 1, ex=_AWAKE_FOR)
            return
        if redis.set(_AWAKE_KEY, 1, nx=True, ex=_AWAKE_FOR):
            increment(redis, "database_wakeups")
        else:
            redis.expire(_AWAKE_KEY, _AWAKE_FOR)
