"""Errors as pages: each says what happened and what to do next."""

from flask import Flask, Response, make_response, render_template, request
from werkzeug.exceptions import HTTPException
from wsproto.utilities import RemoteProtocolError

TEXTS = {
    400: ("That could not be understood", "Go back and try it another way."),
    403: ("That is not allowed", "Open the page and use its own buttons."),
    404: ("There is no such page", "Check the address, or begin at the front page."),
    405: ("That is not how it works", "Open the page and use its own buttons."),
    413: ("That is too large", "Nothing was changed."),
    401: ("That needs a token", "Send it as Authorization: Bearer, as INTERNAL_TOKEN has it."),
    429: (
        "That was a lot at once",
        "Wait a moment, then try again. A chart that is stored already can be looked at any time.",
    ),
    500: ("Something broke on our side", "It is in our log. Try again in a few minutes."),
    503: ("A part of this site does not answer", "Try again in a minute."),
}


class Problem(Exception):
    """What a visitor is told instead of a page: an HTTP status, a headline, a next step, a chart to go back to."""

    def __init__(self, status: int, headline: str, advice: str, *, chart: str = "") -> None:
        super().__init__(headline)
        self.status, self.headline, self.advice, self.chart = status, headline, advice, chart


def register(app: Flask) -> None:
    """Makes pages of what goes wrong in any view."""

    @app.errorhandler(Problem)
    def problem(error: Problem) -> Response:
        return page(error.status, error.headline, error.advice, error.chart)

    @app.errorhandler(RemoteProtocolError)
    def half_handshake(_error: RemoteProtocolError) -> Response:
        return page(400, *TEXTS[400])

    @app.errorhandler(HTTPException)
    def http_error(error: HTTPException) -> Response:
        status = error.code or 500
        headline, advice = TEXTS.get(status, (error.name, error.description or ""))
        response = page(status, headline, advice)
        # When to come back, which method, which token.
        response.headers.update({name: text for name, text in error.get_headers() if name != "Content-Type"})
        return response


def page(status: int, headline: str, advice: str, chart: str = "") -> Response:
    """The page of an error, leading to `chart` or to the front page; plain JSON where a program asked."""
    if request.path.startswith("/internal/") or request.path.endswith(".json"):
        response = make_response({"error": headline, "advice": advice})
    else:
        response = make_response(render_template("problem.html", headline=headline, advice=advice, chart=chart))
    response.status_code = status
    response.headers["X-Robots-Tag"] = "noindex"
    return response
