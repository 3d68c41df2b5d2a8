"""The real workers while Redis loses what it held, or takes nothing: they come back by themselves, and go on."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from functools import partial
from pathlib import Path

import pytest
from pydantic import SecretStr
from redis import Redis
from rq.job import Job
from rq.serializers import JSONSerializer

from app.jobs import job_status, queues
from app.jobs.queues import FETCHES, QUEUES
from app.settings import Settings
from demo import services
from demo.ports import free_port
from tests.conftest import wait_until
from tests.integration.worker.conftest import Stage, some_plays
from tests.processes import Running, environment, running
from tests.valkey_disk import valkey_with_disk
from worker import pool
from worker.pool import FetchWorker
from worker.safe_queue import RedisAway, SafeQueue

IMPATIENT = """
from datetime import timedelta
from app.jobs import job_status
job_status.LOST_AFTER = timedelta(seconds=1)
from worker import pool
pool.HEARTBEAT_INTERVAL, pool.HEARTBEAT_TTL, pool.MAINTENANCE_INTERVAL = 1, 2, 1
from worker.cli import main
main(["work", "--workers", "2"])
"""


@contextmanager
def workers(settings: Settings, log: Path) -> Iterator[Running]:
    with running(log, environment(settings), "python", "-c", IMPATIENT) as process:
        yield process


def is_completed(stage: Stage, name: str) -> bool:
    return stage.job(name, 2023).status == "completed"


def exists(redis: Redis, job_id: str) -> bool:
    return Job.exists(job_id, connection=redis)


def test_after_a_flush_workers_register_anew_and_what_was_claimed_goes_on_without_a_visit(
    stage: Stage, settings: Settings, tmp_path: Path
) -> None:
    stage.take_in("KilledKit", some_plays(20_000))
    stage.take_in("WaitingWill", some_plays(10))
    stage.take_in("WaitingWanda", some_plays(10))
    slow = settings.model_copy(update={"lastfm_requests_per_second": 4.0})
    with workers(slow, tmp_path / "log") as process:
        run = stage.ask("KilledKit", 2023)
        wait_until(lambda: stage.job("KilledKit", 2023).expected, otherwise=lambda: process.output)
        for name in ("WaitingWill", "WaitingWanda"):
            stage.ask(name, 2023)
        stage.redis.flushall()
        wait_until(lambda: FetchWorker.count(connection=stage.redis) == 2, otherwise=lambda: process.output)
        states = {worker.get_state() for worker in FetchWorker.all(connection=stage.redis)}
        assert states <= {"busy", "idle"}
        if not is_completed(stage, "KilledKit"):
            wait_until(lambda: exists(stage.redis, job_status.job_id(run)) or is_completed(stage, "KilledKit"))
        for name in ("WaitingWill", "WaitingWanda", "KilledKit"):
            wait_until(partial(is_completed, stage, name), otherwise=lambda: process.output)
        assert "Traceback" not in process.output
    assert stage.rows("KilledKit", 2023) == stage.told("KilledKit", 2023)


def test_a_run_outlives_a_restart_of_redis(stage: Stage, settings: Settings, tmp_path: Path) -> None:
    stage.take_in("KilledKit", some_plays(20_000))
    (tmp_path / "valkey").mkdir()
    port = free_port()
    url = SecretStr(f"redis://127.0.0.1:{port}/0")
    slow = settings.model_copy(update={"lastfm_requests_per_second": 4.0, "redis_url": url})
    with ExitStack() as stack:
        with services.valkey(tmp_path / "valkey", port), Redis(port=port) as redis:
            stage.redis = redis
            run = stage.ask("KilledKit", 2023)
            process = stack.enter_context(workers(slow, tmp_path / "log"))
            wait_until(lambda: stage.job("KilledKit", 2023).expected, otherwise=lambda: process.output)
        wait_until(lambda: "Redis takes nothing" in process.output, otherwise=lambda: process.output)
        with services.valkey(tmp_path / "valkey", port), Redis(port=port) as redis:
            stage.redis = redis
            wait_until(partial(is_completed, stage, "KilledKit"), otherwise=lambda: process.output)
            assert stage.job("KilledKit", 2023).run == run, "nobody had to take it over"
            assert "Traceback" not in process.output
            process.kill()
    assert stage.rows("KilledKit", 2023) == stage.told("KilledKit", 2023)


def test_a_connection_that_is_lost_while_a_worker_waits_is_an_outage_however_short(tmp_path: Path) -> None:
    """RQ would try again and tell nobody, and the worker take a busy one, cut off as well, for dead."""
    with services.valkey(tmp_path) as url:
        redis = Redis.from_url(url)
        worker = FetchWorker(QUEUES, connection=redis, serializer=JSONSerializer)
        worker.register_birth()
    with redis, pytest.raises(RedisAway):
        SafeQueue.dequeue_any(worker.queues, 1, connection=redis, serializer=JSONSerializer)


def test_a_job_that_was_taken_by_a_worker_that_died_just_then_is_put_back_at_the_head(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pool, "HEARTBEAT_TTL", 0)
    first, second = stage.ask("SingleSam", 2023), stage.ask("LightLuca", 2023)
    ours = [SafeQueue(name, connection=stage.redis, serializer=JSONSerializer) for name in QUEUES]
    taken = SafeQueue.dequeue_any(ours, 1, connection=stage.redis, serializer=JSONSerializer)
    assert taken is not None
    assert taken[0].id == job_status.job_id(first)
    worker = FetchWorker(ours, connection=stage.redis, serializer=JSONSerializer)
    waiting = queues.queue(stage.redis, FETCHES)
    worker.run_maintenance_tasks()
    assert waiting.get_job_ids() == [job_status.job_id(second)], "another worker may be about to begin it"
    worker.run_maintenance_tasks()
    worker.run_maintenance_tasks()
    assert waiting.get_job_ids() == [job_status.job_id(run) for run in (first, second)]
    worker.work(burst=True)
    assert is_completed(stage, "SingleSam")
    assert waiting.intermediate_queue.get_job_ids() == []


def test_jobs_of_the_first_queue_go_first_and_each_is_noted_in_its_own(redis: Redis) -> None:
    names = (queues.LOOKUPS, queues.FETCHES, queues.CHORES)
    for name in reversed(names):
        for job_id in (f"{name}-1", f"{name}-2"):
            queues.put(redis, name, queues.REMATCH, job_id=job_id)
    ours = [SafeQueue(name, connection=redis, serializer=JSONSerializer) for name in names]
    taken = [SafeQueue.dequeue_any(ours, 1, connection=redis, serializer=JSONSerializer) for _ in range(6)]
    assert [(one[1].name, one[0].id) for one in taken if one] == [
        (name, f"{name}-{number}") for name in names for number in (1, 2)
    ]
    for one in ours:
        assert one.intermediate_queue.get_job_ids() == [f"{one.name}-1", f"{one.name}-2"]
        assert one.get_job_ids() == []


def test_a_job_that_was_just_taken_is_not_put_back_for_another_of_its_id_that_was_taken_before(
    redis: Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pool, "HEARTBEAT_TTL", 0)
    ours = [SafeQueue(name, connection=redis, serializer=JSONSerializer) for name in (queues.CHORES,)]
    worker = FetchWorker(ours, connection=redis, serializer=JSONSerializer)
    waiting = queues.queue(redis, queues.CHORES)
    for _ in range(2):
        queues.put(redis, queues.CHORES, queues.REMATCH, job_id="rematch", unique=True)
        taken = SafeQueue.dequeue_any(ours, 1, connection=redis, serializer=JSONSerializer)
        assert taken is not None
        worker.run_maintenance_tasks()
        assert "rematch" not in waiting.get_job_ids()
        taken[0].delete()
        waiting.intermediate_queue.remove("rematch")


def test_workers_wait_while_redis_takes_nothing_with_one_line_and_go_on(
    stage: Stage, settings: Settings, tmp_path: Path
) -> None:
    (tmp_path / "valkey").mkdir()
    stage.take_in("KilledKit", some_plays(10))
    with valkey_with_disk(tmp_path / "valkey") as disk:
        stage.redis = disk.redis
        stage.ask("KilledKit", 2023)
        disk.fill()
        elsewhere = settings.model_copy(update={"redis_url": SecretStr(disk.url)})
        with workers(elsewhere, tmp_path / "log") as process:
            wait_until(lambda: process.output.count("Redis takes nothing") == 2, otherwise=lambda: process.output)
            disk.make_room()
            wait_until(lambda: is_completed(stage, "KilledKit"), otherwise=lambda: process.output)
            disk.fill()
            wait_until(lambda: FetchWorker.count(connection=disk.redis) == 2)
            disk.make_room()
            stage.take_in("WaitingWill", some_plays(10))
            stage.ask("WaitingWill", 2023)
            wait_until(lambda: is_completed(stage, "WaitingWill"), otherwise=lambda: process.output)
            assert process.output.count("Redis takes nothing") == 2, "of two workers one each, within a minute"
            assert "Traceback" not in process.output


def test_a_worker_that_is_not_registered_any_more_registers_with_its_next_heartbeat(redis: Redis) -> None:
    worker = FetchWorker([queues.queue(redis, FETCHES)], connection=redis, serializer=JSONSerializer)
    worker.register_birth()
    redis.delete(worker.key)
    worker.heartbeat()
    (found,) = FetchWorker.all(connection=redis, serializer=JSONSerializer)
    assert (found.name, found.queue_names(), found.birth_date) == (worker.name, [FETCHES], worker.birth_date)
