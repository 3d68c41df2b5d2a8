"""Sides: the year of each listener on a page about several, and what all of them have in common."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

from werkzeug.exceptions import TooManyRequests

from app.formatting import wait
from app.periods import Period
from app.web.context import Context
from app.web.visits.part_of_year import part_of_year
from app.web.visits.status import AWAY_SECONDS, YearStatus
from app.web.visits.year_status import year_status
from app.web.words import reading, wording
from app.web.words.chart_options import ChartOptions, has_song_years, today
from app.web.words.summary import Summary, summarize


@dataclass(frozen=True)
class Side:
    """One of them: how far their year is, and its numbers where there are any plays."""

    status: YearStatus
    period: Period
    """What is compared: all of the year, or a part of it."""
    summary: Summary | None
    refused_for: int = 0
    """For how many seconds the visitor may have nothing more fetched, where that keeps this year away."""

    @property
    def name(self) -> str:
        """Who it is."""
        return self.status.username

    @property
    def years(self) -> dict[int, int]:
        """Plays by release year."""
        return self.summary.years if self.summary else {}

    @property
    def is_whole(self) -> bool:
        """Whether no plays are still to come."""
        return self.summary.is_whole if self.summary else not (self.status.grows or self.status.is_unasked)

    @property
    def has_picture(self) -> bool:
        """Whether there is something to draw, or at least to wait for."""
        event = self.status.event
        return bool(event.scrobbles) or event.error is None if event else not self.status.is_away

    @property
    def remark(self) -> str:
        """What there is to say of a year that is not here with all its plays, or has none."""
        event = self.status.event
        if self.refused_for:
            return f"Too many years asked for at once; open this page again in {wait(self.refused_for)}."
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
        return "" if event and event.scrobbles else f"No plays {self.period.during}."

    @property
    def facts(self) -> str:
        """The year in numbers, or what there is to say instead."""
        if self.summary and self.years:
            facts, so_far = wording.facts(self.summary), self.summary.so_far
            return f"{so_far.capitalize()} · m{facts[1:]}" if so_far else facts
        return self.remark or (wording.headline(self.summary) if self.summary else "")


@dataclass(frozen=True)
class Sides:
    """All of them, in the order of the address."""

    sides: tuple[Side, ...]
    year: int
    options: ChartOptions
    has_songs: bool

    @property
    def period(self) -> Period:
        """What is compared: all of the year, or a part of it."""
        return self.options.played_in(self.year)

    @property
    def months_around(self) -> tuple[Period | None, Period | None]:
        """The months before and after it in the same year, where it is a month."""
        return self.period.months_around({self.year}, today())

    @cached_property
    def headline(self) -> str:
        """What they come down to; empty where that cannot be said, or not yet."""
        raise NotImplementedError

    @property
    def title(self) -> str:
        """Who, when, and what the bars mean."""
        raise NotImplementedError

    @property
    def sentence(self) -> str:
        """The headline, or what there is to say instead."""
        known = [wording.headline(side.summary) for side in self.sides if side.summary and side.years]
        if self.headline or known:
            return self.headline or known[0]
        if self.is_unasked:
            return wording.NOT_COUNTED
        return wording.BEING_COUNTED if self.waiting else f"There is nothing to compare {self.period.during}."

    @property
    def description(self) -> str:
        """What a link to the page shows."""
        facts = [f"{side.name}: {side.facts}" for side in self.sides]
        return " ".join([self.sentence, *(text if text.endswith((".", "…")) else f"{text}." for text in facts)])

    @property
    def is_whole(self) -> bool:
        """Whether nobody has plays that are still to come."""
        return all(side.is_whole for side in self.sides)

    @property
    def is_kept(self) -> bool:
        """Whether a browser may keep the page to be read without a connection: nothing of it is to come."""
        return self.is_whole and self.is_drawn and self.waiting is None

    @property
    def is_drawn(self) -> bool:
        """Whether any release year is known."""
        return any(side.years for side in self.sides)

    @property
    def has_picture(self) -> bool:
        """Whether a picture can be drawn, be it of who is still counted: not where something keeps all away."""
        return any(side.has_picture for side in self.sides)

    @property
    def is_unasked(self) -> bool:
        """Whether one of the years is neither here nor on its way."""
        return any(side.status.is_unasked for side in self.sides)

    @property
    def waiting(self) -> Side | None:
        """The side whose news the page waits for; the others' come along."""
        waiting = [side for side in self.sides if side.status.goes_on]
        return max(waiting, key=lambda side: side.status.waits, default=None)

    @property
    def run(self) -> str:
        """The newest of the runs that it shows."""
        return max((str(side.status.event.run) for side in self.sides if side.status.event), default="")


@dataclass(frozen=True)
class Visit:
    """What a visit finds of a listener's year, or for how many seconds it may have nothing more fetched."""

    status: YearStatus
    refused_for: int = 0


def visit_all(context: Context, names: Sequence[str], year: int) -> list[Visit]:
    """Visit the year of each of several listeners; whoever's is missing is fetched, as far as limits allow.

    Raises Renamed, and TooManyRequests where nobody's year can be shown for that.
    """
    visits: list[Visit] = []
    limit: TooManyRequests | None = None
    for name in names:
        try:
            visits.append(Visit(year_status(context, name, year)))
        except TooManyRequests as refusal:
            seconds = refusal.retry_after if isinstance(refusal.retry_after, int) else AWAY_SECONDS
            visits.append(Visit(YearStatus(name, is_unasked=True), seconds))
            limit = refusal
    if limit is not None and all(visit.refused_for for visit in visits):
        raise limit
    return visits


def parts_of(context: Context, visits: Iterable[Visit], year: int, period: Period | None) -> list[Visit]:
    """Return the visits with the numbers of a part of the year. Raises what `part_of_year` does."""
    return [replace(visit, status=part_of_year(context, visit.status, year, period)) for visit in visits]


def sides_of(visits: Iterable[Visit], year: int, options: ChartOptions) -> tuple[Side, ...]:
    """Summarize each year as far as it is known, and as the options say."""
    return tuple(_side(visit, year, options) for visit in visits)


def options_for(visits: Sequence[Visit], options: ChartOptions) -> tuple[ChartOptions, bool]:
    """Return the options as far as they are available, with whom the first is compared; and whether songs are."""
    events = [visit.status.event for visit in visits]
    others = tuple(visit.status.username for visit in visits[1:])
    available = options.available_for(*events)
    return replace(available, compared_with=others), has_song_years(*events)


def _side(visit: Visit, year: int, options: ChartOptions) -> Side:
    status, event, period = visit.status, visit.status.event, options.played_in(year)
    if event is None or not event.scrobbles:
        return Side(status, period, None, visit.refused_for)
    summary = summarize(event, year, status.username, options, status.until(year, options.period))
    return Side(status, period, summary, visit.refused_for)
