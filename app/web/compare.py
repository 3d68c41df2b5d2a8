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
    Failure.LISTENING_HIDDEN: "hides recent listening, in Last.fm’s privacy settings.",
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
        return view(event, self.year, self.name, self.choice) if event and event.scrobbles else None

    @property
    def years(self) -> dict[int, int]:
        """Plays by release year."""
        return self.view.years if self.view else {}

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

    @property
    def is_drawn(self) -> bool:
        """Whether anything is placed."""
        return any(side.years for side in self.sides)

    @property
    def waiting(self) -> Side | None:
        """Of whom the page waits for news; the other's come along."""
        return next((side for side in self.sides if side.is_waiting), None)


def compare(username: str, other: str, year: int, choice: Choice) -> str:
    """The page about two listeners; whoever's year is missing is asked for."""
    visits = [visit_year(site(), name, year) for name in (username, other)]
    events = [visit.event for visit in visits]
    choice = replace(choice.seen(*events), other=visits[1].username)
    sides = [Side(visit, year, choice) for visit in visits]
    comparison = Comparison((sides[0], sides[1]), year, choice, knows_songs(*events))
    return render_template("compare.html", comparison=comparison, year=year, words=words)
