"""The queues job by job: rq-dashboard under /operator/queues/, restricted to our jobs and our Redis."""

import secrets
from typing import Any

import rq.serializers
from flask import Flask, Response, abort, g, request
from redis import Redis
from redis.exceptions import RedisError
from rq.exceptions import NoSuchJobError
from rq.serializers import JSONSerializer
from rq_dashboard import web

from app.web.context import context
from app.web.errors import error_page

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
"""The read-only endpoints. The method does not tell: requeue_all answers GET too."""


def policy(nonce: str) -> str:
    """Return the content security policy of rq-dashboard's pages, which need more than ours.

    Their one inline script has the nonce; a script injected by a job's text, which they do not always escape, has
    none. They compile rows from templates (unsafe-eval), and use style attributes and icons in CSS.
    """
    return (
        f"default-src 'none'; script-src 'self' 'nonce-{nonce}' 'unsafe-eval'; style-src 'self' 'unsafe-inline';"
        " img-src 'self' data:; connect-src 'self'; form-action 'none'; base-uri 'none'; frame-ancestors 'none'"
    )


def register(app: Flask, redis: Redis, *, may_change: bool) -> None:
    """Mount rq-dashboard."""
    _use_json_only()
    app.config.update(
        # Shown on its pages, so not the URL of Redis. One name for the one connection.
        RQ_DASHBOARD_REDIS_URL=("this installation",),
        RQ_DASHBOARD_DISABLE_DELETE=not may_change,
        RQ_DASHBOARD_POLL_INTERVAL=5000,
    )
    web.from_url = _connection
    app.redis_conn = redis  # type: ignore[attr-defined]  # where rq-dashboard looks for it
    app.before_request(_prepare_request)
    app.register_error_handler(NoSuchJobError, _no_such_job)
    app.register_error_handler(RedisError, _redis_away)
    app.context_processor(lambda: {"may_change": may_change, "nonce": g.get("nonce", "")})
    app.register_blueprint(web.blueprint, url_prefix="/operator/queues")


def _use_json_only() -> None:
    """Never unpickle in this process, or whoever can write to Redis could run code through it.

    rq-dashboard passes a serializer in some calls only; the others use RQ's default.
    """
    rq.serializers.PickleSerializer = JSONSerializer  # type: ignore[assignment]
    web.config.serializer = JSONSerializer


def _connection(*_arguments: Any, **_options: Any) -> tuple[None, Redis]:
    """Return the one connection, instead of opening another for every request."""
    return None, context().redis


def _no_such_job(_error: Exception) -> Response:
    return error_page(
        404, "There is no such job any more", "Finished jobs are kept for minutes, failed ones for days."
    )


def _redis_away(_error: Exception) -> Response:
    return error_page(503, "Redis does not answer", "Check REDIS_URL, and Redis itself.")


def _prepare_request() -> None:
    if request.blueprint == NAME:
        g.nonce = secrets.token_urlsafe(16)
        if (request.view_args or {}).get("instance_number"):
            abort(404)  # there is one Redis
