"""Pages that do not hold what they should: short ones, and plays that come and go while they are read."""

import pytest

from app.progress import Event, Failure
from demo.faults import Fault
from demo.listeners import Play
from tests.integration.worker.conftest import RECENT, Stage, second, some_plays

EARLY = Play(second("2023-02-01"), "Somebody", "Late at Last.fm", "Album", "")
LAST = Play(second("2023-11-01"), "Somebody", "Late at Last.fm", "Album", "")


def test_a_short_page_is_noticed_and_the_year_read_once_more(stage: Stage) -> None:
    stage.take_in("ShortShay", some_plays(450))
    stage.lastfm.faults.add(Fault("short", RECENT, page=2))
    job = stage.fetch("ShortShay", 2023)
    assert (job.status, job.expected) == ("completed", 450)
    assert stage.rows("ShortShay", 2023) == stage.told("ShortShay", 2023)
    assert sorted(stage.pages()) == [1, 1, 2, 2, 3, 3]


def test_a_page_that_stays_short_is_read_twice_and_the_difference_is_shown(stage: Stage) -> None:
    stage.take_in("ShortShay", some_plays(450))
    stage.lastfm.faults.add(Fault("short", RECENT, page=2, times=None))
    job = stage.fetch("ShortShay", 2023)
    assert (job.status, job.expected, job.progress, job.total_pages) == ("completed", 450, 6, 6)
    event = stage.event("ShortShay", 2023)
    assert (event.phase, event.scrobbles, event.expected) == ("completed", 430, 450)
    assert sorted(stage.pages()) == [1, 1, 2, 2, 3, 3]


def test_plays_that_are_known_to_stay_missing_are_no_reason_to_read_the_year_again(stage: Stage) -> None:
    stage.take_in("ShortShay", some_plays(450))
    stage.lastfm.faults.add(Fault("short", RECENT, page=2, times=None))
    stage.fetch("ShortShay", 2023)
    stage.lastfm.traffic.forget()
    stage.lastfm.add_plays("ShortShay", [LAST])
    job = stage.fetch("ShortShay", 2023)
    assert (job.status, job.expected) == ("completed", 451)
    assert stage.standing("ShortShay", 2023).scrobbles == 431
    assert stage.pages() == [1]


def test_missing_plays_that_turn_up_are_found_by_a_refresh(stage: Stage) -> None:
    stage.take_in("ShortShay", some_plays(450))
    stage.lastfm.faults.add(Fault("short", RECENT, page=2, times=2))
    stage.fetch("ShortShay", 2023)
    stage.fetch("ShortShay", 2023, anew=True)
    assert stage.rows("ShortShay", 2023) == stage.told("ShortShay", 2023)


@pytest.mark.parametrize("late", [EARLY, LAST], ids=["before what is stored", "behind it"])
@pytest.mark.parametrize("call", [2, 4])
def test_a_play_that_arrives_while_pages_are_read_is_not_missed(stage: Stage, late: Play, call: int) -> None:
    stage.one_call_at_a_time()
    stage.take_in("LateLou", some_plays(850))
    stage.at_call(call + 1, lambda: stage.lastfm.add_plays("LateLou", [late]))
    job = stage.fetch("LateLou", 2023)
    assert (job.status, job.expected) == ("completed", 851)
    assert stage.rows("LateLou", 2023) == stage.told("LateLou", 2023)


@pytest.mark.parametrize("number", [0, 50, 260, 849], ids=["first", "stored page", "page under way", "last"])
def test_a_play_that_is_deleted_while_pages_are_read_is_gone(stage: Stage, number: int) -> None:
    stage.one_call_at_a_time()
    plays = some_plays(850)
    stage.take_in("LateLou", plays)
    stage.at_call(5, lambda: stage.lastfm.remove_plays("LateLou", [plays[number]]))
    job = stage.fetch("LateLou", 2023)
    assert (job.status, job.expected) == ("completed", 849)
    assert stage.rows("LateLou", 2023) == stage.told("LateLou", 2023)


def test_calls_under_way_at_once_shift_together(stage: Stage) -> None:
    stage.take_in("LateLou", some_plays(850))
    stage.at_call(4, lambda: stage.lastfm.add_plays("LateLou", [EARLY]))
    assert stage.fetch("LateLou", 2023).expected == 851
    assert stage.rows("LateLou", 2023) == stage.told("LateLou", 2023)


def test_pages_that_never_stop_shifting_are_given_up_for_now(stage: Stage) -> None:
    stage.one_call_at_a_time()
    stage.take_in("LateLou", some_plays(850))
    before, calls = stage.lastfm.clock, iter(range(1000))

    def clock() -> float:
        stage.lastfm.add_plays("LateLou", [Play(EARLY.uts + next(calls), "Somebody", "Another", "Album", "")])
        return before()

    stage.lastfm.clock = clock
    job = stage.fetch("LateLou", 2023)
    assert (job.status, job.error_message) == ("failed", Failure.LASTFM_AWAY)
    stage.lastfm.clock = before
    assert stage.fetch("LateLou", 2023).status == "completed"
    assert stage.rows("LateLou", 2023) == stage.told("LateLou", 2023)


def test_progress_stays_within_the_pages_when_they_shift(stage: Stage) -> None:
    stage.one_call_at_a_time()
    stage.take_in("LateLou", some_plays(850))
    events: list[Event] = []
    stage.watch(events.append)
    stage.at_call(5, lambda: stage.lastfm.add_plays("LateLou", [EARLY]))
    stage.fetch("LateLou", 2023)
    assert all(event.page <= event.pages for event in events)
    assert [event.page for event in events] == sorted(event.page for event in events)
    assert all(event.expected in (850, 851) for event in events if event.phase != "queued")
