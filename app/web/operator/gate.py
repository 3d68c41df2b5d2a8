"""The gate: nobody sees anything without the password or guesses for long, and nothing changes unless allowed."""

import hmac

from flask import Flask, Response, g, request
from werkzeug.datastructures import WWWAuthenticate
from werkzeug.exceptions import TooManyRequests

from app.web import HEADERS
from app.web.address import is_same_origin
from app.web.errors import Problem, page
from app.web.operator import queues
from app.web.operator.desk import at_desk

USER = "operator"
GUESSES = "password"
CHALLENGE = WWWAuthenticate("basic", {"realm": "LastYear.fm operator", "charset": "UTF-8"})


def register(app: Flask) -> None:
    """Puts the gate before every request, files included, and its headers on every answer."""
    app.before_request(ask_for_password)
    app.before_request(refuse_changes)
    app.after_request(add_headers)


def ask_for_password() -> Response | None:
    """Lets in who has it. Who has guessed too often is not even told that the next guess is right."""
    given = _given()
    if given is None:
        return _challenge()
    try:
        at_desk().budget.look(GUESSES)
        if hmac.compare_digest(given, _right()):
            return None
        at_desk().budget.spend(GUESSES)
    except TooManyRequests as error:
        answer = page(429, "That were too many wrong passwords", "Wait, then try the one in OPERATOR_PASSWORD.")
        answer.headers["Retry-After"] = str(error.retry_after)
        return answer
    return _challenge()


def refuse_changes() -> None:
    """Only looks, unless the operator's settings allow more; and then only for our own pages.

    What is not known to look only is taken for a change.
    """
    reads = request.endpoint in queues.READS or request.blueprint != queues.NAME
    if request.method in ("GET", "HEAD") and reads:
        return
    if not at_desk().settings.operator_may_change:
        advice = "They requeue, empty and delete where OPERATOR_MAY_CHANGE=true is set."
        raise Problem(403, "These pages only show", advice)
    if request.method != "POST" or not is_same_origin(request):
        raise Problem(403, "That did not come from these pages", "Open the page and use its own buttons.")


def add_headers(response: Response) -> Response:
    """The site's headers; rq-dashboard's pages have a policy of their own. Nothing here is kept or found."""
    response.headers.update(HEADERS)
    if nonce := g.get("nonce"):
        response.headers["Content-Security-Policy"] = queues.policy(nonce)
    response.headers["X-Robots-Tag"] = "noindex"
    if request.endpoint not in ("static", f"{queues.NAME}.static"):
        response.headers["Cache-Control"] = "no-store"
    return response


def _given() -> bytes | None:
    """The name and password that come with the request; None for anything else, a header of nonsense for one."""
    try:
        given = request.authorization
    except ValueError:
        return None
    return f"{given.username}:{given.password}".encode() if given and given.type == "basic" else None


def _right() -> bytes:
    return f"{USER}:{at_desk().settings.operator_password.get_secret_value()}".encode()


def _challenge() -> Response:
    answer = page(
        401, "That needs the operator's password", "The user is operator, the password OPERATOR_PASSWORD."
    )
    answer.headers["WWW-Authenticate"] = CHALLENGE.to_header()
    return answer
