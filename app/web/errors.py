"""Errors as pages, or as JSON for programs: each says what happened and what to do next."""

from enum import StrEnum
from typing import NamedTuple
from urllib.parse import urlencode

import structlog
from flask import Flask, Response, make_response, redirect, render_template, request, url_for
from redis.exceptions import RedisError
from werkzeug.exceptions import HTTPException, TooManyRequests
from werkzeug.wrappers import Response as BaseResponse

from app.formatting import wait
from app.jobs.queues import QueueAway, QueueFull
from app.periods import BadPeriod
from app.store import StoreAway, StoreConflict
from app.web.visits.part_of_year import OnlyMonthsKept
from app.web.visits.snapshots import Renamed
from app.web.visits.status import AWAY_SECONDS, FULL_SECONDS
from app.web.words.wording import AWAY, NOTHING_NEW, ONLY_MONTHS_KEPT, why_full

log = structlog.get_logger()

TEXTS = {
    400: ("We could not understand that request", "Go back and try again."),
    401: ("This needs a token", "Send INTERNAL_TOKEN as Authorization: Bearer."),
    403: ("This only works from our own pages", "Open the page and use its own buttons."),
    404: ("There is no such page", "Check the address, or begin with a name."),
    405: ("This address does not work that way", "Open the page and use its own buttons."),
    413: ("That is too large", "Nothing was changed, so go back and send less."),
    429: ("Too many requests at once", "Charts that are here already can be opened at any time."),
    500: ("Something broke on our side", "It is in our log, so try again in a few minutes."),
    503: AWAY,
}
FOR_PROGRAMS = TEXTS | {
    404: ("There is no such address", "The addresses are listed at /api."),
    405: ("This address does not work that way", "Use one of the methods in the Allow header."),
    429: ("Too many requests at once", "Wait for as many seconds as Retry-After says."),
}


class Code(StrEnum):
    """What an error is called for a program."""

    BAD_REQUEST = "bad_request"
    NO_SUCH_NAME = "no_such_name"
    NO_SUCH_LISTENER = "no_such_listener"
    NO_SUCH_YEAR = "no_such_year"
    NOT_COUNTED = "not_counted"
    NOT_FOUND = "not_found"
    FORBIDDEN = "forbidden"
    LISTENER_FORGOTTEN = "listener_forgotten"
    LISTENING_HIDDEN = "listening_hidden"
    RENAMED = "renamed"
    METHOD_NOT_ALLOWED = "method_not_allowed"
    TOO_LARGE = "too_large"
    NOT_JSON = "not_json"
    TOO_MANY_REQUESTS = "too_many_requests"
    LASTFM_AWAY = "lastfm_away"
    LASTFM_REFUSES = "lastfm_refuses"
    UNAVAILABLE = "unavailable"
    BROKEN = "broken"


CODES = {
    403: Code.FORBIDDEN,
    404: Code.NOT_FOUND,
    405: Code.METHOD_NOT_ALLOWED,
    413: Code.TOO_LARGE,
    415: Code.NOT_JSON,
    429: Code.TOO_MANY_REQUESTS,
    503: Code.UNAVAILABLE,
}
"""By status, where nothing more is known; others below 500 are bad requests, and the rest is broken."""

API = "/api/"


class Way(NamedTuple):
    """A link that a page of an error offers: its address and its text."""

    address: str
    text: str


class Problem(Exception):
    """What a visitor is told instead of a page: an HTTP status, a headline, and what to do next.

    A program is told `code`, and by `again` after how many seconds to come back. A visitor is offered the `way`
    instead of what the page would offer by itself.
    """

    way: Way | None = None

    def __init__(
        self, status: int, headline: str, advice: str, *, code: Code | None = None, again: int = 0
    ) -> None:
        super().__init__(headline)
        self.status, self.headline, self.advice = status, headline, advice
        self.code, self.again = code, again


def register(app: Flask) -> None:
    """Make pages of what goes wrong in any view."""

    app.register_error_handler(Problem, show)
    app.register_error_handler(BadPeriod, show_bad_period)
    app.register_error_handler(OnlyMonthsKept, show_only_months)

    @app.errorhandler(Renamed)
    def show_by_new_name(renamed: Renamed) -> BaseResponse:
        return redirect(_address_by(renamed))

    @app.errorhandler(QueueFull)
    def show_full(error: QueueFull) -> Response:
        return show(Problem(503, *why_full(error), again=FULL_SECONDS))

    @app.errorhandler(StoreAway)
    @app.errorhandler(StoreConflict)
    @app.errorhandler(QueueAway)
    @app.errorhandler(RedisError)
    def show_away(error: Exception) -> Response:
        if not isinstance(error, StoreAway):  # of which the pool writes a line a minute
            log.warning("A part of the site does not answer", reason=type(error).__name__)
        return show(Problem(503, *(AWAY if _is_read() else NOTHING_NEW)))

    @app.errorhandler(HTTPException)
    def show_http_error(error: HTTPException) -> Response:
        status = error.code or 500
        texts = FOR_PROGRAMS if request.path.startswith(API) else TEXTS
        headline, advice = texts.get(status, (error.name, error.description or ""))
        if isinstance(error, TooManyRequests) and isinstance(error.retry_after, int) and texts is TEXTS:
            advice = f"Wait {wait(error.retry_after)}, then try again; {advice[0].lower()}{advice[1:]}"
        response = error_page(status, headline, advice)
        # When to come back, which method, which token.
        response.headers.update({name: text for name, text in error.get_headers() if name != "Content-Type"})
        return response


def show(error: Problem) -> Response:
    """Show a problem as a page, or to a program."""
    response = error_page(error.status, error.headline, error.advice, error.code, error.way)
    if again := error.again or AWAY_SECONDS * (error.status == 503):
        response.headers["Retry-After"] = str(again)
    return response


def show_bad_period(error: BadPeriod) -> Response:
    """Show that an address asks for no part of its year."""
    return show(Problem(400, error.headline, error.advice, code=Code.BAD_REQUEST))


def show_only_months(_error: OnlyMonthsKept) -> Response:
    """Show that days were asked for where only months are counted."""
    return show(Problem(400, *ONLY_MONTHS_KEPT, code=Code.NOT_COUNTED))


def _address_by(renamed: Renamed) -> str:
    """Return the current address with the new name; a page says by `was` where the visitor comes from."""
    given, arguments = dict(request.view_args or {}), request.args.to_dict()
    if given["name"].casefold() == renamed.old.casefold():
        given["name"] = renamed.new
    if others := _others(arguments.pop("with", ""), renamed, besides=given["name"]):
        arguments = {"with": others, **arguments}
    page = "year.show" if "year" in given else "listener.show"
    is_page = not _is_read() or request.endpoint in (None, page)
    query = urlencode({**arguments, "was": renamed.old} if is_page else arguments, safe=",")
    address = url_for(page if is_page else str(request.endpoint), **given)
    return f"{address}?{query}" if query else address


def _others(names: str, renamed: Renamed, *, besides: str) -> str:
    """Return a list of names with the new one, each once and without the one that it is compared with."""
    others: dict[str, str] = {}
    for name in names.split(","):
        current = renamed.new if name.casefold() == renamed.old.casefold() else name
        others.setdefault(current.casefold(), current)
    others.pop(besides.casefold(), None)
    return ",".join(others.values())


def _is_read() -> bool:
    """Whether something is asked for, not asked to be done. HEAD says what GET would."""
    return request.method in ("GET", "HEAD")


def error_page(
    status: int, headline: str, advice: str, code: Code | None = None, way: Way | None = None
) -> Response:
    """Render the error, as plain JSON where a program asked."""
    if request.path.startswith(API):
        response = make_response({"error": {"code": code or code_of(status), "message": f"{headline}. {advice}"}})
        response.headers["Cache-Control"] = "private, no-cache"
    elif request.path.startswith("/internal/") or request.path.endswith(".json"):
        response = make_response({"error": headline, "advice": advice})
    else:
        ways = {"way": way} if way else _ways_on(status, code)
        response = make_response(render_template("error.html", headline=headline, advice=advice, **ways))
    response.status_code = status
    response.headers["X-Robots-Tag"] = "noindex"
    return response


def _ways_on(status: int, code: Code | None) -> dict[str, str]:
    """Find where the page can lead: the same address again, the year's chart, all years of the listener."""
    given = request.view_args or {}
    name, year = given.get("name", ""), given.get("year", "")
    is_read = _is_read()
    again = request.full_path.rstrip("?") if is_read and status in (429, 500, 503) else ""
    if code is Code.NO_SUCH_NAME or (is_read and request.endpoint in ("listener.show", "year.show") and not code):
        return {"again": again, "typed": request.args.get("name", "").strip()}
    if year and code is not Code.NO_SUCH_YEAR:
        return {"again": again, "chart": url_for("year.show", name=name, year=year)}
    return {"again": again, "listener": name}


def code_of(status: int) -> Code:
    """Name an error of this status, where nothing more is known."""
    return CODES.get(status, Code.BAD_REQUEST if status < 500 else Code.BROKEN)
