"""Fetched years: the slowest and the largest of each day. By their run, without names."""

import json
import time
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from typing import cast
from uuid import UUID

from redis import Redis
from redis.exceptions import RedisError

from app.counters.counts import DAYS_KEPT

MAX_KEPT = 5  # of each kind, each day
DAYS = 30

_KEY = "lastyear:counters:"
_SLOWEST, _LARGEST = "slowest", "largest"


@dataclass(frozen=True)
class FetchedYear:
    """A listener's year fetched for the first time: when it was complete, by which run, and how long it took."""

    at: float
    run: str
    year: int
    plays: int
    seconds: float

    @property
    def moment(self) -> datetime:
        """When it was complete."""
        return datetime.fromtimestamp(self.at, UTC)

    @property
    def time_taken(self) -> timedelta:
        """How long it took from the request."""
        return timedelta(seconds=self.seconds)


def note_year(redis: Redis, run: UUID, year: int, *, plays: int, seconds: float, at: float | None = None) -> None:
    """Keep a year if it is one of the day's slowest or largest, unless Redis is away or takes nothing."""
    moment = time.time() if at is None else at
    fetched = FetchedYear(round(moment), str(run), year, plays, round(seconds, 1))
    pipeline = redis.pipeline(transaction=False)
    for kind, score in ((_SLOWEST, fetched.seconds), (_LARGEST, plays)):
        key = _key(kind, datetime.fromtimestamp(moment, UTC))
        pipeline.zadd(key, {json.dumps(asdict(fetched)): score})
        pipeline.zremrangebyrank(key, 0, -1 - MAX_KEPT)
        pipeline.expire(key, DAYS_KEPT)
    with suppress(RedisError):
        pipeline.execute()


def slowest_and_largest(redis: Redis, now: datetime) -> tuple[list[FetchedYear], list[FetchedYear]]:
    """Return those of the last 30 days, the slowest and the largest first. Raises redis.exceptions.RedisError."""
    days = [now - timedelta(days=ago) for ago in range(DAYS)]
    pipeline = redis.pipeline(transaction=False)
    for kind in (_SLOWEST, _LARGEST):
        for day in days:
            pipeline.zrange(_key(kind, day), 0, -1)
    kept = cast("list[list[bytes]]", pipeline.execute())
    slowest, largest = _years(kept[: len(days)]), _years(kept[len(days) :])
    return (
        sorted(slowest, key=lambda one: -one.seconds)[:MAX_KEPT],
        sorted(largest, key=lambda one: -one.plays)[:MAX_KEPT],
    )


def _years(kept: Iterable[list[bytes]]) -> list[FetchedYear]:
    return [FetchedYear(**json.loads(text)) for texts in kept for text in texts]


def _key(kind: str, day: datetime) -> str:
    return f"{_KEY}{kind}:{day:%Y%m%d}"
