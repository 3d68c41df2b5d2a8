"""A year that is stored already: what may have changed is read again, and it is never empty meanwhile."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from threading import Event as Signal

import pytest

from app.events import Event
from demo.lastfm.accounts import Play
from demo.lastfm.faults import Fault
from demo.musicbrainz import catalogue
from tests.integration.worker.conftest import CHART, RECENT, Killed, Stage, rows_of, second, some_plays
from worker.context import WorkerContext

OLD = some_plays(850)
NEW = some_plays(30, since="2023-06-01")
MIDDLE = second("2023-03-02")


def exact(stage: Stage) -> bool:
    return stage.rows("GrownGil", 2023) == stage.told("GrownGil", 2023)


@pytest.fixture
def grown(stage: Stage) -> Stage:
    """A year that was read whole a month ago, and has grown at Last.fm since."""
    stage.take_in("GrownGil", OLD)
    stage.fetch("GrownGil", 2023)
    stage.age(days=31)
    stage.lastfm.call_log.clear()
    stage.lastfm.add_plays("GrownGil", NEW)
    return stage


# An ended year


def test_an_ended_year_is_read_again_after_a_month_and_not_before(stage: Stage) -> None:
    stage.take_in("GrownGil", OLD)
    stage.fetch("GrownGil", 2023)
    stage.lastfm.add_plays("GrownGil", NEW)
    stage.lastfm.call_log.clear()
    stage.age(days=29)
    assert stage.fetch("GrownGil", 2023).expected == 850
    assert stage.lastfm.calls == []
    stage.age(days=2)
    job = stage.fetch("GrownGil", 2023)
    assert (job.status, job.expected) == ("completed", 880)
    assert exact(stage)
    assert stage.calls(CHART) == 0


def test_a_year_that_is_read_again_takes_a_call_for_each_answer_that_it_took(stage: Stage) -> None:
    stage.grant(200)
    stage.take_in("GrownGil", OLD)
    stage.fetch("GrownGil", 2023)
    first = len(stage.asked())
    stage.lastfm.call_log.clear()
    stage.age(days=31)
    assert stage.fetch("GrownGil", 2023).expected == 850
    assert len(stage.asked()) <= first


def test_what_has_changed_in_a_final_year_is_told(grown: Stage) -> None:
    grown.lastfm.remove_plays("GrownGil", OLD[:7])
    job = grown.fetch("GrownGil", 2023)
    assert (job.status, job.added, job.removed) == ("completed", 30, 7)
    event = grown.event("GrownGil", 2023)
    assert (event.added, event.removed, event.scrobbles) == (30, 7, 873)
    assert event.read_at == pytest.approx(datetime.now(UTC).timestamp(), abs=60)
    assert exact(grown)
    grown.age(days=31)
    assert grown.fetch("GrownGil", 2023).added == 0, "what the latest reading has found"


def test_a_year_that_was_not_final_has_grown_as_it_should(grown: Stage) -> None:
    grown.connection.execute("UPDATE fetch_jobs SET completed_at = '2024-01-10'")
    job = grown.fetch("GrownGil", 2023)
    assert (job.expected, job.added, job.removed) == (880, 0, 0)


def test_a_year_that_was_whole_before_its_end_is_a_part_until_the_rest_is_here(grown: Stage) -> None:
    grown.connection.execute("UPDATE fetch_jobs SET completed_at = '2023-05-01', window_end = '2023-05-01'")
    grown.lastfm.faults.add(Fault("503", RECENT, times=None))
    grown.ask("GrownGil", 2023)
    assert not grown.event("GrownGil", 2023).is_whole
    grown.run_jobs()
    assert not grown.event("GrownGil", 2023).is_whole


def test_changes_are_told_of_once_however_often_their_reading_is_cut_short(stage: Stage) -> None:
    stage.one_call_at_a_time()
    stage.grant(200)
    stage.take_in("GrownGil", OLD)
    stage.fetch("GrownGil", 2023)
    stage.age(days=31)
    stage.lastfm.remove_plays("GrownGil", [OLD[3], OLD[840]])
    stage.lastfm.add_plays("GrownGil", NEW)
    for _ in range(2):
        stage.at_call(2, lambda: stage.lastfm.faults.add(Fault("503", RECENT, times=None)))
        assert stage.fetch("GrownGil", 2023).status == "failed"
        stage.lastfm.faults.clear()
        stage.grant(200)
    job = stage.fetch("GrownGil", 2023)
    assert (job.status, job.added, job.removed) == ("completed", 30, 2)
    assert exact(stage)


# A refresh


def test_a_refresh_reads_everything_at_any_time(stage: Stage) -> None:
    stage.take_in("GrownGil", OLD)
    stage.fetch("GrownGil", 2023)
    stage.lastfm.call_log.clear()
    assert stage.fetch("GrownGil", 2023, refresh=True).status == "completed"
    assert len(stage.asked()) == 1
    stage.lastfm.call_log.clear()
    assert stage.fetch("GrownGil", 2023).status == "completed"
    assert stage.asked() == [], "once"


def test_a_refresh_finds_what_was_edited_and_deleted(grown: Stage) -> None:
    grown.lastfm.remove_plays("GrownGil", OLD[100:300])
    edited = [Play(play.uts, play.artist, play.title + " (live)", play.album, "") for play in OLD[100:200]]
    grown.lastfm.add_plays("GrownGil", edited)
    grown.fetch("GrownGil", 2023, refresh=True)
    assert exact(grown)


def test_a_refresh_never_shows_an_empty_year(grown: Stage) -> None:
    events: list[Event] = []
    stored: list[int] = []
    grown.watch(events.append)
    grown.watch(lambda _: stored.append(grown.counts("GrownGil", 2023).scrobbles))
    grown.lastfm.remove_plays("GrownGil", OLD[300:])
    grown.fetch("GrownGil", 2023, refresh=True)
    assert exact(grown)
    assert min(stored) == 330
    assert [event.scrobbles for event in events] == stored
    assert all(event.is_whole for event in events)


def test_the_progress_of_a_refresh_is_that_of_its_reading(stage: Stage) -> None:
    stage.grant(200)
    stage.take_in("GrownGil", OLD)
    stage.fetch("GrownGil", 2023)
    events: list[Event] = []
    stage.watch(events.append)
    stage.fetch("GrownGil", 2023, refresh=True)
    done = [event.done for event in events]
    assert done == sorted(done)
    assert (done[0], done[-1]) == (0, 850)
    assert {event.expected for event in events if event.phase != "fetching"} == {850}
    assert all(event.done <= event.expected for event in events if event.expected is not None)
    assert {event.scrobbles for event in events} == {850}, "what is stored is shown meanwhile"


def test_plays_that_went_are_counted_out_although_their_album_has_another_answer_now(stage: Stage) -> None:
    album = next(album for album in catalogue.albums() if album.has_usable_mbid and album.year)
    plays = [
        Play(second("2023-02-01") + at, album.artist, f"Take {at}", "Bootleg of Nothing", "") for at in range(9)
    ]
    stage.take_in("GrownGil", plays)
    stage.fetch("GrownGil", 2023)
    assert stage.event("GrownGil", 2023).not_found == 9
    known = [replace(play, album_mbid=str(album.lastfm_mbid)) for play in plays[:4]]
    stage.take_in("GrownGil", known)
    assert stage.fetch("GrownGil", 2023, refresh=True).status == "completed"
    event = stage.event("GrownGil", 2023)
    assert (event.matched, event.not_found, event.years) == (4, 0, {album.year: 4})


def test_a_refresh_that_is_cut_short_leaves_the_old_plays_behind_it_and_goes_on_there(stage: Stage) -> None:
    stage.one_call_at_a_time()
    stage.grant(200)
    stage.take_in("GrownGil", OLD)
    stage.fetch("GrownGil", 2023)
    stage.lastfm.add_plays("GrownGil", NEW)
    stage.lastfm.remove_plays("GrownGil", OLD[:10])
    stage.at_call(3, lambda: stage.lastfm.faults.add(Fault("503", RECENT, times=None)))
    assert stage.fetch("GrownGil", 2023, refresh=True).status == "failed"
    assert stage.counts("GrownGil", 2023).scrobbles == 880
    event = stage.event("GrownGil", 2023)
    assert event.is_whole
    assert 0 < event.added <= 30
    stage.lastfm.faults.clear()
    stage.lastfm.call_log.clear()
    assert stage.fetch("GrownGil", 2023).status == "completed"
    assert exact(stage)
    assert max(end for _, end in stage.asked()) <= OLD[-1].uts, "not what was read anew already"


@pytest.mark.parametrize("knows", [True, False])
def test_a_refresh_comes_to_an_end_where_our_clock_is_ahead_of_last_fms(stage: Stage, knows: bool) -> None:
    stage.lastfm.clock = lambda: datetime.now(UTC).timestamp() - 40 * 24 * 3600
    stage.take_in("GrownGil", OLD)
    stage.fetch("GrownGil", 2023)
    stage.lastfm.add_plays("GrownGil", NEW)
    if not knows:  # a process that has had no answer yet
        stage.context = WorkerContext.make(stage.context.settings)
    events: list[Event] = []
    stage.watch(events.append)
    assert stage.fetch("GrownGil", 2023, refresh=True).status == "completed"
    assert exact(stage)
    assert not knows or max(event.done for event in events if event.phase == "fetching") == 880


# What is deleted


def test_stored_plays_go_when_a_count_says_a_minute_later_what_the_answer_said(grown: Stage) -> None:
    grown.lastfm.remove_plays("GrownGil", [*OLD[:7], *NEW])
    asked_at: list[tuple[str, float]] = []
    events: list[Event] = []
    before = grown.lastfm.clock

    def clock() -> float:
        asked_at.append((grown.lastfm.calls[-1].params["limit"], grown.context.clock.now()))
        return before()

    grown.lastfm.clock = clock
    grown.watch(events.append)
    assert grown.fetch("GrownGil", 2023).expected == 843
    assert exact(grown)
    (rows, answered), (count, counted) = asked_at[0], asked_at[-1]
    assert (rows, count) == ("1000", "1")
    assert counted - answered >= 60
    waits = [event.seconds_left for event in events if event.scrobbles == 850 and event.seconds_left]
    assert waits == sorted(waits, reverse=True), "the wait is told as it passes"
    assert len(waits) >= 12


def test_stored_plays_stay_when_the_count_says_otherwise(grown: Stage) -> None:
    grown.lastfm.remove_plays("GrownGil", [*OLD[:7], *NEW])
    grown.at_call(2, lambda: grown.lastfm.add_plays("GrownGil", OLD[:7]))
    assert grown.fetch("GrownGil", 2023).expected == 850
    assert exact(grown)
    assert grown.event("GrownGil", 2023).gaps == ()


def before_a_confirmation(happens: Callable[[], None]) -> Callable[[Event], None]:
    """Make a watch that has something happen when half of the minute is over that a confirmation waits for."""
    before = 0

    def watch(event: Event) -> None:
        nonlocal before
        left = event.seconds_left or 0
        is_half_way, before = 20 < left <= 30 < before, left
        if is_half_way:
            happens()

    return watch


def test_a_run_killed_before_its_confirmation_has_deleted_nothing_and_the_next_one_confirms(grown: Stage) -> None:
    grown.lastfm.remove_plays("GrownGil", [*OLD[:7], *NEW])
    context = grown.context
    run = grown.ask("GrownGil", 2023)

    def kill() -> None:
        raise Killed

    grown.watch(before_a_confirmation(kill))
    with pytest.raises(Killed):
        grown.run_jobs()
    assert grown.rows("GrownGil", 2023) == rows_of(OLD)
    grown.context = context
    grown.run_again("GrownGil", 2023, run)
    assert grown.job("GrownGil", 2023).removed == 7
    assert exact(grown)


def test_a_worker_that_is_told_to_stop_before_its_confirmation_lets_go_at_once(
    grown: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    grown.lastfm.remove_plays("GrownGil", [*OLD[:7], *NEW])
    stop = Signal()
    monkeypatch.setattr("worker.shutdown._requested", stop)
    context, left = grown.context, list[int]()

    run = grown.ask("GrownGil", 2023)
    grown.watch(lambda event: left.append(event.seconds_left or 0))
    grown.watch(before_a_confirmation(stop.set))
    grown.run_jobs()
    assert 20 < left[-1] <= 30
    assert grown.job("GrownGil", 2023).status == "fetching"
    assert grown.rows("GrownGil", 2023) == rows_of(OLD)
    stop.clear()
    grown.context = context
    grown.run_again("GrownGil", 2023, run)
    assert exact(grown)


def test_stored_plays_that_last_fm_does_not_hand_over_any_more_are_kept_in_the_gap(grown: Stage) -> None:
    hidden = [replace(play, oddity="ghost") for play in OLD[300:303]]
    grown.take_in("GrownGil", [*OLD[:300], *hidden, *OLD[303:]])
    assert grown.fetch("GrownGil", 2023).status == "completed"
    assert grown.rows("GrownGil", 2023) == rows_of(OLD)
    event = grown.event("GrownGil", 2023)
    assert (event.scrobbles, event.removed) == (850, 0)
    assert event.gaps, "to be asked for again"
    assert all(gap.end - gap.start <= 4 * 15 * 60 for gap in event.gaps)


@pytest.mark.parametrize("what", ["error8", "empty", "half", "short", "uncounted"])
def test_nothing_goes_while_last_fm_answers_badly_about_a_time(grown: Stage, what: str) -> None:
    grown.lastfm.faults.add(Fault(what, RECENT, start=MIDDLE, end=MIDDLE + 3600, longer_than=1, times=None))
    grown.fetch("GrownGil", 2023)
    assert set(rows_of(OLD)) <= set(grown.rows("GrownGil", 2023))
    grown.lastfm.faults.clear()
    grown.fetch("GrownGil", 2023, refresh=True)
    assert exact(grown)
    assert grown.event("GrownGil", 2023).gaps == ()


def test_a_year_that_was_emptied_at_last_fm_is_empty_here_too(stage: Stage) -> None:
    midnight = Play(second("2023-01-01"), "Somebody", "At midnight", "Album", "")
    stage.take_in("GrownGil", [midnight, *OLD[:3]])
    stage.fetch("GrownGil", 2023)
    stage.lastfm.remove_plays("GrownGil", [midnight, *OLD])
    assert stage.fetch("GrownGil", 2023, refresh=True).expected == 0
    assert stage.rows("GrownGil", 2023) == []


# The running year


def it_is(stage: Stage, text: str) -> None:
    """Let it be another time, and the worker know of it from the last two answers."""
    stage.lastfm.clock = lambda: second(text)
    for _ in range(2):
        stage.context.lastfm.profile("GrownGil")


@pytest.fixture
def running(stage: Stage) -> Stage:
    """A year that was read on 20 June, when it was under way."""
    stage.grant(200)
    stage.lastfm.clock = lambda: second("2023-06-20")
    plays = some_plays(1_000, since="2023-01-02", step=4 * 3600)
    stage.take_in("GrownGil", plays)
    assert stage.fetch("GrownGil", 2023).status == "completed"
    stage.lastfm.call_log.clear()
    return stage


def test_the_running_year_is_read_from_what_may_still_have_grown_to_now(running: Stage) -> None:
    assert max(at for at, *_ in running.rows("GrownGil", 2023)) < second("2023-06-20")
    running.age(hours=2)
    it_is(running, "2023-06-21")
    from_a_phone = Play(second("2023-06-10T12:34:56"), "Somebody", "From a phone", "Album", "")
    running.lastfm.add_plays("GrownGil", [from_a_phone])
    assert running.fetch("GrownGil", 2023).status == "completed"
    told = running.told("GrownGil", 2023)
    assert running.rows("GrownGil", 2023) == [row for row in told if row[0] < second("2023-06-21")]
    assert second("2023-05-01") < min(start for start, _ in running.asked()) < second("2023-06-10")
    assert max(end for _, end in running.asked()) == pytest.approx(second("2023-06-21"), abs=9)


def test_the_running_year_holds_for_an_hour_but_for_the_time_since(running: Stage) -> None:
    it_is(running, "2023-06-20T00:30")
    assert running.fetch("GrownGil", 2023).status == "completed"
    [(start, end)] = set(running.asked())
    assert start == pytest.approx(second("2023-06-20"), abs=9)
    assert end == pytest.approx(second("2023-06-20T00:30"), abs=9)


def test_when_the_year_is_over_all_of_it_has_been_read_since_it_could_change(running: Stage) -> None:
    it_is(running, "2024-01-03")
    running.connection.execute("UPDATE stretches SET proven_at = '2023-06-20'")
    assert running.fetch("GrownGil", 2023).status == "completed"
    assert exact(running)
    running.lastfm.add_plays("GrownGil", [Play(second("2023-12-30"), "Somebody", "From a phone", "Album", "")])
    it_is(running, "2024-01-20")
    running.connection.execute("UPDATE stretches SET proven_at = '2024-01-03'")
    assert running.fetch("GrownGil", 2023).status == "completed"
    assert exact(running)


@pytest.mark.parametrize("killed_at", [2, 3])
def test_an_update_that_was_cut_short_is_no_reason_to_read_the_whole_year(running: Stage, killed_at: int) -> None:
    running.one_call_at_a_time()
    running.age(hours=2)
    it_is(running, "2023-06-22")
    running.lastfm.add_plays("GrownGil", some_plays(900, since="2023-06-20", step=60))
    running.at_call(killed_at, lambda: running.lastfm.faults.add(Fault("503", RECENT, times=None)))
    assert running.fetch("GrownGil", 2023).status == "failed"
    running.lastfm.faults.clear()
    running.grant(200)
    it_is(running, "2023-06-22")
    assert running.fetch("GrownGil", 2023).status == "completed"
    told = running.told("GrownGil", 2023)
    assert running.rows("GrownGil", 2023) == [row for row in told if row[0] < second("2023-06-22")]
    assert min(start for start, _ in running.asked()) > second("2023-05-01")


# Runs that meet


def test_what_another_run_stored_is_not_cleared_away_by_one_that_was_overtaken(stage: Stage) -> None:
    stage.take_in("GrownGil")
    old = stage.ask("GrownGil", 2023)
    context = stage.context

    def overtake(event: Event) -> None:
        if event.expected == 0:
            stage.context = context
            stage.connection.execute("UPDATE fetch_jobs SET updated_at = updated_at - interval '1 hour'")
            stage.lastfm.add_plays("GrownGil", OLD[:5])
            stage.fetch("GrownGil", 2023)
            stage.lastfm.remove_plays("GrownGil", OLD)

    stage.watch(overtake)
    stage.run_jobs()
    assert stage.counts("GrownGil", 2023).scrobbles == 5
    job = stage.job("GrownGil", 2023)
    assert job.run != old
    assert job.status == "completed"


def test_a_worker_killed_as_it_completes_says_so_when_it_runs_again(stage: Stage) -> None:
    """Otherwise pages that saw the step before would wait for ever."""
    stage.take_in("GrownGil", OLD[:3])
    run = stage.ask("GrownGil", 2023)

    def die(event: Event) -> None:
        if event.phase == "completed":
            raise Killed

    before = stage.context
    stage.watch(die)
    with pytest.raises(Killed):
        stage.run_jobs()
    assert stage.job("GrownGil", 2023).status == "augmenting"
    stage.context = before
    stage.run_again("GrownGil", 2023, run)
    assert stage.job("GrownGil", 2023).status == "completed"
    assert stage.event("GrownGil", 2023).phase == "completed"
