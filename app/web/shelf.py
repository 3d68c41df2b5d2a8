"""The shelf: finished pages, each held for a second, so that a rush of visitors asks nobody."""

import time
from collections import OrderedDict

HELD_SECONDS = 1.0
PLACES = 512

Key = tuple[str, int]


class Shelf:
    """Pages by listener and year. What changes elsewhere is seen a second later; what changes here, at once."""

    def __init__(self) -> None:
        self._pages: OrderedDict[Key, tuple[float, bytes]] = OrderedDict()

    def take(self, username: str, year: int) -> bytes | None:
        """The page, if it was put here less than a second ago."""
        until, page = self._pages.get((username.casefold(), year), (0.0, b""))
        return page if time.monotonic() < until else None

    def put(self, username: str, year: int, page: bytes) -> None:
        """Holds the page; the one that was put longest ago makes room."""
        self.drop(username, year)
        self._pages[username.casefold(), year] = (time.monotonic() + HELD_SECONDS, page)
        if len(self._pages) > PLACES:
            self._pages.popitem(last=False)

    def drop(self, username: str, year: int) -> None:
        """Takes the page away."""
        self._pages.pop((username.casefold(), year), None)
