"""Looks: when somebody looked at a year last. Kept in Redis, so that no look wakes the database."""

import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import cast

from redis import Redis

NOTED_EVERY = timedelta(minutes=10)
"""How often one process tells Redis of the same year: looks that follow each other more closely are one."""
MAX_YEARS = 20_000
"""How many years may wait in Redis to be stored, the latest of them."""

_LOOKS = "lastyear:looks"


class Looks:
    """Notes the looks of one process."""

    def __init__(self, redis: Redis, clock: Callable[[], float] = time.time) -> None:
        self._redis = redis
        self._clock = clock
        self._noted: dict[str, int] = {}

    def note(self, username: str, year: int) -> None:
        """Note that somebody looks at a year now. Raises redis.exceptions.RedisError."""
        member, now = _member(username, year), int(self._clock())  # whole seconds: they are compared exactly
        if now - self._noted.get(member, 0) < NOTED_EVERY.total_seconds():
            return
        if len(self._noted) >= MAX_YEARS:
            self._noted.clear()
        self._noted[member] = now
        pipeline = self._redis.pipeline()
        pipeline.zadd(_LOOKS, {member: now})
        pipeline.zremrangebyrank(_LOOKS, 0, -1 - MAX_YEARS)
        pipeline.execute()


def latest_looks(redis: Redis) -> list[tuple[str, int, datetime]]:
    """Return the looks that are not stored yet: the listener's key, the year, and when."""
    looks = []
    for member, at in cast("list[tuple[bytes, float]]", redis.zrange(_LOOKS, 0, -1, withscores=True)):
        key, _, year = member.decode().rpartition("/")
        looks.append((key, int(year), datetime.fromtimestamp(at, UTC)))
    return looks


def drop_looks(redis: Redis, until: datetime | None = None) -> None:
    """Drop the looks up to this time, which are stored by now, or all."""
    redis.zremrangebyscore(_LOOKS, "-inf", until.timestamp() if until else "+inf")


def forget_looks(redis: Redis, username: str) -> None:
    """Drop all looks at a listener's years."""
    for key, year, _ in latest_looks(redis):
        if key == username.casefold():
            redis.zrem(_LOOKS, _member(key, year))


def _member(username: str, year: int) -> str:
    return f"{username.casefold()}/{year}"
