"""Allowance: how many calls to Last.fm are left, in Redis; the worker's limiter takes from it, others read it."""

import math
from dataclasses import dataclass
from datetime import timedelta
from typing import cast

from redis import Redis

ALLOWANCE_KEY = "lastyear:lastfm:allowance"
"""The time, by Redis' clock, at which all calls so far are paid for; the key expires then."""

PACE_KEY = "lastyear:lastfm:pace"
"""After Last.fm has said that we call too fast: `pace`, the part of the configured rate that is allowed, and
`grows_from`, the time by Redis' clock until which nobody calls and from which it grows. It expires at 1.
"""

PACE_GROWS_FOR = timedelta(minutes=10)
"""How long the pace would take from nothing to all of the rate."""

MIN_PACE = 0.1

REFUSED_KEY = "lastyear:lastfm:refused"
"""While Last.fm refuses an API key: the `key`'s fingerprint, when that was said last (`said_at`), the time `until`
which nobody calls with it, how long that `pause` is, and whether a call is on its way that finds out (`is_tried`).
Times are by Redis' clock. The next good answer deletes it.
"""

SAVED_SECONDS = 3.0
"""How much unused allowance is saved. Last.fm averages over minutes, so that calls that were not made while a
fetch waited for its first answer can be made up for."""


@dataclass(frozen=True)
class Allowance:
    """How many calls can be made at once, of how many at most, and what stands in the way."""

    left: int
    most: int
    rate: float
    """How many calls a second are allowed at the moment."""
    full_rate: float
    """How many are allowed when Last.fm has not said for a while that we call too fast."""
    seconds_to_wait: int
    """For how long nobody calls, since Last.fm has told us to wait."""
    refused: timedelta | None
    """How long ago Last.fm refused an API key; None if it has accepted one since."""

    @property
    def is_slowed(self) -> bool:
        """Whether fewer calls are allowed than configured."""
        return self.rate < self.full_rate


def max_burst(rate: float) -> int:
    """Return how many calls can be made at once after none were made for a while."""
    return max(1, math.ceil(rate * SAVED_SECONDS))


def read_allowance(redis: Redis, rate: float) -> Allowance:
    """Read the allowance at a configured rate of `rate` calls per second."""
    # The key expires when all is paid for, so only Redis' clock matters.
    owed = max(0, int(str(redis.pttl(ALLOWANCE_KEY)))) / 1000
    if owed > PACE_GROWS_FOR.total_seconds() + max_burst(rate) / rate / MIN_PACE:
        owed = 0  # from before Redis' clock was set back, which the limiter does not mind either
    pace, wait = _read_pace(redis)
    refused_at = redis.hget(REFUSED_KEY, "said_at")
    refused = timedelta(seconds=max(0.0, _now(redis) - float(cast("bytes", refused_at)))) if refused_at else None
    saved = (max_burst(rate) - 1) / rate
    return Allowance(
        left=0 if wait else max(0, math.floor((saved - owed) * rate * pace + 1.001)),
        most=math.floor(saved * rate * pace + 1.001),
        rate=0.0 if wait else rate * pace,
        full_rate=rate,
        seconds_to_wait=math.ceil(wait),
        refused=refused,
    )


def is_key_refused(redis: Redis) -> bool:
    """Whether Last.fm has refused an API key, and has accepted none since."""
    return bool(redis.exists(REFUSED_KEY))


def _read_pace(redis: Redis) -> tuple[float, float]:
    """Return the part of the rate that is allowed, and for how many seconds nobody calls before that."""
    kept = redis.hgetall(PACE_KEY)
    assert isinstance(kept, dict)  # noqa: S101  redis' types allow for its asynchronous client
    since = _now(redis) - float(kept.get(b"grows_from", 0))
    grown = max(0.0, since) / PACE_GROWS_FOR.total_seconds()
    if -since > PACE_GROWS_FOR.total_seconds():
        return 1.0, 0.0  # nobody waits for so long: it is from before Redis' clock was set back
    return min(1.0, float(kept.get(b"pace", 1)) + grown), max(0.0, -since)


def _now(redis: Redis) -> float:
    seconds, microseconds = redis.time()
    return float(seconds + microseconds / 1e6)
