"""Two listeners' years in one chart, in shares of the plays whose release year is known."""

from dataclasses import dataclass, replace
from functools import cached_property

from flask import render_template

from app.charts.bar_chart import BarChart, draw_bar_chart
from app.web.context import context
from app.web.visits.status import YearStatus
from app.web.visits.year_status import year_status
from app.web.words import reading, wording
from app.web.words.chart_options import ChartOptions, has_song_years
from app.web.words.summary import Summary, summarize


@dataclass(frozen=True)
class Side:
    """One of the two: how far their year is, and its numbers where there are any plays."""

    status: YearStatus
    year: int
    summary: Summary | None

    @property
    def name(self) -> str:
        """Who it is."""
        return self.status.username

    @property
    def years(self) -> dict[int, int]:
        """Plays by release year."""
        return self.summary.years if self.summary else {}

    @property
    def remark(self) -> str:
        """What there is to say of a year that is not here with all its plays, or has none."""
        event = self.status.event
        if self.status.is_away:
            return self.status.why_nothing_new.advice
        if self.status.is_unasked:
            return wording.NOT_COUNTED
        if self.status.grows and self.status.has_no_worker:
            return self.status.why_still
        if self.status.grows:
            return reading.progress(event)
        if event and event.error:
            so_far = f"{self.summary.so_far.capitalize()}. " if self.summary and self.summary.so_far else ""
            headline, advice = wording.explained(event.error)
            return so_far + (headline if self.status.next_try else f"{headline}. {advice}")
        return "" if event and event.scrobbles else f"No plays in {self.year}."

    @property
    def facts(self) -> str:
        """The year in numbers, or what there is to say instead."""
        if self.summary and self.years:
            facts, so_far = wording.facts(self.summary), self.summary.so_far
            return f"{so_far.capitalize()} · m{facts[1:]}" if so_far else facts
        return self.remark or (wording.headline(self.summary) if self.summary else "")


@dataclass(frozen=True)
class Comparison:
    """Two sides and their chart."""

    sides: tuple[Side, Side]
    year: int
    options: ChartOptions
    has_songs: bool

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
    def sentence(self) -> str:
        """The headline, or what there is to say instead."""
        known = [wording.headline(side.summary) for side in self.sides if side.summary and side.years]
        if self.headline or known:
            return self.headline or known[0]
        if self.is_unasked:
            return wording.NOT_COUNTED
        return wording.BEING_COUNTED if self.waiting else f"There is nothing to compare in {self.year}."

    @property
    def description(self) -> str:
        """What a link to the page shows."""
        facts = [f"{side.name}: {side.facts}" for side in self.sides]
        return " ".join([self.sentence, *(text if text.endswith((".", "…")) else f"{text}." for text in facts)])

    @property
    def title(self) -> str:
        """Who, when, and what the bars mean."""
        one, other = (side.name for side in self.sides)
        return f"{one} and {other} in {self.year}, {wording.counted_by(self.options)}"

    @property
    def is_whole(self) -> bool:
        """Whether neither has plays that are still to come."""
        return all(
            side.summary.is_whole if side.summary else not (side.status.grows or side.status.is_unasked)
            for side in self.sides
        )

    @property
    def is_drawn(self) -> bool:
        """Whether any release year is known."""
        return any(side.years for side in self.sides)

    @property
    def is_unasked(self) -> bool:
        """Whether one of the years is neither here nor on its way."""
        return any(side.status.is_unasked for side in self.sides)

    @property
    def waiting(self) -> Side | None:
        """The side whose news the page waits for; the other's come along."""
        waiting = [side for side in self.sides if side.status.goes_on]
        return max(waiting, key=lambda side: side.status.waits, default=None)

    @property
    def run(self) -> str:
        """The newer one of the runs that it shows."""
        return max((str(side.status.event.run) for side in self.sides if side.status.event), default="")


def compare(one: YearStatus, other: YearStatus, year: int, options: ChartOptions) -> Comparison:
    """Compare two years as far as they are known and as the options say."""
    events = (one.event, other.event)
    options = replace(options.available_for(*events), compared_with=other.username)
    sides = (_side(one, year, options), _side(other, year, options))
    return Comparison(sides, year, options, has_song_years(*events))


def comparison_page(username: str, other: str, year: int, options: ChartOptions) -> str:
    """Render the page about two listeners; whoever's year is missing is fetched."""
    one, another = (year_status(context(), name, year) for name in (username, other))
    return render_template("compare.html", comparison=compare(one, another, year, options), year=year)


def _side(status: YearStatus, year: int, options: ChartOptions) -> Side:
    event = status.event
    if event is None or not event.scrobbles:
        return Side(status, year, None)
    return Side(status, year, summarize(event, year, status.username, options, status.until(year)))
