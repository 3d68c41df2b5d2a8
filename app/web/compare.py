"""Compare: two listeners' years in one chart, in shares of what each has placed."""

from dataclasses import dataclass, replace
from functools import cached_property

from flask import render_template

from app.progress import Failure
from app.web import words
from app.web.chart import Chart, draw
from app.web.choice import AS_IT_IS, Choice, knows_songs
from app.web.site import site
from app.web.view import YearView, view
from app.web.visits import Visit, visit_year

FAILED = {
    Failure.NO_SUCH_USER: "Last.fm knows no listener of that name.",
    Failure.LISTENING_HIDDEN: "recent listening is hidden, in Last.fm’s privacy settings.",
    Failure.LASTFM_AWAY: "Last.fm does not answer right now: open this page again in a minute.",
    Failure.LASTFM_REFUSES: "Last.fm refuses this site’s key; its operator has to look after that.",
    Failure.BROKEN: "something broke while the year was fetched: try again in five minutes.",
}


@dataclass(frozen=True)
class Side:
    """One of the two."""

    visit: Visit
    year: int
    choice: Choice = AS_IT_IS

    @property
    def name(self) -> str:
        """Who that is."""
        return self.visit.username

    @cached_property
    def view(self) -> YearView | None:
        """The numbers, where there are any plays."""
        event = self.visit.event
        until = self.visit.until(self.year)
        return view(event, self.year, self.name, self.choice, until) if event and event.scrobbles else None

    @property
    def years(self) -> dict[int, int]:
        """Plays by release year."""
        return self.view.years if self.view else {}

    @property
    def era(self) -> words.Era | None:
        """When the music is from, where any is placed."""
        middle = self.view.median if self.view else None
        return words.Era(self.name, middle, self.view.mean_age) if self.view and middle is not None else None

    @property
    def facts(self) -> str:
        """The year in numbers, or what there is to say instead."""
        if self.view and self.years:
            return self.view.facts
        return self.remark or (self.view.headline if self.view else "")

    @property
    def is_waiting(self) -> bool:
        """Whether there is more to come."""
        return self.visit.running or (self.visit.event is None and not self.is_away)

    @property
    def is_away(self) -> bool:
        """Whether nothing new can be fetched."""
        return self.visit.queue_away or self.visit.store_away

    @property
    def remark(self) -> str:
        """How far the year is, or what keeps it from being here; nothing where it is whole and has plays."""
        event = self.visit.event
        if self.is_away:
            return "nothing new can be fetched right now: try again in a minute."
        if event is None or event.phase == "queued":
            return "the year waits for its turn…"
        if event.phase == "fetching":
            return f"page {event.page:,} of {event.pages:,}…" if event.pages else "asking Last.fm…"
        if event.phase == "augmenting":
            return "placing the last albums…"
        if event.error:
            return FAILED[event.error]
        return "" if event.scrobbles else f"no plays in {self.year}."


@dataclass(frozen=True)
class Comparison:
    """Two sides and their chart."""

    sides: tuple[Side, Side]
    year: int
    choice: Choice
    has_songs: bool

    @cached_property
    def chart(self) -> Chart:
        """The first one's bars, with the other's as an outline."""
        one, other = (side.years for side in self.sides)
        return draw(one, self.year, by_decade=self.choice.by_decade, other=other)

    @cached_property
    def headline(self) -> str:
        """What the two come down to; nothing where one of them has nothing to compare."""
        one, other = (side.era for side in self.sides)
        return words.compared(self.year, one, other) if one and other else ""

    @property
    def sentence(self) -> str:
        """The headline, or what there is to say instead."""
        placed = [side.view.headline for side in self.sides if side.view and side.years]
        if self.headline or placed:
            return self.headline or placed[0]
        return words.BEING_COUNTED if self.waiting else f"There is nothing to compare in {self.year}."

    @property
    def description(self) -> str:
        """What somebody is told who sees only a link to the page."""
        told = [f"{side.name}: {side.facts}" for side in self.sides]
        return " ".join([self.sentence, *(text if text.endswith((".", "…")) else f"{text}." for text in told)])

    @property
    def title(self) -> str:
        """Who, when, and what the bars mean."""
        one, other = (side.name for side in self.sides)
        return f"{one} and {other} in {self.year}, {self.choice.by}"

    @property
    def is_drawn(self) -> bool:
        """Whether anything is placed."""
        return any(side.years for side in self.sides)

    @property
    def waiting(self) -> Side | None:
        """Of whom the page waits for news; the other's come along."""
        return next((side for side in self.sides if side.is_waiting), None)


def beside(one: Visit, other: Visit, year: int, choice: Choice) -> Comparison:
    """The two as far as they are known, seen as is chosen."""
    events = (one.event, other.event)
    choice = replace(choice.seen(*events), other=other.username)
    return Comparison((Side(one, year, choice), Side(other, year, choice)), year, choice, knows_songs(*events))


def compare(username: str, other: str, year: int, choice: Choice) -> str:
    """The page about two listeners; whoever's year is missing is asked for."""
    one, another = (visit_year(site(), name, year) for name in (username, other))
    comparison = beside(one, another, year, choice)
    return render_template("compare.html", comparison=comparison, year=year, words=words)
