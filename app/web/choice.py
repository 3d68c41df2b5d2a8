"""What a visitor has chosen to see of a year: years or decades, of albums or of songs. It is in the address."""

from dataclasses import dataclass, replace
from typing import Literal
from urllib.parse import urlencode

from flask import request

from app.progress import Event

Whose = Literal["albums", "songs"]
ALBUMS: Whose = "albums"
SONGS: Whose = "songs"
DECADE = "decade"


@dataclass(frozen=True)
class Choice:
    """The choice, and its part of an address; `other` is whom the year is compared with."""

    by_song: bool = False
    by_decade: bool = False
    other: str = ""

    @property
    def query(self) -> str:
        """All of it, with the question mark; nothing for what a page shows by itself."""
        parts = {"with": self.other, "of": SONGS * self.by_song, "by": DECADE * self.by_decade}
        text = urlencode({name: value for name, value in parts.items() if value})
        return f"?{text}" if text else ""

    @property
    def whose(self) -> Whose:
        """Whose years count, in one word."""
        return SONGS if self.by_song else ALBUMS

    @property
    def of(self) -> str:
        """The part of it that pages behind the chart know: whose year counts."""
        return Choice(by_song=self.by_song).query

    @property
    def by(self) -> str:
        """Whose year counts, in words."""
        return "by the year of each song" if self.by_song else "by release year"

    def but(self, *, by_song: bool | None = None, by_decade: bool | None = None) -> "Choice":
        """The same with another answer to one of the questions."""
        return replace(
            self,
            by_song=self.by_song if by_song is None else by_song,
            by_decade=self.by_decade if by_decade is None else by_decade,
        )

    def seen(self, *events: Event | None) -> "Choice":
        """What of it there is to see: songs only where the years of some are known."""
        return self.but(by_song=self.by_song and knows_songs(*events))

    def counted(self, event: Event) -> Event:
        """The event with its plays counted so."""
        return event.by_song() if self.by_song else event


AS_IT_IS = Choice()
"""What is shown where nothing was chosen."""


def knows_songs(*events: Event | None) -> bool:
    """Whether the songs' own years make another chart of any of these."""
    return any(event is not None and event.song_years for event in events)


def chosen(other: str = "") -> Choice:
    """What the current request asks for."""
    return Choice(request.args.get("of") == SONGS, request.args.get("by") == DECADE, other)
