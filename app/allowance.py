"""The allowance of Last.fm calls as it stands in Redis: the worker's limiter takes from it, others may look."""

import math
from dataclasses import dataclass
from datetime import timedelta

from redis import Redis

KEY = "lastyear:lastfm:allowance"
"""The moment, by Redis' clock, at which every call made so far would be paid for; it expires then."""

REFUSED = "lastyear:lastfm:refused"
"""The fingerprint of the API key that Last.fm refused last."""

REFUSED_FOR = timedelta(hours=1)  # then one call finds out whether the key is good again

SAVED_SECONDS = 3.0
"""How much unused allowance can be saved up. Last.fm averages over minutes, and what was not called while the
first answer of a fetch was awaited is made up for afterwards."""


@dataclass(frozen=True)
class Allowance:
    """How many calls may be made at once, out of how many that can be saved up, and what keeps us from any."""

    left: int
    most: int
    seconds_to_wait: int
    """Last.fm has told us to wait: so long nobody calls."""
    refused: timedelta | None
    """How long ago Last.fm refused an API key; None if not within the last hour."""


def most_saved(rate: float) -> int:
    """How many calls can be made at once by those who have made none for a while."""
    return max(1, math.ceil(rate * SAVED_SECONDS))


def allowance(redis: Redis, rate: float) -> Allowance:
    """The allowance of those who may make `rate` calls a second."""
    # The key expires when all is paid for, so that no clock but Redis' own is asked.
    owed = max(0, int(str(redis.pttl(KEY)))) / 1000 * rate
    ttl = int(str(redis.ttl(REFUSED)))
    most = most_saved(rate)
    return Allowance(
        left=max(0, math.floor(most - owed + 0.001)),
        most=most,
        # Calls alone never owe more than can be saved up.
        seconds_to_wait=max(0, round((owed - most) / rate)),
        refused=REFUSED_FOR - timedelta(seconds=ttl) if ttl >= 0 else None,
    )
