"""The heat map's geometry: listening years against release years become strips of shades. Pure arithmetic."""

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import groupby
from math import ceil, sqrt

from app.web.view import median
from app.web.words import share

SHADES = 6
STRAY = 0.01
"""At most so much of all plays lies before the first decade; it is gathered in one column, so that a single old
record does not squeeze all others."""
UNIT = 10  # a column's width, and a strip's height

Years = Mapping[int, int]


@dataclass(frozen=True)
class Shade:
    """All cells of one shade in a strip, as one path."""

    level: int
    path: str


@dataclass(frozen=True)
class Strip:
    """One listening year: its cells over release years, or over decades where there is little room."""

    shades: tuple[Shade, ...]
    own: Shade | None
    """The cell of the year itself, drawn over the others."""
    middle: float | None
    """Where the median stands."""


@dataclass(frozen=True)
class Row:
    """One listening year in words and strips."""

    year: int
    median: int | None
    wide: Strip
    narrow: Strip
    parts: tuple[str, ...]
    """Each column of decades as a share."""
    said: str
    """The row in words."""


@dataclass(frozen=True)
class Mark:
    """A label on the axis, `at` per cent of its width."""

    at: float
    label: str


@dataclass(frozen=True)
class Heat:
    """The whole map. Strips are `wide` or `narrow` units wide; the lines between decades are in the same units."""

    rows: dict[int, Row]
    wide: int
    narrow: int
    wide_lines: str
    narrow_lines: str
    wide_marks: tuple[Mark, ...]
    narrow_marks: tuple[Mark, ...]
    columns: tuple[str, ...]


class _Axis:
    """Where release years stand: a column for all before `first`, if there are any, and then one every `years`."""

    def __init__(self, first: int, last: int, *, folds: bool, years: int) -> None:
        self._first, self._years, self._before = first, years, int(folds)
        self.width = UNIT * (self._before + (last - first) // years + 1)

    def column(self, year: int) -> int:
        return 0 if year < self._first else self._before + (year - self._first) // self._years

    def middle(self, year: int) -> float:
        """Where within its column a year stands, in units."""
        if year < self._first:
            return UNIT / 2
        return round(UNIT * (self._before + (year - self._first + 0.5) / self._years), 1)

    def gather(self, plays: Years) -> dict[int, int]:
        columns: dict[int, int] = {}
        for year, count in plays.items():
            columns[self.column(year)] = columns.get(self.column(year), 0) + count
        return columns


def draw(past: Mapping[int, Years]) -> Heat | None:
    """The map of these listening years: each with its plays by release year. None where nothing is placed."""
    past = {year: {at: n for at, n in plays.items() if n} for year, plays in past.items() if any(plays.values())}
    if not past:
        return None
    first, folds = _first_decade(past)
    last = max(max(plays) for plays in past.values())
    # To the end of its decade, so that columns of decades and of years end together.
    wide = _Axis(first, last, folds=folds, years=1)
    narrow = _Axis(first, last, folds=folds, years=10)
    tops = [max(_hottest(axis, plays, year) for year, plays in past.items()) for axis in (wide, narrow)]
    decades = list(range(first, last + 1, 10))
    columns = [f"before {first}"] * folds + [f"{decade}s" for decade in decades]
    before = {first - 1: "‹"} if folds else {}

    def row(year: int, plays: Years) -> Row:
        strips = [
            _strip(wide, plays, tops[0], own=wide.column(year)),
            # A decade is never all of the year itself.
            _strip(narrow, plays, tops[1], own=None),
        ]
        parts = narrow.gather(plays)
        whole = sum(plays.values())
        shares = tuple(share(parts.get(n, 0), whole) for n in range(len(columns)))
        middle = median(dict(plays))
        return Row(year, middle, strips[0], strips[1], shares, _said(parts, columns, whole, middle))

    return Heat(
        rows={year: row(year, plays) for year, plays in past.items()},
        wide=wide.width,
        narrow=narrow.width,
        wide_lines=_lines(wide, decades),
        narrow_lines=_lines(narrow, decades),
        wide_marks=_marks(wide, before | {decade: str(decade) for decade in decades}),
        narrow_marks=_marks(narrow, before | {decade: f"’{decade % 100:02}" for decade in decades}, within=0.5),
        columns=tuple(columns),
    )


def _first_decade(past: Mapping[int, Years]) -> tuple[int, bool]:
    """The first decade that is drawn, and whether there is something before it."""
    together: dict[int, int] = {}
    for plays in past.values():
        for year, count in plays.items():
            together[year // 10 * 10] = together.get(year // 10 * 10, 0) + count
    left = STRAY * sum(together.values())
    for decade in sorted(together):
        left -= together[decade]
        if left < 0:
            return decade, decade > min(together)
    raise AssertionError("a part is never more than the whole")


def _hottest(axis: _Axis, plays: Years, own: int) -> float:
    # What is new is often most of all, and has a colour of its own: the others would be pale beside it.
    others = {year: count for year, count in plays.items() if year != own} or plays
    return max(axis.gather(others).values()) / sum(plays.values())


def _strip(axis: _Axis, plays: Years, hottest: float, *, own: int | None) -> Strip:
    columns, whole = axis.gather(plays), sum(plays.values())
    # By the root, since a few years have most of the plays and all others would be alike.
    shades = {n: ceil(SHADES * sqrt(count / whole / hottest) - 1e-9) for n, count in columns.items()}
    levels = {n: min(SHADES, level) for n, level in shades.items()}
    middle = median(dict(plays))
    return Strip(
        shades=tuple(
            Shade(level, "".join(_cells(sorted(n for n in levels if levels[n] == level and n != own))))
            for level in range(1, SHADES + 1)
            if any(levels[n] == level and n != own for n in levels)
        ),
        own=Shade(levels[own], _cell(own, 1)) if own is not None and own in levels else None,
        middle=None if middle is None else axis.middle(middle),
    )


def _cells(columns: list[int]) -> list[str]:
    runs = groupby(enumerate(columns), key=lambda pair: pair[1] - pair[0])
    return [_cell(run[0][1], len(run)) for run in (list(pairs) for _, pairs in runs)]


def _cell(column: int, count: int) -> str:
    return f"M{UNIT * column} 0h{UNIT * count}v{UNIT}h-{UNIT * count}z"


def _lines(axis: _Axis, decades: list[int]) -> str:
    return "".join(f"M{UNIT * axis.column(decade)} 0v{UNIT}" for decade in decades if axis.column(decade))


def _marks(axis: _Axis, labels: Mapping[int, str], *, within: float = 0.0) -> tuple[Mark, ...]:
    """The labels at the beginning of their columns, or so far within them."""
    each = 100 * UNIT / axis.width
    return tuple(Mark(round(each * (axis.column(decade) + within), 2), label) for decade, label in labels.items())


def _said(parts: Mapping[int, int], columns: list[str], whole: int, middle: int | None) -> str:
    top = sorted(parts, key=lambda n: (-parts[n], n))[:3]
    most = ", ".join(f"{columns[n]} {share(parts[n], whole)}" for n in top)
    return f"Median {middle}; most of it {most}"


def moved(medians: Mapping[int, int]) -> str:
    """How the median moved from the first listening year to the last, in a sentence; nothing for no year."""
    if not medians:
        return ""
    first, last = min(medians), max(medians)
    before, after = medians[first], medians[last]
    if first == last:
        return f"Half of the placed plays of {last} are of music from {after} or before."
    if before == after:
        way = f"The median release year was {before} in {first}, and so it is in {last}"
    else:
        way = f"The median release year moved from {before} in {first} to {after} in {last}"
    if before < first and after < last:
        then, now = first - before, last - after
        aged = (
            f"{_years(then)} old then, and {_years(now)} now" if then != now else f"{_years(now)} old, then as now"
        )
        return f"{way}: half of the music was at least {aged}."
    return f"{way}."


def _years(number: int) -> str:
    return f"{number} year" + ("" if number == 1 else "s")
