"""Small charts: the plays of several listeners, each in a chart of its own, all on the same two axes."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from app.charts.bar_chart import BarChart, Cut, Series, bands_of, bars_of, cut_of
from app.charts.play_axis import PlayAxis
from app.charts.release_years import ReleaseYears
from app.charts.year_axis import Slot, YearAxis, added, year_axis

PARTS = 10_000
"""Each listener counts as so many plays when the axis is chosen, however much they play."""
TOWERING = 3.0
"""How many times as high as the middle listener's highest bar one may be without being cut."""
APART = 20.0
"""Per cent of the axis between two numbers above bars that are cut."""
NOBODY = Series.of({}, is_share=True)


@dataclass(frozen=True)
class Row:
    """One bar's place on the axis, which all charts share, and what each listener played of its years."""

    years: ReleaseYears
    x: float
    width: float
    plays: tuple[int, ...]
    is_earlier: bool = False

    @property
    def name(self) -> str:
        """What a page calls it."""
        return f"before {self.years.last + 1}" if self.is_earlier else self.years.name


@dataclass(frozen=True)
class SmallCharts:
    """The charts in the listeners' order, and their numbers by row."""

    charts: tuple[BarChart, ...]
    rows: tuple[Row, ...]


def draw_small_charts(
    listeners: Sequence[Mapping[int, int]], listening_year: int, *, by_decade: bool = False
) -> SmallCharts:
    """Draw each listener's plays by release year, as shares of what that listener has in total.

    What is equal is equally high and stands in the same place. Labels are those of a narrow chart. Bars that would
    squeeze those of all others are cut.
    """
    every = [Series.of(plays, is_share=True) for plays in listeners]
    axis = year_axis(added(*map(_in_parts, listeners)), listening_year, by_decade=by_decade)
    own = [slot for slot in axis.slots if slot.years == (listening_year, listening_year)]
    scale = _scale(axis, own, every)
    rows = tuple(_rows(axis, every))
    marked = listening_year if any(plays.get(listening_year) for plays in listeners) and not by_decade else None
    drawn = [row.years.first for row in rows if not row.is_earlier]
    ticks = tuple(replace(tick, wide=True) for tick in axis.ticks(drawn, marked) if tick.narrow)
    bands = () if by_decade else tuple(bands_of(axis))
    charts = tuple(
        BarChart(
            bars=tuple(bars_of(axis, scale, series, NOBODY)),
            bands=bands,
            year_ticks=ticks,
            play_ticks=scale.ticks,
            cuts=tuple(_cuts(axis, scale, series)),
        )
        for series in every
    )
    return SmallCharts(charts, rows)


def _scale(axis: YearAxis, own: Sequence[Slot], every: Sequence[Series]) -> PlayAxis:
    """Return one scale for all charts. A few charts with far higher bars than most do not squeeze the others."""
    values = [[series.value(slot) for slot in axis.slots if slot not in own] for series in every]
    peaks = sorted(peak for each in values if (peak := max(each, default=0.0)))
    highest = TOWERING * peaks[len(peaks) // 2] if peaks else 0.0
    usual = [value for each in values for value in each if value <= highest]
    towering = [value for each in values for value in each if value > highest]
    return PlayAxis.up_to(usual, [*towering, *(one.value(slot) for slot in own for one in every)], is_share=True)


def _cuts(axis: YearAxis, scale: PlayAxis, series: Series) -> Iterator[Cut]:
    """Yield the breaks in what is higher than the scale; of breaks that are close, one has its number."""
    labelled = -APART
    for slot in axis.slots:
        cut = cut_of(axis, scale, slot, series, NOBODY)
        if cut is not None:
            has_room = cut.x - labelled >= APART
            labelled = cut.x if has_room else labelled
            yield cut if has_room else replace(cut, numbers=())


def _in_parts(plays: Mapping[int, int]) -> dict[int, int]:
    whole = max(1, sum(plays.values()))
    return {year: max(1, PARTS * count // whole) for year, count in plays.items() if count}


def _rows(axis: YearAxis, every: Sequence[Series]) -> list[Row]:
    rows = [
        Row(
            slot.years,
            axis.percent(slot.start),
            axis.percent(slot.width),
            tuple(slot.plays(series.plays) for series in every),
            slot.is_earlier,
        )
        for slot in axis.slots
    ]
    return [row for row in rows if any(row.plays)]
