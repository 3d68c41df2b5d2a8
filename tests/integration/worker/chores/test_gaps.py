"""Every night Last.fm is asked again for what it did not hand over."""

from dataclasses import replace

import pytest

from app.jobs import enqueue
from tests.integration.worker.conftest import RECENT, Stage, some_plays
from worker.chores.gaps import retry_gaps

PLAYS = some_plays(300, step=3600)
UNSERVED = replace(PLAYS[100], oddity="unserved")


def with_a_gap(stage: Stage) -> None:
    stage.take_in("GappyGail", [*PLAYS[:100], UNSERVED, *PLAYS[101:]])
    stage.fetch("GappyGail", 2023)
    gaps = stage.event("GappyGail", 2023).gaps
    assert [gap.plays for gap in gaps] == [1]


def a_day_later(stage: Stage) -> None:
    stage.connection.execute("UPDATE stretches SET proven_at = proven_at - interval '25 hours'")


def test_a_gap_is_closed_overnight_once_last_fm_hands_its_plays_over(stage: Stage) -> None:
    with_a_gap(stage)
    stage.take_in("GappyGail", PLAYS)
    a_day_later(stage)
    calls = stage.calls(RECENT)
    assert enqueue.enqueue_rematch(stage.redis)
    stage.run_jobs()
    event = stage.event("GappyGail", 2023)
    assert (event.phase, event.gaps, event.scrobbles) == ("completed", (), 300)
    assert stage.calls(RECENT) - calls <= 2, "the rest of the year is not read again"


def test_a_gap_that_stays_is_still_told_and_costs_a_few_calls(stage: Stage) -> None:
    with_a_gap(stage)
    told = stage.event("GappyGail", 2023).gaps
    a_day_later(stage)
    calls = stage.calls(RECENT)
    assert retry_gaps(stage.connection, stage.redis) == 1
    stage.run_jobs()
    assert stage.event("GappyGail", 2023).gaps == told
    assert stage.calls(RECENT) - calls <= 5


def test_visitors_of_the_night_are_not_kept_waiting_by_years_without_number(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("worker.chores.gaps.MAX_A_NIGHT", 1)
    with_a_gap(stage)
    stage.connection.execute("UPDATE lastfm_users SET username = 'OtherOlga', username_key = 'otherolga'")
    with_a_gap(stage)
    a_day_later(stage)
    assert retry_gaps(stage.connection, stage.redis) == 1


def test_a_gap_of_today_and_a_year_without_one_are_left_alone(stage: Stage) -> None:
    with_a_gap(stage)
    stage.take_in("WholeWilma", some_plays(3, since="2022-01-01"))
    stage.fetch("WholeWilma", 2022)
    assert retry_gaps(stage.connection, stage.redis) == 0
