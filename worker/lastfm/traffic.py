"""Traffic: how many calls Last.fm is answering right now, and how long an answer takes."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import Lock

WEIGHT = 0.3  # of the latest answer in the average
FIRST_GUESS = 0.4  # seconds; counts until the first answer


class Traffic:
    """Counts calls on the wire and averages their time. Threads may share it."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self.on_wire = 0
        self.seconds = FIRST_GUESS
        """How long an answer takes, on average."""
        self._has_answered = False
        self._clock = clock
        self._lock = Lock()

    @contextmanager
    def call(self) -> Iterator[None]:
        """Count a call. One that fails says nothing about how long answers take."""
        with self._lock:
            self.on_wire += 1
        began = self._clock()
        try:
            yield
            took = max(0.0, self._clock() - began)
            with self._lock:
                self.seconds += (WEIGHT if self._has_answered else 1.0) * (took - self.seconds)
                self._has_answered = True
        finally:
            with self._lock:
                self.on_wire -= 1
