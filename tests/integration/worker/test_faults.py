"""What Last.fm is known to do wrong: passing faults leave no trace, lasting ones a reason."""

import pytest

from app.progress import Event, Failure
from demo.faults import Fault
from tests.integration.worker.conftest import RECENT, Stage, some_plays

PASSING = [
    *("html", "406", "500", "502", "503", "error8", "error11", "error16", "error8_in_200"),
    *("truncated", "cut_json", "other_user", "not_found", "error29"),
]


@pytest.mark.parametrize("what", PASSING)
def test_a_fault_that_passes_leaves_the_year_exact(stage: Stage, what: str) -> None:
    stage.take_in("PatientPat", some_plays(650))
    stage.lastfm.faults.add(*(Fault(what, RECENT, page=page) for page in (1, 2, 4)))
    job = stage.fetch("PatientPat", 2023)
    assert (job.status, job.expected, job.progress) == ("completed", 650, 4)
    assert stage.rows("PatientPat", 2023) == stage.told("PatientPat", 2023)
    assert sorted(stage.pages()) == [1, 1, 2, 2, 3, 4, 4], "only the pages at fault are asked for again"


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


def test_no_such_user_in_the_middle_of_a_year_is_a_fault_however_often_it_comes(stage: Stage) -> None:
    stage.take_in("PatientPat", some_plays(450))
    stage.lastfm.faults.add(Fault("not_found", RECENT, page=2, times=4))
    assert stage.fetch("PatientPat", 2023).status == "completed"
    assert stage.rows("PatientPat", 2023) == stage.told("PatientPat", 2023)


def test_a_hang_ends_with_another_try(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("worker.lastfm.TIMEOUT", (1, 0.2))
    stage.take_in("PatientPat", some_plays(250))
    stage.lastfm.faults.add(Fault("hang", RECENT, page=2, seconds=0.6))
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
def test_a_fault_that_lasts_keeps_the_stored_pages_and_the_next_run_goes_on_behind_them(
    stage: Stage, what: str, failure: Failure
) -> None:
    stage.one_call_at_a_time()
    stage.take_in("PatientPat", some_plays(950))
    stage.lastfm.faults.add(Fault(what, RECENT, page=3, times=None))
    failed = stage.fetch("PatientPat", 2023)
    assert (failed.status, failed.error_message, failed.completed_at) == ("failed", failure, None)
    assert stage.rows("PatientPat", 2023) == stage.told("PatientPat", 2023)[:350]
    event = stage.event("PatientPat", 2023)
    assert (event.phase, event.error, event.scrobbles, event.expected) == ("failed", failure, 350, 950)
    assert (event.page, event.pages) == (2, 5)

    stage.lastfm.faults.clear()
    stage.lastfm.traffic.forget()
    job = stage.fetch("PatientPat", 2023)
    assert (job.status, job.expected, job.error_message) == ("completed", 950, None)
    assert stage.rows("PatientPat", 2023) == stage.told("PatientPat", 2023)
    assert sorted(stage.pages()) == [1, 2, 3, 4], "601 plays: the newest stored second and all behind it"


def test_a_failure_before_the_first_page_says_nothing_of_pages(stage: Stage) -> None:
    stage.take_in("PatientPat", some_plays(3))
    stage.lastfm.faults.add(Fault("500", times=None))
    assert stage.fetch("PatientPat", 2023).error_message == Failure.LASTFM_AWAY
    event = stage.event("PatientPat", 2023)
    assert (event.phase, event.page, event.pages, event.scrobbles, event.expected) == ("failed", 0, 0, 0, None)


def test_nobody_is_asked_more_than_five_times(stage: Stage) -> None:
    stage.take_in("PatientPat", some_plays(3))
    stage.lastfm.faults.add(Fault("error8", RECENT, times=None))
    stage.fetch("PatientPat", 2023)
    assert stage.calls(RECENT) == 5


def test_a_year_that_was_whole_stays_shown_when_its_update_fails(stage: Stage) -> None:
    stage.take_in("PatientPat", some_plays(250))
    whole = stage.fetch("PatientPat", 2023)
    stage.lastfm.faults.add(Fault("503", RECENT, times=None))
    failed = stage.fetch("PatientPat", 2023)
    assert (failed.status, failed.completed_at, failed.expected) == ("failed", whole.completed_at, 250)
    event = stage.event("PatientPat", 2023)
    assert (event.phase, event.scrobbles) == ("failed", 250)
    assert stage.rows("PatientPat", 2023) == stage.told("PatientPat", 2023)


def test_progress_never_goes_back_nor_beyond_the_last_page(stage: Stage) -> None:
    stage.one_call_at_a_time()
    stage.take_in("PatientPat", some_plays(950))
    stage.lastfm.faults.add(Fault("503", RECENT, page=3, times=None))
    events: list[Event] = []
    stage.watch(events.append)
    stage.fetch("PatientPat", 2023)
    stage.lastfm.faults.clear()
    stage.fetch("PatientPat", 2023)
    assert all(event.page <= event.pages for event in events)
    assert [event.scrobbles for event in events] == sorted(event.scrobbles for event in events)
    assert {event.expected for event in events} == {950}
