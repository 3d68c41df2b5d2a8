"""The bar chart: plays by release year become bars and ticks, for a template to draw.

Everything is in per cent of the plot, so that one drawing serves a large screen, a phone and a picture; only which
years are labelled depends on how wide it is drawn.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import groupby
from typing import Self

from app.charts.play_axis import PlayAxis
from app.charts.release_years import ReleaseYears
from app.charts.year_axis import Slot, Tick, YearAxis, added, year_axis

GAP, NARROW_GAP, MANY_STEPS = 0.18, 0.06, 80  # between bars, in steps; narrower on an axis of more than MANY_STEPS


@dataclass(frozen=True)
class Bar:
    """The bar of a release year, of a decade, or of all years before the axis begins."""

    years: ReleaseYears
    plays: int
    x: float
    width: float
    height: float
    is_earlier: bool = False
    other: int = 0
    """Plays of the listener who is compared."""

    @property
    def y(self) -> float:
        """The top of the bar."""
        return round(100 - self.height, 2)

    @property
    def name(self) -> str:
        """What a page calls it."""
        return f"before {self.years.last + 1}" if self.is_earlier else self.years.name


@dataclass(frozen=True)
class Band:
    """The shaded background of every other decade."""

    x: float
    width: float


@dataclass(frozen=True)
class CutNumber:
    """What a bar that is cut, or the other listener's line, stands for: plays, or their share of a whole."""

    plays: int
    whole: int | None
    is_other: bool


@dataclass(frozen=True)
class Cut:
    """The break in what is higher than the axis, and the numbers to write above it."""

    x: float
    width: float
    numbers: tuple[CutNumber, ...]

    @property
    def end(self) -> float:
        """Where it ends."""
        return round(self.x + self.width, 2)


@dataclass(frozen=True)
class BarChart:
    """Everything that the template draws."""

    bars: tuple[Bar, ...]
    bands: tuple[Band, ...]
    year_ticks: tuple[Tick, ...]
    play_ticks: tuple[Tick, ...]
    corners: tuple[tuple[str, float], ...] = ()
    """Where the other listener's line goes from the bottom left: H across, V up or down, to that per cent."""
    cuts: tuple[Cut, ...] = ()

    @property
    def cut(self) -> Cut | None:
        """The first break, which is the only one in a chart of one listener's or of two."""
        return next(iter(self.cuts), None)

    @property
    def earlier(self) -> Bar | None:
        """The bar of all years before the axis begins."""
        return next((bar for bar in self.bars if bar.is_earlier), None)

    @property
    def outline(self) -> str:
        """The other listener's line as a path in a square of 100."""
        return self.outline_in(100, 100)

    def outline_in(self, width: int, height: int) -> str:
        """Return the same path in a plot of this size: stretching the square would stretch the line in a PNG."""
        parts = {"H": width / 100, "V": height / 100}
        steps = "".join(f"{way}{at * parts[way]:g}" for way, at in self.corners)
        return f"M0 {height}{steps}" if steps else ""


def draw_bar_chart(
    plays: Mapping[int, int],
    listening_year: int,
    *,
    by_decade: bool = False,
    other: Mapping[int, int] | None = None,
) -> BarChart:
    """Draw plays by release year, a bar for every year or decade that has some.

    If there are only a few bars, the axis also shows the years around them, but none after `listening_year`. The
    label of that year is marked, and its bar is cut where it would squeeze all others. With the plays of an
    `other` listener, both are drawn as shares of what each played in total.
    """
    is_compared = other is not None
    one, two = (Series.of(each, is_share=is_compared) for each in (plays, other or {}))
    axis = year_axis(added(one.plays, two.plays), listening_year, by_decade=by_decade)
    own_slots = [slot for slot in axis.slots if slot.years == (listening_year, listening_year)]
    scale = PlayAxis.up_to(
        [series.value(slot) for slot in axis.slots if slot not in own_slots for series in (one, two)],
        [series.value(slot) for slot in own_slots for series in (one, two)],
        is_share=is_compared,
    )
    bars = tuple(bars_of(axis, scale, one, two))
    own = None if by_decade or is_compared or not plays.get(listening_year) else listening_year
    return BarChart(
        bars=bars,
        bands=() if by_decade else tuple(bands_of(axis)),
        year_ticks=axis.ticks([bar.years.first for bar in bars if not bar.is_earlier], own),
        play_ticks=scale.ticks,
        corners=tuple(_corners(axis, scale, two)) if other else (),
        cuts=tuple(cut for slot in own_slots if (cut := cut_of(axis, scale, slot, one, two))),
    )


@dataclass(frozen=True)
class Series:
    """The plays of one listener, and all of them together where they are drawn as shares."""

    plays: Mapping[int, int]
    whole: int | None

    @classmethod
    def of(cls, plays: Mapping[int, int], *, is_share: bool) -> Self:
        """Return the plays, as shares of their sum or as they are."""
        return cls(plays, max(1, sum(plays.values())) if is_share else None)

    def value(self, slot: Slot) -> float:
        """Return what the vertical axis shows of a slot: its plays, or their share in per cent."""
        plays = slot.plays(self.plays)
        return plays if self.whole is None else 100 * plays / self.whole


def cut_of(axis: YearAxis, scale: PlayAxis, slot: Slot, one: Series, two: Series) -> Cut | None:
    """Return the break in what is higher than the axis at a slot; None where nothing is."""
    numbers = tuple(
        CutNumber(slot.plays(series.plays), series.whole, is_other=series is two)
        for series in (one, two)
        if scale.is_cut(series.value(slot))
    )
    return Cut(axis.percent(slot.start), axis.percent(slot.width), numbers) if numbers else None


def bars_of(axis: YearAxis, scale: PlayAxis, one: Series, two: Series) -> Iterator[Bar]:
    """Yield the bar of every slot that has plays of either."""
    gap = GAP if axis.length <= MANY_STEPS else NARROW_GAP
    for slot in axis.slots:
        plays, other = slot.plays(one.plays), slot.plays(two.plays)
        if plays or other:
            yield Bar(
                years=slot.years,
                plays=plays,
                x=axis.percent(slot.start + slot.width * gap / 2),
                width=axis.percent(slot.width * (1 - gap)),
                height=scale.height(one.value(slot)),
                is_earlier=slot.is_earlier,
                other=other,
            )


def bands_of(axis: YearAxis) -> Iterator[Band]:
    """Yield the background of every other decade."""
    for decade, slots in groupby(axis.years, key=lambda slot: slot.years.first // 10):
        if decade % 2:
            first, *others = slots
            yield Band(axis.percent(first.start), axis.percent(1 + len(others)))


def _corners(axis: YearAxis, scale: PlayAxis, other: Series) -> Iterator[tuple[str, float]]:
    """Trace the other listener's bars as one line, so that it can lie over the first one's."""
    for slot in axis.slots:
        top = scale.y(other.value(slot))
        yield from (("H", axis.percent(slot.start)), ("V", top), ("H", axis.percent(slot.end)))
        if slot.is_earlier:
            yield "V", 100.0
    yield "V", 100.0
