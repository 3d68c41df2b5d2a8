"""What the year page says in numbers: made from an event alone, so that a stored page needs no query."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from functools import cached_property

from app.progress import End, Event
from app.web.chart import Chart, draw
from app.web.choice import AS_IT_IS, Choice, knows_songs
from app.web.words import age, counted, headline, roughly, share


@dataclass(frozen=True)
class Row:
    """A bar as numbers."""

    year: int
    plays: int
    share: str


@dataclass(frozen=True)
class Decade:
    """The decade with the most plays."""

    first: int
    share: str


@dataclass(frozen=True)
class Extreme:
    """The oldest or the newest music: its release year, and the album with the most plays, once that is known."""

    year: int
    album: End | None = None


@dataclass(frozen=True)
class YearView:
    """The numbers and the picture of one listener's year."""

    event: Event
    name: str
    year: int
    choice: Choice = AS_IT_IS
    has_songs: bool = False
    """Whether it can be seen by the songs' own years as well."""
    until: date | None = None
    """The day up to which it was read, where it was not over then."""

    @cached_property
    def years(self) -> dict[int, int]:
        """Plays by release year, those years left out that have none."""
        return {int(year): plays for year, plays in sorted(self.event.years.items()) if plays}

    @property
    def scrobbles(self) -> int:
        """All plays that are stored."""
        return self.event.scrobbles

    @cached_property
    def placed(self) -> int:
        """Plays that stand in a bar."""
        return sum(self.years.values())

    @property
    def matched(self) -> int:
        """Those whose album was found for sure."""
        return max(0, self.placed - self.event.fuzzy_matched)

    @property
    def nearly(self) -> int:
        """Those whose album was found with a slip in a name."""
        return self.event.fuzzy_matched

    @property
    def by_mbid(self) -> int | None:
        """Of these the ones found by MusicBrainz ID; None where that was not counted."""
        if self.event.by_mbid is None or self.event.preview:
            return None
        return min(self.event.by_mbid, self.matched)

    @property
    def parts(self) -> str:
        """How the plays were placed, or not, in words."""
        ways = [(self.matched, "by MusicBrainz ID or by name")]
        if self.by_mbid is not None:
            ways = [(self.by_mbid, "by MusicBrainz ID"), (self.matched - self.by_mbid, "by name")]
        ways += [
            (self.nearly, "by a name nearly the same"),
            (self.not_found, "not found"),
            (self.pending, "not asked yet"),
        ]
        return ", ".join(f"{plays:,}\u00a0{way}" for plays, way in ways if plays > 0)

    @property
    def unplaced(self) -> int:
        """Plays in no bar."""
        return self.scrobbles - self.placed

    @property
    def pending(self) -> int:
        """Those that nobody was asked about yet."""
        return self.event.pending

    @property
    def not_found(self) -> int:
        """Those that were asked about for nothing."""
        return max(0, self.unplaced - self.pending)

    @property
    def missing(self) -> int:
        """How many more Last.fm counts than it gave."""
        return max(self._gap, 0)

    @property
    def surplus(self) -> int:
        """How many fewer Last.fm counts than it gave."""
        return max(-self._gap, 0)

    @property
    def _gap(self) -> int:
        expected = self.scrobbles if self.event.expected is None else self.event.expected
        return expected - self.scrobbles if self.event.phase == "completed" else 0

    @property
    def percent(self) -> int:
        """How far the fetch is."""
        return 100 * self.event.page // self.event.pages if self.event.pages else 0

    @cached_property
    def chart(self) -> Chart:
        """The picture."""
        return draw(self.years, self.year, by_decade=self.choice.by_decade)

    @cached_property
    def headline(self) -> str:
        """What it comes down to."""
        so_far = self.until is not None
        return headline(self.name, self.year, self.years, self.scrobbles, self.pending, so_far=so_far)

    @property
    def description(self) -> str:
        """What somebody is told who sees only a link to the page."""
        if not self.placed:
            return self.headline
        return f"{self.headline} Median release year {self.median}, average age {self.age}; {self._coverage}."

    @property
    def facts(self) -> str:
        """What stands below a picture."""
        return f"{self._coverage} · median {self.median} · average age {self.age}"

    @property
    def _coverage(self) -> str:
        return f"{self.placed:,} of {counted(self.scrobbles, 'play')} placed"

    @property
    def median(self) -> int | None:
        """The release year in the middle."""
        return median(self.years)

    @property
    def age(self) -> str:
        """How old the music was on average when it was played, in words."""
        return age(self.mean_age)

    @property
    def mean_age(self) -> float:
        """The same in years; what is dated later was new."""
        ages = sum(max(0, self.year - year) * plays for year, plays in self.years.items())
        return ages / self.placed

    @property
    def own(self) -> int:
        """Plays of music of the listening year itself."""
        return self.years.get(self.year, 0)

    @property
    def decade(self) -> Decade:
        """The most played decade; of two the later."""
        plays: dict[int, int] = {}
        for year, more in self.years.items():
            plays[year // 10] = plays.get(year // 10, 0) + more
        most = max(plays, key=lambda decade: (plays[decade], decade))
        return Decade(most * 10, self.share(plays[most]))

    @property
    def oldest(self) -> Extreme:
        """The first release year that has plays."""
        return self._extreme(0)

    @property
    def newest(self) -> Extreme:
        """The last one."""
        return self._extreme(-1)

    def _extreme(self, which: int) -> Extreme:
        year = list(self.years)[which]
        album = self.event.ends[which] if self.event.ends else None
        return Extreme(year, album if album and album.release_year == year else None)

    @property
    def rows(self) -> tuple[Row, ...]:
        """The bars as numbers, year by year, strays too."""
        return tuple(Row(year, plays, self.share(plays)) for year, plays in self.years.items())

    def share(self, plays: int) -> str:
        """Plays in per cent of all of the year."""
        return share(plays, self.scrobbles)

    def roughly(self, plays: int) -> str:
        """The same in whole per cent."""
        return roughly(plays, self.scrobbles)


def view(
    event: Event, listening_year: int, name: str = "", choice: Choice = AS_IT_IS, until: date | None = None
) -> YearView:
    """The view of an event's numbers about what `name` played in `listening_year`, as far as that is a choice."""
    choice = choice.seen(event)
    return YearView(choice.counted(event), name, listening_year, choice, knows_songs(event), until)


def table(event: Event) -> str:
    """The same numbers as comma-separated values: a line for each bar, and one for the plays in none."""
    years = sorted((int(year), plays) for year, plays in event.years.items() if plays)
    unplaced = event.scrobbles - sum(plays for _, plays in years)
    lines = ["release_year,plays", *(f"{year},{plays}" for year, plays in years), f",{unplaced}"]
    return "\r\n".join(lines) + "\r\n"


def median(years: Mapping[int, int]) -> int | None:
    """The release year in the middle of all plays; of two middle ones the earlier."""
    middle = (sum(years.values()) + 1) // 2
    for year in sorted(years):
        middle -= years[year]
        if middle <= 0:
            return year
    return None
