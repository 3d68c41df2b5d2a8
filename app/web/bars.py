"""Behind the chart: the albums that a bar is made of, and what stands in no bar."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import groupby

from flask import Blueprint, make_response, redirect, render_template, request, url_for
from flask.blueprints import BlueprintSetupState
from werkzeug.routing import BaseConverter
from werkzeug.wrappers import Response

from app.store import StoreAway, heard, listeners, scrobbles
from app.store.heard import Breadth, Heard, Span, Stretch
from app.store.scrobbles import Standing, year_bounds
from app.web import links, words
from app.web.chart import is_decade, span_name
from app.web.choice import AS_IT_IS, Choice, chosen
from app.web.errors import Problem
from app.web.pages import listener_name, listening_year_of, private, what_the_mirror_holds
from app.web.site import site

blueprint = Blueprint("bars", __name__)

FIRST_YEAR = 1860
ROWS = 200  # on one page


class Behind(BaseConverter):
    """What may stand behind a year's address: all but the actions, so that these say which method they want."""

    regex = r"(?!(?:live|refresh)$)[^/]+"
    part_isolating = True


@blueprint.record_once
def _know_converter(state: BlueprintSetupState) -> None:
    state.app.url_map.converters["behind"] = Behind


@dataclass(frozen=True)
class Stack:
    """One page of what counts for some release years (or for none), and how much it is in all."""

    username: str
    standing: Standing
    breadths: list[Breadth]
    rows: list[Heard]
    number: int
    choice: Choice = AS_IT_IS

    @property
    def plays(self) -> int:
        """All its plays."""
        return sum(breadth.plays for breadth in self.breadths)

    @property
    def breadth(self) -> str:
        """All its albums and songs in words."""
        kinds = ("albums", "apart", "songs")
        return words.breadth(*(sum(getattr(one, kind) for one in self.breadths) for kind in kinds))

    @property
    def years(self) -> dict[str, int]:
        """Plays by release year, as the chart counts them that leads here."""
        return self.standing.song_years if self.choice.by_song else self.standing.years

    @property
    def pages(self) -> int:
        """How many pages that makes."""
        return max(1, -(-sum(one.rows for one in self.breadths) // ROWS))


@dataclass(frozen=True)
class Part:
    """Rows of one kind that follow each other on a page: albums, songs apart from theirs, songs without one."""

    is_pending: bool
    are_songs: bool
    are_apart: bool
    rows: Sequence[Heard]

    @property
    def groups(self) -> list[list[Heard]]:
        """Songs by their album or, without one, by their artist, in their order."""
        return [list(rows) for _, rows in groupby(self.rows, key=lambda row: (row.artist, row.album))]


@blueprint.get("/user/<name>/<year>/<behind:bar>")
def bar(name: str, year: str, bar: str) -> Response:
    """The albums behind a bar, the most played first: of a release year, or of several as in 1970-1979."""
    username, listening_year = listener_name(name), listening_year_of(year)
    chart = _chart(username, listening_year)
    released = _released(bar, chart)
    stack = _stack(username, listening_year, released, chart)
    if stack is None:
        return redirect(chart)
    called = span_name(*released)
    if not stack.plays:
        advice = f"None of the plays of {stack.username} in {listening_year} is of music from {called}."
        raise Problem(404, f"Nothing from {called}", advice, chart=chart)
    before, after = neighbours(stack.years, released)
    return _page(
        stack,
        listening_year,
        "bar.html",
        bar=called,
        is_one_year=released[0] == released[1],
        before=before,
        after=after,
        query=stack.choice.but(by_decade=is_decade(*released)).query,
    )


@blueprint.get("/user/<name>/<year>/unknown")
def unknown(name: str, year: str) -> Response:
    """What could not be placed, the most played first."""
    username, listening_year = listener_name(name), listening_year_of(year)
    chart = _chart(username, listening_year)
    stack = _stack(username, listening_year, None, chart)
    return (
        redirect(chart) if stack is None else _page(stack, listening_year, "unknown.html", query=stack.choice.of)
    )


def neighbours(plays: Mapping[str, int], released: Span) -> tuple[Span | None, Span | None]:
    """The next bars to the left and to the right that have plays; those of a decade are decades."""
    years = sorted(int(year) for year in plays)
    before = [year for year in years if year < released[0]]
    after = [year for year in years if year > released[1]]
    size = 10 if is_decade(*released) else 1

    def around(year: int) -> Span:
        return year // size * size, year // size * size + size - 1

    return (around(before[-1]) if before else None), (around(after[0]) if after else None)


def parts(rows: Sequence[Heard]) -> list[Part]:
    """The rows by their kind, in their order."""
    kinds = groupby(
        rows, key=lambda row: (row.augmentation_status == "pending", row.is_apart or not row.album, row.is_apart)
    )
    return [Part(*kind, list(part)) for kind, part in kinds]


def _chart(username: str, listening_year: int) -> str:
    return url_for("pages.year", name=username, year=listening_year)


def _released(text: str, chart: str) -> Span:
    next_year = datetime.now(UTC).year + 1
    if found := re.fullmatch(r"([0-9]{4})(?:-([0-9]{4}))?", text):
        first, last = int(found[1]), int(found[2] or found[1])
        if FIRST_YEAR <= first <= last and first <= next_year and (last <= next_year or is_decade(first, last)):
            return first, last
    advice = f"The years of a chart’s bars lie between {FIRST_YEAR} and {next_year}."
    raise Problem(404, "There is no such bar", advice, chart=chart)


def _page_number(chart: str) -> int:
    text = request.args.get("page", "1")
    if text.isascii() and text.isdigit() and len(text) < 6 and int(text):
        return int(text)
    raise _no_such_page(chart)


def _no_such_page(chart: str) -> Problem:
    return Problem(404, "There is no such page", "The list is not as long as that.", chart=chart)


def _stack(username: str, listening_year: int, released: Span | None, chart: str) -> Stack | None:
    """What is stored for these release years; None where nothing is stored of the listening year at all."""
    number = _page_number(chart)
    site().budget.spend("albums")
    try:
        with site().pool.connection() as connection:
            listener = listeners.find(connection, username)
            if listener is None:
                return None
            standing = scrobbles.standing(connection, listener.id, listening_year)
            if not standing.scrobbles:
                return None
            choice = Choice(by_song=chosen().by_song and bool(standing.song_years))
            stretch = Stretch(listener.id, *year_bounds(listening_year), choice.by_song)
            breadths = heard.breadth(connection, stretch, released)
            rows = heard.heard(connection, stretch, released, limit=ROWS, offset=ROWS * (number - 1))
    except StoreAway:
        advice = "Our database does not answer. Try again in a minute."
        raise Problem(503, "The albums cannot be shown right now", advice, chart=chart) from None
    if number > 1 and not rows:
        raise _no_such_page(chart)
    return Stack(listener.username, standing, breadths, rows, number, choice)


def _page(stack: Stack, listening_year: int, template: str, **more: object) -> Response:
    note = what_the_mirror_holds()
    page = render_template(
        template,
        importing=note is not None and note.empty,
        stack=stack,
        name=stack.username,
        year=listening_year,
        parts=parts(stack.rows),
        words=words,
        links=links,
        span_name=span_name,
        **more,
    )
    return private(make_response(page))
