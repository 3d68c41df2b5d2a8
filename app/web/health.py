"""Health: alive, ready, and numbers for Prometheus. What tells about the inside is told to this machine only."""

from collections.abc import Callable, Iterator
from functools import wraps
from typing import ParamSpec, TypeVar

from flask import Blueprint, Flask, Response, abort, jsonify, request
from prometheus_client import CONTENT_TYPE_LATEST, Counter, generate_latest
from prometheus_client.core import CollectorRegistry, CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector
from redis.exceptions import RedisError

from app.counters import totals
from app.fetches import QUEUES, queue
from app.store import mirror_standing
from app.web.address import is_loopback
from app.web.site import Site, site

blueprint = Blueprint("health", __name__)

P = ParamSpec("P")
R = TypeVar("R")

COUNTERS = {
    "fetches": ("outcome", "Fetches by how they ended"),
    "pages": ("", "Pages of scrobbles taken from Last.fm"),
    "lastfm_calls": ("method", "Calls of Last.fm's API"),
    "lastfm_errors": ("kind", "Answers of Last.fm that were of no use: error numbers, not_json, unreachable"),
}


def loopback_only(function: Callable[P, R]) -> Callable[P, R]:
    """Serves only visitors from this machine; to everyone else the page does not exist."""

    @wraps(function)
    def guarded(*arguments: P.args, **options: P.kwargs) -> R:
        if not is_loopback(request.remote_addr or ""):
            abort(404)
        return function(*arguments, **options)

    return guarded


@blueprint.get("/healthz")
def healthz() -> str:
    """This process answers. Touches nothing else."""
    return "ok\n"


@blueprint.get("/readyz")
@loopback_only
def readyz() -> tuple[Response, int]:
    """Redis answers; 503 where it does not. Of the mirror only how it stands: without it the site serves."""
    redis = _redis_answers(site())
    mirror = mirror_standing(site().settings.mirror_url.get_secret_value())
    return jsonify(redis=redis, mirror=mirror), 200 if redis else 503


@blueprint.get("/metrics")
@loopback_only
def metrics() -> Response:
    """Numbers for Prometheus."""
    registry = CollectorRegistry()
    registry.register(_REQUESTS)
    registry.register(_Shared(site()))
    return Response(generate_latest(registry), content_type=CONTENT_TYPE_LATEST)


_REQUESTS = Counter("lastyear_requests", "Requests served", ["endpoint", "status"], registry=None)


def count_requests(app: Flask) -> None:
    """Counts every request of the app."""

    @app.after_request
    def count(response: Response) -> Response:
        _REQUESTS.labels(request.endpoint or "none", response.status_code).inc()
        return response


class _Shared(Collector):
    """What all processes count together, and what is open now."""

    def __init__(self, site: Site) -> None:
        self._site = site

    def collect(self) -> Iterator[Metric]:
        """Reads Redis once per scrape; without Redis only the open pages are told."""
        open_pages = GaugeMetricFamily("lastyear_open_pages", "Pages that follow a fetch live")
        open_pages.add_metric([], len(self._site.hub))
        yield open_pages
        try:
            yield from _counters(self._site)
            yield _depths(self._site)
        except RedisError:
            return


def _counters(site: Site) -> Iterator[Metric]:
    sums = totals(site.redis)
    for name, (label, text) in COUNTERS.items():
        family = CounterMetricFamily(f"lastyear_{name}", text, labels=[label] if label else [])
        for (counter, value), total in sorted(sums.items()):
            if counter == name:
                family.add_metric([value] if label else [], total)
        yield family


def _depths(site: Site) -> Metric:
    family = GaugeMetricFamily("lastyear_queue_depth", "Jobs that wait", labels=["queue"])
    for name in QUEUES:
        family.add_metric([name], queue(site.redis, name).count)
    return family


def _redis_answers(site: Site) -> bool:
    try:
        return bool(site.redis.ping())
    except RedisError:
        return False
