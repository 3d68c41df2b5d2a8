"""The limiter: one allowance of Last.fm calls for all workers, kept in Redis. It waits rather than fails."""

import hashlib
import time
from collections.abc import Callable

from redis import Redis

from app.allowance import KEY, REFUSED, REFUSED_FOR, most_saved

# The generic cell rate algorithm (a leaky bucket kept as one number): the key holds the moment at which every call
# made so far would be paid for. Redis' own clock, so that machines need not agree on the time.
_TAKE = """
local clock = redis.call('TIME')
local now = clock[1] + clock[2] / 1000000
local paid = math.max(now, tonumber(redis.call('GET', KEYS[1]) or 0))
local wait = paid - now - ARGV[2]
if wait > 0 then return tostring(wait) end
redis.call('SET', KEYS[1], string.format('%.6f', paid + ARGV[1]), 'PX', math.ceil((paid - now + ARGV[1]) * 1000))
return '0'
"""
_PAUSE = """
local clock = redis.call('TIME')
local paid = clock[1] + clock[2] / 1000000 + ARGV[1]
if paid > tonumber(redis.call('GET', KEYS[1]) or 0) then
    redis.call('SET', KEYS[1], string.format('%.6f', paid), 'PX', math.ceil(ARGV[1] * 1000))
end
"""


class Limiter:
    """At most `rate` calls a second on average, over all processes that share the Redis."""

    def __init__(self, redis: Redis, rate: float, sleep: Callable[[float], None] = time.sleep) -> None:
        self.rate = rate
        self._redis = redis
        self.burst = most_saved(rate)
        self._interval = 1 / rate
        self._sleep = sleep
        self._take = redis.register_script(_TAKE)
        self._pause = redis.register_script(_PAUSE)

    def wait(self, *, urgent: bool = False) -> None:
        """Returns when one more call is allowed. One call of the savings is left to those that are urgent,
        since somebody waits at a page for their answer."""
        tolerance = (self.burst - 1 + urgent) * self._interval
        while (seconds := float(self._take(keys=[KEY], args=[self._interval, tolerance]))) > 0:
            self._sleep(seconds)

    def pause(self, seconds: float) -> None:
        """Nobody calls for so long: Last.fm has said that we are too fast."""
        self._pause(keys=[KEY], args=[seconds + self.burst * self._interval])

    def refuse(self, key: str) -> None:
        """Remembers for all processes that Last.fm refuses this API key."""
        self._redis.set(REFUSED, _fingerprint(key), ex=REFUSED_FOR)

    def refused(self, key: str) -> bool:
        """Whether Last.fm has refused this API key of late."""
        return self._redis.get(REFUSED) == _fingerprint(key)


def _fingerprint(key: str) -> bytes:
    return hashlib.sha256(key.encode()).hexdigest()[:16].encode()
