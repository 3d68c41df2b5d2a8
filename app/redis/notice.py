"""The notice: a sentence of the operator's that every page shows to visitors, until it is cleared."""

import time
import unicodedata
from collections.abc import Callable
from threading import Lock

from redis import Redis
from redis.exceptions import RedisError

MAX_CHARACTERS = 300

KEPT_SECONDS = 1.0
AWAY_SECONDS = 30.0
"""For how long nobody asks again after Redis did not answer: each try may take seconds."""

_NOTICE = "lastyear:notice"


class BadNotice(ValueError):
    """The text cannot be a notice; the message says why."""


def write_notice(redis: Redis, text: str) -> str:
    """Have every page show this text, and return it as it is shown. Raises BadNotice."""
    written = " ".join(text.split())
    if not written:
        raise BadNotice("The notice is empty. To have none, clear it.")
    if any(unicodedata.category(one) in ("Cc", "Cf", "Cs") for one in written):
        raise BadNotice("The notice has characters that cannot be seen.")
    if len(written) > MAX_CHARACTERS:
        raise BadNotice(f"The notice has {len(written)} characters, and may have {MAX_CHARACTERS}.")
    redis.set(_NOTICE, written)
    return written


def clear_notice(redis: Redis) -> bool:
    """Show no notice any more. False when there was none."""
    return redis.delete(_NOTICE) == 1


def read_notice(redis: Redis) -> str:
    """Return the notice; empty when there is none."""
    text = redis.get(_NOTICE)
    return text.decode(errors="replace") if isinstance(text, bytes) else ""


class KeptNotice:
    """The notice as the pages of a process show it: at most a second old, or as it was before Redis went away."""

    def __init__(self, redis: Redis, clock: Callable[[], float] = time.monotonic) -> None:
        self._redis = redis
        self._clock = clock
        self._asking = Lock()
        self._text, self._good_until = "", float("-inf")

    def read(self) -> str:
        """Return the notice; empty when there is none. While somebody asks, nobody else waits."""
        if self._clock() >= self._good_until and self._asking.acquire(blocking=False):
            try:
                self._text = read_notice(self._redis)
                self._good_until = self._clock() + KEPT_SECONDS
            except RedisError:
                self._good_until = self._clock() + AWAY_SECONDS
            finally:
                self._asking.release()
        return self._text
