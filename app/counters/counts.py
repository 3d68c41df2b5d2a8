"""Counts: what has happened, and how it is added to the sums that all processes share in Redis.

A sum is a field of a hash: `name|label|label`. A histogram has `name_bucket|label|le` for each bucket, without
those below it, and `name_sum|label` in milliseconds.
"""

import time
from bisect import bisect_left
from collections import Counter
from collections.abc import Mapping, Sequence
from contextlib import suppress
from datetime import UTC, datetime, timedelta

from redis import Redis
from redis.exceptions import RedisError

from app.counters.catalogue import METRICS

_KEY = "lastyear:counters"
LATEST_KEY = "lastyear:counters:latest"
HOURS_KEPT = timedelta(hours=48)
DAYS_KEPT = timedelta(days=32)
INFINITY = "+Inf"

Fields = Counter[str]


def hour_key(at: datetime) -> str:
    """Return the key of the sums of an hour, in UTC."""
    return f"{_KEY}:hour:{at:%Y%m%d%H}"


def day_key(at: datetime) -> str:
    """Return the key of the sums of a day, in UTC."""
    return f"{_KEY}:day:{at:%Y%m%d}"


class Counts:
    """What has happened and is not added to the sums yet."""

    def __init__(self) -> None:
        self.all: Fields = Counter()
        self.by_time: Fields = Counter()
        self.latest: set[str] = set()

    def __bool__(self) -> bool:
        """Whether there is anything to add."""
        return bool(self.all)

    def add(self, name: str, *labels: str, by: int = 1) -> None:
        """Count that it has happened."""
        metric = METRICS[name]
        self._add(name, metric.bounded(labels), by)
        if metric.has_latest:
            self.latest.add(_field(name, metric.bounded(labels)))

    def observe(self, name: str, times: Sequence[float], *labels: str) -> None:
        """Count how long it took, each time; a negative time, by another machine's clock, counts as zero."""
        metric = METRICS[name]
        times = [max(0.0, seconds) for seconds in times]
        ends = [*(f"{end:g}" for end in metric.buckets), INFINITY]
        for place, by in Counter(bisect_left(metric.buckets, seconds) for seconds in times).items():
            self._add(name, metric.bounded(labels), by, suffix="_bucket", end=(ends[place],))
        self._add(name, metric.bounded(labels), round(1000 * sum(times)), suffix="_sum")

    def _add(
        self, name: str, labels: tuple[str, ...], by: int, suffix: str = "", end: tuple[str, ...] = ()
    ) -> None:
        self.all[_field(name + suffix, (*labels, *end))] += by
        if (kept := METRICS[name].by_time) is not None:
            self.by_time[_field(name + suffix, (*kept(labels), *end))] += by


def record(redis: Redis, counts: Counts, at: float | None = None) -> None:
    """Add counts to the sums, and to those of the hour and of the day. Raises redis.exceptions.RedisError."""
    moment = datetime.fromtimestamp(time.time() if at is None else at, UTC)
    pipeline = redis.pipeline()  # all of it is added, or nothing
    for name, by in counts.all.items():
        pipeline.hincrby(_KEY, name, by)
    if counts.by_time:
        for key, kept in ((hour_key(moment), HOURS_KEPT), (day_key(moment), DAYS_KEPT)):
            for name, by in counts.by_time.items():
                pipeline.hincrby(key, name, by)
            pipeline.expire(key, kept)
    if counts.latest:
        pipeline.hset(LATEST_KEY, mapping=dict.fromkeys(counts.latest, int(moment.timestamp())))
    pipeline.execute()


def increment(redis: Redis, name: str, *labels: str, by: int = 1, at: float | None = None) -> None:
    """Count that something has happened, unless Redis is away or takes nothing."""
    counts = Counts()
    counts.add(name, *labels, by=by)
    with suppress(RedisError):
        record(redis, counts, at)


def observe(redis: Redis, name: str, seconds: float, *labels: str, at: float | None = None) -> None:
    """Count how long something has taken, unless Redis is away or takes nothing."""
    counts = Counts()
    counts.observe(name, [seconds], *labels)
    with suppress(RedisError):
        record(redis, counts, at)


def totals(redis: Redis) -> dict[tuple[str, ...], int]:
    """Return (name, label value ...) -> sum since the counters were first kept."""
    return parsed(redis.hgetall(_KEY))  # type: ignore[arg-type]  # redis-py types serve both worlds


def parsed(raw: Mapping[bytes, bytes]) -> dict[tuple[str, ...], int]:
    """Read a hash of sums."""
    return {tuple(name.decode().split("|")): int(value) for name, value in raw.items()}


def _field(name: str, labels: tuple[str, ...]) -> str:
    return "|".join((name, *labels))
