"""Health: liveness for everyone, readiness and Prometheus metrics for this machine only."""

from collections.abc import Callable, Iterator
from functools import wraps
from typing import ParamSpec, TypeVar

from flask import Blueprint, Flask, Response, abort, jsonify, request
from prometheus_client import CONTENT_TYPE_LATEST, Counter, generate_latest
from prometheus_client.core import CollectorRegistry, CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector
from redis.exceptions import RedisError

from app.allowance import read_allowance
from app.counters import totals
from app.jobs.enqueue import QUEUES, count_waiting
from app.web.client_address import is_from_here
from app.web.context import Context, context
from mirror import web_queries
from mirror.web_queries import MirrorError

blueprint = Blueprint("health", __name__)

P = ParamSpec("P")
R = TypeVar("R")

COUNTERS = {
    "fetches": ("outcome", "Fetches by their outcome"),
    "stretches": ("outcome", "Stretches of time read from Last.fm by their outcome: proven, gap"),
    "lastfm_calls": ("method", "Calls of Last.fm's API"),
    "lastfm_errors": ("kind", "Calls without a useful answer: error numbers, not_json, cut_off, unreachable"),
}


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
    """Tell that this process answers. Queries nothing."""
    return "ok\n"


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
    registry = CollectorRegistry()
    registry.register(_REQUESTS)
    registry.register(_SharedMetrics(context()))
    return Response(generate_latest(registry), content_type=CONTENT_TYPE_LATEST)


_REQUESTS = Counter("lastyear_requests", "Requests served", ["endpoint", "status"], registry=None)


def count_requests(app: Flask) -> None:
    """Count the requests of the application."""

    @app.after_request
    def count(response: Response) -> Response:
        _REQUESTS.labels(request.endpoint or "none", response.status_code).inc()
        return response


class _SharedMetrics(Collector):
    """What all processes count together in Redis, and the pages that are open here."""

    def __init__(self, context: Context) -> None:
        self._context = context

    def collect(self) -> Iterator[Metric]:
        """Read Redis for every scrape; without Redis only the open pages are counted."""
        open_pages = GaugeMetricFamily("lastyear_open_pages", "Pages that follow a fetch live")
        open_pages.add_metric([], len(self._context.subscriptions))
        yield open_pages
        try:
            yield from _counters(self._context)
            yield _depths(self._context)
            yield _lastfm_rate(self._context)
        except RedisError:
            return


def _counters(context: Context) -> Iterator[Metric]:
    sums = totals(context.redis)
    for name, (label, text) in COUNTERS.items():
        family = CounterMetricFamily(f"lastyear_{name}", text, labels=[label] if label else [])
        for (counter, value), total in sorted(sums.items()):
            if counter == name:
                family.add_metric([value] if label else [], total)
        yield family


def _depths(context: Context) -> Metric:
    family = GaugeMetricFamily("lastyear_queue_depth", "Waiting jobs", labels=["queue"])
    for name in QUEUES:
        family.add_metric([name], count_waiting(context.redis, name))
    return family


def _lastfm_rate(context: Context) -> Metric:
    text = (
        "Calls a second that Last.fm's rate limit allows: fewer after Last.fm said they are too many, 0 in a pause"
    )
    family = GaugeMetricFamily("lastyear_lastfm_rate", text)
    family.add_metric([], read_allowance(context.redis, context.settings.lastfm_requests_per_second).rate)
    return family


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
