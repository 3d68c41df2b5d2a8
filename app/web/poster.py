"""Posters: what a picture to take away says and draws, of one listener's year or of two."""

from dataclasses import dataclass

from app.web.chart import Chart
from app.web.choice import Choice
from app.web.compare import beside
from app.web.view import YearView, view
from app.web.visits import Visit
from app.web.words import BEING_COUNTED, whose


@dataclass(frozen=True)
class Poster:
    """One picture. `rows` stand below the chart; of two they begin with a name and a key.

    `own` is the year that is marked; the shares of `view` stand above the bars.
    """

    title: str
    headline: str
    description: str
    rows: tuple[tuple[str, str], ...]
    chart: Chart | None = None
    own: int = 0
    view: YearView | None = None


def poster(visits: list[Visit], year: int, choice: Choice) -> Poster:
    """The poster of these, one or two, with what is known by now."""
    return _of_two(visits[0], visits[1], year, choice) if len(visits) > 1 else _of_one(visits[0], year, choice)


def _of_one(visit: Visit, year: int, choice: Choice) -> Poster:
    until = visit.until(year)
    seen = view(visit.event, year, visit.username, choice, until) if visit.event else None
    theirs = whose(visit.username, year, so_far=until is not None)
    title = f"{theirs}, {seen.choice.by if seen else choice.seen().by}"
    if seen is None or not (seen.scrobbles or not seen.event.running):
        return Poster(title, BEING_COUNTED, BEING_COUNTED, ())
    if not seen.placed:
        return Poster(title, seen.headline, seen.description, ())
    own = f" · {seen.share(seen.own)} from {year} itself" * bool(seen.own)
    shares = seen if seen.choice.by_decade else None
    return Poster(title, seen.headline, seen.description, (("", seen.facts + own),), seen.chart, year, shares)


def _of_two(one: Visit, other: Visit, year: int, choice: Choice) -> Poster:
    both = beside(one, other, year, choice)
    rows = tuple((side.name, side.facts) for side in both.sides)
    return Poster(both.title, both.sentence, both.description, rows, both.chart if both.is_drawn else None)
