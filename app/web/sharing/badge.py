"""The badge of a year: a few words in one line, for a README or a page of one's own."""

from dataclasses import dataclass, replace

from flask import Blueprint, make_response, render_template, request
from werkzeug.wrappers import Response

from app.events import Event
from app.pictures import fonts
from app.web.context import context
from app.web.routing import listener_name, listening_year_of
from app.web.visits.status import YearStatus
from app.web.visits.year_status import year_status
from app.web.words.chart_options import requested_options
from app.web.words.summary import summarize

blueprint = Blueprint("badge", __name__)

HEIGHT, SIZE, PADDING = 22, 12, 8
CACHED = 3600  # seconds; also by proxies, since sites that show badges fetch them for their readers


@dataclass(frozen=True)
class Badge:
    """What it says at the left and at the right, and how wide both are."""

    label: str
    value: str

    @property
    def widths(self) -> tuple[int, int]:
        """Of the two texts."""
        return round(fonts.width(self.label) * SIZE), round(fonts.width(self.value, bold=True) * SIZE)


@blueprint.get("/user/<name>/<year>/badge.svg")
def show(name: str, year: str) -> Response:
    """Say what the middle year is, as far as it is known. Starts no fetch; `of=songs` as elsewhere."""
    username, listening_year = listener_name(name), listening_year_of(year)
    status = year_status(context(), username, listening_year, "as it stands")
    badge = Badge(f"my music of {listening_year}", _value(status, listening_year))
    drawn = render_template("badge.svg", badge=badge, height=HEIGHT, size=SIZE, padding=PADDING)
    answer = make_response(drawn)
    answer.content_type = "image/svg+xml"
    answer.headers["Cross-Origin-Resource-Policy"] = "cross-origin"
    answer.headers["X-Robots-Tag"] = "noindex, nofollow"
    answer.headers["Cache-Control"] = f"public, max-age={CACHED if _is_final(status.event) else 60}"
    answer.add_etag()
    return answer.make_conditional(request)


def _value(status: YearStatus, year: int) -> str:
    event = status.event
    if event is None or not event.scrobbles:
        return "no plays" if _is_final(event) else "not counted yet"
    options = replace(requested_options(), period=None)
    summary = summarize(event, year, status.username, options, status.until(year))
    if summary.median is None:
        return "no release years known"
    return f"{summary.median} · middle year" + " so far" * (not summary.is_whole or summary.until is not None)


def _is_final(event: Event | None) -> bool:
    return event is not None and event.phase == "completed"
