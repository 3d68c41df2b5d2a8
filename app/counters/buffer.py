"""The buffer: a process gathers its counts and adds them to Redis every few seconds, so that no request waits."""

import threading
from collections import Counter, defaultdict, deque

from redis import Redis
from redis.exceptions import RedisError, ResponseError

from app.counters.counts import Counts, record

FLUSH_SECONDS = 5.0
MAX_REQUESTS = 100_000
"""How many requests are kept between two flushes; beyond that, the oldest are dropped."""


class Buffer:
    """Counts of one process. A thread adds them to Redis, and ends when there is nothing more to add."""

    def __init__(self, redis: Redis) -> None:
        self._redis = redis
        self._served: deque[tuple[str, int, float | None]] = deque(maxlen=MAX_REQUESTS)
        self._happened: deque[tuple[str, ...]] = deque(maxlen=MAX_REQUESTS)
        self._left = Counts()  # what Redis did not take
        self._flushing = threading.Lock()
        self._starting = threading.Lock()
        self._closed = threading.Event()
        self._has_flusher = False

    def add_request(self, route: str, status: int, seconds: float | None) -> None:
        """Count a request; `seconds` is None where its duration is not to be counted."""
        # Every visit pays for what is done here, and no visit for what is done in the flush.
        self._served.append((route, status, seconds))
        if not self._has_flusher:
            self._start()

    def add(self, name: str, *labels: str) -> None:
        """Count that something has happened."""
        self._happened.append((name, *labels))
        if not self._has_flusher:
            self._start()

    def flush(self) -> None:
        """Add what was counted to the sums. While Redis is away or takes nothing, it is kept for the next time.

        It is lost if Redis goes away in between: nobody knows whether it was added, and twice would be worse.
        """
        with self._flushing:
            counts, self._left = self._left, Counts()
            self._take(counts)
            if not counts:
                return
            has_answered = False
            try:
                has_answered = bool(self._redis.ping())
                record(self._redis, counts)
            except RedisError as error:
                if not has_answered or isinstance(error, ResponseError):
                    self._left = counts

    def close(self) -> None:
        """Add what is left, and end the thread."""
        self._closed.set()
        self.flush()

    def _start(self) -> None:
        with self._starting:
            if not self._has_flusher and not self._closed.is_set():
                self._has_flusher = True
                threading.Thread(target=self._keep_flushing, name="counting", daemon=True).start()

    def _keep_flushing(self) -> None:
        while not self._closed.wait(FLUSH_SECONDS):
            self.flush()
            with self._starting:
                if not self._served and not self._happened and not self._left:
                    self._has_flusher = False
                    return

    def _take(self, counts: Counts) -> None:
        """Move what has happened to the counts."""
        times: Counter[tuple[str, int]] = Counter()
        durations: defaultdict[str, list[float]] = defaultdict(list)
        for _ in range(len(self._served)):
            route, status, seconds = self._served.popleft()
            times[route, status] += 1
            if seconds is not None:
                durations[route].append(seconds)
        for _ in range(len(self._happened)):
            counts.add(*self._happened.popleft())
        for (route, status), by in times.items():
            counts.add("http_requests", route, str(status), by=by)
        for route, taken in durations.items():
            counts.observe("http_request_duration_seconds", taken, route)
