"""The real workers: killed in every way they take a year up again by themselves, and say no secret meanwhile."""

import os
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from uuid import UUID

import pytest
from rq.job import Job
from rq.serializers import JSONSerializer

from app import fetches
from app.settings import Settings
from demo.faults import Fault
from tests.conftest import wait_until
from tests.integration.conftest import KEY, TOKEN
from tests.integration.worker.conftest import RECENT, Stage, some_plays
from tests.processes import Running, environment, family, running
from worker.pool import SILENCE, FetchWorker
from worker.stopping import PATIENCE

# `lastyear work` with a shorter patience, so that a test has not to wait for it.
IMPATIENT = """
import sys
from worker import pool
from worker import stopping
pool.HEARTBEAT, pool.SILENCE, pool.MAINTENANCE = 1, 2, 1
stopping.PATIENCE = 3
from worker.command import main
main(["work", "--workers", sys.argv[1]])
"""


@contextmanager
def workers(settings: Settings, log: Path, *, count: int = 2) -> Iterator[Running]:
    with running(log, environment(settings), "python", "-c", IMPATIENT, str(count)) as process:
        yield process


@contextmanager
def patient_workers(settings: Settings, log: Path) -> Iterator[Running]:
    """As they are in production."""
    with running(log, environment(settings), "lastyear", "work", "--workers", "2") as process:
        yield process


def queue_job(stage: Stage, run: UUID) -> Job:
    return Job.fetch(fetches.job_id(run), connection=stage.redis, serializer=JSONSerializer)


@pytest.fixture
def log(tmp_path: Path) -> Path:
    return tmp_path / "workers.log"


def horses(process: Running) -> list[int]:
    """The processes that run a job: the youngest of the family, behind the pool and its two workers."""
    return family(process.pid)[3:] if len(family(process.pid)) > 3 else []


def await_pages(stage: Stage, count: int, process: Running) -> None:
    wait_until(
        lambda: stage.job("KilledKit", 2023).progress >= count, seconds=40, otherwise=lambda: process.output
    )


def test_a_year_completes_whoever_is_killed_with_nobody_helping(
    stage: Stage, settings: Settings, log: Path
) -> None:
    stage.take_in("KilledKit", some_plays(30 * 200))
    stage.lastfm.latency = 0.1
    slow = settings.model_copy(update={"lastfm_requests_per_second": 8.0})
    stage.ask("KilledKit", 2023)
    with workers(slow, log) as process:
        await_pages(stage, 2, process)
        for horse in horses(process):
            os.kill(horse, signal.SIGKILL)
        await_pages(stage, stage.job("KilledKit", 2023).progress + 2, process)
    assert stage.job("KilledKit", 2023).status == "fetching"
    with workers(settings, log) as process:
        wait_until(
            lambda: stage.job("KilledKit", 2023).status == "completed",
            seconds=40,
            otherwise=lambda: process.output,
        )
    assert stage.rows("KilledKit", 2023) == stage.told("KilledKit", 2023)
    assert stage.event("KilledKit", 2023).phase == "completed"
    assert stage.job("KilledKit", 2023).expected == 6000


def stop(process: Running, *, within: float = 5) -> None:
    """Tells workers to stop as systemd does, and waits until nothing of them is left."""
    everybody = family(process.pid)
    process.terminate()
    wait_until(lambda: process.ended, seconds=within, otherwise=lambda: process.output)
    wait_until(lambda: not any(Path(f"/proc/{pid}").exists() for pid in everybody))


def waiting_fetches(stage: Stage) -> list[str]:
    return fetches.queue(stage.redis, fetches.FETCHES).job_ids


def test_workers_that_are_told_to_stop_store_the_page_at_hand_and_give_the_job_back(
    stage: Stage, settings: Settings, log: Path
) -> None:
    stage.take_in("KilledKit", some_plays(30 * 200))
    stage.lastfm.latency = 0.5
    first = stage.ask("KilledKit", 2023)
    slow = settings.model_copy(update={"lastfm_requests_per_second": 2.0})
    with workers(slow, log, count=1) as process:
        await_pages(stage, 2, process)
        second = stage.ask("LightLuca", 2023)
        before = stage.job("KilledKit", 2023).progress
        stop(process)
    job = stage.job("KilledKit", 2023)
    assert job.status == "fetching"
    assert job.progress in (before + 1, before + 2), "the page at hand, and no more"
    assert len(stage.rows("KilledKit", 2023)) == 200 * job.progress
    assert waiting_fetches(stage) == [fetches.job_id(first), fetches.job_id(second)], "who was at work comes first"


def test_a_restart_of_all_workers_takes_the_year_up_at_once_however_often(
    stage: Stage, settings: Settings, log: Path
) -> None:
    stage.take_in("KilledKit", some_plays(60 * 200))
    stage.lastfm.latency = 0.1
    run = stage.ask("KilledKit", 2023)
    slow = settings.model_copy(update={"lastfm_requests_per_second": 8.0})
    for _ in range(3):
        with patient_workers(slow, log) as process:
            began = time.monotonic()
            await_pages(stage, stage.job("KilledKit", 2023).progress + 1, process)
            assert time.monotonic() - began < SILENCE / 2, "nobody waited for a time-out"
            stop(process, within=PATIENCE + 2)  # the allowance may be used up by those before
        job = queue_job(stage, run)
        assert job.retries_left == 10, "only deaths are counted"
    with patient_workers(settings, log) as process:
        wait_until(
            lambda: stage.job("KilledKit", 2023).status == "completed",
            seconds=40,
            otherwise=lambda: process.output,
        )
    assert stage.rows("KilledKit", 2023) == stage.told("KilledKit", 2023)


def test_a_last_fm_that_does_not_answer_holds_up_no_stop(stage: Stage, settings: Settings, log: Path) -> None:
    stage.take_in("KilledKit", some_plays(30 * 200))
    stage.ask("KilledKit", 2023)
    with workers(settings.model_copy(update={"lastfm_requests_per_second": 4.0}), log) as process:
        await_pages(stage, 1, process)
        stage.lastfm.latency = 60
        wait_until(lambda: horses(process))
        stop(process, within=8)
    assert len(waiting_fetches(stage)) == 1
    stage.lastfm.latency = 0


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
    names = [f"Restart{number}" for number in range(40)]
    for name in names:
        stage.take_in(name, some_plays(10))
        stage.ask(name, 2023)

    def done() -> int:
        return sum(stage.job(name, 2023).status == "completed" for name in names)

    def await_done(least: int, process: Running) -> None:
        wait_until(lambda: done() >= least, seconds=40, otherwise=lambda: process.output)

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
    for page, what in enumerate(("html", "truncated", "error8"), start=1):
        stage.lastfm.faults.add(Fault(what, RECENT, user="KilledKit", page=page))
    stage.lastfm.faults.add(Fault("error26", RECENT, page=1, user="SingleSam"))
    fetched = stage.ask("KilledKit", 2023)
    with workers(settings, log) as process:
        wait_until(
            lambda: stage.job("KilledKit", 2023).status not in ("pending", "fetching", "augmenting"),
            seconds=60,
            otherwise=lambda: process.output,
        )
        refused = stage.ask("SingleSam", 2023)
        wait_until(lambda: stage.job("SingleSam", 2023).status == "failed", otherwise=lambda: process.output)
        text = process.output
    assert KEY not in text
    assert TOKEN not in text
    again = [line for line in text.splitlines() if "asked again" in line]
    assert all(f"run={fetched}" in line for line in again)
    assert len(again) == 3
    assert any(f"run={refused}" in line for line in text.splitlines() if "refuses our API key" in line)
