"""Authentication: every request needs the password, and a change must be allowed by the settings as well."""

import hmac

from flask import Flask, Response, g, request
from werkzeug.datastructures import WWWAuthenticate
from werkzeug.exceptions import TooManyRequests

from app.web.context import context
from app.web.errors import Problem, error_page
from app.web.operator import queues
from app.web.site_address import is_same_origin

USER = "operator"
GUESSES = "password"
CHALLENGE = WWWAuthenticate("basic", {"realm": "LastYear.fm operator", "charset": "UTF-8"})


def register(app: Flask) -> None:
    """Check every request, for files too, and add headers to every response."""
    app.before_request(require_password)
    app.before_request(refuse_changes)
    app.after_request(add_headers)


def require_password() -> Response | None:
    """Refuse a request without the password. After too many guesses the right one is refused too, for a while."""
    given = _credentials()
    if given is None:
        return _challenge()
    try:
        context().rate_limits.test(GUESSES)
        if hmac.compare_digest(given, _expected()):
            return None
        context().rate_limits.hit(GUESSES)
    except TooManyRequests as error:
        answer = error_page(429, "Too many wrong passwords", "Wait, then enter the one in OPERATOR_PASSWORD.")
        answer.headers["Retry-After"] = str(error.retry_after)
        return answer
    return _challenge()


def refuse_changes() -> None:
    """Refuse a change unless the settings allow it and it comes from our own pages.

    Every endpoint that is not known to be read-only counts as a change.
    """
    is_read_only = request.endpoint in queues.READS or request.blueprint != queues.NAME
    if request.method in ("GET", "HEAD") and is_read_only:
        return
    if not context().settings.operator_may_change:
        raise Problem(403, "These pages are read-only", "To change anything here, set OPERATOR_MAY_CHANGE=true.")
    if request.method != "POST" or not is_same_origin(request):
        raise Problem(403, "This did not come from these pages", "Open the page and use its own buttons.")


def add_headers(response: Response) -> Response:
    """Give rq-dashboard's pages their own policy, and keep all pages out of caches and search engines."""
    if nonce := g.get("nonce"):
        response.headers["Content-Security-Policy"] = queues.policy(nonce)
    response.headers["X-Robots-Tag"] = "noindex"
    if request.endpoint not in ("static", f"{queues.NAME}.static"):
        response.headers["Cache-Control"] = "no-store"
    return response


def _credentials() -> bytes | None:
    """Return the user name and password of the request; None without them or if the header is malformed."""
    try:
        given = request.authorization
    except ValueError:
        return None
    return f"{given.username}:{given.password}".encode() if given and given.type == "basic" else None


def _expected() -> bytes:
    return f"{USER}:{context().settings.operator_password.get_secret_value()}".encode()


def _challenge() -> Response:
    advice = "The user name is operator, the password the one in OPERATOR_PASSWORD."
    answer = error_page(401, "The operator's password is needed", advice)
    answer.headers["WWW-Authenticate"] = CHALLENGE.to_header()
    return answer
