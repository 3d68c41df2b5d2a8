"""Pictures to take away: a year's chart as SVG and as PNG, drawn from an event alone."""

import textwrap
from functools import lru_cache
from hashlib import sha256
from importlib.resources import files

import resvg_py
from flask import Blueprint, make_response, render_template, request
from werkzeug.wrappers import Response

from app.progress import Event, Failure
from app.web.choice import Choice, chosen
from app.web.errors import Problem
from app.web.pages import STATUS, listener_name, listening_year_of, private
from app.web.site import site
from app.web.view import view
from app.web.visits import visit_year

blueprint = Blueprint("pictures", __name__)

WIDTH, HEIGHT = 1200, 630
LETTERS = 52  # of the headline in one line
HELD = 64  # pictures, some 40 kB each

FAILED = {
    Failure.NO_SUCH_USER: "Last.fm knows no such listener",
    Failure.LISTENING_HIDDEN: "This listener hides recent listening",
}


@blueprint.get("/user/<name>/<year>.svg")
def svg(name: str, year: str) -> Response:
    """The chart as a picture that can be scaled."""
    return _answer(_drawn(name, year).encode(), "image/svg+xml")


@blueprint.get("/user/<name>/<year>.png")
def png(name: str, year: str) -> Response:
    """The chart as a picture for where people talk."""
    drawn = _drawn(name, year)
    etag = sha256(drawn.encode()).hexdigest()
    if request.if_none_match.contains(etag):
        return _answer(b"", "image/png", etag=etag)
    # While it is drawn this process does nothing else.
    site().budget.spend("pictures")
    return _answer(rendered(drawn), "image/png", etag=etag)


@lru_cache(HELD)
def rendered(drawn: str) -> bytes:
    """The SVG as PNG, with a font of our own; the same for the same."""
    fonts = files("font_lato") / "files"
    return resvg_py.svg_to_bytes(
        svg_string=drawn,
        skip_system_fonts=True,
        font_files=[str(fonts / f"Lato-{weight}.ttf") for weight in ("Regular", "Bold")],
        font_family="Lato",
        sans_serif_family="Lato",
    )


def lines(text: str) -> list[str]:
    """The text in as many lines as it needs, about as long as each other."""
    needed = len(textwrap.wrap(text, LETTERS))
    return next(
        wrapped
        for letters in range(len(text) // needed, LETTERS + 1)
        if len(wrapped := textwrap.wrap(text, letters)) == needed
    )


def _drawn(name: str, year: str) -> str:
    """The picture of what is known by now. Raises Problem where there is nobody to draw."""
    username, listening_year = listener_name(name), listening_year_of(year)
    visit = visit_year(site(), username, listening_year)
    event = visit.event
    if event is not None and event.error and not event.scrobbles:
        raise Problem(
            STATUS[event.error], FAILED.get(event.error, "There is no picture"), "Open the page of the year."
        )
    told = event.model_dump_json() if event else ""
    return picture(visit.username, listening_year, told, chosen().but(by_decade=False))


@lru_cache(HELD)
def picture(username: str, listening_year: int, told: str, choice: Choice) -> str:
    """What is drawn of an event, given as JSON; the same for the same, so that asking again is cheap."""
    return render_template(
        "picture.svg",
        name=username,
        year=listening_year,
        view=view(Event.model_validate_json(told), listening_year, username, choice) if told else None,
        width=WIDTH,
        height=HEIGHT,
        lines=lines,
    )


def _answer(data: bytes, content_type: str, etag: str = "") -> Response:
    answer = private(make_response(data))
    answer.content_type = content_type
    answer.set_etag(etag or sha256(data).hexdigest())
    return answer.make_conditional(request)
