"""The Cover Art Archive as all workers know it: how often it may be called, and whether it is away."""

import math
from dataclasses import dataclass
from datetime import timedelta
from typing import cast

from redis import Redis

CALL_INTERVAL = timedelta(seconds=1)
"""The archive names no limit; MusicBrainz, which runs it, asks for one call a second."""
ENOUGH_FAILURES = 3
"""So many in a row, and it is away: a single cover may be on a disk of the Internet Archive that is."""
LONG_AWAY = timedelta(hours=1)
"""Covers can wait: that the archive is away for minutes is no news for the operator."""
FIRST_PAUSE, LONGEST_PAUSE = 30.0, 3600.0  # seconds; it doubles from one to the other

_TURN = "lastyear:covers:turn"
_TROUBLE = "lastyear:covers:trouble"
"""While the archive fails: how often in a row (`failures`), what it did last (`reason`), since when (`since`), the
time `until` which nobody calls and how long that `pause` is. Times are by Redis' clock. A good answer deletes it.
"""

# Counts a failure. Returns the seconds for which nobody may call.
_NOTE_TROUBLE = """
local clock = redis.call('TIME')
local now = clock[1] + clock[2] / 1000000
local failures = redis.call('HINCRBY', KEYS[1], 'failures', 1)
redis.call('HSETNX', KEYS[1], 'since', string.format('%.3f', now))
redis.call('HSET', KEYS[1], 'reason', ARGV[1])
redis.call('EXPIRE', KEYS[1], 2 * ARGV[5])
local told = tonumber(ARGV[2])
if failures < tonumber(ARGV[3]) and told == 0 then return '0' end
local pause = math.min(ARGV[5], 2 * (redis.call('HGET', KEYS[1], 'pause') or ARGV[4] / 2))
redis.call('HSET', KEYS[1], 'pause', pause, 'until',
           string.format('%.3f', now + math.min(ARGV[5], math.max(pause, told))))
return tostring(math.max(pause, told))
"""


@dataclass(frozen=True)
class Trouble:
    """That the archive is away: since when, why, and for how many seconds nobody calls."""

    reason: str
    lasts: timedelta
    seconds_to_wait: int


def seconds_to_turn(redis: Redis) -> float:
    """Take the turn to make a call and return 0, or return the seconds after which to try again."""
    if redis.set(_TURN, 1, nx=True, px=CALL_INTERVAL):
        return 0.0
    return max(0.01, int(str(redis.pttl(_TURN))) / 1000)


def note_trouble(redis: Redis, reason: str, *, told: float = 0.0) -> float:
    """Note a call without a usable answer; `told` are the seconds for which the archive asked us to wait.

    Return the seconds for which nobody may call: 0 as long as there were few in a row.
    """
    arguments = (reason, told, ENOUGH_FAILURES, FIRST_PAUSE, LONGEST_PAUSE)
    return float(cast("bytes", redis.eval(_NOTE_TROUBLE, 1, _TROUBLE, *arguments)))


def note_answer(redis: Redis) -> None:
    """Note that the archive has answered."""
    redis.delete(_TROUBLE)


def read_trouble(redis: Redis) -> Trouble | None:
    """Return what is wrong with the archive; None as long as few calls in a row have failed."""
    kept = cast("dict[bytes, bytes]", redis.hgetall(_TROUBLE))
    if b"until" not in kept:
        return None
    seconds, microseconds = redis.time()
    now = seconds + microseconds / 1e6
    left = min(LONGEST_PAUSE, float(kept[b"until"]) - now)  # after Redis' clock was set back
    lasts = timedelta(seconds=max(0.0, now - float(kept.get(b"since", now))))
    return Trouble(kept.get(b"reason", b"").decode(), lasts, max(0, math.ceil(left)))


def is_away(redis: Redis) -> bool:
    """Whether nobody may call the archive now."""
    trouble = read_trouble(redis)
    return trouble is not None and trouble.seconds_to_wait > 0
