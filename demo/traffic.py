"""The traffic at the stand-in's door: a log of the calls, how many at once, and how many a second are let in."""

from collections import Counter, deque
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from threading import Lock
from time import monotonic

LOG_LENGTH = 100_000


@dataclass(frozen=True)
class Call:
    """One request: `at` by the monotonic clock, the parameters without the key, the client's User-Agent."""

    at: float
    method: str
    params: Mapping[str, str]
    agent: str


class Traffic:
    """Counts every call and turns away those above `rate` a second, averaged over `window` seconds.

    No rate lets everybody in. Calls that were turned away do not use up the allowance.
    """

    def __init__(self, rate: float | None = None, window: float = 1.0) -> None:
        self.rate = rate
        self.window = window
        self._lock = Lock()
        self.forget()

    def forget(self) -> None:
        """Start the log and the counts anew."""
        with self._lock:
            self._log: deque[Call] = deque(maxlen=LOG_LENGTH)
            self._admitted: deque[float] = deque()
            self._refused = self._in_flight = self._peak = 0

    @property
    def calls(self) -> list[Call]:
        """Every call so far, oldest first; profile pages are the method `profile`."""
        with self._lock:
            return list(self._log)

    def look(self, params: Mapping[str, str], agent: str) -> None:
        """Note a look at a profile page, which no rate limits."""
        with self._lock:
            self._log.append(Call(monotonic(), "profile", params, agent))

    @contextmanager
    def call(self, method: str, params: Mapping[str, str], agent: str) -> Iterator[bool]:
        """Note an API call while it is in flight; gives whether the rate admits it."""
        with self._lock:
            now = monotonic()
            self._log.append(Call(now, method, params, agent))
            self._in_flight += 1
            self._peak = max(self._peak, self._in_flight)
            admitted = self._admit(now)
        try:
            yield admitted
        finally:
            with self._lock:
                self._in_flight -= 1

    def counts(self) -> dict[str, object]:
        """What `GET /_control` shows. Profile pages are among `calls` only."""
        with self._lock:
            api = [call for call in self._log if call.method != "profile"]
            return {
                "calls": dict(Counter(call.method for call in self._log)),
                "total": len(api),
                "rejected": self._refused,
                "max_per_second": most_within([call.at for call in api], 1.0),
                "in_flight": self._in_flight,
                "peak_in_flight": self._peak,
            }

    def _admit(self, now: float) -> bool:
        if self.rate is None:
            return True
        while self._admitted and self._admitted[0] <= now - self.window:
            self._admitted.popleft()
        if len(self._admitted) >= max(1, int(self.rate * self.window)):
            self._refused += 1
            return False
        self._admitted.append(now)
        return True


def most_within(times: list[float], seconds: float) -> int:
    """The largest number of ascending times that fall into any stretch of so many seconds."""
    most = first = 0
    for last, time in enumerate(times):
        while times[first] <= time - seconds:
            first += 1
        most = max(most, last - first + 1)
    return most
