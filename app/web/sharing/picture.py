"""Pictures to share: the chart of a year, or of several listeners', as SVG and as PNG."""

from collections.abc import Sequence
from functools import lru_cache
from typing import NamedTuple

from flask import Blueprint
from werkzeug.wrappers import Response

from app.charts.bar_chart import draw_bar_chart
from app.events import Event, TopAlbum
from app.pictures.content import Album, Content, Figure, Listener, Mark
from app.pictures.drawing import draw_picture
from app.pictures.shapes import FRAMES
from app.redis.event_stream import Topic
from app.web.compared import compared_with
from app.web.context import context
from app.web.errors import Problem
from app.web.insights import year_insights
from app.web.pages.comparing.several_listeners import draw_together
from app.web.pages.comparing.sides import Visit, parts_of, visit_all
from app.web.pages.comparing.two_listeners import compare
from app.web.routing import listener_name, listening_year_of
from app.web.sharing.answers import KEPT_PICTURES, SOURCE, as_png, as_svg
from app.web.sharing.favourites import favourites
from app.web.sharing.group_picture import draw_group_picture
from app.web.sharing.options import Look, requested_look
from app.web.visits.status import YearStatus
from app.web.words import wording
from app.web.words.chart_options import ChartOptions, requested_options
from app.web.words.insights import musical_age_in_short
from app.web.words.summary import Summary, summarize

blueprint = Blueprint("picture", __name__)

DAY = 24 * 3600.0  # seconds
OF_EACH = 2  # albums, of two listeners


@blueprint.get("/user/<name>/<year>.svg")
def svg(name: str, year: str) -> Response:
    """Draw the chart as a picture that can be scaled; `shape=square` or `story`, `theme=dark`."""
    return as_svg(_draw(name, year))


@blueprint.get("/user/<name>/<year>.png")
def png(name: str, year: str) -> Response:
    """Draw the chart as a picture for social networks."""
    return as_png(_draw(name, year))


def _draw(name: str, year: str) -> str:
    """Draw what is known by now, of one or of two. Raises Problem where there is nobody to draw."""
    look, username, listening_year = requested_look(), listener_name(name), listening_year_of(year)
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
    options = requested_options()
    has_albums = FRAMES[look.shape].albums > 0 and len(visits) < 3
    parts = parts_of(context(), visits, listening_year, options.period)
    known = tuple(
        _value(part, _albums(visit, listening_year, options) if has_albums else ())
        for part, visit in zip(parts, visits, strict=True)
    )
    if has_albums and len(known) == 1 and not options.period:
        known = (known[0]._replace(remark=_musical_age(parts[0].status, listening_year, options)),)
    return picture(known, listening_year, options, look)


class Known(NamedTuple):
    """What is drawn of a listener's year: a value, so that the same is drawn once."""

    username: str
    event: str
    """As JSON, or nothing."""
    at: float
    """The day of the event."""
    is_unasked: bool = False
    is_away: bool = False
    albums: tuple[TopAlbum, ...] = ()
    remark: str = ""
    """The musical age, where there is room for it and it can be told."""


def _albums(visit: Visit, year: int, options: ChartOptions) -> tuple[TopAlbum, ...]:
    """Return the most played albums, by the event of all of the year, beside which they are kept."""
    return favourites(Topic(visit.status.username, year), visit.status.event, options)


def _musical_age(status: YearStatus, year: int, options: ChartOptions) -> str:
    """Tell the musical age with its reason; nothing while the year comes in, and where it would be chance."""
    if status.event is None or not status.event.scrobbles:
        return ""
    summary = summarize(status.event, year, status.username, options, status.until(year))
    insights = year_insights(context(), status.event, summary)
    return musical_age_in_short(insights.age) if insights else ""


def _value(visit: Visit, albums: tuple[TopAlbum, ...]) -> Known:
    status = visit.status
    event = status.event.model_dump_json() if status.event else ""
    is_away = status.is_away and not event
    return Known(status.username, event, status.at // DAY * DAY, status.is_unasked, is_away, albums)


def _visit(known: Known) -> Visit:
    event = Event.model_validate_json(known.event) if known.event else None
    status = YearStatus(known.username, event, at=known.at, is_unasked=known.is_unasked, store_away=known.is_away)
    return Visit(status)


@lru_cache(KEPT_PICTURES)
def picture(known: tuple[Known, ...], year: int, options: ChartOptions, look: Look) -> str:
    """Draw one listener's year, two listeners' in one chart, or a small chart for each of several."""
    visits = [_visit(one) for one in known]
    if len(visits) > 2:
        return draw_group_picture(draw_together(visits, year, options), look)
    if len(visits) == 2:
        return _of_two(visits, [one.albums for one in known], year, options, look)
    return _of_one(known[0], year, options, look)


def _of_one(known: Known, year: int, options: ChartOptions, look: Look) -> str:
    status = _visit(known).status
    event, until = status.event, status.until(year, options.period)
    options = options.available_for(event)
    so_far = until is not None or (event is not None and not event.is_whole)
    whose = wording.whose(status.username, year, so_far=so_far, period=options.period)
    title = f"{whose}, {wording.counted_by(options)}"
    if event is None or not (event.scrobbles or not event.is_running):
        told = wording.NOT_COUNTED if status.is_unasked else wording.BEING_COUNTED
        return _only_told(title, told, told, look)
    summary = summarize(event, year, status.username, options, until)
    headline, description = wording.headline(summary), wording.description(summary)
    if not summary.placed:
        return _only_told(title, headline, description, look)
    return draw_picture(
        _content(title, headline, summary, known),
        description,
        bars=draw_bar_chart(summary.years, year, by_decade=options.by_decade),
        own=year,
        whole=summary.placed if options.by_decade else 0,
        shape=look.shape,
        theme=look.theme,
    )


def _only_told(title: str, headline: str, description: str, look: Look) -> str:
    content = Content(title, headline, source=SOURCE)
    return draw_picture(content, description, shape=look.shape, theme=look.theme)


def _content(title: str, headline: str, summary: Summary, known: Known) -> Content:
    return Content(
        title=title,
        headline=headline,
        emphasis=f"by {summary.median}",
        facts=wording.facts(summary),
        figures=tuple(Figure(label, value) for label, value in wording.figures(summary)),
        remark=known.remark,
        albums=tuple(_album(one, "own" if one.release_year == summary.year else "") for one in known.albums),
        coverage=wording.coverage(summary),
        source=SOURCE,
    )


def _album(album: TopAlbum, mark: Mark = "") -> Album:
    return Album(album.release_year, album.title, album.artist, album.plays, mark)


def _of_two(
    visits: Sequence[Visit], albums: Sequence[Sequence[TopAlbum]], year: int, options: ChartOptions, look: Look
) -> str:
    comparison = compare(visits, year, options)
    marks: tuple[Mark, Mark] = ("accent", "other")
    content = Content(
        title=comparison.title,
        headline=comparison.sentence,
        listeners=tuple(
            Listener(side.name, side.facts, mark) for side, mark in zip(comparison.sides, marks, strict=True)
        ),
        albums=tuple(
            _album(each[nth], mark)
            for nth in range(OF_EACH)
            for each, mark in zip(albums, marks, strict=True)
            if nth < len(each)
        ),
        source=SOURCE,
    )
    return draw_picture(
        content,
        comparison.description,
        bars=comparison.chart if comparison.is_drawn else None,
        shape=look.shape,
        theme=look.theme,
    )
