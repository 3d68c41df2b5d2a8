"""Every job may run twice: killed anywhere, run twice, overtaken or cut off, it stores nothing twice."""

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import psycopg
import pytest
from structlog.testing import capture_logs

from app.counters.counts import totals
from app.events import Event, Failure
from app.jobs import job_status, queues
from app.store import stretches
from demo.lastfm.faults import Fault
from tests.conftest import PATIENCE
from tests.integration.worker.conftest import RECENT, Killed, Stage, some_plays

OVERTAKEN = "Another worker has taken over this year, or the listener was forgotten"
COUNT, GRANTED = 1050, 200
PROVEN = [0, 199, 398, 597, 796, 1050]
"""How many plays are stored, the newest first: the oldest of a full answer is shown by the next one, too."""


@pytest.fixture
def stage(stage: Stage) -> Stage:
    """Last.fm hands over few plays at a time."""
    stage.grant(GRANTED)
    return stage


def killed_at(stage: Stage, plays: int) -> Callable[[Event], None]:
    """Let the worker die as it says that so many plays are stored."""

    def kill(event: Event) -> None:
        if event.phase == "fetching" and event.done >= plays:
            stage.context = before
            raise Killed

    before = stage.context
    return kill


def times(counted: dict[tuple[str, ...], int], name: str) -> int:
    """How often something was timed."""
    return sum(by for (field, *_), by in counted.items() if field == f"{name}_bucket")


@pytest.mark.parametrize("stored", PROVEN)
def test_a_run_killed_behind_a_stretch_asks_only_for_what_is_not_proven(stage: Stage, stored: int) -> None:
    stage.take_in("KilledKit", some_plays(COUNT))
    run = stage.ask("KilledKit", 2023)
    stage.watch(killed_at(stage, stored))
    with pytest.raises(Killed):
        stage.run_jobs()
    told = stage.told("KilledKit", 2023)
    assert stage.rows("KilledKit", 2023) == told[COUNT - stored :]

    stage.lastfm.call_log.clear()
    events: list[Event] = []
    stage.watch(events.append)
    stage.run_again("KilledKit", 2023, run)
    assert stage.rows("KilledKit", 2023) == told
    job = stage.job("KilledKit", 2023)
    assert (job.status, job.expected, job.run) == ("completed", COUNT, run)
    counted = totals(stage.redis)
    assert counted["fetches", "completed"] == times(counted, "whole_year_seconds") == 1
    assert times(counted, "first_bars_seconds") <= 1
    missing = COUNT - stored
    assert len(stage.asked()) == (missing // (GRANTED - 1) + 1 if missing else 0)
    assert all(end <= told[missing][0] for _, end in stage.asked() if stored)
    assert all(event.done <= (event.expected or 0) for event in events)
    assert {event.expected for event in events} == ({COUNT} if stored else {None, COUNT})
    assert [event.done for event in events] == sorted(event.done for event in events)
    assert [event.scrobbles for event in events] == sorted(event.scrobbles for event in events)


def test_a_run_that_was_killed_and_then_finds_last_fm_away_says_how_far_it_is(stage: Stage) -> None:
    stage.take_in("KilledKit", some_plays(COUNT))
    run = stage.ask("KilledKit", 2023)
    stage.watch(killed_at(stage, 398))
    with pytest.raises(Killed):
        stage.run_jobs()
    stage.lastfm.faults.add(Fault("503", times=None))
    stage.run_again("KilledKit", 2023, run)
    event = stage.event("KilledKit", 2023)
    assert (event.phase, event.done, event.expected, event.scrobbles) == ("failed", 398, COUNT, 398)
    assert not event.is_whole
    assert event.next_try_at == pytest.approx(stage.context.clock.now() + 30, abs=10)


@pytest.mark.parametrize("number", [1, 2, 5, 6])
def test_a_run_killed_while_it_stores_a_stretch_has_stored_nothing_of_it(
    stage: Stage, monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    stage.take_in("KilledKit", some_plays(COUNT))
    run = stage.ask("KilledKit", 2023)
    put, calls = stretches.put, iter(range(1, 100))

    def die(*arguments: Any, **options: Any) -> None:
        put(*arguments, **options)
        if next(calls) == number:
            raise Killed

    with monkeypatch.context() as patch:
        patch.setattr(stretches, "put", die)
        with pytest.raises(Killed):
            stage.run_jobs()
    assert len(stage.rows("KilledKit", 2023)) == (number - 1) * (GRANTED - 1)
    stage.run_again("KilledKit", 2023, run)
    assert stage.rows("KilledKit", 2023) == stage.told("KilledKit", 2023)


@pytest.mark.parametrize(
    ("what", "times"), [("short", 2), ("empty", 2), ("nothing", 1), ("uncounted", 2), ("500", 2)]
)
def test_a_run_killed_while_it_makes_up_for_a_bad_answer_goes_on_there(
    stage: Stage, what: str, times: int
) -> None:
    stage.take_in("KilledKit", some_plays(COUNT))
    run = stage.ask("KilledKit", 2023)
    stage.at_call(4, lambda: stage.lastfm.faults.add(Fault(what, RECENT, times=times)))
    stage.watch(killed_at(stage, 597))
    with pytest.raises(Killed):
        stage.run_jobs()
    stage.run_again("KilledKit", 2023, run)
    assert stage.rows("KilledKit", 2023) == stage.told("KilledKit", 2023)
    assert len(stage.asked()) > len(PROVEN)
    event = stage.event("KilledKit", 2023)
    assert (event.phase, event.expected, event.gaps) == ("completed", COUNT, ())


def test_of_two_workers_at_one_run_one_stops_and_nothing_is_doubled(stage: Stage) -> None:
    stage.take_in("TwiceTia", some_plays(COUNT))
    run = stage.ask("TwiceTia", 2023)
    together = threading.Barrier(2)

    def wait_for_each_other(event: Event) -> None:
        if event.done == 0 and event.phase == "fetching" and event.expected is None:
            together.wait(PATIENCE)

    stage.watch(wait_for_each_other)
    with capture_logs() as logs, ThreadPoolExecutor(2) as pool:
        for ended in [pool.submit(stage.run_again, "TwiceTia", 2023, run) for _ in range(2)]:
            ended.result()
    assert stage.rows("TwiceTia", 2023) == stage.told("TwiceTia", 2023)
    assert stage.job("TwiceTia", 2023).status == "completed"
    assert [line["event"] for line in logs].count(OVERTAKEN) == 1


def test_a_run_that_ended_is_not_run_again(stage: Stage) -> None:
    stage.take_in("TwiceTia", some_plays(5))
    run = stage.ask("TwiceTia", 2023)
    stage.run_jobs()
    stage.lastfm.call_log.clear()
    stage.run_again("TwiceTia", 2023, run)
    assert stage.lastfm.calls == []
    assert stage.job("TwiceTia", 2023).status == "completed"


def test_a_slow_twin_that_fails_cannot_spoil_the_year_that_the_other_completed(stage: Stage) -> None:
    stage.take_in("TwiceTia", some_plays(5))
    run = stage.ask("TwiceTia", 2023)
    whole = stage.context

    def overtake(event: Event) -> None:
        if event.phase == "fetching" and event.done == 0:
            stage.context = whole
            stage.run_again("TwiceTia", 2023, run)
            raise OSError("the slow one fails")

    stage.watch(overtake)
    with pytest.raises(OSError, match="the slow one"):
        stage.run_jobs()
    assert stage.job("TwiceTia", 2023).status == "completed"
    assert stage.event("TwiceTia", 2023).phase == "completed"


def test_a_lost_database_connection_is_made_up_for_by_another(stage: Stage, postgres: str) -> None:
    stage.take_in("CutCas", some_plays(COUNT))
    stage.ask("CutCas", 2023)
    cuts = list[int]()

    def cut(event: Event) -> None:
        if event.done == 398 and not cuts:
            with psycopg.connect(postgres) as admin:
                backends = "FROM pg_stat_activity WHERE application_name = 'lastyear-worker'"
                cuts.append(admin.execute(f"SELECT pg_terminate_backend(pid) {backends}".encode()).rowcount)

    stage.watch(cut)
    stage.work()
    assert cuts == [1]
    assert stage.job("CutCas", 2023).status == "completed"
    assert stage.rows("CutCas", 2023) == stage.told("CutCas", 2023)


def test_a_fault_of_ours_fails_the_job_once_and_says_so(stage: Stage) -> None:
    stage.take_in("BrokenBo", some_plays(COUNT))
    run = stage.ask("BrokenBo", 2023)
    begun: list[int] = []

    def break_down(event: Event) -> None:
        begun.extend([1] if event.phase == "fetching" and event.expected is None else [])
        if event.phase == "fetching" and event.done == 398:
            raise RuntimeError("a fault of ours")

    stage.watch(break_down)
    stage.work()
    job = stage.job("BrokenBo", 2023)
    assert (job.status, job.error_message) == ("failed", Failure.BROKEN)
    event = stage.event("BrokenBo", 2023)
    assert (event.phase, event.error, event.scrobbles) == ("failed", Failure.BROKEN, 398)
    assert begun == [1], "what raised once would raise again"
    failed = queues.queue(stage.redis, queues.FETCHES).failed_job_registry
    assert failed.get_job_ids() == [job_status.job_id(run)]
