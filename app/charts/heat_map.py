"""The heat map: a strip for each listening year, shaded by the share of plays that each release year has."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from math import ceil, sqrt

from app.charts.release_years import ReleaseYears, median
from app.charts.year_axis import Tick, added, axis_begin

SHADES = 6
UNIT = 10  # the width of a column and the height of a strip
NARROW_LABELS = 6  # of decades, over a strip of 130 pixels
ROW = 11.46  # the height of a row of the table, of which the strip is the middle part: 2.75 of 2.4 rem

Plays = Mapping[int, int]


@dataclass(frozen=True)
class Shade:
    """All cells of one shade in a strip, as one path."""

    level: int
    path: str


@dataclass(frozen=True)
class Strip:
    """The cells of a listening year: over release years, or over decades where there is little room."""

    shades: tuple[Shade, ...]
    own: Shade | None
    """The cell of the listening year itself, drawn over the others."""
    median_at: float | None
    """Where the median is marked."""
    line: str = ""
    """From the middle of the strip towards the medians of the years above and below it, as far as its row goes."""


@dataclass(frozen=True)
class Row:
    """One listening year, as numbers and as strips."""

    year: int
    median: int | None
    plays: int
    parts: tuple[int, ...]
    """Its plays by the columns of decades."""
    wide: Strip
    narrow: Strip


@dataclass(frozen=True)
class Column:
    """The release years of a column, and their plays in all listening years."""

    years: ReleaseYears
    plays: int


@dataclass(frozen=True)
class HeatMap:
    """The whole map. Strips are `wide` or `narrow` units wide; so are the lines between decades."""

    rows: dict[int, Row]
    columns: tuple[str, ...]
    wide_columns: tuple[Column, ...]
    narrow_columns: tuple[Column, ...]
    wide: int
    narrow: int
    wide_lines: str
    narrow_lines: str
    wide_ticks: tuple[Tick, ...]
    narrow_ticks: tuple[Tick, ...]


@dataclass(frozen=True)
class _Axis:
    """A column for every `size` years from `first` on, and one before them for all that is earlier."""

    first: int
    last: int
    size: int
    has_earlier: bool

    @property
    def width(self) -> int:
        return UNIT * (self.column(self.last) + 1)

    def column(self, year: int) -> int:
        return 0 if year < self.first else self.has_earlier + (year - self.first) // self.size

    def middle(self, year: int) -> float:
        """Return where the middle of a year is, in units."""
        if year < self.first:
            return UNIT / 2
        return round(UNIT * (self.has_earlier + (year - self.first + 0.5) / self.size), 1)

    def columns(self, plays: Plays) -> tuple[Column, ...]:
        """Return the release years of every column, with their plays; of the first one from its earliest on."""
        begins = [ReleaseYears(min(plays), self.first - 1)] if self.has_earlier else []
        decades = range(self.first, self.last + 1, self.size)
        every = [*begins, *(ReleaseYears(year, year + self.size - 1) for year in decades)]
        return tuple(Column(years, count) for years, count in zip(every, self.parts(plays), strict=True))

    def by_column(self, plays: Plays) -> dict[int, int]:
        return added(*({self.column(year): count} for year, count in plays.items()))

    def parts(self, plays: Plays) -> tuple[int, ...]:
        """Return the plays of every column."""
        columns = self.by_column(plays)
        return tuple(columns.get(column, 0) for column in range(self.width // UNIT))

    def hottest(self, plays: Plays, own: int) -> float:
        """Return the largest share that a column has, without the listening year's own."""
        # New music often has the most plays, and a colour of its own: the others would be pale beside it.
        others = {year: count for year, count in plays.items() if year != own} or plays
        return max(self.by_column(others).values()) / sum(plays.values())

    def lines(self) -> str:
        """Draw a line where a decade begins."""
        decades = range(self.first, self.last + 1, 10)
        return "".join(f"M{UNIT * self.column(decade)} 0v{UNIT}" for decade in decades if self.column(decade))

    def ticks(self, labels: Mapping[int, str], *, within: float = 0.0) -> tuple[Tick, ...]:
        """Label years where their columns begin, or that far within them."""
        each = 100 * UNIT / self.width
        return tuple(Tick(round(each * (self.column(year) + within), 2), text) for year, text in labels.items())


def draw_heat_map(years: Mapping[int, Plays], apart: Collection[int] = ()) -> HeatMap | None:
    """Draw listening years, the newest at the top, each with its plays by release year.

    Without any plays there is no map. A line runs from median to median; not across a year that is missing, nor to
    one that is to stay `apart`.
    """
    years = {year: {at: n for at, n in plays.items() if n} for year, plays in years.items() if any(plays.values())}
    together = added(*years.values())
    begin = axis_begin(together)
    if begin is None:
        return None
    # It begins with a decade, so that columns of decades and of years begin together.
    first, last = begin // 10 * 10, max(together)
    has_earlier = min(together) < first
    wide, narrow = (_Axis(first, last, size, has_earlier) for size in (1, 10))
    hottest = [max(axis.hottest(plays, year) for year, plays in years.items()) for axis in (wide, narrow)]
    decades = range(first, last + 1, 10)
    earlier = {first - 1: "‹"} if has_earlier else {}
    medians = {year: median(plays) for year, plays in years.items()}
    joined = {year: at for year, at in medians.items() if at is not None and year not in apart}
    return HeatMap(
        rows={
            year: Row(
                year,
                medians[year],
                sum(plays.values()),
                narrow.parts(plays),
                _strip(wide, plays, hottest[0], own=wide.column(year), line=_line(wide, joined, year)),
                # A decade is never all of the year itself.
                _strip(narrow, plays, hottest[1], own=None, line=_line(narrow, joined, year)),
            )
            for year, plays in years.items()
        },
        columns=(*[f"before {first}"] * has_earlier, *(f"{decade}s" for decade in decades)),
        wide_columns=wide.columns(together),
        narrow_columns=narrow.columns(together),
        wide=wide.width,
        narrow=narrow.width,
        wide_lines=wide.lines(),
        narrow_lines=narrow.lines(),
        wide_ticks=wide.ticks(earlier | {decade: str(decade) for decade in decades}),
        narrow_ticks=narrow.ticks(earlier | _narrow_labels(decades), within=0.5),
    )


def _narrow_labels(decades: Sequence[int]) -> dict[int, str]:
    """Label as many decades as there is room for on a phone, at equal distances, the latest among them."""
    step = ceil(len(decades) / NARROW_LABELS)
    return {decade: f"’{decade % 100:02}" for decade in decades[::-1][::step][::-1]}


def _line(axis: _Axis, medians: Mapping[int, int], year: int) -> str:
    """Draw the part of the line from median to median that lies in the row of this year."""
    if year not in medians:
        return ""
    own = axis.middle(medians[year])
    ends = (
        f"M{own:g} {UNIT / 2:g}L{(own + axis.middle(medians[beside])) / 2:g} {UNIT / 2 + way * ROW / 2:g}"
        for beside, way in ((year + 1, -1), (year - 1, 1))
        if beside in medians
    )
    return "".join(ends)


def _strip(axis: _Axis, plays: Plays, hottest: float, *, own: int | None, line: str) -> Strip:
    columns, whole = axis.by_column(plays), sum(plays.values())
    levels = {column: _level(count / whole / hottest) for column, count in columns.items()}
    middle = median(plays)
    own_shade = Shade(levels.pop(own), _cell(own, 1)) if own is not None and own in levels else None
    by_level = ((level, sorted(n for n in levels if levels[n] == level)) for level in range(1, SHADES + 1))
    return Strip(
        shades=tuple(Shade(level, "".join(_cells(found))) for level, found in by_level if found),
        own=own_shade,
        median_at=None if middle is None else axis.middle(middle),
        line=line,
    )


def _level(share: float) -> int:
    # By the root, since a few years have most of the plays and all others would look alike.
    return min(SHADES, ceil(SHADES * sqrt(share) - 1e-9))


def _cells(columns: Sequence[int]) -> Iterator[str]:
    """Join neighbouring columns into one cell."""
    for _, pairs in groupby(enumerate(columns), key=lambda pair: pair[1] - pair[0]):
        run = [column for _, column in pairs]
        yield _cell(run[0], len(run))


def _cell(column: int, count: int) -> str:
    return f"M{UNIT * column} 0h{UNIT * count}v{UNIT}h-{UNIT * count}z"
