"""Counters: of all processes together, by the hour and by the day, bounded, and never in anybody's way."""

import os
import signal
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import uuid4

import pytest
from redis import Redis
from redis.exceptions import RedisError
from redis.exceptions import TimeoutError as RedisTimeoutError

from app.counters import buffer
from app.counters.buffer import Buffer
from app.counters.catalogue import FETCH_FAILURES, METRICS, QUEUES
from app.counters.counts import Counts, day_key, hour_key, increment, observe, parsed, record, totals
from app.counters.fetched_years import MAX_KEPT, note_year, slowest_and_largest
from app.counters.gauges import note_database_use, note_storage, read_storage
from app.events import Failure
from app.jobs import queues
from app.settings import Settings
from app.web.context import Context
from demo.services import valkey
from tests.conftest import wait_until

NOON = datetime(2026, 11, 30, 12, 30, tzinfo=UTC)
AWAY = "redis://127.0.0.1:1/0"


@pytest.fixture
def away() -> Iterator[Redis]:
    """A Redis that does not answer."""
    with Redis.from_url(AWAY) as client:
        yield client


@pytest.fixture
def full(redis: Redis) -> Iterator[Redis]:
    """A Redis that takes nothing more."""
    redis.config_set("maxmemory", "1")
    yield redis
    redis.config_set("maxmemory", "0")


def test_the_catalogue_has_the_names_of_the_rest() -> None:
    assert [failure.name.lower() for failure in Failure] == list(FETCH_FAILURES)
    assert sorted(QUEUES) == sorted(queues.QUEUES)


def test_what_several_processes_count_adds_up(redis: Redis) -> None:
    web, other = Buffer(redis), Buffer(redis)
    for one in (web, other, web):
        one.add_request("/", 200, 0.004)
    for one in (web, other):
        one.close()
    increment(redis, "fetches", "completed")
    increment(redis, "fetches", "completed", by=2)
    sums = totals(redis)
    assert sums["http_requests", "/", "200"] == 3
    assert sums["http_request_duration_seconds_bucket", "/", "0.005"] == 3
    assert sums["http_request_duration_seconds_sum", "/"] == 12
    assert sums["fetches", "completed"] == 3


def test_a_buffer_adds_by_itself_and_its_thread_ends(redis: Redis, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(buffer, "FLUSH_SECONDS", 0.01)
    one = Buffer(redis)
    for times in (1, 2):
        one.add_request("/", 200, None)
        wait_until(lambda times=times: totals(redis).get(("http_requests", "/", "200")) == times)  # type: ignore[misc]
        wait_until(lambda: not one._has_flusher)


def test_what_redis_did_not_take_is_added_later(full: Redis) -> None:
    one = Buffer(full)
    one.add_request("/", 200, None)
    one.flush()
    assert totals(full) == {}
    full.config_set("maxmemory", "0")
    one.add_request("/", 200, None)
    one.flush()
    one.flush()
    assert totals(full) == {("http_requests", "/", "200"): 2}


def test_what_a_full_redis_did_not_take_is_added_though_nobody_comes_any_more(
    full: Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(buffer, "FLUSH_SECONDS", 0.01)
    tries = []

    def refused(redis: Redis, counts: Counts) -> None:
        tries.append(counts)
        record(redis, counts)

    monkeypatch.setattr(buffer, "record", refused)
    one = Buffer(full)
    one.add_request("/", 200, None)
    wait_until(lambda: len(tries) > 1, otherwise=lambda: "the thread has ended")
    full.config_set("maxmemory", "0")
    wait_until(lambda: totals(full) == {("http_requests", "/", "200"): 1})


def test_nothing_is_counted_twice_after_a_time_out(tmp_path: Path) -> None:
    with valkey(tmp_path) as url, Redis.from_url(url) as patient:
        one = Buffer(patient)
        one._has_flusher = True  # as this test does
        process = int(str(patient.info("server")["process_id"]))
        for _ in range(10):
            one.add_request("/", 200, None)
        os.kill(process, signal.SIGSTOP)
        try:
            with Redis.from_url(url, socket_timeout=0.5, retry=None) as impatient:
                one._redis = impatient
                one.flush()
        finally:
            os.kill(process, signal.SIGCONT)
        one._redis = patient
        one.flush()
        assert totals(patient) == {("http_requests", "/", "200"): 10}, "none was added before"


def test_what_may_have_been_added_is_not_added_again(redis: Redis, monkeypatch: pytest.MonkeyPatch) -> None:
    def answer_is_lost(redis: Redis, counts: Counts) -> None:
        record(redis, counts)
        raise RedisTimeoutError

    one = Buffer(redis)
    one._has_flusher = True  # as this test does
    one.add_request("/", 200, None)
    with monkeypatch.context() as lost:
        lost.setattr(buffer, "record", answer_is_lost)
        one.flush()
    one.flush()
    assert totals(redis) == {("http_requests", "/", "200"): 1}


@pytest.mark.parametrize("state", ["away", "full"])
def test_without_redis_only_the_counts_are_lost(request: pytest.FixtureRequest, state: str) -> None:
    redis: Redis = request.getfixturevalue(state)
    increment(redis, "fetches", "completed")
    observe(redis, "queue_wait_seconds", 1, "fetches")
    note_storage(redis, 1)
    note_database_use(redis)
    note_year(redis, uuid4(), 2024, plays=1, seconds=1)
    Buffer(redis).close()
    with pytest.raises(RedisError):
        record(redis, counted("fetches", "completed"))


def counted(name: str, *labels: str) -> Counts:
    counts = Counts()
    counts.add(name, *labels)
    return counts


def test_hours_and_days_have_sums_of_their_own_that_end(redis: Redis) -> None:
    for hours in (0, 1, 12):
        increment(redis, "fetches", "completed", at=(NOON + timedelta(hours=hours)).timestamp())
    of_hours = [parsed(redis.hgetall(hour_key(NOON + timedelta(hours=hours)))) for hours in range(2)]  # type: ignore[arg-type]
    assert of_hours == [{("fetches", "completed"): 1}] * 2
    assert parsed(redis.hgetall(day_key(NOON))) == {("fetches", "completed"): 2}  # type: ignore[arg-type]
    assert 0 < int(str(redis.ttl(hour_key(NOON)))) <= 48 * 3600
    assert 0 < int(str(redis.ttl(day_key(NOON)))) <= 32 * 24 * 3600


def test_requests_are_kept_by_the_hour_without_their_routes(redis: Redis) -> None:
    for route, status in (("/", "200"), ("/about", "204"), ("none", "404")):
        record(redis, counted("http_requests", route, status), NOON.timestamp())
    assert parsed(redis.hgetall(hour_key(NOON))) == {("http_requests", "2xx"): 2, ("http_requests", "4xx"): 1}  # type: ignore[arg-type]


@pytest.mark.parametrize("code", ["4711", "<b>", "8|9", ""])
def test_a_label_that_nobody_expects_is_other(redis: Redis, code: str) -> None:
    increment(redis, "lastfm_errors", code)
    assert totals(redis) == {("lastfm_errors", "other"): 1}


@pytest.mark.parametrize(
    ("seconds", "end"), [(-5, "0.5"), (0.5, "0.5"), (0.51, "1"), (3600, "3600"), (1e9, "+Inf")]
)
def test_a_time_is_in_one_bucket(redis: Redis, seconds: float, end: str) -> None:
    observe(redis, "first_bars_seconds", seconds)
    assert totals(redis) == {
        ("first_bars_seconds_bucket", end): 1,
        ("first_bars_seconds_sum",): max(0, round(1000 * seconds)),
    }


def test_every_metric_has_a_name_by_the_rules_of_prometheus() -> None:
    for name, metric in METRICS.items():
        assert metric.buckets == tuple(sorted(metric.buckets))
        assert name.endswith("_seconds") == bool(metric.buckets), name


def test_storage_is_what_was_measured_last(redis: Redis) -> None:
    assert read_storage(redis) is None
    for size in (5, 7):
        note_storage(redis, size, NOON.timestamp())
    storage = read_storage(redis)
    assert storage is not None
    assert (storage.bytes, storage.at) == (7, NOON)


def test_the_database_is_woken_by_the_first_who_uses_it_for_a_while(redis: Redis) -> None:
    for _ in range(3):
        note_database_use(redis)
    assert totals(redis) == {("database_wakeups",): 1}
    redis.delete("lastyear:counters:database-awake")  # as after five minutes
    note_database_use(redis)
    assert totals(redis) == {("database_wakeups",): 2}


def test_closing_a_connection_wakes_no_database(settings: Settings, redis: Redis) -> None:
    context = Context.of(settings)
    with context.pool.connection() as connection:
        connection.execute("SELECT 1")
    wait_until(lambda: totals(redis).get(("database_wakeups",)) == 1)
    redis.delete("lastyear:counters:database-awake")  # it was open for more than five minutes
    context.pool.close()
    note_database_use(redis)
    assert totals(redis)["database_wakeups",] == 1
    context.close()


def test_of_each_day_the_slowest_and_the_largest_years_are_kept(redis: Redis) -> None:
    for day in range(40):
        at = (NOON - timedelta(days=day)).timestamp()
        for number in range(2 * MAX_KEPT):
            note_year(
                redis, uuid4(), 2000 + day % 20, plays=100 * number + day, seconds=1000 - number - day, at=at
            )
    slowest, largest = slowest_and_largest(redis, NOON)
    assert [one.seconds for one in slowest] == [1000, 999, 999, 998, 998]
    assert [one.plays for one in largest] == [929, 928, 927, 926, 925], "of the last 30 days"
    keys = list(redis.scan_iter())
    assert len(keys) == 80
    assert all(int(str(redis.zcard(key))) == MAX_KEPT for key in keys)
    assert all(int(str(redis.ttl(key))) > 0 for key in keys)
