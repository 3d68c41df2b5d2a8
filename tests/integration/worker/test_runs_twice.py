"""Every job may run twice: killed anywhere, doubled, overtaken or cut off, it doubles nothing."""

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import psycopg
import pytest
from structlog.testing import capture_logs

from app import fetches
from app.progress import Event, Failure
from app.store import listeners, scrobbles
from app.store.scrobbles import Tally
from demo.faults import Fault
from tests.integration.worker.conftest import RECENT, Killed, Stage, some_plays

COUNT = 1050  # six pages, the oldest of 50


def killed_after_page(stage: Stage, number: int) -> Callable[[Event], None]:
    def kill(event: Event) -> None:
        if event.phase == "fetching" and event.page == number:
            stage.tools = before
            raise Killed

    before = stage.tools
    return kill


@pytest.mark.parametrize("page", [0, 1, 3, 6])
def test_a_run_killed_behind_a_page_goes_on_there(stage: Stage, page: int) -> None:
    stage.take_in("KilledKit", some_plays(COUNT))
    run = stage.ask("KilledKit", 2023)
    stage.watch(killed_after_page(stage, page))
    with pytest.raises(Killed):
        stage.run_jobs()
    stored = [0, 50, 250, 450, 650, 850, 1050][page]
    assert stage.rows("KilledKit", 2023) == stage.told("KilledKit", 2023)[:stored]

    stage.lastfm.traffic.forget()
    events: list[Event] = []
    stage.watch(events.append)
    stage.run_again("KilledKit", 2023, run)
    assert stage.rows("KilledKit", 2023) == stage.told("KilledKit", 2023)
    job = stage.job("KilledKit", 2023)
    assert (job.status, job.expected, job.run) == ("completed", COUNT, run)
    missing = COUNT - stored + bool(stored)  # the newest second is asked for again
    assert len(stage.pages()) == -(-missing // 200)
    assert all(event.page <= event.pages for event in events)
    assert {event.expected for event in events} == {COUNT}
    assert [event.scrobbles for event in events] == sorted(event.scrobbles for event in events)


def test_a_run_that_was_killed_and_then_finds_last_fm_away_says_how_far_it_is(stage: Stage) -> None:
    stage.take_in("KilledKit", some_plays(COUNT))
    run = stage.ask("KilledKit", 2023)
    stage.watch(killed_after_page(stage, 3))
    with pytest.raises(Killed):
        stage.run_jobs()
    stage.lastfm.faults.add(Fault("503", times=None))
    stage.run_again("KilledKit", 2023, run)
    event = stage.event("KilledKit", 2023)
    assert (event.phase, event.page, event.pages, event.scrobbles) == ("failed", 3, 6, 450)


@pytest.mark.parametrize("page", [1, 2, 6])
def test_a_run_killed_while_it_stores_a_page_has_stored_nothing_of_it(
    stage: Stage, monkeypatch: pytest.MonkeyPatch, page: int
) -> None:
    stage.take_in("KilledKit", some_plays(COUNT))
    run = stage.ask("KilledKit", 2023)
    store, calls = scrobbles.replace, iter(range(1, 100))

    def die(*arguments: Any, **options: Any) -> list[Tally]:
        changes = store(*arguments, **options)
        if next(calls) == page:
            raise Killed
        return changes

    with monkeypatch.context() as patch:
        patch.setattr(scrobbles, "replace", die)
        with pytest.raises(Killed):
            stage.run_jobs()
    assert len(stage.rows("KilledKit", 2023)) == [0, 50, 850][(1, 2, 6).index(page)]
    stage.run_again("KilledKit", 2023, run)
    assert stage.rows("KilledKit", 2023) == stage.told("KilledKit", 2023)


def test_a_run_killed_in_the_second_pass_goes_on_there(stage: Stage) -> None:
    stage.take_in("KilledKit", some_plays(COUNT))
    stage.lastfm.faults.add(Fault("short", RECENT, page=4))
    run = stage.ask("KilledKit", 2023)
    stage.watch(killed_after_page(stage, 8))
    with pytest.raises(Killed):
        stage.run_jobs()
    stage.run_again("KilledKit", 2023, run)
    assert stage.rows("KilledKit", 2023) == stage.told("KilledKit", 2023)
    assert stage.job("KilledKit", 2023).expected == COUNT


def test_of_two_workers_at_one_run_one_stops_and_nothing_is_doubled(stage: Stage) -> None:
    stage.take_in("TwiceTia", some_plays(COUNT))
    run = stage.ask("TwiceTia", 2023)
    together = threading.Barrier(2)

    def wait_for_each_other(event: Event) -> None:
        if event.page == 0 and event.phase == "fetching":
            together.wait(10)

    stage.watch(wait_for_each_other)
    with capture_logs() as logs, ThreadPoolExecutor(2) as pool:
        for ended in [pool.submit(stage.run_again, "TwiceTia", 2023, run) for _ in range(2)]:
            ended.result()
    assert stage.rows("TwiceTia", 2023) == stage.told("TwiceTia", 2023)
    assert stage.job("TwiceTia", 2023).status == "completed"
    assert [line["event"] for line in logs].count("Another worker has this now") == 1


def test_a_run_that_ended_is_not_run_again(stage: Stage) -> None:
    stage.take_in("TwiceTia", some_plays(5))
    run = stage.ask("TwiceTia", 2023)
    stage.run_jobs()
    stage.lastfm.traffic.forget()
    stage.run_again("TwiceTia", 2023, run)
    assert stage.lastfm.calls == []
    assert stage.job("TwiceTia", 2023).status == "completed"


def test_a_slow_twin_that_fails_cannot_spoil_the_year_that_the_other_completed(stage: Stage) -> None:
    stage.take_in("TwiceTia", some_plays(5))
    run = stage.ask("TwiceTia", 2023)
    whole = stage.tools

    def overtake(event: Event) -> None:
        if event.phase == "fetching" and event.page == 0:
            stage.tools = whole
            stage.run_again("TwiceTia", 2023, run)
            raise OSError("the slow one fails")

    stage.watch(overtake)
    with pytest.raises(OSError, match="the slow one"):
        stage.run_jobs()
    assert stage.job("TwiceTia", 2023).status == "completed"
    assert stage.event("TwiceTia", 2023).phase == "completed"


def test_a_lost_database_connection_is_made_up_for_by_the_next_try(stage: Stage, postgres: str) -> None:
    stage.take_in("CutCas", some_plays(COUNT))
    stage.ask("CutCas", 2023)
    whole = stage.tools

    def cut(event: Event) -> None:
        if event.page == 2:
            stage.tools = whole
            with psycopg.connect(postgres) as admin:
                backends = "FROM pg_stat_activity WHERE application_name = 'lastyear-worker'"
                admin.execute(f"SELECT pg_terminate_backend(pid) {backends}".encode())

    stage.watch(cut)
    stage.work()
    assert stage.job("CutCas", 2023).status == "completed"
    assert stage.rows("CutCas", 2023) == stage.told("CutCas", 2023)


def test_a_fault_of_ours_fails_the_job_once_and_says_so(stage: Stage) -> None:
    stage.take_in("BrokenBo", some_plays(COUNT))
    run = stage.ask("BrokenBo", 2023)
    begun: list[int] = []

    def break_down(event: Event) -> None:
        begun.extend([1] if event.phase == "fetching" and event.page == 0 else [])
        if event.phase == "fetching" and event.page == 2:
            raise RuntimeError("a fault of ours")

    stage.watch(break_down)
    stage.work()
    job = stage.job("BrokenBo", 2023)
    assert (job.status, job.error_message) == ("failed", Failure.BROKEN)
    event = stage.event("BrokenBo", 2023)
    assert (event.phase, event.error, event.scrobbles) == ("failed", Failure.BROKEN, 250)
    assert begun == [1], "what raised once would raise again"
    failed = fetches.queue(stage.redis, fetches.FETCHES).failed_job_registry
    assert failed.get_job_ids() == [fetches.job_id(run)]


def test_a_listener_who_is_forgotten_while_a_run_is_at_work_stays_forgotten(stage: Stage) -> None:
    stage.take_in("LeavingLeo", some_plays(COUNT))
    stage.ask("LeavingLeo", 2023)

    def forget(event: Event) -> None:
        if event.page == 2:
            with stage.connection.transaction():
                assert listeners.forget(stage.connection, "leavingleo")

    stage.watch(forget)
    stage.run_jobs()
    rows = "SELECT FROM lastfm_users UNION ALL SELECT FROM scrobbles UNION ALL SELECT FROM fetch_jobs"
    assert stage.connection.execute(rows).rowcount == 0
