"""Plays by listening year: the bars of a chart with a place for every year, and the strip of one album."""

from collections.abc import Mapping
from dataclasses import dataclass

from app.charts.bar_chart import GAP, Bar, BarChart
from app.charts.play_axis import PlayAxis
from app.charts.release_years import ReleaseYears
from app.charts.year_axis import Slot, YearAxis

UNIT = 10  # the width of a year and the height of a strip
MIN_HEIGHT = 1.2  # of the height: one play among hundreds is seen


@dataclass(frozen=True)
class ListeningSpan:
    """The listening years that a chart and the strips below it have a place for."""

    first: int
    last: int

    @property
    def width(self) -> int:
        """The width of a strip."""
        return UNIT * (self.last - self.first + 1)

    def strip(self, plays: Mapping[int, int]) -> str:
        """Draw an album's plays as a path: its best year is as high as the strip."""
        highest = max(plays.values(), default=0)
        return "".join(
            f"M{UNIT * (year - self.first) + 1} {UNIT}v-{max(MIN_HEIGHT, UNIT * count / highest):.3g}h8V{UNIT}z"
            for year, count in sorted(plays.items())
            if count and self.first <= year <= self.last
        )

    def chart(self, plays: Mapping[int, int]) -> BarChart:
        """Draw plays as bars, each named by its listening year."""
        slots = [
            Slot(ReleaseYears(year, year), float(nth)) for nth, year in enumerate(range(self.first, self.last + 1))
        ]
        axis, scale = YearAxis(tuple(slots)), PlayAxis.up_to(plays.values(), [], is_share=False)
        bars = tuple(
            Bar(
                years=slot.years,
                plays=plays[slot.years.first],
                x=axis.percent(slot.start + GAP / 2),
                width=axis.percent(1 - GAP),
                height=scale.height(plays[slot.years.first]),
            )
            for slot in slots
            if plays.get(slot.years.first)
        )
        return BarChart(
            bars=bars,
            bands=(),
            year_ticks=axis.ticks([bar.years.first for bar in bars], None),
            play_ticks=scale.ticks,
        )
