"""The chart of eras: a column for each listening year, release years upwards, and below the share of new music.

Everything is in per cent of the plot, so that one drawing serves a large screen, a phone and a picture. The upper
part of it is for release years, the lower one for new music.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import groupby, pairwise

from app.charts.eras import Era, runs
from app.charts.release_years import ReleaseYears
from app.charts.year_axis import Slot, Tick, YearAxis

RELEASED_END, NEW_BEGIN = 71.0, 82.0
"""Where the part for release years ends and the part for new music begins, in per cent from the top."""
MIN_YEARS = 7  # with fewer listening years, the years before them are shown as well
EMPTY_SPAN = 30  # release years that are shown while there is nothing to draw
MAX_STEPS = 6  # between the labels of release years
STEPS = (1, 2, 5, 10, 20, 50, 100, 200, 500, 1000)
NEW_ENDS = (1, 2, 5, 10, 20, 50, 100)
"""Where the scale of new music may end, in per cent."""
GAP = 0.3  # between the bars of new music, in steps


@dataclass(frozen=True)
class Column:
    """A listening year that is drawn: its place across, its median, and its bar of new music."""

    era: Era
    x: float
    width: float
    middle: float
    """Where its middle is across."""
    median: float
    """How far down its median is."""
    new: float
    """How far down the bar of new music begins."""
    bar_x: float
    bar_width: float

    @property
    def years(self) -> int:
        """The listening year, by which the column is found."""
        return self.era.year

    @property
    def new_height(self) -> float:
        """How high the bar of new music is."""
        return round(100 - self.new, 2)


@dataclass(frozen=True)
class Line:
    """The line from the median of one year to that of the next."""

    start: Column
    end: Column

    @property
    def is_so_far(self) -> bool:
        """Whether one of them may still move."""
        return self.start.era.is_so_far or self.end.era.is_so_far


@dataclass(frozen=True)
class Band:
    """The middle halves of years that follow each other, as one path in a square of 100."""

    path: str
    is_so_far: bool


@dataclass(frozen=True)
class EraChart:
    """Everything that the template draws."""

    columns: tuple[Column, ...]
    bands: tuple[Band, ...]
    lines: tuple[Line, ...]
    year_ticks: tuple[Tick, ...]
    released_ticks: tuple[Tick, ...]
    new_ticks: tuple[Tick, ...]
    present: tuple[float, float]
    """How far down music of the listening year itself is, at the left and at the right end."""

    @property
    def present_begin(self) -> tuple[float, float]:
        """Where that line begins, across and down: at the left, or where the part of release years does."""
        left, right = self.present
        if left <= RELEASED_END or left == right:
            return 0.0, left
        return round(100 * (left - RELEASED_END) / (left - right), 2), RELEASED_END


def draw_era_chart(eras: Iterable[Era], first: int, last: int) -> EraChart:
    """Draw the eras of a listener who has plays from the listening year `first` to `last`.

    A year that is missing has its place, and no line leads across it.
    """
    scale = _Scale(sorted(eras, key=lambda era: era.year), first, last)
    columns = {era.year: scale.column(era) for era in scale.eras}
    parts = runs(scale.eras)
    return EraChart(
        columns=tuple(columns.values()),
        bands=tuple(band for part in parts for band in _bands(scale, part)),
        lines=tuple(
            Line(columns[one.year], columns[other.year]) for part in parts for one, other in pairwise(part)
        ),
        year_ticks=scale.axis.ticks(list(columns) or [slot.years.first for slot in scale.axis.years], None),
        released_ticks=tuple(Tick(scale.y(year), str(year)) for year in scale.labelled),
        new_ticks=(Tick(NEW_BEGIN, f"{scale.new_end}\u00a0%"), Tick(100.0, "0")),
        present=(scale.y(scale.first - 0.5), scale.y(scale.last + 0.5)),
    )


class _Scale:
    """Converts listening years to places across, and release years and shares of new music to places down."""

    def __init__(self, eras: Sequence[Era], first: int, last: int) -> None:
        self.eras = eras
        self.last = max([last, *(era.year for era in eras)])
        self.first = min([first, self.last - MIN_YEARS + 1, *(era.year for era in eras)])
        self.top = max([self.last, *(era.third_quartile for era in eras)]) + 0.5
        lowest = min((era.first_quartile for era in eras), default=self.last - EMPTY_SPAN)
        self.step = next((step for step in STEPS if (self.top - lowest) / step <= MAX_STEPS), STEPS[-1])
        self.bottom = lowest // self.step * self.step
        most = max((100 * era.new / era.placed for era in eras), default=0.0)
        self.new_end = next(end for end in NEW_ENDS if most <= end)

    @cached_property
    def axis(self) -> YearAxis:
        years = enumerate(range(self.first, self.last + 1))
        return YearAxis(tuple(Slot(ReleaseYears(year, year), float(nth)) for nth, year in years))

    @property
    def labelled(self) -> range:
        return range(self.bottom, int(self.top) + 1, self.step)

    def x(self, year: float) -> float:
        """Return where a listening year begins."""
        return self.axis.percent(year - self.first)

    def y(self, released: float) -> float:
        return round(RELEASED_END * (self.top - released) / (self.top - self.bottom), 2)

    def column(self, era: Era) -> Column:
        share = 100 * era.new / era.placed
        return Column(
            era,
            x=self.x(era.year),
            width=self.axis.percent(1),
            middle=self.x(era.year + 0.5),
            median=self.y(era.median),
            new=round(100 - (100 - NEW_BEGIN) * share / self.new_end, 2),
            bar_x=self.x(era.year + GAP / 2),
            bar_width=self.axis.percent(1 - GAP),
        )


def _bands(scale: _Scale, run: Sequence[Era]) -> Iterator[Band]:
    """Draw the middle halves of a run; those of years that are not whole apart."""
    by_year = {era.year: era for era in run}
    for is_so_far, part in groupby(run, key=lambda era: era.is_so_far):
        # Where a year ends the next one begins: that is one point.
        edges = list(dict.fromkeys(point for era in part for point in _edges(scale, era, by_year)))
        upper = [f"{x:g} {high:g}" for x, high, _ in edges]
        lower = [f"{x:g} {low:g}" for x, _, low in reversed(edges)]
        yield Band(f"M{'L'.join([*upper, *lower])}z", is_so_far)


def _edges(scale: _Scale, era: Era, by_year: dict[int, Era]) -> Iterator[tuple[float, float, float]]:
    """Yield the place across, the upper and the lower edge: where a year begins, in its middle, where it ends.

    Between two middles the edges are straight; where no year follows, they go on as they are.
    """
    for offset, beside in ((0.0, era.year - 1), (0.5, era.year), (1.0, era.year + 1)):
        other = by_year.get(beside, era)
        high, low = (
            (scale.y(one) + scale.y(two)) / 2
            for one, two in (
                (era.third_quartile, other.third_quartile),
                (era.first_quartile, other.first_quartile),
            )
        )
        yield scale.x(era.year + offset), round(high, 2), round(low, 2)
