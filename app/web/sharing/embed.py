"""The chart of a year for pages of other sites: framed, without controls or a script. It starts no fetch."""

from dataclasses import replace

from flask import Blueprint, Response, make_response, render_template
from werkzeug.exceptions import TooManyRequests

from app.charts.bar_chart import draw_bar_chart
from app.web.context import context
from app.web.errors import TEXTS, Problem
from app.web.routing import listener_name, listening_year_of, private
from app.web.sharing.options import requested_theme
from app.web.visits.status import YearStatus
from app.web.visits.year_status import year_status
from app.web.words import wording
from app.web.words.chart_options import DEFAULT_OPTIONS, requested_options
from app.web.words.summary import Summary, summarize

blueprint = Blueprint("embed", __name__)

POLICY = (
    "default-src 'none'; style-src 'self'; img-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors *"
)
LOOK_AGAIN = 60  # seconds, while plays come in


@blueprint.after_request
def let_in(response: Response) -> Response:
    """Let any site frame what is here, errors included."""
    response.headers["Content-Security-Policy"] = POLICY
    response.headers["Cross-Origin-Resource-Policy"] = "cross-origin"
    return response


@blueprint.get("/embed/<name>/<year>")
def show(name: str, year: str) -> Response:
    """Show the chart as far as it is here, in the reader's colours or those of `theme`, with `by` and `of`."""
    try:
        theme = requested_theme()
        username, listening_year = listener_name(name), listening_year_of(year)
    except Problem as problem:
        return _told(problem.headline, problem.advice, problem.status)
    try:
        status = year_status(context(), username, listening_year, "as it stands")
    except TooManyRequests as error:
        page = _told(*TEXTS[error.code], error.code, theme)
        page.headers["Retry-After"] = str(error.retry_after)
        return page
    failure = status.event.error if status.event and not status.event.scrobbles else None
    if failure:
        return _told(*wording.explained(failure), failure.status, theme)
    if status.event is None and status.is_away:
        return _told(*status.why_nothing_new, 503, theme)
    return private(make_response(_draw(status, listening_year, theme)))


def _told(headline: str, advice: str, status: int, theme: str | None = None) -> Response:
    """Say what is wrong in the frame's own small words: a whole page of ours has no place there."""
    page = make_response(render_template("embed.html", headline=headline, advice=advice, theme=theme))
    page.status_code = status
    return private(page)


def _draw(status: YearStatus, year: int, theme: str | None) -> str:
    event = status.event
    until = status.until(year)
    options = replace(requested_options(), period=None)
    summary = summarize(event, year, status.username, options, until) if event else None
    options = summary.options if summary else DEFAULT_OPTIONS
    has_chart = summary is not None and summary.placed > 0
    return render_template(
        "embed.html",
        headline=_headline(status, summary),
        advice="" if event else wording.not_counted(year),
        theme=theme,
        name=status.username,
        year=year,
        title=wording.whose(status.username, year, so_far=until is not None),
        summary=summary,
        options=options,
        chart=draw_bar_chart(summary.years, year, by_decade=options.by_decade) if summary and has_chart else None,
        again=LOOK_AGAIN if status.waits else 0,
    )


def _headline(status: YearStatus, summary: Summary | None) -> str:
    if summary and (summary.scrobbles or not status.grows):
        return wording.headline(summary)
    return wording.BEING_COUNTED if status.event else wording.NOT_COUNTED
