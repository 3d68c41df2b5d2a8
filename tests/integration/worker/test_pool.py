"""The real workers: killed in every way they take a year up again by themselves, and say no secret meanwhile."""

import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from app.settings import Settings
from demo.faults import Fault
from tests.conftest import wait_until
from tests.integration.conftest import KEY, TOKEN
from tests.integration.worker.conftest import RECENT, Stage, some_plays
from tests.processes import Running, environment, family, running

# `lastyear work` with a shorter patience, so that a test has not to wait for it.
IMPATIENT = """
from worker import pool
pool.HEARTBEAT, pool.SILENCE, pool.MAINTENANCE = 1, 2, 1
pool.LIFE = 16  # idle workers look up from their queue 15 seconds before it ends
from worker.command import main
main(["work", "--workers", "2"])
"""


@contextmanager
def workers(settings: Settings, log: Path) -> Iterator[Running]:
    with running(log, environment(settings), "python", "-c", IMPATIENT) as process:
        yield process


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


def test_workers_that_are_told_to_stop_let_go_at_once_and_leave_nothing_running(
    stage: Stage, settings: Settings, log: Path
) -> None:
    stage.take_in("KilledKit", some_plays(30 * 200))
    stage.lastfm.latency = 0.1
    stage.ask("KilledKit", 2023)
    slow = settings.model_copy(update={"lastfm_requests_per_second": 2.0})
    with workers(slow, log) as process:
        await_pages(stage, 1, process)
        everybody = family(process.pid)
        process.terminate()
        wait_until(lambda: process.ended, seconds=15, otherwise=lambda: process.output)
        wait_until(lambda: not any(Path(f"/proc/{pid}").exists() for pid in everybody))
    stored = stage.job("KilledKit", 2023)
    assert stored.status == "fetching"
    assert stored.progress < 30


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
