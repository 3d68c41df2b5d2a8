"""Chart options: how a visitor wants to see a year, as the address says it: years or decades, albums or songs."""

from dataclasses import dataclass, replace
from typing import Literal
from urllib.parse import urlencode

from flask import request

from app.events import Event, PlaysByYear, YearCounts

CountedBy = Literal["albums", "songs"]
ALBUMS: CountedBy = "albums"
SONGS: CountedBy = "songs"
DECADE = "decade"


@dataclass(frozen=True)
class ChartOptions:
    """The options, and their part of an address."""

    by_song: bool = False
    by_decade: bool = False
    compared_with: tuple[str, ...] = ()

    @property
    def query(self) -> str:
        """All options, with the question mark; empty for those that a page has by itself."""
        parts = {"with": ",".join(self.compared_with), "of": SONGS * self.by_song, "by": DECADE * self.by_decade}
        text = urlencode({name: value for name, value in parts.items() if value}, safe=",")
        return f"?{text}" if text else ""

    @property
    def songs_query(self) -> str:
        """The one option that the lists of albums have: whether songs count by their own years."""
        return ChartOptions(by_song=self.by_song).query

    @property
    def counted_by(self) -> CountedBy:
        """Whose release years count, in one word."""
        return SONGS if self.by_song else ALBUMS

    def available_for(self, *events: Event | None) -> "ChartOptions":
        """Leave songs out where no event knows their years."""
        return replace(self, by_song=self.by_song and has_song_years(*events))

    def years_of(self, counts: YearCounts) -> PlaysByYear:
        """Return plays by release year, counted as these options say."""
        return counts.song_years if self.by_song and counts.song_years else counts.years

    def apply_to(self, event: Event) -> Event:
        """Return the event with its plays counted as these options say."""
        return event.by_song() if self.by_song else event


DEFAULT_OPTIONS = ChartOptions()


def has_song_years(*events: Event | None) -> bool:
    """Whether the songs' own years make another chart of any of these."""
    return any(event is not None and event.song_years for event in events)


def requested_options(*compared_with: str) -> ChartOptions:
    """Read the options from the current request, but for whom somebody is compared with."""
    return ChartOptions(request.args.get("of") == SONGS, request.args.get("by") == DECADE, compared_with)
