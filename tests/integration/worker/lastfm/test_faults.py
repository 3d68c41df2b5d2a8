"""What Last.fm is known to do wrong: temporary errors leave no trace, lasting ones give a reason."""

from dataclasses import replace

import pytest

from app.events import Event, Failure
from demo.lastfm.faults import Fault
from tests.integration.worker.conftest import RECENT, Stage, some_plays
from worker.context import WorkerContext

PLAYS = some_plays(2500)
PASSING = [
    *("html", "406", "500", "502", "503", "error8", "error11", "error16", "error8_in_200"),
    *("truncated", "cut_json", "other_user", "not_found", "error29"),
]


@pytest.mark.parametrize("what", PASSING)
def test_a_fault_that_passes_leaves_the_year_exact(stage: Stage, what: str) -> None:
    stage.without_preview()
    stage.take_in("PatientPat", PLAYS)
    stage.lastfm.faults.add(Fault(what, RECENT, end=PLAYS[600].uts))
    job = stage.fetch("PatientPat", 2023)
    assert (job.status, job.expected) == ("completed", 2500)
    assert stage.rows("PatientPat", 2023) == stage.told("PatientPat", 2023)
    assert stage.calls(RECENT) == 3 + 1, "only the stretch at fault is asked for again"


@pytest.mark.parametrize("what", ["error8", "other_user", "not_found"])
def test_a_fault_while_we_ask_who_it_is_passes_too(stage: Stage, what: str) -> None:
    stage.take_in("PatientPat", some_plays(3))
    stage.lastfm.faults.add(Fault(what, "user.getInfo"))
    assert stage.fetch("PatientPat", 2023).status == "completed"
    assert stage.rows("PatientPat", 2023) == stage.told("PatientPat", 2023)
    assert stage.connection.execute("SELECT username FROM lastfm_users").fetchall() == [("PatientPat",)]


def test_a_list_of_one_may_come_as_the_bare_object(stage: Stage) -> None:
    stage.lastfm.faults.add(Fault("single", times=None))
    assert stage.fetch("SingleSam", 2023).expected == 1
    assert stage.rows("SingleSam", 2023) == stage.told("SingleSam", 2023)


def test_no_such_user_in_the_middle_of_a_year_is_a_fault_when_it_is_said_once(stage: Stage) -> None:
    stage.take_in("PatientPat", PLAYS)
    stage.lastfm.faults.add(Fault("not_found", RECENT, end=PLAYS[600].uts))
    assert stage.fetch("PatientPat", 2023).status == "completed"
    assert stage.rows("PatientPat", 2023) == stage.told("PatientPat", 2023)


def test_a_hang_ends_with_another_try(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("worker.lastfm.client.TIMEOUT", (5, 1.0))
    made = WorkerContext.make(stage.context.settings, delays=(0.0, 0.0))
    stage.context = replace(stage.context, lastfm=made.lastfm)
    stage.take_in("PatientPat", PLAYS)
    stage.lastfm.faults.add(Fault("hang", RECENT, end=PLAYS[600].uts, seconds=60))
    assert stage.fetch("PatientPat", 2023).status == "completed"
    assert stage.rows("PatientPat", 2023) == stage.told("PatientPat", 2023)


@pytest.mark.parametrize(
    ("what", "failure"),
    [
        ("503", Failure.LASTFM_AWAY),
        ("error8_in_200", Failure.LASTFM_AWAY),
        ("other_user", Failure.LASTFM_AWAY),
        ("cut_json", Failure.LASTFM_AWAY),
        ("error17", Failure.LISTENING_HIDDEN),
    ],
)
def test_when_all_fails_what_is_proven_stays_and_the_next_run_asks_only_for_the_rest(
    stage: Stage, what: str, failure: Failure
) -> None:
    stage.one_call_at_a_time()
    stage.take_in("PatientPat", PLAYS)
    # The third answer would show how many plays are left, and prove what the second shows.
    stage.at_call(3, lambda: stage.lastfm.faults.add(Fault(what, RECENT, times=None)))
    failed = stage.fetch("PatientPat", 2023)
    assert (failed.status, failed.error_message, failed.completed_at) == ("failed", failure, None)
    kept = stage.rows("PatientPat", 2023)
    assert kept == stage.told("PatientPat", 2023)[-len(kept) :]
    assert 900 < len(kept) < 1100
    event = stage.event("PatientPat", 2023)
    assert (event.phase, event.error, event.scrobbles, event.expected) == ("failed", failure, len(kept), 2500)
    assert (event.done, event.is_whole, event.gaps) == (len(kept), False, ())

    stage.lastfm.faults.clear()
    stage.lastfm.call_log.clear()
    job = stage.fetch("PatientPat", 2023)
    assert (job.status, job.expected, job.error_message) == ("completed", 2500, None)
    assert stage.rows("PatientPat", 2023) == stage.told("PatientPat", 2023)
    newest = max(int(call.params["to"]) for call in stage.lastfm.calls if call.method == RECENT)
    assert newest <= kept[0][0], "what is proven is not asked for again"


def test_a_failure_before_the_first_answer_counts_nothing(stage: Stage) -> None:
    stage.take_in("PatientPat", some_plays(3))
    stage.lastfm.faults.add(Fault("500", times=None))
    assert stage.fetch("PatientPat", 2023).error_message == Failure.LASTFM_AWAY
    event = stage.event("PatientPat", 2023)
    assert (event.phase, event.done, event.expected, event.scrobbles) == ("failed", 0, None, 0)


def test_a_lastfm_that_is_away_is_not_asked_for_ever(stage: Stage) -> None:
    stage.take_in("PatientPat", some_plays(3))
    stage.lastfm.faults.add(Fault("error8", RECENT, times=None))
    stage.fetch("PatientPat", 2023)
    assert stage.calls(RECENT) == 2 + 5, "twice for the year, and five times whether it answers at all"


def test_a_year_that_was_whole_stays_shown_when_its_update_fails(stage: Stage) -> None:
    stage.take_in("PatientPat", some_plays(250))
    whole = stage.fetch("PatientPat", 2023)
    stage.lastfm.faults.add(Fault("503", RECENT, times=None))
    failed = stage.fetch("PatientPat", 2023, refresh=True)
    assert (failed.status, failed.completed_at, failed.expected) == ("failed", whole.completed_at, 250)
    event = stage.event("PatientPat", 2023)
    assert (event.phase, event.scrobbles) == ("failed", 250)
    assert stage.rows("PatientPat", 2023) == stage.told("PatientPat", 2023)


def test_progress_never_goes_back_nor_beyond_the_end(stage: Stage) -> None:
    stage.one_call_at_a_time()
    stage.take_in("PatientPat", PLAYS)
    stage.at_call(3, lambda: stage.lastfm.faults.add(Fault("503", RECENT, times=None)))
    events: list[Event] = []
    stage.watch(events.append)
    stage.fetch("PatientPat", 2023)
    stage.lastfm.faults.clear()
    stage.fetch("PatientPat", 2023)
    counted = [event for event in events if event.expected is not None]
    assert {event.expected for event in counted} == {2500}
    assert all(event.done <= 2500 for event in events)
    assert [event.done for event in events] == sorted(event.done for event in events)
    assert events[-1].done == 2500
