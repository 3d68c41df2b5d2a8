"""Answers that do not agree: some are short, and plays are added or removed while they are read."""

from dataclasses import replace

import pytest

from app.events import Event
from demo.lastfm.accounts import Play
from demo.lastfm.faults import Fault
from tests.integration.worker.conftest import RECENT, Stage, rows_of, second, some_plays

EARLY = Play(second("2023-02-01"), "Somebody", "Late at Last.fm", "Album", "")
LAST = Play(second("2023-11-01"), "Somebody", "Late at Last.fm", "Album", "")
PLAYS = some_plays(850)
GHOST = replace(PLAYS[300], oddity="ghost")
"""Last.fm counts it and does not list it."""


def exact(stage: Stage) -> bool:
    return stage.rows("LateLou", 2023) == stage.told("LateLou", 2023)


@pytest.fixture
def reading(stage: Stage) -> Stage:
    """A listener whose year takes five answers, one after the other."""
    stage.one_call_at_a_time()
    stage.take_in("LateLou", PLAYS)
    stage.grant(200)
    return stage


def test_a_short_answer_is_noticed_and_asked_for_once_more(stage: Stage) -> None:
    stage.take_in("LateLou", PLAYS)
    stage.lastfm.faults.add(Fault("short", RECENT))
    job = stage.fetch("LateLou", 2023)
    assert (job.status, job.expected) == ("completed", 850)
    assert exact(stage)
    assert len(stage.asked()) == 2
    assert len(set(stage.asked())) == 1


def test_a_play_that_never_comes_is_told_as_a_gap_of_minutes(stage: Stage) -> None:
    stage.take_in("LateLou", [*PLAYS[:300], GHOST, *PLAYS[301:]])
    job = stage.fetch("LateLou", 2023)
    assert (job.status, job.expected) == ("completed", 850)
    event = stage.event("LateLou", 2023)
    assert (event.phase, event.scrobbles, event.done, event.expected) == ("completed", 849, 849, 850)
    [gap] = event.gaps
    assert gap.plays == 1
    assert gap.start <= GHOST.uts < gap.end <= gap.start + 15 * 60
    assert stage.rows("LateLou", 2023) == rows_of([*PLAYS[:300], *PLAYS[301:]])


def test_a_gap_is_left_alone_for_an_hour_and_then_asked_for_by_itself(stage: Stage) -> None:
    stage.take_in("LateLou", [*PLAYS[:300], GHOST, *PLAYS[301:]])
    stage.fetch("LateLou", 2023)
    [gap] = stage.event("LateLou", 2023).gaps
    stage.lastfm.call_log.clear()
    stage.age(minutes=59)
    assert stage.fetch("LateLou", 2023).status == "completed"
    assert stage.asked() == []
    assert stage.event("LateLou", 2023).gaps == (gap,)
    stage.age(minutes=2)
    assert stage.fetch("LateLou", 2023).expected == 850
    assert set(stage.asked()) == {(gap.start, gap.end)}
    assert stage.event("LateLou", 2023).gaps == (gap,)


def test_missing_plays_that_turn_up_are_found_by_a_refresh(stage: Stage) -> None:
    stage.take_in("LateLou", [*PLAYS[:300], GHOST, *PLAYS[301:]])
    stage.fetch("LateLou", 2023)
    stage.take_in("LateLou", PLAYS)
    stage.fetch("LateLou", 2023, refresh=True)
    assert exact(stage)
    assert stage.event("LateLou", 2023).gaps == ()


@pytest.mark.parametrize("call", [2, 3, 4, 5])
def test_a_play_that_arrives_before_its_time_is_read_is_not_missed(reading: Stage, call: int) -> None:
    reading.at_call(call + 1, lambda: reading.lastfm.add_plays("LateLou", [EARLY]))
    job = reading.fetch("LateLou", 2023)
    assert (job.status, job.expected) == ("completed", 851)
    assert exact(reading)


@pytest.mark.parametrize("call", [2, 3, 4, 5])
def test_a_play_that_arrives_after_its_time_was_read_is_found_when_that_is_read_again(
    reading: Stage, call: int
) -> None:
    reading.at_call(call + 1, lambda: reading.lastfm.add_plays("LateLou", [LAST]))
    job = reading.fetch("LateLou", 2023)
    assert (job.status, job.expected) == ("completed", 850)
    assert reading.rows("LateLou", 2023) == rows_of(PLAYS)
    reading.age(days=31)
    assert reading.fetch("LateLou", 2023).expected == 851
    assert exact(reading)


@pytest.mark.parametrize(
    ("number", "is_read"),
    [(0, False), (50, False), (260, False), (480, True), (849, True)],
    ids=["the first", "unread", "unread, in the next answer", "just read", "the last"],
)
def test_a_play_that_is_deleted_while_its_year_is_read_is_gone_at_once_or_with_the_next_reading(
    reading: Stage, number: int, is_read: bool
) -> None:
    reading.at_call(4, lambda: reading.lastfm.remove_plays("LateLou", [PLAYS[number]]))
    job = reading.fetch("LateLou", 2023)
    kept = rows_of([PLAYS[number]]) if is_read else []
    assert (job.status, job.expected) == ("completed", 849 + len(kept))
    assert reading.rows("LateLou", 2023) == sorted([*reading.told("LateLou", 2023), *kept])
    reading.age(days=31)
    assert reading.fetch("LateLou", 2023).expected == 849
    assert exact(reading)


def test_answers_that_are_under_way_at_once_need_not_be_of_one_moment(stage: Stage) -> None:
    stage.take_in("LateLou", PLAYS)
    stage.grant(50)
    stage.at_call(5, lambda: stage.lastfm.add_plays("LateLou", [EARLY]))
    assert stage.fetch("LateLou", 2023).expected == 851
    assert exact(stage)


def test_a_history_that_never_stands_still_is_read_as_it_was_at_some_time(reading: Stage) -> None:
    before, calls = reading.lastfm.clock, iter(range(1000))

    def clock() -> float:
        another = Play(EARLY.uts + next(calls), "Somebody", "Another", "Album", "")
        reading.lastfm.add_plays("LateLou", [another])
        return before()

    reading.without_preview()
    reading.lastfm.clock = clock
    assert reading.fetch("LateLou", 2023).status == "completed"
    rows = set(reading.rows("LateLou", 2023))
    assert set(rows_of(PLAYS)) < rows <= set(reading.told("LateLou", 2023))
    assert reading.event("LateLou", 2023).gaps == ()
    reading.lastfm.clock = before
    reading.age(days=31)
    assert reading.fetch("LateLou", 2023).status == "completed"
    assert exact(reading)


@pytest.mark.parametrize("call", [3, 4, 5])
def test_progress_never_goes_back_nor_beyond_the_count_when_plays_arrive(reading: Stage, call: int) -> None:
    events: list[Event] = []
    reading.watch(events.append)
    reading.at_call(call, lambda: reading.lastfm.add_plays("LateLou", [EARLY]))
    reading.fetch("LateLou", 2023)
    assert all(event.done <= (event.expected or 0) for event in events)
    assert [event.done for event in events] == sorted(event.done for event in events)
    assert {event.expected for event in events} <= {None, 850, 851}
    assert (events[-1].done, events[-1].expected) == (851, 851)
