"""The stand-in's record of the requests it gets, and its rate limit."""

from collections import deque
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from threading import Lock
from time import monotonic

MAX_CALLS_KEPT = 100_000


@dataclass(frozen=True)
class Call:
    """One request: when it came by the log's timer, its parameters without the key, its User-Agent."""

    at: float
    method: str
    params: Mapping[str, str]
    agent: str


class CallLog:
    """Records every request and rejects API calls above `rate` a second, averaged over `window` seconds.

    Without a rate nothing is rejected. With a window of 1 / `rate` every call is that comes sooner after the one
    before. Rejected calls do not count towards the rate. `timer` gives the seconds that pass.
    """

    def __init__(
        self, rate: float | None = None, window: float = 1.0, timer: Callable[[], float] = monotonic
    ) -> None:
        self.rate = rate
        self.window = window
        self.timer = timer
        self._lock = Lock()
        self.clear()

    def clear(self) -> None:
        """Forget all calls and start counting again."""
        with self._lock:
            self._calls: deque[Call] = deque(maxlen=MAX_CALLS_KEPT)
            self._admitted: deque[float] = deque()
            self.rejected = self.in_flight = self.peak_in_flight = 0

    @property
    def calls(self) -> list[Call]:
        """All requests, oldest first; those for profile pages have the method `profile`."""
        with self._lock:
            return list(self._calls)

    def add(self, method: str, params: Mapping[str, str], agent: str) -> bool:
        """Record a request; return whether the rate limit admits it, which does not apply to profile pages."""
        with self._lock:
            now = self.timer()
            self._calls.append(Call(now, method, params, agent))
            return method == "profile" or self._admit(now)

    @contextmanager
    def under_way(self) -> Iterator[None]:
        """Count a request as in flight meanwhile."""
        with self._lock:
            self.in_flight += 1
            self.peak_in_flight = max(self.peak_in_flight, self.in_flight)
        try:
            yield
        finally:
            with self._lock:
                self.in_flight -= 1

    def _admit(self, now: float) -> bool:
        if self.rate is None:
            return True
        while self._admitted and self._admitted[0] <= now - self.window:
            self._admitted.popleft()
        if len(self._admitted) >= max(1, int(self.rate * self.window)):
            self.rejected += 1
            return False
        self._admitted.append(now)
        return True
