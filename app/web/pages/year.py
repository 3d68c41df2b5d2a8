"""A listener's year: the chart as a page and as data, and the button that fetches it again."""

from collections.abc import Sequence

from flask import Blueprint, Response, jsonify, make_response, redirect, render_template, request, url_for
from redis.exceptions import RedisError
from werkzeug.wrappers import Response as BaseResponse

from app.charts.bar_chart import draw_bar_chart
from app.periods import months_until
from app.redis.event_stream import Topic, latest_snapshot
from app.redis.mirror_note import MirrorNote
from app.web.compared import compared_with, is_in_parts
from app.web.context import context
from app.web.errors import Problem
from app.web.insights import year_insights
from app.web.pages.comparing.several_listeners import together_page
from app.web.pages.comparing.sides import parts_of, visit_all
from app.web.pages.comparing.two_listeners import comparison_page
from app.web.routing import listener_name, listening_year_of, private
from app.web.site_address import require_own_page, site_url
from app.web.visits.part_of_year import part_of_year
from app.web.visits.snapshots import fetches_ahead, former_name, mirror_note
from app.web.visits.status import Request, YearStatus
from app.web.visits.year_status import year_status
from app.web.words import links
from app.web.words.chart_options import ChartOptions, requested_options, today
from app.web.words.summary import csv_table, summarize

blueprint = Blueprint("year", __name__)


@blueprint.get("/user/<name>/<year>")
def show(name: str, year: str) -> Response | BaseResponse:
    """Show the chart of a year, or how far it is.

    `by=decade` draws decades, `of=songs` counts by the songs' own years, `with=OTHER` draws another's beside it,
    and `with=A,B,C` those of up to six in small charts; `month=7`, or `from=2024-06-01` and `to=2024-08-31`,
    restrict all of it to a part of the year.
    """
    username, listening_year = listener_name(name), listening_year_of(year)
    if others := compared_with(username):
        if is_in_parts():
            return redirect(url_for(".show", name=name, year=year) + requested_options(*others).query)
        return private(_compared((username, *others), listening_year))
    held = context().page_cache.get(username, listening_year, _variant())
    if held is not None:
        return private(Response(held))
    return private(_page(year_status(context(), username, listening_year), listening_year, requested_options()))


@blueprint.get("/user/<name>/<year>.json")
def as_json(name: str, year: str) -> Response:
    """Give the same numbers as data."""
    username, listening_year = listener_name(name), listening_year_of(year)
    options = requested_options()
    status = year_status(context(), username, listening_year)
    event = part_of_year(context(), status, listening_year, options.period).event
    options = options.available_for(event)
    progress = options.apply_to(event).model_dump(mode="json") if event else None
    source = f"{links.POWERED_BY} {links.LASTFM_HOME}"
    answer = jsonify(username=status.username, year=listening_year, progress=progress, source=source)
    answer.status_code = _http_status(status)
    return private(answer)


@blueprint.get("/user/<name>/<year>.csv")
def as_csv(name: str, year: str) -> BaseResponse:
    """Give plays by release year as a table, the oldest first, and last those without one."""
    username, listening_year = listener_name(name), listening_year_of(year)
    options = requested_options()
    status = year_status(context(), username, listening_year)
    event = part_of_year(context(), status, listening_year, options.period).event
    if event is None or event.preview or not (event.scrobbles or event.phase == "completed"):
        return redirect(url_for(".show", name=username, year=listening_year) + options.list_query)
    options = options.available_for(event)
    answer = Response(csv_table(options.apply_to(event)), content_type="text/csv; charset=utf-8")
    when = options.played_in(listening_year).stem
    which = "-songs" * options.by_song + "-so-far" * (not event.is_whole)
    answer.headers["Content-Disposition"] = f'attachment; filename="{status.username}-{when}{which}.csv"'
    return private(answer)


@blueprint.post("/user/<name>/<year>/resume")
def resume(name: str, year: str) -> BaseResponse:
    """Go on with a year where its fetch was interrupted, without waiting for the next try."""
    return _fetch(name, year, "resume")


@blueprint.post("/user/<name>/<year>/refresh")
def refresh(name: str, year: str) -> BaseResponse:
    """Fetch a year again; what is stored stays until each part of it is replaced."""
    return _fetch(name, year, "refresh")


def _fetch(name: str, year: str, what: Request) -> BaseResponse:
    require_own_page()
    username, listening_year = listener_name(name), listening_year_of(year)
    context().page_cache.drop(username, listening_year)
    context().rate_limits.hit("refresh")
    status = year_status(context(), username, listening_year, what)
    if status.is_away:
        raise Problem(503, *status.why_nothing_new, again=status.try_again_after)
    return redirect(url_for(".show", name=status.username, year=listening_year), 303)


def _compared(names: Sequence[str], listening_year: int) -> Response:
    options = requested_options(*names[1:])
    draw = comparison_page if len(names) == 2 else together_page
    visits = visit_all(context(), names, listening_year)
    return make_response(
        draw(parts_of(context(), visits, listening_year, options.period), listening_year, options)
    )


def _variant() -> str:
    """Return what tells two pages of one year apart: options, a former name, the site's address in links."""
    return f"{requested_options().query} {request.args.get('was', '')} {site_url()}"


def _page(status: YearStatus, listening_year: int, options: ChartOptions) -> Response:
    event = status.event
    note = None if status.queue_away else mirror_note(context())
    importing = note is not None and note.is_empty and event is not None and event.pending > 0
    part = part_of_year(context(), status, listening_year, options.period)
    page = make_response(_draw(part, listening_year, options, note, importing=importing))
    page.status_code = _http_status(status)
    if status.is_away and page.status_code == 503:
        page.headers["Retry-After"] = str(status.try_again_after)
    # A year that waits for the import must be drawn again the moment that ends.
    waits = event is not None and event.pending > 0
    if event is not None and event.phase == "completed" and not (status.is_away or waits):
        context().page_cache.put(status.username, listening_year, page.get_data(), _variant())
    return page


def _http_status(status: YearStatus) -> int:
    """Return 200 as soon as there is something to show, whatever keeps it from being newer."""
    event = status.event
    if event is None:
        return 503 if status.is_away else 200
    return event.error.status if event.error and not (event.scrobbles or event.is_whole) else 200


def _draw(
    status: YearStatus, listening_year: int, options: ChartOptions, note: MirrorNote | None, *, importing: bool
) -> str:
    event, period = status.event, options.period
    pending = event.pending if event is not None and not event.is_running else 0
    awaits_mirror = pending > 0 and not (importing or status.is_away)
    until = status.until(listening_year, period)
    summary = summarize(event, listening_year, status.username, options, until) if event else None
    options = options.available_for(event)
    neighbours = _neighbours(status, listening_year)
    years = {listening_year, *(year for year in neighbours if year)}
    return render_template(
        "year.html",
        status=status,
        event=event,
        year=listening_year,
        summary=summary,
        chart=draw_bar_chart(summary.years, listening_year, by_decade=options.by_decade) if summary else None,
        insights=year_insights(context(), event, summary) if event and summary and not period else None,
        options=options,
        until=until,
        neighbours=neighbours,
        period=period,
        months_around=period.months_around(years, today()) if period else (),
        months=months_until(listening_year, today()),
        was=former_name(context(), request.args.get("was", ""), Topic(status.username, listening_year)),
        ahead=0 if status.queue_away or event is None else fetches_ahead(context(), event),
        follows=status.goes_on or importing or awaits_mirror,
        awaits_mirror=awaits_mirror,
        importing=importing,
        small_mirror=note.release_groups if note and note.is_small else 0,
    )


def _neighbours(status: YearStatus, listening_year: int) -> tuple[int | None, int | None]:
    """Find the years before and after it in which the listener has plays, as far as they are counted."""
    try:
        counts = None if status.queue_away else latest_snapshot(context().redis, Topic(status.username))
    except RedisError:
        counts = None
    years = [year for year, plays in counts.event.years.items() if plays] if counts else []
    before = max((year for year in years if year < listening_year), default=None)
    return before, min((year for year in years if year > listening_year), default=None)
