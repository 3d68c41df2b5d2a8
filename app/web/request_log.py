"""The log of requests: each has an id, which the jobs that it enqueues carry on, and which the answer names."""

import logging
import re
import secrets

import structlog
from flask import Flask, Response, request

from app.jobs.queues import REQUEST
from app.logs.names import LISTENER, OTHERS
from app.web.client_address import is_believed

HEADER = "X-Request-ID"
MAX_NAMES = 10
"""How many names of a list are hidden one by one; a longer list is refused before anybody in it is looked for."""
_ID = "lastyear.request"
_WELL_FORMED = re.compile(r"[A-Za-z0-9._-]{8,64}")

log = structlog.get_logger()
_stdlib_log = logging.getLogger(__name__)


def register(app: Flask) -> None:
    """Name each request in the log, first of all, and in its answer."""
    app.before_request(_begin)
    app.after_request(_end)
    app.teardown_request(lambda _error: structlog.contextvars.clear_contextvars())


def _begin() -> None:
    # One connection's requests follow each other in the same context, whatever became of the one before.
    structlog.contextvars.clear_contextvars()
    name = request.environ[_ID] = _request_id()
    structlog.contextvars.bind_contextvars(**{REQUEST: name, **_who()})


def _request_id() -> str:
    """Return the id that a trusted proxy has given the request, if it looks like one; otherwise a new one."""
    given = request.headers.get(HEADER, "")
    return given if _WELL_FORMED.fullmatch(given) and is_believed(request) else secrets.token_hex(16)


def _who() -> dict[str, object]:
    """Return the listeners whom the request names."""
    # What a form or a query says is no name yet: it may be a whole address, or anything.
    named = [(request.view_args or {}).get("name", "")]
    if request.query_string:
        listed = [name for text in request.args.getlist("with") for name in text.split(",")]
        named += [request.args.get("name", ""), *listed[:MAX_NAMES]]
    found = [name.strip() for name in named if name.strip()]
    who: dict[str, object] = {OTHERS: tuple(found)} if found else {}
    if named[0]:
        who[LISTENER] = named[0]
    return who


def _end(response: Response) -> Response:
    response.headers[HEADER] = request.environ.get(_ID, "")
    rule = request.url_rule.rule if request.url_rule else None
    # Somebody may ask a thousand times a second; what changes something is asked for by hand.
    level = logging.DEBUG if request.method in ("GET", "HEAD") else logging.INFO
    if _stdlib_log.isEnabledFor(level):  # or each visit would pay for a line that nobody reads
        log.log(level, "Answered", method=request.method, address=rule, status=response.status_code)
    return response
