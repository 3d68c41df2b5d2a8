"""Up to six listeners' years side by side: a small chart for each, all on one scale."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from urllib.parse import quote

from flask import render_template

from app.charts.small_charts import SmallCharts, draw_small_charts
from app.formatting import listed
from app.web.pages.comparing.sides import Side, Sides, Visit, options_for, sides_of
from app.web.words import firsts, wording
from app.web.words.chart_options import ChartOptions
from app.web.words.firsts import First
from app.web.words.summary import Summary

LONGEST_TITLE = 60  # letters of all names, beyond which the others are counted


@dataclass(frozen=True)
class Together(Sides):
    """All of them, their charts, and what each is first in."""

    @cached_property
    def small(self) -> SmallCharts:
        """A chart of each."""
        years = [side.years for side in self.sides]
        return draw_small_charts(years, self.year, by_decade=self.options.by_decade)

    @cached_property
    def headline(self) -> str:
        """What they come down to; empty where fewer than two can be compared, or while plays are to come."""
        return firsts.headline(self._summaries) if self.is_whole else ""

    @cached_property
    def firsts(self) -> dict[str, list[First]]:
        """What each is first in, by name: nothing while plays are to come."""
        return firsts.firsts(self._summaries) if self.is_whole else {}

    @property
    def title(self) -> str:
        """Who, when, and what the bars mean."""
        return f"{self.who} {self.period.during}, {wording.counted_by(self.options)}"

    @property
    def who(self) -> str:
        """All names, or the first one and how many others there are."""
        names = [side.name for side in self.sides]
        together = listed(names)
        return together if len(together) <= LONGEST_TITLE else f"{names[0]} and {len(names) - 1} others"

    @property
    def columns(self) -> int:
        """In how many columns the charts stand side by side where there is room."""
        return 2 if len(self.sides) == 4 else 3

    def without(self, gone: Side) -> str:
        """Return the address of the same page without one of them."""
        first, *others = [side.name for side in self.sides if side is not gone]
        options = replace(self.options, compared_with=tuple(others))
        return f"/user/{quote(first)}/{self.year}{options.query}"

    @property
    def _summaries(self) -> list[Summary]:
        return [side.summary for side in self.sides if side.summary and side.years]


def draw_together(visits: Sequence[Visit], year: int, options: ChartOptions) -> Together:
    """Put several years side by side as far as they are known and as the options say."""
    options, has_songs = options_for(visits, options)
    return Together(sides_of(visits, year, options), year, options, has_songs)


def together_page(visits: Sequence[Visit], year: int, options: ChartOptions) -> str:
    """Render the page about several listeners."""
    return render_template("together.html", comparison=draw_together(visits, year, options), year=year)
