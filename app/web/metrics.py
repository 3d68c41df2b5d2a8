"""Metrics: what `/metrics` says, read anew for every scrape. It never asks the app database, which may sleep."""

from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from itertools import accumulate, product
from typing import Any

from prometheus_client import ProcessCollector, generate_latest
from prometheus_client.core import (
    CollectorRegistry,
    CounterMetricFamily,
    GaugeMetricFamily,
    HistogramMetricFamily,
    InfoMetricFamily,
    Metric,
)
from prometheus_client.registry import Collector
from redis import Redis
from redis.exceptions import RedisError

from app import VERSION
from app.counters.catalogue import METRICS
from app.counters.counts import INFINITY, totals
from app.counters.gauges import read_storage
from app.jobs.queue_status import Overview, read_queues
from app.jobs.queues import QUEUES
from app.redis.allowance import read_allowance
from app.redis.client import connect_redis
from app.redis.cover_archive import is_away
from app.redis.covers import count_wanted, read_folders
from app.redis.pause import is_paused
from app.settings import MEGABYTE, Settings
from app.web.context import Context
from mirror import web_queries
from mirror.web_queries import MirrorError

PREFIX = "lastyear_"
REDIS_SECONDS = 2

Sums = Mapping[tuple[str, ...], int]


def metrics_text(context: Context) -> bytes:
    """Return all metrics in Prometheus' text format.

    Of a Redis that does not answer soon nothing more is asked: Prometheus gives up on a scrape after ten seconds.
    """
    if answers := _redis_answers(context.settings):
        context.counts.flush()
    registry = CollectorRegistry()
    registry.register(_Metrics(context, redis_answers=answers))
    ProcessCollector(registry=registry)
    return generate_latest(registry)


def _redis_answers(settings: Settings) -> bool:
    with connect_redis(settings, answer_seconds=REDIS_SECONDS) as redis:
        try:
            return bool(redis.ping())
        except RedisError:
            return False


class _Metrics(Collector):
    def __init__(self, context: Context, *, redis_answers: bool) -> None:
        self._context = context
        self._redis_answers = redis_answers

    def collect(self) -> Iterator[Metric]:
        """Read everything; what does not answer is left out, and its `up` is 0."""
        context = self._context
        yield InfoMetricFamily(f"{PREFIX}build", "The version that runs", {"version": VERSION})
        yield _gauge("open_pages", "Pages that follow a fetch live", len(context.subscriptions))
        try:
            from_redis = list(_from_redis(context)) if self._redis_answers else []
        except RedisError:
            from_redis = []
        yield _gauge("redis_up", "Whether Redis answers", bool(from_redis))
        yield from from_redis
        yield from _mirror(context.settings)


def _from_redis(context: Context) -> Iterator[Metric]:
    yield from _counted(totals(context.redis))
    yield _gauge("fetching_paused", "Whether somebody has paused fetching", is_paused(context.redis))
    yield from _queues(read_queues(context.redis, latest=1))
    yield from _lastfm(context.redis, context.settings)
    yield from _storage(context.redis, context.settings)
    yield from _memory(context.redis)
    if context.settings.cover_art_url:
        yield from _covers(context.redis, context.settings)


def _gauge(name: str, text: str, value: float) -> Metric:
    return GaugeMetricFamily(PREFIX + name, text, value=float(value))


def _by_queue(name: str, text: str, values: Mapping[str, float]) -> Metric:
    family = GaugeMetricFamily(PREFIX + name, text, labels=["queue"])
    for queue in QUEUES:
        family.add_metric([queue], values.get(queue, 0))
    return family


def _counted(sums: Sums) -> Iterator[Metric]:
    """Yield what all processes have counted together, with 0 for what did not happen yet."""
    for name, metric in METRICS.items():
        labels = list(metric.labels)
        if not metric.buckets:
            counter = CounterMetricFamily(PREFIX + name, metric.text, labels=labels)
            for values in _label_values(name, name, sums):
                counter.add_metric(values, sums.get((name, *values), 0))
            yield counter
            continue
        histogram = HistogramMetricFamily(PREFIX + name, metric.text, labels=labels)
        for values in _label_values(name, f"{name}_sum", sums):
            fields = [f"{end:g}" for end in metric.buckets] + [INFINITY]
            counts = [sums.get((f"{name}_bucket", *values, field), 0) for field in fields]
            ends = [str(float(end)) for end in metric.buckets] + [INFINITY]
            buckets = list(zip(ends, accumulate(counts), strict=True))
            histogram.add_metric(values, buckets, sums.get((f"{name}_sum", *values), 0) / 1000)
        yield histogram


def _label_values(name: str, field: str, sums: Sums) -> Iterable[tuple[str, ...]]:
    """Return the values of a metric's labels: all that they may have, and those that were counted.

    Another version may have counted more than is declared now.
    """
    metric = METRICS[name]
    counted = {key[1:] for key in sums if key[0] == field and len(key) == len(metric.labels) + 1}
    # Of a label whose values are not declared there is none before it was counted.
    return sorted({*product(*metric.labels.values()), *(one for one in counted if metric.bounded(one) == one)})


def _queues(found: Overview) -> Iterator[Metric]:
    queues = {one.name: one for one in found.queues}
    oldest = {name: (one.oldest or timedelta()).total_seconds() for name, one in queues.items()}
    running = {name: sum(job.queue == name for job in found.running) for name in QUEUES}
    serving = {name: sum(name in worker.queues for worker in found.workers) for name in QUEUES}
    yield _by_queue("queue_depth", "Waiting jobs", {name: one.waiting for name, one in queues.items()})
    yield _by_queue("queue_oldest_wait_seconds", "How long the job has waited that has waited longest", oldest)
    yield _by_queue("queue_running_jobs", "Jobs that a worker has begun", running)
    text = "Jobs that failed because of a bug, and are kept for a week"
    yield _by_queue("queue_failed_jobs", text, {name: one.failed for name, one in queues.items()})
    yield _by_queue("workers", "Workers that are alive and serve the queue", serving)


def _lastfm(redis: Redis, settings: Settings) -> Iterator[Metric]:
    allowed = read_allowance(redis, settings.lastfm_requests_per_second)
    yield _gauge(
        "lastfm_allowed_calls_per_second",
        "The present pace: less than configured after Last.fm said that calls are too many, 0 in a pause",
        allowed.rate,
    )
    yield _gauge("lastfm_configured_calls_per_second", "LASTFM_REQUESTS_PER_SECOND", allowed.full_rate)
    yield _gauge("lastfm_calls_left", "Calls that could be made at once now", allowed.left)
    yield _gauge("lastfm_pause_seconds", "How long nobody calls, since Last.fm said so", allowed.seconds_to_wait)
    yield _gauge("lastfm_key_refused", "Whether Last.fm refuses the API key", allowed.refused is not None)


def _storage(redis: Redis, settings: Settings) -> Iterator[Metric]:
    yield _gauge("storage_limit_bytes", "LASTFM_STORAGE_MB", settings.lastfm_storage_mb * MEGABYTE)
    if (storage := read_storage(redis)) is not None:
        text = "What Last.fm's data took in the app database when a worker measured it last, after a fetch"
        yield _gauge("storage_bytes", text, storage.bytes)
        text = "When that was measured, in UNIX seconds"
        yield _gauge("storage_measured_timestamp_seconds", text, storage.at.timestamp())


def _covers(redis: Redis, settings: Settings) -> Iterator[Metric]:
    yield _gauge("covers_limit_bytes", "COVERS_MB", settings.covers_mb * MEGABYTE)
    text = "What the pages of a machine keep of album covers"
    kept = GaugeMetricFamily(f"{PREFIX}covers_bytes", text, labels=["machine"])
    for folder in read_folders(redis):
        kept.add_metric([folder.machine], folder.bytes)
    yield kept
    yield _gauge("covers_waiting", "Album covers that somebody waits for", count_wanted(redis))
    yield _gauge("cover_archive_away", "Whether nobody calls the Cover Art Archive, as it is away", is_away(redis))


def _memory(redis: Redis) -> Iterator[Metric]:
    memory: dict[str, Any] = redis.info("memory")
    stats: dict[str, Any] = redis.info("stats")
    yield _gauge("redis_memory_bytes", "What Redis holds", memory["used_memory"])
    yield _gauge("redis_memory_limit_bytes", "What Redis may hold; 0 if that is not limited", memory["maxmemory"])
    evicted = CounterMetricFamily(f"{PREFIX}redis_evicted_keys", "Keys that Redis dropped to make room")
    evicted.add_metric([], stats["evicted_keys"])
    yield evicted


def _mirror(settings: Settings) -> Iterator[Metric]:
    try:
        mirror = web_queries.state(settings.mirror_url.get_secret_value())
    except MirrorError:
        yield _gauge("mirror_up", "Whether the mirror answers", 0)
        return
    yield _gauge("mirror_up", "Whether the mirror answers", 1)
    groups = mirror.release_groups if mirror else 0
    yield _gauge("mirror_release_groups", "Albums that the mirror knows; 0 before its first import", groups)
    if mirror is None:
        return
    if mirror.as_of:
        text = "How far the mirror is behind MusicBrainz: the age of its last packet, or else of its export"
        yield _gauge("mirror_age_seconds", text, (datetime.now(UTC) - mirror.as_of).total_seconds())
    if mirror.replication_sequence is not None:
        text = "The number of the last packet, or else of the one that the export ends with"
        yield _gauge("mirror_replication_sequence", text, mirror.replication_sequence)
    yield _gauge(
        "mirror_packets_applied", "Replication packets since the import; 0 if it does not follow", mirror.packets
    )
    text = "Whether replication has stopped and says why: `lastyear mirror status`"
    yield _gauge("mirror_replication_failed", text, bool(mirror.last_error))
