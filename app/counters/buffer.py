"""The buffer: what a busy process counts, added to the sums every few seconds, so that no request waits for it."""

import threading
from collections import Counter, deque

from redis import Redis
from redis.exceptions import RedisError

from app.counters.counts import Counts, record

FLUSH_SECONDS = 5.0
MOST_EVENTS = 100_000
"""How many may happen between two flushes; of more, the first are forgotten."""


class Buffer:
    """Counts of one process. A thread adds them to Redis, and ends when there is nothing more to add."""

    def __init__(self, redis: Redis) -> None:
        self._redis = redis
        self._events: deque[tuple[str, tuple[str, ...], float | None]] = deque(maxlen=MOST_EVENTS)
        self._left = Counts()  # what Redis did not take
        self._flushing = threading.Lock()
        self._starting = threading.Lock()
        self._closed = threading.Event()
        self._has_flusher = False

    def add(self, name: str, *labels: str) -> None:
        """Count that something has happened."""
        self._note(name, labels, None)

    def observe(self, name: str, seconds: float, *labels: str) -> None:
        """Count how long something has taken."""
        self._note(name, labels, seconds)

    def flush(self) -> None:
        """Add what was counted to the sums. While Redis is away or takes nothing, it is kept for the next time."""
        with self._flushing:
            counts, self._left = self._left, Counts()
            counts.merge(self._taken())
            if not counts:
                return
            try:
                record(self._redis, counts)
            except RedisError:
                self._left = counts

    def close(self) -> None:
        """Add what is left, and end the thread."""
        self._closed.set()
        self.flush()

    def _note(self, name: str, labels: tuple[str, ...], seconds: float | None) -> None:
        self._events.append((name, labels, seconds))
        if not self._has_flusher:
            self._start()

    def _start(self) -> None:
        with self._starting:
            if not self._has_flusher and not self._closed.is_set():
                self._has_flusher = True
                threading.Thread(target=self._keep_flushing, name="counting", daemon=True).start()

    def _keep_flushing(self) -> None:
        while not self._closed.wait(FLUSH_SECONDS):
            self.flush()
            with self._starting:
                if not self._events:
                    self._has_flusher = False
                    return

    def _taken(self) -> Counts:
        """Take what has happened."""
        counts, happened = Counts(), Counter[tuple[str, tuple[str, ...]]]()
        for _ in range(len(self._events)):
            name, labels, seconds = self._events.popleft()
            if seconds is None:
                happened[name, labels] += 1
            else:
                counts.observe(name, seconds, *labels)
        for (name, labels), times in happened.items():
            counts.add(name, *labels, by=times)
        return counts
