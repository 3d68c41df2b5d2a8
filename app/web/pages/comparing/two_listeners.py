"""Two listeners' years in one chart, in shares of the plays whose release year is known."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

from flask import render_template

from app.charts.bar_chart import BarChart, draw_bar_chart
from app.web.pages.comparing.sides import Sides, Visit, options_for, sides_of
from app.web.words import wording
from app.web.words.chart_options import ChartOptions


@dataclass(frozen=True)
class Comparison(Sides):
    """Two sides and their chart."""

    @cached_property
    def chart(self) -> BarChart:
        """Bars of the first one, with the other's as an outline."""
        one, other = (side.years for side in self.sides)
        return draw_bar_chart(one, self.year, by_decade=self.options.by_decade, other=other)

    @cached_property
    def headline(self) -> str:
        """What the two come down to; empty where one of them has nothing to compare, or not the whole year."""
        one, other = (side.summary for side in self.sides)
        return wording.compared(one, other) if one and other and self.is_whole else ""

    @property
    def title(self) -> str:
        """Who, when, and what the bars mean."""
        one, other = (side.name for side in self.sides)
        return f"{one} and {other} {self.period.during}, {wording.counted_by(self.options)}"


def compare(visits: Sequence[Visit], year: int, options: ChartOptions) -> Comparison:
    """Compare two years as far as they are known and as the options say."""
    options, has_songs = options_for(visits, options)
    return Comparison(sides_of(visits, year, options), year, options, has_songs)


def comparison_page(visits: Sequence[Visit], year: int, options: ChartOptions) -> str:
    """Render the page about two listeners."""
    return render_template("compare.html", comparison=compare(visits, year, options), year=year)
