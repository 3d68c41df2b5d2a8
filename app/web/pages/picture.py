"""Pictures to share: the chart of a year, or of several listeners', as SVG and as PNG, drawn from events alone."""

from collections.abc import Sequence
from functools import lru_cache, partial
from hashlib import sha256
from importlib.resources import files
from typing import NamedTuple

import resvg_py
from flask import Blueprint, make_response, request
from werkzeug.wrappers import Response

from app.charts.bar_chart import draw_bar_chart
from app.events import Event
from app.picture import draw_picture
from app.web.compared import compared_with
from app.web.context import context
from app.web.errors import Problem
from app.web.pages.compare import compare
from app.web.pages.group_picture import draw_group_picture
from app.web.pages.sides import Visit, visit_all
from app.web.pages.together import draw_together
from app.web.routing import listener_name, listening_year_of, private
from app.web.visits.status import YearStatus
from app.web.words import links, wording
from app.web.words.chart_options import ChartOptions, requested_options
from app.web.words.summary import summarize

blueprint = Blueprint("picture", __name__)

KEPT_PICTURES = 64  # some 40 kB each
DAY = 24 * 3600.0  # seconds
draw_with_source = partial(draw_picture, source=(f"Listening data {links.POWERED_BY}, last.fm", links.LASTFM_HOME))


@blueprint.get("/user/<name>/<year>.svg")
def svg(name: str, year: str) -> Response:
    """Draw the chart as a picture that can be scaled."""
    return as_svg(_draw(name, year))


@blueprint.get("/user/<name>/<year>.png")
def png(name: str, year: str) -> Response:
    """Draw the chart as a picture for social networks."""
    return as_png(_draw(name, year))


def as_svg(drawn: str) -> Response:
    """Answer with a picture as it was drawn."""
    return _answer(drawn.encode(), "image/svg+xml")


def as_png(drawn: str) -> Response:
    """Answer with a picture rendered, unless the visitor has it. Raises TooManyRequests."""
    etag = sha256(drawn.encode()).hexdigest()
    if request.if_none_match.contains(etag):
        return _answer(b"", "image/png", etag=etag)
    return _answer(rendered(drawn), "image/png", etag=etag)


@lru_cache(KEPT_PICTURES)
def rendered(drawn: str) -> bytes:
    """Render an SVG as PNG, with a font of our own.

    Meanwhile this process does nothing else: hence a rate limit. Raises TooManyRequests.
    """
    context().rate_limits.hit("pictures")
    fonts = files("font_lato") / "files"
    return resvg_py.svg_to_bytes(
        svg_string=drawn,
        skip_system_fonts=True,
        font_files=[str(fonts / f"Lato-{weight}.ttf") for weight in ("Regular", "Bold")],
        font_family="Lato",
        sans_serif_family="Lato",
    )


def _draw(name: str, year: str) -> str:
    """Draw what is known by now, of one or of two. Raises Problem where there is nobody to draw."""
    username, listening_year = listener_name(name), listening_year_of(year)
    visits = visit_all(context(), (username, *compared_with(username)), listening_year)
    statuses = [visit.status for visit in visits]
    errors = [status.event.error for status in statuses if status.event and not status.event.scrobbles]
    failed = [error for error in errors if error]
    if len(failed) == len(statuses):
        headline = wording.explained(failed[0]).headline
        raise Problem(failed[0].status, headline, "There is no picture of this year.")
    away = [status for status in statuses if status.is_away and status.event is None]
    if away and len(away) + len(failed) == len(statuses):
        raise Problem(503, *away[0].why_nothing_new, again=away[0].try_again_after)
    known = tuple(_value(visit) for visit in visits)
    return picture(known, listening_year, requested_options())


class Known(NamedTuple):
    """What is drawn of a listener's year: a value, so that the same is drawn once."""

    username: str
    event: str
    """As JSON, or nothing."""
    at: float
    """The day of the event."""
    is_unasked: bool = False
    is_away: bool = False


def _value(visit: Visit) -> Known:
    status = visit.status
    event = status.event.model_dump_json() if status.event else ""
    is_away = status.is_away and not event
    return Known(status.username, event, status.at // DAY * DAY, status.is_unasked, is_away)


def _visit(known: Known) -> Visit:
    event = Event.model_validate_json(known.event) if known.event else None
    status = YearStatus(known.username, event, at=known.at, is_unasked=known.is_unasked, store_away=known.is_away)
    return Visit(status)


@lru_cache(KEPT_PICTURES)
def picture(known: tuple[Known, ...], year: int, options: ChartOptions) -> str:
    """Draw one listener's year, two listeners' in one chart, or a small chart for each of several."""
    visits = [_visit(one) for one in known]
    if len(visits) > 2:
        return draw_group_picture(draw_together(visits, year, options))
    return _of_two(visits, year, options) if len(visits) > 1 else _of_one(visits[0].status, year, options)


def _of_one(status: YearStatus, year: int, options: ChartOptions) -> str:
    event, until = status.event, status.until(year)
    options = options.available_for(event)
    so_far = until is not None or (event is not None and not event.is_whole)
    title = f"{wording.whose(status.username, year, so_far=so_far)}, {wording.counted_by(options)}"
    if event is None or not (event.scrobbles or not event.is_running):
        told = wording.NOT_COUNTED if status.is_unasked else wording.BEING_COUNTED
        return draw_with_source(title=title, headline=told, description=told)
    summary = summarize(event, year, status.username, options, until)
    headline, description = wording.headline(summary), wording.description(summary)
    if not summary.placed:
        return draw_with_source(title=title, headline=headline, description=description)
    return draw_with_source(
        title=title,
        headline=headline,
        description=description,
        rows=[("", wording.facts(summary))],
        chart=draw_bar_chart(summary.years, year, by_decade=options.by_decade),
        own=year,
        whole=summary.placed if options.by_decade else 0,
    )


def _of_two(visits: Sequence[Visit], year: int, options: ChartOptions) -> str:
    comparison = compare(visits, year, options)
    return draw_with_source(
        title=comparison.title,
        headline=comparison.sentence,
        description=comparison.description,
        rows=[(side.name, side.facts) for side in comparison.sides],
        chart=comparison.chart if comparison.is_drawn else None,
    )


def _answer(data: bytes, content_type: str, etag: str = "") -> Response:
    answer = private(make_response(data))
    answer.content_type = content_type
    answer.set_etag(etag or sha256(data).hexdigest())
    return answer.make_conditional(request)
