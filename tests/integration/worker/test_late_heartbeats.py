"""A heartbeat may come when its job has just ended, or no more: what is gone stays so, and is no trouble."""

import pytest
from redis import Redis
from rq.executions import Execution
from rq.job import Job
from rq.serializers import JSONSerializer

from app.jobs.queues import LOOKUPS, RECOVER, put
from worker.known_job import KnownJob
from worker.pool import FetchWorker


@pytest.fixture
def worker(redis: Redis) -> FetchWorker:
    """A worker that is known to Redis."""
    worker = FetchWorker([LOOKUPS], connection=redis, serializer=JSONSerializer)
    worker.register_birth()
    return worker


@pytest.fixture
def ended(worker: FetchWorker, redis: Redis) -> tuple[Job, Execution]:
    """A job that has just ended, and how it was run."""
    put(redis, LOOKUPS, RECOVER, job_id="recover", unique=True)
    job = KnownJob.fetch("recover", connection=redis, serializer=JSONSerializer)
    execution = worker.prepare_execution(job)
    job.delete()
    return job, execution


def test_nothing_is_left_of_a_job_that_has_ended(
    worker: FetchWorker, ended: tuple[Job, Execution], redis: Redis
) -> None:
    worker.maintain_heartbeats(*ended)
    ended[0].heartbeat(ended[0].created_at, 10)
    assert not redis.exists(KnownJob.key_for("recover"))
    assert put(redis, LOOKUPS, RECOVER, job_id="recover", unique=True)


def test_a_job_that_redis_loses_while_it_runs_ends_without_an_exception(worker: FetchWorker, redis: Redis) -> None:
    put(redis, LOOKUPS, RECOVER, job_id="recover", unique=True)
    job = KnownJob.fetch("recover", connection=redis, serializer=JSONSerializer)
    execution = worker.prepare_execution(job)
    job.started_at = job.created_at
    redis.flushdb()
    worker._finalize_success(job, worker.queues[0], execution, None)
    assert not redis.exists(KnownJob.key_for("recover"))


def test_a_job_whose_first_worker_has_died_ends_without_an_exception(worker: FetchWorker, redis: Redis) -> None:
    put(redis, LOOKUPS, RECOVER, job_id="recover", unique=True)
    job = KnownJob.fetch("recover", connection=redis, serializer=JSONSerializer)
    first = worker.prepare_execution(job)
    redis.delete(first.key)  # it expires before its name in RQ's lists does
    second = worker.prepare_execution(job)
    worker.prepare_job_execution(job)
    job.ended_at = job.started_at
    worker.handle_job_success(job, worker.queues[0], job.started_job_registry, second)
    assert not redis.exists(KnownJob.key_for("recover"))
    assert job.get_executions() == []
    assert job.started_job_registry.get_job_ids(cleanup=False) == []
