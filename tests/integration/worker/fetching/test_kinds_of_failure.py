"""Every kind of failure that Last.fm is known for: what is stored then, and what is said of it.

What is stored is what Last.fm hands over, and the rest lies in gaps that are named. Nothing else is said to be
completed.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import partial
from typing import Any

import pytest

from app.counters.counts import totals
from app.events import Event, Failure, new_run
from app.redis.event_stream import Topic
from demo.lastfm.accounts import Oddity, Play
from demo.lastfm.faults import Fault
from tests.integration.worker.conftest import JOINED, RECENT, Row, Stage, second, some_plays
from worker.context import WorkerContext

NAME, YEAR = "PatientPat", 2023
DAY = 24 * 60 * 60
MIDDLE = second("2023-05-03T14:03")
always = partial(Fault, times=None)
recent = partial(Fault, method=RECENT)
PLAYS = some_plays(1400, since="2023-02-01T10:00", step=3 * 60 * 60)  # to 26 July
MANY = some_plays(3500, since="2023-02-01T10:00", step=2 * 60 * 60)


def odd(oddity: Oddity, count: int = 3) -> list[Play]:
    """Make plays that Last.fm counts and does not hand over: one every ten minutes, some time in the year."""
    return [replace(play, oddity=oddity) for play in some_plays(count, since="2023-05-03T14:03", step=600)]


def at_once(count: int) -> list[Play]:
    """Make plays that share a second."""
    return some_plays(count, since="2023-05-03T14:03", step=0)


@dataclass(frozen=True)
class Kind:
    """What Last.fm has besides the usual plays, what it does wrong, and what is said of the year in the end.

    `missing` is the number of plays in gaps, None if Last.fm counts nothing there.
    """

    number: str
    faults: tuple[Fault, ...] = ()
    more: tuple[Play, ...] = ()
    missing: int | None = 0
    duplicates: int = 0
    undated: int = 0
    unreadable: int = 0


def kind(number: str, *faults: Fault, more: Iterable[Play] = (), **said: Any) -> Kind:
    return Kind(number, faults, tuple(more), **said)


KINDS = [
    # 1. What is never served.
    kind("1 plays that are never served", more=odd("unserved"), missing=3),
    # Two others were played in the same minutes.
    kind("1 many such plays", more=odd("unserved", 40), missing=42),
    kind(
        "1 a time that is never served", recent("error8", start=MIDDLE, end=MIDDLE + 60, times=None), missing=None
    ),
    kind("1 only 100 rows are served", recent("error8", above=100, times=None)),
    kind("1 more than 500 rows fail", recent("500", above=500, times=None)),
    kind("1 200 are granted", recent("grants", amount=200, times=None)),
    kind("1 the grant changes", recent("grants", amount=500, times=2), recent("grants", amount=50, times=3)),
    kind("1 a play that is counted and never listed", more=odd("ghost", 1), missing=1),
    # 2. Rows and totals that disagree.
    *(
        kind(f"2 {what} once", recent(what))
        for what in ("empty", "short", "half", "lost_page", "uncounted", "nothing")
    ),
    *(
        kind(f"2 {what} in the middle", recent(what, start=MIDDLE, end=MIDDLE + 1, longer_than=10 * DAY))
        for what in ("empty", "short", "nothing")
    ),
    kind("2 always uncounted", recent("uncounted", times=None)),
    # 3. An error of the caller's that is none.
    kind("3 error 6 with status 400", recent("error6", status=400)),
    kind("3 in the middle", recent("error6", status=400, start=MIDDLE, end=MIDDLE + 1)),
    kind("3 no such listener", recent("not_found")),
    kind(
        "3 error 6 about a time",
        recent("error6", status=400, start=MIDDLE, end=MIDDLE + 60, times=None),
        missing=None,
    ),
    kind("3 no such time", recent("not_found", start=MIDDLE, end=MIDDLE + 60, times=None), missing=None),
    # 5. Answers to something else.
    *(kind(f"5 {what} once", recent(what)) for what in ("echo", "next_page", "any_time", "other_user")),
    # 6. What cannot be read, and need not be.
    kind("6 date: null", more=odd("date_null"), undated=3),
    kind("6 no date", more=odd("no_date"), undated=3),
    kind("6 null", more=odd("null"), unreadable=3),
    kind("6 a text", more=odd("text"), unreadable=3),
    kind("6 no name", more=odd("nameless"), unreadable=3),
    *(
        kind(f"6 {what}", always(what))
        for what in ("no_registration", "no_playcount", "no_attributes", "spaces", "json_numbers", "single")
    ),
    # 9. What is counted and is no other play.
    kind("9 exact duplicates", more=PLAYS[300:305], duplicates=5),
    kind("9 the second 0", more=odd("uts_0"), undated=3),
    # 10. Bounds.
    kind("10 a gzip bomb", recent("bomb")),
    kind("10 a cut-off answer", recent("truncated"), recent("cut_json")),
    kind("10 a clock that is behind ours", always("other_time", seconds=-2 * DAY)),
    # 11. Too fast.
    kind("11 error 29", recent("error29", times=3)),
    # 12. Away for a moment.
    kind("12 a few errors", *(recent(what) for what in ("503", "html", "error16", "error11"))),
    # 15. One second with many plays.
    kind("15 a whole album in one second", more=at_once(14)),
    kind("15 more than one answer holds", more=at_once(2500)),
    kind("15 and 200 are granted", recent("grants", amount=200, times=None), more=at_once(450)),
]


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.number)
def test_a_year_is_whole_but_for_the_gaps_that_are_named(stage: Stage, kind: Kind) -> None:
    stage.take_in(NAME, [*PLAYS, *kind.more])
    stage.lastfm.faults.add(*kind.faults)
    job = stage.fetch(NAME, YEAR)
    assert job.status == "completed", job.error_message
    said = assert_whole_but_for_gaps(stage)
    missing = [gap.plays for gap in said.gaps]
    assert (None if None in missing else sum(plays or 0 for plays in missing)) == kind.missing
    assert all(gap.end - gap.start <= DAY for gap in said.gaps)
    assert (said.duplicates, said.undated, said.unreadable) == (kind.duplicates, kind.undated, kind.unreadable)
    assert said.scrobbles == len(stage.rows(NAME, YEAR))


@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind.missing != 0], ids=lambda kind: kind.number)
def test_a_gap_closes_once_last_fm_hands_its_plays_over(stage: Stage, kind: Kind) -> None:
    stage.take_in(NAME, [*PLAYS, *kind.more])
    stage.lastfm.faults.add(*kind.faults)
    stage.fetch(NAME, YEAR)
    stage.lastfm.faults.clear()
    stage.take_in(NAME, [*PLAYS, *(replace(play, oddity="") for play in kind.more)])
    stage.connection.execute("UPDATE stretches SET proven_at = proven_at - interval '2 hours'")
    stage.fetch(NAME, YEAR)
    assert assert_whole_but_for_gaps(stage).gaps == ()


def assert_whole_but_for_gaps(stage: Stage) -> Event:
    """Compare what is stored with what Last.fm has; return what is said of it."""
    said, stored, had = stage.event(NAME, YEAR), stage.rows(NAME, YEAR), listed(stage)
    assert (said.phase, said.error, said.is_whole) == ("completed", None, True)
    assert len(set(stored)) == len(stored)
    assert set(stored) <= had, "only what Last.fm has"
    gone = [row for row in had - set(stored) if not any(gap.start <= row[0] < gap.end for gap in said.gaps)]
    assert gone == [], "outside of all gaps"
    return said


def listed(stage: Stage) -> set[Row]:
    """Return the plays that Last.fm has and can hand over."""
    plays = stage.lastfm.accounts[NAME].plays(YEAR)
    return {(play.uts, play.artist, play.title, play.album) for play in plays if not play.oddity}


# 1


def test_a_last_fm_that_serves_nothing_is_away_and_makes_no_gap(stage: Stage) -> None:
    stage.take_in(NAME, PLAYS)
    stage.lastfm.faults.add(always("error8", method=RECENT))
    job = stage.fetch(NAME, YEAR)
    assert (job.status, job.error_message) == ("failed", Failure.LASTFM_AWAY)
    assert stage.event(NAME, YEAR).gaps == ()


def test_a_last_fm_that_goes_away_in_the_middle_leaves_what_is_proven_and_no_gap(stage: Stage) -> None:
    stage.take_in(NAME, MANY)
    stage.one_call_at_a_time()
    stage.at_call(4, lambda: stage.lastfm.faults.add(always("503")))
    assert stage.fetch(NAME, YEAR).error_message == Failure.LASTFM_AWAY
    said = stage.event(NAME, YEAR)
    assert (said.is_whole, said.gaps) == (False, ())
    assert 0 < said.scrobbles == len(stage.rows(NAME, YEAR)) < len(MANY)
    stage.lastfm.faults.clear()
    assert stage.fetch(NAME, YEAR).status == "completed"
    assert assert_whole_but_for_gaps(stage).gaps == ()


def test_a_last_fm_that_is_away_when_a_gap_is_asked_for_again_leaves_the_gap_as_it_was(stage: Stage) -> None:
    stage.take_in(NAME, [*PLAYS, *odd("unserved")])
    stage.fetch(NAME, YEAR)
    gaps = stage.event(NAME, YEAR).gaps
    stage.lastfm.faults.add(always("error8", method=RECENT))
    stage.age(hours=2)
    assert stage.fetch(NAME, YEAR).error_message == Failure.LASTFM_AWAY
    assert stage.event(NAME, YEAR).gaps == gaps


@pytest.mark.parametrize(("faults", "most"), [((), 5), ((recent("500", above=500, times=None),), 8)])
def test_a_year_costs_few_calls(stage: Stage, faults: tuple[Fault, ...], most: int) -> None:
    stage.without_preview()
    stage.take_in(NAME, PLAYS)
    stage.lastfm.faults.add(*faults)
    stage.fetch(NAME, YEAR)
    assert stage.calls(RECENT) <= most


def test_proven_stretches_and_gaps_are_counted_for_the_operator(stage: Stage) -> None:
    stage.take_in(NAME, [*PLAYS, *odd("unserved")])
    stage.fetch(NAME, YEAR)
    stored = stage.connection.execute(
        "SELECT count(*) FILTER (WHERE missing = 0), count(*) FILTER (WHERE missing > 0) FROM stretches"
    ).fetchone()
    counted = totals(stage.redis)
    assert (counted["stretches", "proven"], counted["stretches", "gap"]) == stored


# 4


@pytest.mark.parametrize("amount", [-1200, -1, 1, 5000])
def test_a_count_that_is_always_wrong_deletes_nothing(stage: Stage, amount: int) -> None:
    stage.take_in(NAME, PLAYS)
    stage.fetch(NAME, YEAR)
    stage.lastfm.faults.add(recent("miscounted", amount=amount, times=None))
    stage.fetch(NAME, YEAR, refresh=True)
    assert set(stage.rows(NAME, YEAR)) == listed(stage)


@pytest.mark.parametrize("amount", [-1200, -1, 1, 5000])
def test_a_count_that_is_wrong_for_long_times_is_seen_through(stage: Stage, amount: int) -> None:
    stage.take_in(NAME, PLAYS)
    stage.lastfm.faults.add(recent("miscounted", amount=amount, longer_than=40 * DAY, times=None))
    stage.fetch(NAME, YEAR)
    assert_whole_but_for_gaps(stage)
    assert set(stage.rows(NAME, YEAR)) == listed(stage)


@pytest.mark.parametrize("what", ["nothing", "empty", "half", "short", "uncounted"])
def test_no_single_answer_deletes_a_stored_play(stage: Stage, what: str) -> None:
    stage.take_in(NAME, PLAYS[:300])
    stage.fetch(NAME, YEAR)
    stage.lastfm.faults.add(recent(what, times=1))
    stage.fetch(NAME, YEAR, refresh=True)
    assert set(stage.rows(NAME, YEAR)) == listed(stage)


def test_plays_that_are_gone_at_last_fm_go_here_too_and_are_told_of(stage: Stage) -> None:
    stage.take_in(NAME, PLAYS[:300])
    stage.fetch(NAME, YEAR)
    stage.lastfm.remove_plays(NAME, PLAYS[100:104])
    stage.lastfm.add_plays(NAME, odd("")[:1])
    stage.fetch(NAME, YEAR, refresh=True)
    said = assert_whole_but_for_gaps(stage)
    assert (said.added, said.removed) == (1, 4)
    assert set(stage.rows(NAME, YEAR)) == listed(stage)


# 7


def test_a_renamed_listener_is_told_under_the_old_name_and_followed_under_the_new_one(stage: Stage) -> None:
    stage.take_in(NAME, PLAYS[:10])
    stage.fetch(NAME, YEAR)
    stage.lastfm.accounts.rename(NAME, "Patricia")
    stage.connection.execute("UPDATE lastfm_users SET checked_at = checked_at - interval '2 days'")
    stage.ask(NAME, YEAR, refresh=True)
    stage.run_jobs()
    assert stage.event(NAME, YEAR).renamed_to == "Patricia"
    assert stage.fetch("Patricia", YEAR).status == "completed"
    assert len(stage.rows("Patricia", YEAR)) == 10


def test_a_listener_who_is_renamed_during_a_fetch_is_no_other_listener(stage: Stage) -> None:
    stage.take_in(NAME, PLAYS)
    stage.at_call(2, lambda: stage.lastfm.accounts.rename(NAME, "Patricia"))
    stage.ask(NAME, YEAR)
    stage.run_jobs()
    assert stage.event(NAME, YEAR).renamed_to == "Patricia"


# 8


def test_years_before_the_registration_are_found_and_1970_is_none(stage: Stage) -> None:
    imported = [Play(second("2005-06-01"), "Imported", "Song", "", ""), Play(0, "Undated", "Song", "", "")]
    stage.take_in(NAME, [*PLAYS[:10], *imported])
    years = stage.look_up(NAME).years
    assert {year: plays for year, plays in years.items() if plays} == {2023: 10, 2005: 1}


def test_nobody_is_asked_year_by_year_what_lies_before_the_registration(stage: Stage) -> None:
    stage.take_in(NAME, PLAYS[:10])
    stage.look_up(NAME)
    assert stage.calls(RECENT) <= datetime.now(UTC).year - JOINED.year + 1 + 1


# 10


@pytest.mark.parametrize("what", ["drip", "hang"])
def test_a_call_has_a_deadline(stage: Stage, monkeypatch: pytest.MonkeyPatch, what: str) -> None:
    monkeypatch.setattr("worker.lastfm.client.TIMEOUT", (5, 1.0))
    made = WorkerContext.make(stage.context.settings, delays=(0.0, 0.0), pause=0.1)
    stage.context = replace(stage.context, lastfm=made.lastfm)
    stage.take_in(NAME, PLAYS)
    stage.lastfm.faults.add(recent(what, seconds=0.5 if what == "drip" else 60))
    assert stage.fetch(NAME, YEAR).status == "completed"
    assert assert_whole_but_for_gaps(stage).gaps == ()


def test_a_clock_that_is_ahead_makes_no_year_of_the_future(stage: Stage) -> None:
    stage.take_in(NAME, PLAYS[:10])
    this_year = datetime.now(UTC).year
    stage.lastfm.clock = lambda: datetime(this_year - 1, 12, 30, tzinfo=UTC).timestamp()
    years = stage.look_up(NAME).years
    assert max(years) == this_year - 1


# 12


def test_while_last_fm_is_away_it_is_said_when_the_next_try_is(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("worker.fetching.preview.NOTICED", 0.0)
    stage.without_preview()
    stage.take_in(NAME, PLAYS[:10])
    stage.lastfm.faults.add(recent("503", times=2))
    events: list[Event] = []
    stage.watch(events.append)
    assert stage.fetch(NAME, YEAR).status == "completed"
    waits = [event for event in events if event.next_try_at is not None]
    assert [event.phase for event in waits] == ["fetching"] * 2
    assert events[-1].next_try_at is None


def test_a_run_that_failed_says_when_the_next_one_may_start_and_waits_longer_each_time(stage: Stage) -> None:
    stage.take_in(NAME, PLAYS[:10])
    stage.lastfm.faults.add(always("503"))
    for pause in (30, 60, 300, 900, 900):
        began = stage.context.clock.now()
        assert stage.fetch(NAME, YEAR).status == "failed"
        failed = stage.event(NAME, YEAR)
        assert failed.next_try_at is not None
        assert began <= failed.next_try_at - pause <= stage.context.clock.now()
        stage.context.clock.sleep(pause + 1)


# 13


def test_what_an_older_run_says_late_is_not_shown(stage: Stage) -> None:
    stage.take_in(NAME, PLAYS[:10])
    older = Event(run=new_run(), phase="failed", error=Failure.LASTFM_AWAY)
    stage.fetch(NAME, YEAR)
    stage.context.publish(Topic(NAME, YEAR), older)
    assert stage.event(NAME, YEAR).phase == "completed"


# 14


@pytest.mark.parametrize("name", ["_underscore", "-dash", "a.b-c_d"])
def test_a_name_may_begin_with_a_sign(stage: Stage, name: str) -> None:
    stage.take_in(name, PLAYS[:10])
    assert stage.fetch(name, YEAR).status == "completed"
    assert len(stage.rows(name, YEAR)) == 10


# 15


def test_a_second_with_thousands_of_plays_is_read_within_bounds(stage: Stage) -> None:
    stage.without_preview()
    stage.take_in(NAME, at_once(2500))
    stage.fetch(NAME, YEAR)
    assert set(stage.rows(NAME, YEAR)) == listed(stage)
    assert stage.calls(RECENT) <= 2 * 2500 // 1000 + 3
