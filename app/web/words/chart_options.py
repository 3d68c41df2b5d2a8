"""Chart options: how a visitor wants to see a year, as the address says it: by decade, by song, a part of it."""

from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from typing import Literal
from urllib.parse import urlencode

from flask import request

from app.events import Event, PlaysByYear, YearCounts
from app.periods import FROM, TO, Period, read_period

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
    period: Period | None = None
    """The part of the year that is shown; None for all of it."""

    @property
    def parameters(self) -> dict[str, str]:
        """All options by name; none for those that a page has by itself."""
        period = self.period.parameters if self.period else {}
        others = ",".join(self.compared_with)
        parts = {"with": others, "of": SONGS * self.by_song, "by": DECADE * self.by_decade, **period}
        return {name: value for name, value in parts.items() if value}

    @property
    def query(self) -> str:
        """All options, with the question mark."""
        return f"?{urlencode(self.parameters, safe=',')}" if self.parameters else ""

    @property
    def of_lists(self) -> "ChartOptions":
        """The options of lists of albums: whether songs count by their own years, and which part of the year."""
        return ChartOptions(by_song=self.by_song, period=self.period)

    @property
    def list_query(self) -> str:
        """These, with the question mark."""
        return self.of_lists.query

    def played_in(self, year: int) -> Period:
        """Return the time that is shown: this part of the year, or all of it."""
        return self.period or Period.of_year(year)

    @property
    def counted_by(self) -> CountedBy:
        """Whose release years count, in one word."""
        return SONGS if self.by_song else ALBUMS

    def available_for(self, *events: YearCounts | None) -> "ChartOptions":
        """Leave songs out where no event, or count of a year, knows their years."""
        return replace(self, by_song=self.by_song and has_song_years(*events))

    def years_of(self, counts: YearCounts) -> PlaysByYear:
        """Return plays by release year, counted as these options say."""
        return counts.song_years if self.by_song and counts.song_years else counts.years

    def apply_to(self, event: Event) -> Event:
        """Return the event with its plays counted as these options say."""
        return event.by_song() if self.by_song else event


DEFAULT_OPTIONS = ChartOptions()


def has_song_years(*events: YearCounts | None) -> bool:
    """Whether the songs' own years make another chart of any of these."""
    return any(event is not None and event.song_years for event in events)


def requested_options(*compared_with: str) -> ChartOptions:
    """Read the options from the current request, but for whom somebody is compared with. Raises BadPeriod."""
    by_song, by_decade = request.args.get("of") == SONGS, request.args.get("by") == DECADE
    return ChartOptions(by_song, by_decade, compared_with, _requested_period())


def _requested_period() -> Period | None:
    """Read which part of the year is requested, where the address names a year."""
    year = (request.view_args or {}).get("year", "")
    # A form sends the day that was left open, too.
    arguments = {name: text for name, text in request.args.items() if text or name not in (FROM, TO)}
    return read_period(arguments, int(year), today()) if year else None


def today() -> date:
    """Return the day it is, in UTC."""
    return datetime.now(UTC).date()
