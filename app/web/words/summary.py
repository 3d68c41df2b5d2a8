"""The summary of a listener's year: what its pages say in numbers, made from an event alone."""

from dataclasses import dataclass
from datetime import date

from app.charts.release_years import median
from app.events import Event, OldestNewest, TopAlbum
from app.formatting import share, so_far
from app.periods import Period
from app.web.words.chart_options import DEFAULT_OPTIONS, ChartOptions, has_song_years
from app.web.words.links import LASTFM_HOME, POWERED_BY


@dataclass(frozen=True)
class Summary:
    """A year's plays by release year, and what they come to."""

    name: str
    year: int
    period: Period
    """What is counted: all of the year, or a part of it."""
    options: ChartOptions
    has_songs: bool
    """Whether the songs' own years would make another chart."""
    until: date | None
    """The last day that is counted, where the year was not over then."""
    years: dict[int, int]
    """Plays by release year; years without any left out."""
    scrobbles: int
    is_whole: bool
    """Whether that is all that Last.fm hands over."""
    expected: int | None
    """How many plays Last.fm counts, if more are to come."""
    placed: int
    """Plays whose release year is known."""
    matched: int
    """Those of an album that was matched for sure."""
    fuzzy_matched: int
    """Those of an album whose names are spelled a little differently."""
    by_mbid: int | None
    """How many of the matched ones by MusicBrainz ID; None where that was not counted or not kept."""
    pending: int
    """Plays that were not looked up yet."""
    unexplained: int
    """How many plays more Last.fm counts than are here or told of as missing; below zero for fewer."""
    median: int | None
    mean_age: float
    """How many years old the music was on average when it was played; what is dated later was new."""
    own: int
    """Plays of music that came out in the listening year itself."""
    decade: int | None
    """The first year of the decade with the most plays; of two the later one."""
    decade_plays: int
    oldest: int | None
    newest: int | None
    oldest_album: TopAlbum | None
    newest_album: TopAlbum | None

    def share(self, plays: int) -> str:
        """Give plays in per cent of those whose release year is known: the base of every share on a page."""
        return share(plays, self.placed)

    @property
    def so_far(self) -> str:
        """How many plays are here of a year that is not whole; else empty."""
        return "" if self.is_whole else so_far(self.scrobbles, self.expected)

    @property
    def by_median(self) -> int:
        """Plays of music that had come out by the middle year: half of those that are placed, or more."""
        return sum(plays for year, plays in self.years.items() if year <= (self.median or 0))

    @property
    def unplaced(self) -> int:
        """Plays whose release year is not known."""
        return self.scrobbles - self.placed

    @property
    def not_found(self) -> int:
        """Those of them that were looked up in vain."""
        return max(0, self.unplaced - self.pending)


def summarize(
    event: Event,
    year: int,
    name: str = "",
    options: ChartOptions = DEFAULT_OPTIONS,
    until: date | None = None,
) -> Summary:
    """Summarize what an event says of the plays of `year`, as far as it is available with these options."""
    options = options.available_for(event)
    shown = options.apply_to(event)
    years = {released: plays for released, plays in sorted(shown.years.items()) if plays}
    placed = sum(years.values())
    matched = max(0, placed - event.fuzzy_matched)
    decade, decade_plays = _top_decade(years)
    # Of months whose plays were removed nobody knows it any more.
    is_mbid_counted = not (event.preview or (event.only_counted and options.period))
    oldest, newest = min(years, default=None), max(years, default=None)
    return Summary(
        name=name,
        year=year,
        period=options.played_in(year),
        options=options,
        has_songs=has_song_years(event),
        until=until,
        years=years,
        scrobbles=event.scrobbles,
        is_whole=event.is_whole,
        expected=event.expected if not event.is_whole and (event.expected or 0) > event.scrobbles else None,
        placed=placed,
        matched=matched,
        fuzzy_matched=event.fuzzy_matched,
        by_mbid=min(event.by_mbid, matched) if is_mbid_counted else None,
        pending=event.pending,
        unexplained=_unexplained(event),
        median=median(years),
        mean_age=sum(max(0, year - released) * plays for released, plays in years.items()) / max(1, placed),
        own=years.get(year, 0),
        decade=decade,
        decade_plays=decade_plays,
        oldest=oldest,
        newest=newest,
        oldest_album=_album_of(oldest, shown.oldest_and_newest, 0),
        newest_album=_album_of(newest, shown.oldest_and_newest, 1),
    )


def _unexplained(event: Event) -> int:
    if event.phase != "completed" or event.expected is None:
        return 0
    explained = event.duplicates + event.undated + event.unreadable
    difference = event.expected - event.scrobbles - explained - sum(gap.plays or 0 for gap in event.gaps)
    # A gap of which nobody knows how many plays it has explains them all.
    return min(0, difference) if any(gap.plays is None for gap in event.gaps) else difference


def csv_table(event: Event) -> str:
    """Write the plays as comma-separated values: a line for each release year, and one for those without.

    The last column says where the plays come from: most programs would take a comment for data. Of a year that is
    not whole the last line says so: a program that takes it for a year stumbles.
    """
    years = sorted((year, plays) for year, plays in event.years.items() if plays)
    lines = [*(f"{year},{plays}" for year, plays in years), f",{event.unplaced}"]
    if not event.is_whole:
        lines.append(f'"{so_far(event.scrobbles, event.expected)}",')
    source = f"{POWERED_BY} {LASTFM_HOME}"
    return "\r\n".join(["release_year,plays,source", *(f"{line},{source}" for line in lines)]) + "\r\n"


def _top_decade(years: dict[int, int]) -> tuple[int | None, int]:
    decades: dict[int, int] = {}
    for year, plays in years.items():
        decades[year // 10 * 10] = decades.get(year // 10 * 10, 0) + plays
    top = max(decades, key=lambda decade: (decades[decade], decade), default=None)
    return top, decades.get(top, 0) if top is not None else 0


def _album_of(year: int | None, albums: OldestNewest | None, which: int) -> TopAlbum | None:
    """Find the top album of that release year, which the event may still lack."""
    return albums[which] if albums and albums[which].release_year == year else None
