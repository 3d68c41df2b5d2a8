"""Rate limiter: one allowance of Last.fm calls that all workers share in Redis. It waits instead of failing."""

import hashlib
import time
from collections.abc import Callable
from contextlib import nullcontext
from threading import Lock

from redis import Redis

from app.redis.allowance import (
    ALLOWANCE_KEY,
    MIN_PACE,
    PACE_GROWS_FOR,
    PACE_KEY,
    REFUSED_KEY,
    max_burst,
)

LONG_WAIT = 10.0  # seconds; calls that share the rate wait for less
TURNS = 0.02  # seconds, within which those wake first who have waited longest

# The generic cell rate algorithm (a leaky bucket in one number): the key holds the moment at which all calls made
# so far are paid for. A call costs more while the pace is slowed. The clock is Redis' own, so that machines need
# not agree on the time.
_SCRIPT = """
local clock = redis.call('TIME')
local now = clock[1] + clock[2] / 1000000
-- Nothing waits for so long: a time that far ahead is from before the clock was set back.
local function known(at)
    at = tonumber(at or 0)
    return at <= now + ARGV[6] and at or 0
end
local paid = math.max(now, known(redis.call('GET', KEYS[1])))
local slowed = redis.call('HMGET', KEYS[2], 'pace', 'grows_from')
local grows_from = known(slowed[2])
local pace = math.min(1, (slowed[1] or 1) + math.max(0, now - grows_from) / ARGV[2])

if ARGV[1] == 'take' then
    local wait = paid - now - ARGV[4]
    if wait > 0 then return tostring(wait) end
    paid = paid + ARGV[3] / pace
else
    -- Calls that were under way together are told together: the pace is halved once for all of them.
    if grows_from <= now then pace = math.max(ARGV[5], pace / 2) end
    grows_from = math.max(grows_from, now + ARGV[3])
    redis.call('HSET', KEYS[2], 'pace', pace, 'grows_from', string.format('%.6f', grows_from))
    redis.call('PEXPIRE', KEYS[2], math.ceil((grows_from - now + (1 - pace) * ARGV[2]) * 1000))
    paid = math.max(paid, grows_from + ARGV[4])
end
redis.call('SET', KEYS[1], string.format('%.6f', paid), 'PX', math.ceil((paid - now) * 1000))
return '0'
"""

REFUSED_PAUSE, LONGEST_REFUSED_PAUSE = 30.0, 3600.0  # seconds; it doubles from one to the other

# Returns the seconds for which nobody may call with the key. When a pause is over, one call finds out whether the
# key is accepted again, and the others wait for what it is told. Calls under way together are refused together.
_REFUSAL_SCRIPT = """
local clock = redis.call('TIME')
local now = clock[1] + clock[2] / 1000000
local kept = redis.call('HMGET', KEYS[1], 'key', 'until', 'pause', 'is_tried')
local is_known = kept[1] == ARGV[2]
local left = tonumber(kept[2] or 0) - now
local pause = tonumber(ARGV[3])

if ARGV[1] == 'ask' then
    if not is_known then return '0' end
    if left > 0 then return tostring(left) end
    redis.call('HSET', KEYS[1], 'until', string.format('%.6f', now + pause), 'is_tried', 1)
    return '0'
end
if is_known then
    if left > 0 and kept[4] ~= '1' then return tostring(left) end
    pause = math.min(ARGV[4], kept[3] * 2)
end
redis.call('HSET', KEYS[1], 'key', ARGV[2], 'said_at', string.format('%.6f', now),
           'until', string.format('%.6f', now + pause), 'pause', pause, 'is_tried', 0)
redis.call('EXPIRE', KEYS[1], 2 * ARGV[4])
return tostring(pause)
"""


class Limiter:
    """Allows `rate` calls a second on average, over all processes that share the Redis.

    After a `pause` it allows half as many, and a tenth of `rate` more with every minute.
    """

    def __init__(self, redis: Redis, rate: float, sleep: Callable[[float], None] = time.sleep) -> None:
        self.rate = rate
        self._redis = redis
        self.burst = max_burst(rate)
        self._interval = 1 / rate
        self._sleep = sleep
        self._script = redis.register_script(_SCRIPT)
        self._refusal = redis.register_script(_REFUSAL_SCRIPT)
        self._turn = Lock()

    def wait(self, *, urgent: bool = False, tell: Callable[[float], None] = lambda _seconds: None) -> None:
        """Wait until one more call is allowed, and `tell` of a long wait for how many seconds it is. One saved-up
        call is reserved for `urgent` ones, whose answer somebody is waiting for."""
        tolerance = (self.burst - 1 + urgent) * self._interval
        # One call of a process waits at a time, and one that was overtaken wakes first: so fetches take turns,
        # however many calls each of them has to make.
        with nullcontext() if urgent else self._turn:
            tries = 0
            while (seconds := self._run("take", self._interval, tolerance)) > 0:
                if seconds > LONG_WAIT:
                    tell(seconds)
                self._sleep(seconds if urgent else seconds + TURNS / 2**tries)
                tries += 1

    def pause(self, seconds: float) -> None:
        """Stop all calls for so long, as Last.fm said that they are too fast, then let them go on slowly."""
        self._run("pause", seconds, self.burst * self._interval)

    def _run(self, action: str, *arguments: float) -> float:
        growth = PACE_GROWS_FOR.total_seconds()
        longest = growth + self.burst * self._interval / MIN_PACE
        arguments = (growth, *arguments, MIN_PACE, longest)
        return float(self._script(keys=[ALLOWANCE_KEY, PACE_KEY], args=[action, *arguments]))

    def refused_for(self, key: str) -> float:
        """Return for how many seconds nobody may call with this API key, as it was refused; 0 to make a call."""
        return self._run_refusal("ask", key)

    def mark_refused(self, key: str) -> float:
        """Remember, for all processes, that Last.fm refuses this API key. Return the seconds to the next try."""
        return self._run_refusal("refused", key)

    def mark_accepted(self) -> None:
        """Forget what was refused: Last.fm has just given a good answer."""
        self._redis.delete(REFUSED_KEY)

    def forget_other_key(self, key: str) -> None:
        """Forget that another API key was refused: this one has taken its place."""
        if self._redis.hget(REFUSED_KEY, "key") != _fingerprint(key):
            self._redis.delete(REFUSED_KEY)

    def _run_refusal(self, action: str, key: str) -> float:
        fingerprint = _fingerprint(key)
        arguments = (action, fingerprint, REFUSED_PAUSE, LONGEST_REFUSED_PAUSE)
        return float(self._refusal(keys=[REFUSED_KEY], args=arguments))


def _fingerprint(key: str) -> bytes:
    return hashlib.sha256(key.encode()).hexdigest()[:16].encode()
