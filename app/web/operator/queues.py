"""The queues job by job: rq-dashboard's pages under /operator/queues/, made to read our jobs and our Redis."""

import secrets
from typing import Any

import rq.serializers
from flask import Flask, Response, abort, g, request
from redis import Redis
from redis.exceptions import RedisError
from rq.exceptions import NoSuchJobError
from rq.serializers import JSONSerializer
from rq_dashboard import web

from app.web.errors import page
from app.web.operator.desk import Desk, at_desk

NAME = web.blueprint.name

READS = frozenset(
    f"{NAME}.{view}"
    for view in (
        "favicon",
        "job_info",
        "job_view",
        "jobs_overview",
        "list_jobs",
        "list_queues",
        "list_workers",
        "queues_overview",
        "static",
        "workers_overview",
    )
)
"""The endpoints that only look. Going by the method would not do: requeue_all answers GET too."""


def policy(nonce: str) -> str:
    """What rq-dashboard's pages need beyond ours.

    One script stands in the page: it has the nonce, and what a job's text may bring in, which they do not always
    escape, has none. Rows are compiled from templates (unsafe-eval). There are style attributes, and icons in CSS.
    """
    return (
        f"default-src 'none'; script-src 'self' 'nonce-{nonce}' 'unsafe-eval'; style-src 'self' 'unsafe-inline';"
        " img-src 'self' data:; connect-src 'self'; form-action 'none'; base-uri 'none'; frame-ancestors 'none'"
    )


def register(app: Flask, desk: Desk) -> None:
    """Mounts rq-dashboard."""
    _read_json_only()
    may_change = desk.settings.operator_may_change
    app.config.update(
        # Not where Redis is: that would be shown. It stands for the one connection that we have.
        RQ_DASHBOARD_REDIS_URL=("this installation",),
        RQ_DASHBOARD_DISABLE_DELETE=not may_change,
        RQ_DASHBOARD_POLL_INTERVAL=5000,
    )
    web.from_url = _ours
    app.redis_conn = desk.redis  # type: ignore[attr-defined]  # where rq-dashboard looks for it
    app.before_request(_prepare)
    app.register_error_handler(NoSuchJobError, _gone)
    app.register_error_handler(RedisError, _away)
    app.context_processor(lambda: {"may_change": may_change, "nonce": g.get("nonce", "")})
    app.register_blueprint(web.blueprint, url_prefix="/operator/queues")


def _read_json_only() -> None:
    """In this process nothing is ever unpickled: whoever can write to Redis can run no code through it.

    rq-dashboard takes a serializer for some of its questions only; the others go to RQ's default.
    """
    rq.serializers.PickleSerializer = JSONSerializer  # type: ignore[assignment]
    web.config.serializer = JSONSerializer


def _ours(*_arguments: Any, **_options: Any) -> tuple[None, Redis]:
    """In place of a new connection for every request."""
    return None, at_desk().redis


def _gone(_error: Exception) -> Response:
    return page(
        404, "There is no such job, or no longer", "Finished jobs are kept for minutes, failed ones for days."
    )


def _away(_error: Exception) -> Response:
    return page(503, "Redis does not answer", "Look at REDIS_URL, and at Redis itself.")


def _prepare() -> None:
    if request.blueprint == NAME:
        g.nonce = secrets.token_urlsafe(16)
        if (request.view_args or {}).get("instance_number"):
            abort(404)  # there is one Redis
