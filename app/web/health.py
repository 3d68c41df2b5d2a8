"""Health: liveness for everyone, readiness and Prometheus metrics for this machine only."""

import time
from collections.abc import Callable
from functools import wraps
from typing import ParamSpec, TypeVar

from flask import Blueprint, Flask, Response, abort, jsonify, request
from prometheus_client import CONTENT_TYPE_LATEST
from redis.exceptions import RedisError

from app import VERSION
from app.web.client_address import is_from_here
from app.web.context import EXTENSION, Context, context
from app.web.metrics import metrics_text
from mirror import web_queries
from mirror.web_queries import MirrorError

blueprint = Blueprint("health", __name__)

_BEGAN = "lastyear.began"
_LIVE = "live"
"""The blueprint of what is sent for as long as a page is open."""

P = ParamSpec("P")
R = TypeVar("R")


def only_from_here(function: Callable[P, R]) -> Callable[P, R]:
    """Serve requests of this machine only; for everyone whom a proxy lets in the page does not exist."""

    @wraps(function)
    def guarded(*arguments: P.args, **options: P.kwargs) -> R:
        if not is_from_here(request):
            abort(404)
        return function(*arguments, **options)

    return guarded


@blueprint.get("/healthz")
def healthz() -> str:
    """Tell that this process answers, and its version. Queries nothing."""
    return f"ok {VERSION}\n"


@blueprint.get("/readyz")
@only_from_here
def readyz() -> tuple[Response, int]:
    """Tell whether Redis answers (503 if not), and the mirror's state: without a mirror the site still serves."""
    redis = _redis_answers(context())
    return jsonify(redis=redis, mirror=_mirror_state(context())), 200 if redis else 503


@blueprint.get("/metrics")
@only_from_here
def metrics() -> Response:
    """Return metrics in Prometheus' format."""
    return Response(metrics_text(context()), content_type=CONTENT_TYPE_LATEST)


def count_requests(app: Flask) -> None:
    """Count the requests of the application, and how long they take: by their routes, so that no name appears."""
    counts = app.extensions[EXTENSION].counts

    @app.before_request
    def begin() -> None:
        request.environ[_BEGAN] = time.perf_counter()

    @app.after_request
    def count(response: Response) -> Response:
        route = request.url_rule.rule if request.url_rule else "none"
        counts.add("http_requests", route, str(response.status_code))
        began = request.environ.get(_BEGAN)
        # Of what is sent live, the end tells how long a page was open.
        if began is not None and request.blueprint != _LIVE:
            counts.observe("http_request_duration_seconds", time.perf_counter() - began, route)
        return response


def _redis_answers(context: Context) -> bool:
    try:
        return bool(context.redis.ping())
    except RedisError:
        return False


def _mirror_state(context: Context) -> str:
    try:
        return "serving" if web_queries.state(context.settings.mirror_url.get_secret_value()) else "empty"
    except MirrorError:
        return "away"
