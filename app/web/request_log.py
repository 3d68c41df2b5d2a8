"""The log of requests: each has an id, which the jobs that it enqueues carry on, and which the answer names."""

import re
from uuid import uuid4

import structlog
from flask import Flask, Response, request

from app.jobs.enqueue import REQUEST
from app.log_names import LISTENER, OTHERS
from app.web.client_address import is_believed

HEADER = "X-Request-ID"
_WELL_FORMED = re.compile(r"[A-Za-z0-9._-]{8,64}")

log = structlog.get_logger()


def register(app: Flask) -> None:
    """Name each request in the log, first of all, and in its answer."""
    app.before_request(_begin)
    app.after_request(_end)
    app.teardown_request(lambda _error: structlog.contextvars.clear_contextvars())


def _begin() -> None:
    # One connection's requests follow each other in the same context, whatever became of the one before.
    structlog.contextvars.clear_contextvars()
    structlog.contextvars.bind_contextvars(**{REQUEST: _request_id(), **_who()})


def _request_id() -> str:
    """Return the id that a trusted proxy has given the request, if it looks like one; otherwise a new one."""
    given = request.headers.get(HEADER, "")
    return given if is_believed(request) and _WELL_FORMED.fullmatch(given) else uuid4().hex


def _who() -> dict[str, object]:
    """Return the listeners whom the request names."""
    # What a form or a query says is no name yet: it may be a whole address, or anything.
    named = [(request.view_args or {}).get("name", ""), request.args.get("name", ""), request.args.get("with", "")]
    found = [name.strip() for name in named if name.strip()]
    who: dict[str, object] = {OTHERS: tuple(found)} if found else {}
    if named[0]:
        who[LISTENER] = named[0]
    return who


def _end(response: Response) -> Response:
    response.headers[HEADER] = structlog.contextvars.get_contextvars().get(REQUEST, "")
    rule = request.url_rule.rule if request.url_rule else None
    # Somebody may ask a thousand times a second; what changes something is asked for by hand.
    write = log.debug if request.method in ("GET", "HEAD") else log.info
    write("Answered", method=request.method, address=rule, status=response.status_code)
    return response
