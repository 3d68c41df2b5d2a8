"""The rows of a listening history, whatever form it has."""

from collections.abc import Iterator
from typing import NamedTuple, Protocol

from mirror.matching.reasons import Reason

ADDED = ("release_year", "release_group_mbid", "found_by")
"""What is added to each row."""
SHORTEST_PLAY = 30_000  # milliseconds; Last.fm and Spotify count no shorter ones


class Play(NamedTuple):
    """What a row says was played. Of a song on an album only the album is kept."""

    artist: str
    album: str = ""
    mbid: str = ""
    """Of the album, as it is written there."""
    song: str = ""


class Row(NamedTuple):
    """A row as it is written in the history, and what it says; or what is wrong with it."""

    text: str
    play: Play | None
    is_short: bool = False
    """Whether it was played for so short a time that it does not count as a play."""
    fault: str = ""
    """Where the row is, and why it cannot be read."""


class ReleaseYear(NamedTuple):
    """The year of an album or a song, and how it was found; or why there is none."""

    year: int | None
    release_group: str | None = None
    found_by: str | None = None
    reason: Reason | None = None


class History(Protocol):
    """A listening history: its rows, and how to write them again with a release year each."""

    opening: str
    """What comes before the rows."""
    closing: str
    """What comes after the rows, even after only some of them."""

    def rows(self) -> Iterator[Row]:
        """Read the rows, once."""

    def addition(self, found: ReleaseYear) -> str:
        """Return what a release year adds to each row that has it."""

    def extended(self, text: str, addition: str) -> str:
        """Return the text of the next row with what its release year adds."""


class UnreadableHistory(Exception):
    """The history as a whole cannot be read."""


class UnknownForm(UnreadableHistory):
    """The file is not in a form that is understood."""


def is_unicode(text: str) -> bool:
    """Tell whether a text is free of bytes that could not be decoded."""
    if text.isascii():
        return True
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True
