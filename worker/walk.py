"""The walk: the pages of a window oldest first, with calls that overlap so that latency does not slow it down."""

from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextvars import copy_context
from itertools import islice

from worker.payloads import Page


class Shifted(Exception):
    """A scrobble arrived, or went, while the pages were read, so that they do not join. Walk again from the last
    one that was stored."""


def walk(first: Page, fetch: Callable[[int], Page], ahead: int) -> Iterator[Page]:
    """Yields pages from the last (oldest) to page 1.

    `first` is page 1, fetched already, since it says how many there are. `fetch` gets a page by its number and is
    called from up to `ahead` threads; it waits by itself for its turn. Raises Shifted, and what `fetch` raises.
    """
    numbers = iter(range(first.pages, 1, -1))
    pool = ThreadPoolExecutor(ahead, thread_name_prefix="page")
    try:
        flying: deque[Future[Page]] = deque(_submit(pool, fetch, number) for number in islice(numbers, ahead))
        while flying:
            page = flying.popleft().result()
            flying.extend(_submit(pool, fetch, number) for number in islice(numbers, 1))
            if page.total != first.total:
                raise Shifted
            yield page
        if first.pages:
            yield first
    finally:
        # Not awaited: a call may rest for a minute before its next try, and nobody wants its answer any more.
        pool.shutdown(wait=False, cancel_futures=True)


def _submit(pool: ThreadPoolExecutor, fetch: Callable[[int], Page], number: int) -> Future[Page]:
    # In a copy of our context, which holds the run's id for the log.
    return pool.submit(copy_context().run, fetch, number)
