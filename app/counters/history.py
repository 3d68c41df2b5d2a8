"""History: what was counted in each of the last 24 hours and the last 30 days, in UTC."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import cast

from redis import Redis

from app.counters.counts import INFINITY, LATEST_KEY, day_key, hour_key, parsed
from app.counters.gauges import STORAGE

HOURS, DAYS = 24, 30


@dataclass(frozen=True)
class PeriodCounts:
    """An hour or a day: when it began, and what was counted in it."""

    start: datetime
    sums: Mapping[tuple[str, ...], int]

    def count(self, name: str, *labels: str) -> int:
        """Return how often something has happened."""
        return self.sums.get((name, *labels), 0)

    def by_label(self, name: str) -> dict[str, int]:
        """Return the counts of a metric by the values of its one label."""
        return {key[1]: by for key, by in self.sums.items() if key[0] == name and len(key) == 2 and by}

    @property
    def waited(self) -> float | None:
        """How many seconds a job has waited on average; None where none has begun."""
        jobs = sum(self.by_label("queue_wait_seconds_bucket").values())
        return self.count("queue_wait_seconds_sum") / 1000 / jobs if jobs else None

    @property
    def longest_waits(self) -> str:
        """Where the bucket of the longest wait ends, in seconds, or INFINITY; empty where none has begun."""
        ends = self.by_label("queue_wait_seconds_bucket")
        return max(ends, key=lambda end: float("inf") if end == INFINITY else float(end), default="")

    @property
    def storage(self) -> int | None:
        """The bytes of Last.fm's data that were measured last in it; None where nothing was."""
        return self.sums.get((STORAGE,))


@dataclass(frozen=True)
class History:
    """The hours and the days, the oldest first; each ends with the one that goes on."""

    hours: tuple[PeriodCounts, ...]
    days: tuple[PeriodCounts, ...]
    latest_errors: Mapping[str, datetime]
    """When Last.fm gave each answer of no use last, by its code."""

    @property
    def is_empty(self) -> bool:
        """Whether nothing was counted yet."""
        return not any(period.sums for period in (*self.hours, *self.days))


def read_history(redis: Redis, now: datetime) -> History:
    """Read it in one round trip. Raises redis.exceptions.RedisError."""
    this_hour = now.astimezone(UTC).replace(minute=0, second=0, microsecond=0)
    hours = [this_hour - timedelta(hours=ago) for ago in reversed(range(HOURS))]
    days = [this_hour.replace(hour=0) - timedelta(days=ago) for ago in reversed(range(DAYS))]
    pipeline = redis.pipeline(transaction=False)
    for key in [*map(hour_key, hours), *map(day_key, days), LATEST_KEY]:
        pipeline.hgetall(key)
    *kept, latest = cast("list[dict[bytes, bytes]]", pipeline.execute())
    periods = [PeriodCounts(start, parsed(sums)) for start, sums in zip([*hours, *days], kept, strict=True)]
    errors = {key[1]: datetime.fromtimestamp(at, UTC) for key, at in parsed(latest).items()}
    return History(tuple(periods[:HOURS]), tuple(periods[HOURS:]), errors)
