"""The doctor's check of Redis, the queues and the workers."""

import shutil
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from redis import Redis
from rq import Retry, SimpleWorker
from rq.job import Job
from rq.serializers import JSONSerializer
from rq.utils import utcformat

from app.jobs.enqueue import enqueue_listener
from app.jobs.queues import FETCHES, LOOKUPS, queue
from demo import services
from tests.conftest import wait_until
from tests.integration.worker.doctor.conftest import Looked
from worker.doctor import State
from worker.pool import FetchWorker


def age(redis: Redis, job_id: str, field: str, by: timedelta) -> None:
    """Move a time of a job into the past."""
    redis.hset(Job.key_for(job_id), field, utcformat(datetime.now(UTC) - by))


def test_the_oldest_waiting_job_decides(findings: Looked, redis: Redis, hand: FetchWorker) -> None:
    assert findings()["queue"].seen == "no job is waiting"
    enqueue_listener(redis, "HeavyHelen")
    enqueue_listener(redis, "SingleSam")
    assert findings()["queue"].state == State.WELL
    first = queue(redis, LOOKUPS).get_job_ids()[0]
    age(redis, first, "enqueued_at", timedelta(minutes=43))
    waits = findings()["queue"]
    assert (waits.state, waits.seen) == (State.WARNING, "2 waiting, the oldest for 43 minutes")
    age(redis, first, "enqueued_at", timedelta(hours=3))
    assert findings()["queue"].state == State.ILL


def test_jobs_that_have_expired_in_the_queue_are_no_trouble(findings: Looked, redis: Redis) -> None:
    enqueue_listener(redis, "HeavyHelen")
    redis.delete(Job.key_for(queue(redis, LOOKUPS).get_job_ids()[0]))
    assert findings()["queue"].seen == "1 waiting"


def test_a_queue_without_a_worker_is_named(findings: Looked, redis: Redis) -> None:
    worker = FetchWorker([queue(redis, FETCHES)], connection=redis, serializer=JSONSerializer)
    worker.register_birth()
    workers = findings()["workers"]
    assert (workers.state, workers.mend) == (State.ILL, "`lastyear work`")
    assert workers.seen == "1 running, 0 busy, but none serves lookups, chores and covers"


def test_jobs_that_failed_of_late_are_told_without_their_listeners(
    findings: Looked, redis: Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken() -> None:
        raise RuntimeError("about HeavyHelen")

    monkeypatch.setattr("worker.jobs.from_environment", broken)
    job = queue(redis, FETCHES).enqueue("worker.jobs.fetch_year", "HeavyHelen", 2024, "x", failure_ttl=600)
    SimpleWorker([queue(redis, FETCHES)], connection=redis, serializer=JSONSerializer).work(
        burst=True, logging_level="CRITICAL"
    )
    failed = findings()["failed jobs"]
    assert failed.state == State.WARNING
    assert failed.seen.startswith("1, the last ")
    assert failed.seen.endswith(" ago (RuntimeError)")
    age(redis, job.id, "ended_at", timedelta(days=3))
    assert (findings()["failed jobs"].state, findings()["failed jobs"].seen) == (
        State.WELL,
        "1, the last 3 days ago (RuntimeError)",
    )


def test_a_redis_that_cannot_write_to_its_disk_is_ill(findings: Looked, tmp_path: Path) -> None:
    folder = tmp_path / "valkey"
    with services.valkey(folder, appendonly="no", save="3600 1") as url, Redis.from_url(url) as redis:
        assert findings(redis_url=url)["redis"].state == State.WELL
        shutil.rmtree(folder)
        redis.bgsave()
        wait_until(lambda: redis.info("persistence")["rdb_last_bgsave_status"] == "err")
        found = findings(redis_url=url)["redis"]
    assert (found.state, found.seen) == (
        State.ILL,
        "answers, but cannot write to its disk, so that nothing can be started",
    )


def test_looking_changes_nothing(findings: Looked, redis: Redis, hand: FetchWorker) -> None:
    enqueue_listener(redis, "HeavyHelen")
    queue(redis, FETCHES).enqueue("worker.jobs.fetch_year", "A", 2024, "x", retry=Retry(max=1))
    before = {key: redis.dump(key) for key in redis.scan_iter("rq:*") if b"worker" not in key}
    findings()
    assert {key: redis.dump(key) for key in redis.scan_iter("rq:*") if b"worker" not in key} == before
