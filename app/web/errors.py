"""Errors as pages, or as JSON for programs: each says what happened and what to do next."""

from enum import StrEnum

from flask import Flask, Response, make_response, render_template, request, url_for
from werkzeug.exceptions import HTTPException, TooManyRequests
from wsproto.utilities import RemoteProtocolError

from app.web.words import wait

TEXTS = {
    400: ("That could not be understood", "Go back and try it another way."),
    403: ("That is not allowed", "Open the page and use its own buttons."),
    404: ("There is no such page", "Check the address, or begin with a name."),
    405: ("That is not how it works", "Open the page and use its own buttons."),
    413: ("That is too large", "Nothing was changed."),
    401: ("That needs a token", "Send it as Authorization: Bearer, as INTERNAL_TOKEN has it."),
    429: ("That was a lot at once", "A chart that is stored already can be looked at any time."),
    500: ("Something broke on our side", "It is in our log. Try again in a few minutes."),
    503: ("A part of this site does not answer", "Try again in a minute."),
}
FOR_PROGRAMS = TEXTS | {
    404: ("There is no such address", "The addresses are listed at /api."),
    405: ("That is not how it works", "The API is for reading: use GET."),
    429: ("That was a lot at once", "Wait for as many seconds as Retry-After says."),
}


class Code(StrEnum):
    """What an error is called for a program."""

    BAD_REQUEST = "bad_request"
    NO_SUCH_NAME = "no_such_name"
    NO_SUCH_LISTENER = "no_such_listener"
    NO_SUCH_YEAR = "no_such_year"
    NOT_FOUND = "not_found"
    FORBIDDEN = "forbidden"
    LISTENING_HIDDEN = "listening_hidden"
    METHOD_NOT_ALLOWED = "method_not_allowed"
    TOO_LARGE = "too_large"
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
    429: Code.TOO_MANY_REQUESTS,
    503: Code.UNAVAILABLE,
}
"""By status, where nothing more is known; others below 500 are bad requests, and the rest is broken."""

API = "/api/"
AWAY = 60
"""Seconds after which it is worth while to ask again for what is away."""


class Problem(Exception):
    """What a visitor is told instead of a page: an HTTP status, a headline, a next step, a chart to go back to.

    A program is told `code`, and by `again` after how many seconds to come back.
    """

    def __init__(
        self, status: int, headline: str, advice: str, *, chart: str = "", code: Code | None = None, again: int = 0
    ) -> None:
        super().__init__(headline)
        self.status, self.headline, self.advice, self.chart = status, headline, advice, chart
        self.code, self.again = code, again


def register(app: Flask) -> None:
    """Makes pages of what goes wrong in any view."""

    @app.errorhandler(Problem)
    def problem(error: Problem) -> Response:
        response = page(error.status, error.headline, error.advice, error.chart, error.code)
        if again := error.again or AWAY * (error.status == 503):
            response.headers["Retry-After"] = str(again)
        return response

    @app.errorhandler(RemoteProtocolError)
    def half_handshake(_error: RemoteProtocolError) -> Response:
        return page(400, *TEXTS[400])

    @app.errorhandler(HTTPException)
    def http_error(error: HTTPException) -> Response:
        status = error.code or 500
        texts = FOR_PROGRAMS if request.path.startswith(API) else TEXTS
        headline, advice = texts.get(status, (error.name, error.description or ""))
        if isinstance(error, TooManyRequests) and isinstance(error.retry_after, int) and texts is TEXTS:
            advice = f"Wait {wait(error.retry_after)}, then try again. {advice}"
        response = page(status, headline, advice)
        # When to come back, which method, which token.
        response.headers.update({name: text for name, text in error.get_headers() if name != "Content-Type"})
        return response


def page(status: int, headline: str, advice: str, chart: str = "", code: Code | None = None) -> Response:
    """The page of an error, leading to `chart` or another way on; plain JSON where a program asked."""
    if request.path.startswith(API):
        response = make_response({"error": {"code": code or code_of(status), "message": f"{headline}. {advice}"}})
        response.headers["Cache-Control"] = "private, no-cache"
    elif request.path.startswith("/internal/") or request.path.endswith(".json"):
        response = make_response({"error": headline, "advice": advice})
    else:
        ways = _ways(status, code, chart)
        response = make_response(render_template("problem.html", headline=headline, advice=advice, **ways))
    response.status_code = status
    response.headers["X-Robots-Tag"] = "noindex"
    return response


def _ways(status: int, code: Code | None, chart: str) -> dict[str, str]:
    """Where the page leads: the same once more, back to a chart, to all years of a listener; or none of these."""
    given = request.view_args or {}
    listener = ""
    if code is Code.NO_SUCH_YEAR:
        listener = given.get("name", "")
    elif request.method == "POST" and code is not Code.NO_SUCH_NAME:
        # Back to where the button was pressed.
        listener = given.get("name", "")
        chart = url_for("pages.year", **given) if "year" in given else ""
    again = request.full_path.rstrip("?") if request.method == "GET" and status in (429, 500, 503) else ""
    return {"again": again, "chart": chart, "listener": "" if chart else listener}


def code_of(status: int) -> Code:
    """What an error of this status is called, where nothing more is known."""
    return CODES.get(status, Code.BAD_REQUEST if status < 500 else Code.BROKEN)
