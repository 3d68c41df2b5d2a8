"""Pictures to take away: the chart of a year, or of two listeners', as SVG and as PNG, drawn from events alone."""

from functools import lru_cache
from hashlib import sha256
from importlib.resources import files

import resvg_py
from flask import Blueprint, make_response, render_template, request
from werkzeug.wrappers import Response

from app.progress import Event, Failure
from app.web import lettering
from app.web.choice import Choice, chosen
from app.web.errors import Problem
from app.web.pages import STATUS, listener_name, listening_year_of, other_than, private
from app.web.poster import poster
from app.web.site import site
from app.web.visits import Visit, visit_year

blueprint = Blueprint("pictures", __name__)

WIDTH, HEIGHT = 1200, 630
HELD = 64  # pictures, some 40 kB each
DAY = 24 * 3600.0  # seconds

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
    return _answer(rendered(drawn), "image/png", etag=etag)


@lru_cache(HELD)
def rendered(drawn: str) -> bytes:
    """The SVG as PNG, with a font of our own; the same for the same.

    While one is drawn this process does nothing else: hence a budget. Raises TooManyRequests.
    """
    site().budget.spend("pictures")
    fonts = files("font_lato") / "files"
    return resvg_py.svg_to_bytes(
        svg_string=drawn,
        skip_system_fonts=True,
        font_files=[str(fonts / f"Lato-{weight}.ttf") for weight in ("Regular", "Bold")],
        font_family="Lato",
        sans_serif_family="Lato",
    )


def _drawn(name: str, year: str) -> str:
    """The picture of what is known by now, of one or of two. Raises Problem where there is nobody to draw."""
    username, listening_year = listener_name(name), listening_year_of(year)
    other = other_than(username)
    visits = [visit_year(site(), one, listening_year) for one in (username, other) if one]
    errors = [visit.event.error for visit in visits if visit.event and not visit.event.scrobbles]
    failed = [error for error in errors if error]
    if len(failed) == len(visits):
        raise Problem(
            STATUS[failed[0]], FAILED.get(failed[0], "There is no picture"), "Open the page of the year."
        )
    told = tuple(
        (visit.username, visit.event.model_dump_json() if visit.event else "", visit.at // DAY * DAY)
        for visit in visits
    )
    return picture(told, listening_year, chosen())


@lru_cache(HELD)
def picture(told: tuple[tuple[str, str, float], ...], listening_year: int, choice: Choice) -> str:
    """What is drawn of listeners, their events as JSON and the days of these; the same for the same, so asking
    again is cheap."""
    visits = [Visit(name, Event.model_validate_json(event) if event else None, at) for name, event, at in told]
    return render_template(
        "picture.svg",
        poster=poster(visits, listening_year, choice),
        width=WIDTH,
        height=HEIGHT,
        lettering=lettering,
    )


def _answer(data: bytes, content_type: str, etag: str = "") -> Response:
    answer = private(make_response(data))
    answer.content_type = content_type
    answer.set_etag(etag or sha256(data).hexdigest())
    return answer.make_conditional(request)
