"""Health: liveness for everyone, readiness and Prometheus metrics for this machine only."""

import time
from collections.abc import Callable, Iterable
from functools import wraps
from typing import TYPE_CHECKING, ParamSpec, TypeVar

from flask import Blueprint, Flask, Response, abort, jsonify, request
from prometheus_client import CONTENT_TYPE_LATEST
from redis.exceptions import RedisError

from app import VERSION
from app.web.client_address import is_from_here
from app.web.context import EXTENSION, Context, context
from app.web.metrics import metrics_text
from mirror import web_queries
from mirror.web_queries import MirrorError

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

blueprint = Blueprint("health", __name__)

_BEGAN = "lastyear.began"
_LIVE = "live."
"""What endpoints begin with that send for as long as a page is open."""

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
    add = app.extensions[EXTENSION].counts.add_request
    inner = app.wsgi_app

    def timed(environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        environ[_BEGAN] = time.perf_counter()
        return inner(environ, start_response)

    @app.after_request
    def count(response: Response) -> Response:
        served = request._get_current_object()  # type: ignore[attr-defined]  # once, since each visit comes by here
        route = served.url_rule.rule if served.url_rule else "none"
        # Of what is sent live, the end tells how long a page was open.
        is_live = served.url_rule and served.url_rule.endpoint.startswith(_LIVE)
        seconds = None if is_live else time.perf_counter() - served.environ[_BEGAN]
        add(route, response.status_code, seconds)
        return response

    app.wsgi_app = timed  # type: ignore[method-assign]  # how Flask wants it wrapped


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
