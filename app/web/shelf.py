"""The shelf: finished pages, each held for a second, so that a rush of visitors asks nobody."""

import time
from collections import OrderedDict

HELD_SECONDS = 1.0
PLACES, DRAWINGS = 512, 4

Key = tuple[str, int]


class Shelf:
    """Pages by listener and year, each in its drawings: by decade, under another host's name.

    What changes elsewhere is seen a second later; what changes here, at once.
    """

    def __init__(self) -> None:
        self._pages: OrderedDict[Key, dict[str, tuple[float, bytes]]] = OrderedDict()

    def take(self, username: str, year: int, drawing: str = "") -> bytes | None:
        """The page in this drawing, if it was put here less than a second ago."""
        drawings = self._pages.get((username.casefold(), year), {})
        until, page = drawings.get(drawing, (0.0, b""))
        return page if time.monotonic() < until else None

    def put(self, username: str, year: int, page: bytes, drawing: str = "") -> None:
        """Holds the page; what was put longest ago makes room."""
        drawings = self._pages.pop((username.casefold(), year), {})
        drawings.pop(drawing, None)
        if len(drawings) >= DRAWINGS:
            drawings.pop(next(iter(drawings)))
        drawings[drawing] = (time.monotonic() + HELD_SECONDS, page)
        self._pages[username.casefold(), year] = drawings
        if len(self._pages) > PLACES:
            self._pages.popitem(last=False)

    def drop(self, username: str, year: int) -> None:
        """Takes the page away, in every drawing."""
        self._pages.pop((username.casefold(), year), None)
