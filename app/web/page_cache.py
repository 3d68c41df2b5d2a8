"""The page cache: finished pages, each kept for a second, so that a rush of visitors costs one rendering."""

import time
from collections import OrderedDict
from collections.abc import Callable

SECONDS = 1.0
MAX_YEARS, MAX_VARIANTS = 512, 4


class PageCache:
    """Pages by listener and year, each in variants: by decade, or under another host's name.

    A change made by another process shows a second later; one made here calls `drop` and shows at once.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._pages: OrderedDict[tuple[str, int], dict[str, tuple[float, bytes]]] = OrderedDict()

    def get(self, username: str, year: int, variant: str = "") -> bytes | None:
        """Return the page in this variant unless it is older than a second."""
        variants = self._pages.get((username.casefold(), year), {})
        expires_at, page = variants.get(variant, (0.0, b""))
        return page if self._clock() < expires_at else None

    def put(self, username: str, year: int, page: bytes, variant: str = "") -> None:
        """Keep the page. What has expired goes, and from a full cache what was stored longest ago."""
        now = self._clock()
        while self._pages and _last_expiry(next(iter(self._pages.values()))) <= now:
            self._pages.popitem(last=False)
        variants = self._pages.pop((username.casefold(), year), {})
        variants.pop(variant, None)
        if len(variants) >= MAX_VARIANTS:
            variants.pop(next(iter(variants)))
        variants[variant] = (now + SECONDS, page)
        self._pages[username.casefold(), year] = variants
        if len(self._pages) > MAX_YEARS:
            self._pages.popitem(last=False)

    def drop(self, username: str, year: int) -> None:
        """Drop the page in every variant."""
        self._pages.pop((username.casefold(), year), None)


def _last_expiry(variants: dict[str, tuple[float, bytes]]) -> float:
    return max(expires_at for expires_at, _ in variants.values())
