"""The real workers: killed in every way they take a year up again by themselves, and say no secret meanwhile."""

import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import cast
from uuid import UUID

import pytest
from rq import Callback
from rq.job import Job
from rq.serializers import JSONSerializer

from app.jobs import job_status, queues
from app.settings import Settings
from demo.lastfm.faults import Fault
from tests.conftest import PATIENCE, wait_until
from tests.integration.conftest import KEY, TOKEN
from tests.integration.worker.conftest import RECENT, Stage, some_plays
from tests.processes import Running, environment, family, running
from worker.pool import FetchWorker

# `lastyear work` with shorter intervals, so that a test need not wait for them. A job's process says when it has
# heard that it is to stop.
IMPATIENT = """
import os
import sys
from worker import pool
from worker import shutdown
pool.HEARTBEAT_INTERVAL, pool.HEARTBEAT_TTL, pool.MAINTENANCE_INTERVAL = 1, 2, 1
shutdown.GRACE_PERIOD = 3
request = shutdown.request
shutdown.request = lambda: (request(), os.write(1, b"asked to stop\\n"))
from worker.cli import main
main(["work", "--workers", sys.argv[1]])
"""


@contextmanager
def workers(settings: Settings, log: Path, *, count: int = 2) -> Iterator[Running]:
    with running(log, environment(settings), "python", "-c", IMPATIENT, str(count)) as process:
        yield process


# As in production, but that whoever is told to stop is given more time than it could need.
PATIENT = f"""
from worker import shutdown
shutdown.GRACE_PERIOD = {PATIENCE}
from worker.cli import main
main(["work", "--workers", "2"])
"""


@contextmanager
def patient_workers(settings: Settings, log: Path) -> Iterator[Running]:
    with running(log, environment(settings), "python", "-c", PATIENT) as process:
        yield process


def queue_job(stage: Stage, run: UUID) -> Job:
    return Job.fetch(job_status.job_id(run), connection=stage.redis, serializer=JSONSerializer)


@pytest.fixture
def log(tmp_path: Path) -> Path:
    return tmp_path / "workers.log"


def horses(process: Running) -> list[int]:
    """The processes that run a job: the youngest of the family, behind the pool and its two workers."""
    return family(process.pid)[3:] if len(family(process.pid)) > 3 else []


def stored(stage: Stage) -> int:
    """How many stretches are stored."""
    row = stage.connection.execute("SELECT count(*) FROM stretches").fetchone()
    assert row is not None
    return int(row[0])


def await_stretches(stage: Stage, count: int, process: Running) -> None:
    wait_until(lambda: stored(stage) >= count, seconds=120, otherwise=lambda: process.output)


def test_a_year_completes_whoever_is_killed_with_nobody_helping(
    stage: Stage, settings: Settings, log: Path
) -> None:
    stage.take_in("KilledKit", some_plays(30_000))
    stage.lastfm.latency = 0.1
    slow = settings.model_copy(update={"lastfm_requests_per_second": 8.0})
    stage.ask("KilledKit", 2023)
    with workers(slow, log) as process:
        await_stretches(stage, 2, process)
        for horse in horses(process):
            os.kill(horse, signal.SIGKILL)
        await_stretches(stage, stored(stage) + 2, process)
    assert stage.job("KilledKit", 2023).status == "fetching"
    started = queues.queue(stage.redis, queues.FETCHES).started_job_registry.key
    for execution in cast("list[bytes]", stage.redis.zrange(started, 0, -1)):
        stage.redis.zincrby(started, 86_400, execution)  # as from a clock that was a day ahead
    with workers(settings, log) as process:
        wait_until(
            lambda: stage.job("KilledKit", 2023).status == "completed",
            seconds=120,
            otherwise=lambda: process.output,
        )
    assert stage.rows("KilledKit", 2023) == stage.told("KilledKit", 2023)
    assert stage.event("KilledKit", 2023).phase == "completed"
    assert stage.job("KilledKit", 2023).expected == 30_000


def stop(process: Running) -> None:
    """Tells workers to stop as systemd does, and waits until nothing of them is left."""
    everybody = family(process.pid)
    process.terminate()
    await_end(process, everybody)


def await_end(process: Running, everybody: list[int]) -> None:
    wait_until(lambda: process.ended, seconds=2 * PATIENCE, otherwise=lambda: process.output)
    wait_until(lambda: not any(Path(f"/proc/{pid}").exists() for pid in everybody))


def is_held_up(stage: Stage) -> bool:
    """Whether somebody waits for a lock of ours."""
    query = "SELECT FROM pg_stat_activity WHERE pg_backend_pid() = ANY(pg_blocking_pids(pid))"
    return stage.connection.execute(query).rowcount > 0


def waiting_fetches(stage: Stage) -> list[str]:
    return queues.queue(stage.redis, queues.FETCHES).job_ids


def test_workers_that_are_told_to_stop_store_the_stretch_at_hand_and_give_the_job_back(
    stage: Stage, settings: Settings, log: Path
) -> None:
    stage.take_in("KilledKit", some_plays(30_000))
    first = stage.ask("KilledKit", 2023)
    slow = settings.model_copy(update={"lastfm_requests_per_second": 4.0})
    with workers(slow, log, count=1) as process:
        await_stretches(stage, 2, process)
        second = stage.ask("LightLuca", 2023)
        with stage.connection.transaction():  # of which the stretch at hand waits for the end
            stage.connection.execute("SELECT FROM fetch_jobs WHERE run = %s FOR UPDATE", [first])
            before = stored(stage)
            wait_until(lambda: is_held_up(stage), otherwise=lambda: process.output)
            everybody = family(process.pid)
            process.terminate()
            wait_until(lambda: "asked to stop" in process.output, otherwise=lambda: process.output)
        await_end(process, everybody)
    job = stage.job("KilledKit", 2023)
    assert job.status == "fetching"
    assert before < stored(stage) <= before + 2, "what was proven by the answer at hand, and no more"
    assert waiting_fetches(stage) == [job_status.job_id(first), job_status.job_id(second)], (
        "who was at work comes first"
    )


def test_a_restart_of_all_workers_takes_the_year_up_at_once_however_often(
    stage: Stage, settings: Settings, log: Path
) -> None:
    stage.take_in("KilledKit", some_plays(20_000))
    stage.lastfm.latency = 0.1
    run = stage.ask("KilledKit", 2023)
    slow = settings.model_copy(update={"lastfm_requests_per_second": 8.0})
    for _ in range(3):
        with patient_workers(slow, log) as process:
            await_stretches(stage, stored(stage) + 1, process)
            stop(process)
        assert waiting_fetches(stage) == [job_status.job_id(run)], "the next one need not wait for a time-out"
        assert queue_job(stage, run).retries_left == 10, "only deaths are counted"
    with patient_workers(settings, log) as process:
        wait_until(
            lambda: stage.job("KilledKit", 2023).status == "completed",
            seconds=120,
            otherwise=lambda: process.output,
        )
    assert stage.rows("KilledKit", 2023) == stage.told("KilledKit", 2023)


def test_a_last_fm_that_does_not_answer_holds_up_no_stop(stage: Stage, settings: Settings, log: Path) -> None:
    stage.take_in("KilledKit", some_plays(30_000))
    stage.ask("KilledKit", 2023)
    with workers(settings.model_copy(update={"lastfm_requests_per_second": 4.0}), log) as process:
        await_stretches(stage, 1, process)
        stage.lastfm.latency = 10 * PATIENCE
        wait_until(lambda: horses(process))
        stop(process)
    assert len(waiting_fetches(stage)) == 1
    stage.lastfm.latency = 0


# A worker that handles a stop request when its alarm goes off, if it has set one. The process of its job ends well
# when it is told to stop.
STOP_AND_ALARM = """
import os
import signal
import sys
from types import SimpleNamespace
from unittest.mock import Mock
from redis import Redis
from rq.serializers import JSONSerializer
from worker.pool import FetchWorker

class Interrupted(FetchWorker):
    def wait_for_horse(self):
        if not self._stop_requested:
            os.kill(os.getpid(), signal.SIGINT)
        return super().wait_for_horse()

    def handle_warm_shutdown_request(self):
        if signal.getsignal(signal.SIGALRM):
            os.kill(os.getpid(), signal.SIGALRM)
        super().handle_warm_shutdown_request()

    def maintain_heartbeats(self, job, execution):
        os._exit(1)

is_ready, ready = os.pipe()
child = os.fork()
if child == 0:
    signal.signal(signal.SIGTERM, lambda *_: os._exit(0))
    os.write(ready, b"!")
    while True:
        signal.pause()
os.read(is_ready, 1)
worker = Interrupted(["fetches"], connection=Redis.from_url(sys.argv[1]), serializer=JSONSerializer)
worker._install_signal_handlers()
worker._horse_pid = child
worker.monitor_work_horse(Mock(timeout=-1), Mock(), SimpleNamespace(id="1"))
print("stopped")
"""


def test_a_stop_request_is_heard_whatever_alarm_comes_with_it(settings: Settings, log: Path) -> None:
    redis_url = settings.redis_url.get_secret_value()
    with running(log, environment(settings), "python", "-c", STOP_AND_ALARM, redis_url) as process:
        wait_until(lambda: process.ended, otherwise=lambda: process.output)
        assert process.output == "stopped\n"


def states(stage: Stage) -> list[str]:
    return [worker.get_state() for worker in FetchWorker.all(connection=stage.redis)]


def test_idle_workers_stop_at_once(settings: Settings, log: Path, stage: Stage) -> None:
    with workers(settings, log) as process:
        wait_until(lambda: states(stage) == ["idle", "idle"], otherwise=lambda: process.output)
        stop(process)
        assert "Traceback" not in process.output
    assert FetchWorker.count(connection=stage.redis) == 0


def test_no_job_is_lost_between_workers_that_are_restarted_under_load(
    stage: Stage, settings: Settings, log: Path
) -> None:
    names = [f"Restart{number}" for number in range(20)]
    for name in names:
        stage.take_in(name, some_plays(10))
        stage.ask(name, 2023)

    def done() -> int:
        return sum(stage.job(name, 2023).status == "completed" for name in names)

    def await_done(least: int, process: Running) -> None:
        wait_until(lambda: done() >= least, seconds=120, otherwise=lambda: process.output)

    for _ in range(4):
        least = done() + 1
        with workers(settings, log) as process:
            await_done(least, process)
            stop(process)
    with workers(settings, log) as process:
        await_done(len(names), process)


def test_no_line_of_the_workers_holds_a_secret_and_every_line_of_a_run_names_it(
    stage: Stage, settings: Settings, log: Path
) -> None:
    stage.take_in("KilledKit", some_plays(450))
    for what in ("html", "truncated", "error8"):
        stage.lastfm.faults.add(Fault(what, RECENT, user="KilledKit"))
    stage.lastfm.faults.add(Fault("error26", RECENT, user="SingleSam"))
    fetched = stage.ask("KilledKit", 2023)
    with workers(settings, log) as process:
        wait_until(
            lambda: stage.job("KilledKit", 2023).status not in ("queued", "fetching", "augmenting"),
            seconds=120,
            otherwise=lambda: process.output,
        )
        refused = stage.ask("SingleSam", 2023)
        wait_until(lambda: stage.job("SingleSam", 2023).status == "failed", otherwise=lambda: process.output)
        text = process.output
    assert KEY not in text
    assert TOKEN not in text
    assert "Starting workers" in text
    assert "Starting worker started" not in text, "RQ's own words"
    again = [line for line in text.splitlines() if "retrying" in line or "was not served" in line]
    assert all(f"run={fetched}" in line for line in again)
    assert len(again) == 3
    assert any(f"run={refused}" in line for line in text.splitlines() if "refuses our API key" in line)


@pytest.mark.parametrize("how", ["function", "success", "failure"])
def test_whoever_writes_to_redis_has_nothing_else_called(stage: Stage, tmp_path: Path, how: str) -> None:
    made = tmp_path / "made"
    queue, callback = queues.queue(stage.redis, queues.CHORES), Callback(f"{__name__}.make_folder")
    if how == "function":
        job = queue.enqueue("os.mkdir", str(made))
    elif how == "success":
        job = queue.enqueue(queues.REMATCH, on_success=callback, meta={"made": str(made)})
    else:
        job = queue.enqueue("os.getcwd", on_failure=callback, meta={"made": str(made)})
    FetchWorker([queue], connection=stage.redis, serializer=JSONSerializer).work(burst=True)
    assert not made.exists()
    assert job.get_status() == ("finished" if how == "success" else "failed")


def make_folder(job: Job, *_: object) -> None:
    Path(job.meta["made"]).mkdir()
