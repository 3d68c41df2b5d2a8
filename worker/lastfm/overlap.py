"""Overlap: calls that run side by side, so that Last.fm's latency costs little."""

from collections.abc import Callable
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from contextvars import copy_context
from types import TracebackType
from typing import Generic, Self, TypeVar

K = TypeVar("K")
T = TypeVar("T")


class Overlap(Generic[K, T]):
    """Runs up to `most` calls at once in threads, and gives each back when it has ended."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._pool = ThreadPoolExecutor(most, thread_name_prefix="call")
        self._running: dict[Future[T], K] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        # Not awaited: a call may pause for a minute before its next attempt, and its answer is no longer wanted.
        self._pool.shutdown(wait=False, cancel_futures=True)

    def __len__(self) -> int:
        """Return how many calls are running."""
        return len(self._running)

    @property
    def has_room(self) -> bool:
        """Whether another call can be started."""
        return len(self._running) < self._most

    def start(self, key: K, call: Callable[[], T]) -> None:
        """Start a call; `key` says which one has ended."""
        # A copy of the context carries the run's id into the thread's log lines.
        self._running[self._pool.submit(copy_context().run, call)] = key

    def next(self) -> tuple[K, Callable[[], T]]:
        """Wait until one has ended. Returns its key, and what returns its result or raises its error."""
        ended, _ = wait(self._running, return_when=FIRST_COMPLETED)
        future = min(ended, key=list(self._running).index)
        return self._running.pop(future), future.result
