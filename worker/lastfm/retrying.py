"""Ask Last.fm until its answer can be believed: errors pass, and an error that matters has to be said twice."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from random import uniform
from typing import TypeVar

import structlog

from worker.lastfm.errors import CallRefused, ListeningHidden, NoSuchUser, OtherListener, TooFast, TryAgain

log = structlog.get_logger()

T = TypeVar("T")

RETRY_DELAYS = (1.0, 2.0, 5.0, 10.0)  # seconds before the second, third ... attempt

DOUBTFUL = (NoSuchUser, ListeningHidden, CallRefused, OtherListener)
"""What an overloaded Last.fm also says about listeners who exist and calls that are right."""


@dataclass(frozen=True)
class Retrying:
    """How often and when an unanswered call is made again. `on_retry` gets the seconds until then."""

    delays: Sequence[float] = RETRY_DELAYS
    sleep: Callable[[float], None] = time.sleep
    on_retry: Callable[[float], None] = lambda _seconds: None

    def __call__(self, call: Callable[[], T], *, raise_at_once: tuple[type[TryAgain], ...] = ()) -> T:
        """Return what `call` returns. Raises what it raised last; what is DOUBTFUL, once it was said twice."""
        doubted = set()
        for delay in (*self.delays, None):
            try:
                return call()
            except raise_at_once:
                raise
            except (TryAgain, *DOUBTFUL) as error:
                said = (type(error), error.args)
                if said in doubted or (delay is None and isinstance(error, TryAgain)):
                    raise
                if isinstance(error, DOUBTFUL):
                    doubted.add(said)
                reason = error
            if delay is not None:
                self._wait(delay, reason)
        raise TryAgain(f"said only once: {reason or type(reason).__name__}")

    def _wait(self, delay: float, reason: Exception) -> None:
        seconds = delay * uniform(0.8, 1.2)  # noqa: S311  jitter, so that workers do not call in step
        log.warning("Last.fm gave no usable answer; retrying", seconds=round(seconds, 1), reason=str(reason))
        self.on_retry(max(seconds, reason.seconds) if isinstance(reason, TooFast) else seconds)
        self.sleep(seconds)
