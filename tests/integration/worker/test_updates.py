"""A year that is stored already: brought up to date from its newest play, or fetched anew and never empty."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from app.progress import Event
from demo import catalogue
from demo.faults import Fault
from demo.listeners import Play
from tests.integration.worker.conftest import RECENT, Killed, Stage, second, some_plays

OLD = some_plays(850)
NEW = some_plays(30, since="2023-06-01")


@pytest.fixture
def grown(stage: Stage) -> Stage:
    """A year that is whole, and has since grown at Last.fm."""
    stage.take_in("GrownGil", OLD)
    stage.fetch("GrownGil", 2023)
    stage.lastfm.traffic.forget()
    stage.lastfm.add_plays("GrownGil", NEW)
    return stage


def exact(stage: Stage) -> bool:
    return stage.rows("GrownGil", 2023) == stage.told("GrownGil", 2023)


def test_an_update_reads_from_the_newest_play_and_takes_two_calls(grown: Stage) -> None:
    job = grown.fetch("GrownGil", 2023)
    assert exact(grown)
    assert (job.status, job.expected) == ("completed", 880)
    assert [call.params["limit"] for call in grown.lastfm.calls] == ["200", "1"]
    assert grown.lastfm.calls[0].params["from"] == str(OLD[-1].uts)


def test_an_update_that_finds_nothing_new_takes_two_calls_too(grown: Stage) -> None:
    grown.lastfm.remove_plays("GrownGil", NEW)
    assert grown.fetch("GrownGil", 2023).status == "completed"
    assert len(grown.lastfm.calls) == 2
    event = grown.event("GrownGil", 2023)
    assert (event.scrobbles, event.expected) == (850, 850)


def test_an_update_notices_by_the_count_that_something_old_came_or_went(grown: Stage) -> None:
    grown.lastfm.remove_plays("GrownGil", OLD[:7])
    grown.lastfm.add_plays("GrownGil", [Play(second("2023-01-05"), "Somebody", "From a phone", "", "")])
    assert grown.fetch("GrownGil", 2023).expected == 874
    assert exact(grown)


@pytest.mark.parametrize("killed_at", [1, 2])
def test_an_update_that_was_cut_short_is_no_reason_to_read_the_whole_year(stage: Stage, killed_at: int) -> None:
    stage.one_call_at_a_time()
    stage.take_in("GrownGil", OLD[:650])
    stage.fetch("GrownGil", 2023)
    stage.lastfm.add_plays("GrownGil", [*OLD[650:], *some_plays(400, since="2023-07-01")])
    stage.lastfm.traffic.forget()
    stage.lastfm.faults.add(Fault("503", RECENT, page=killed_at, times=5))
    assert stage.fetch("GrownGil", 2023).status == "failed"
    assert stage.fetch("GrownGil", 2023).expected == 1250
    assert exact(stage)
    assert max(stage.pages()) <= 4, "the whole year has seven"


def test_a_refresh_finds_what_was_edited_and_deleted(grown: Stage) -> None:
    grown.lastfm.remove_plays("GrownGil", OLD[100:300])
    edited = [Play(play.uts, play.artist, play.title + " (live)", play.album, "") for play in OLD[100:200]]
    grown.lastfm.add_plays("GrownGil", edited)
    grown.fetch("GrownGil", 2023, anew=True)
    assert exact(grown)


def test_a_refresh_never_shows_an_empty_year(grown: Stage) -> None:
    events: list[Event] = []
    stored: list[int] = []
    grown.watch(events.append)
    grown.watch(lambda _: stored.append(grown.standing("GrownGil", 2023).scrobbles))
    grown.lastfm.remove_plays("GrownGil", OLD[300:])
    grown.fetch("GrownGil", 2023, anew=True)
    assert exact(grown)
    assert min(stored) == 330
    assert [event.scrobbles for event in events] == stored


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
    assert stage.fetch("GrownGil", 2023, anew=True).status == "completed"
    event = stage.event("GrownGil", 2023)
    assert (event.matched, event.not_found, event.years) == (4, 0, {str(album.year): 4})


def test_a_refresh_that_is_cut_short_leaves_the_old_rows_behind_it(grown: Stage) -> None:
    grown.one_call_at_a_time()
    grown.lastfm.faults.add(Fault("503", RECENT, page=2, times=None))
    grown.lastfm.remove_plays("GrownGil", OLD[:10])
    assert grown.fetch("GrownGil", 2023, anew=True).status == "failed"
    assert grown.standing("GrownGil", 2023).scrobbles == 840
    grown.lastfm.faults.clear()
    assert grown.fetch("GrownGil", 2023).status == "completed"
    assert exact(grown)


def test_a_year_that_was_emptied_at_last_fm_is_empty_here_too(stage: Stage) -> None:
    midnight = Play(second("2023-01-01"), "Somebody", "At midnight", "Album", "")
    stage.take_in("GrownGil", [midnight, *OLD[:3]])
    stage.fetch("GrownGil", 2023)
    stage.lastfm.remove_plays("GrownGil", [midnight, *OLD])
    assert stage.fetch("GrownGil", 2023, anew=True).expected == 0
    assert stage.rows("GrownGil", 2023) == []


def test_the_newest_play_may_be_the_one_that_went(stage: Stage) -> None:
    stage.take_in("GrownGil", OLD[:3])
    stage.fetch("GrownGil", 2023)
    stage.lastfm.remove_plays("GrownGil", OLD[2:])
    assert stage.fetch("GrownGil", 2023).expected == 2
    assert exact(stage)


def test_what_another_run_stored_is_not_cleared_away_by_one_that_was_overtaken(stage: Stage) -> None:
    stage.take_in("GrownGil")
    old = stage.ask("GrownGil", 2023)

    def overtake() -> None:
        stage.connection.execute("UPDATE fetch_jobs SET updated_at = %s", [datetime.now(UTC) - timedelta(hours=1)])
        stage.lastfm.clock = clock
        stage.lastfm.add_plays("GrownGil", OLD[:5])
        stage.fetch("GrownGil", 2023)
        stage.lastfm.remove_plays("GrownGil", OLD)

    clock = stage.lastfm.clock
    stage.at_call(3, overtake)
    stage.run_jobs()
    assert stage.standing("GrownGil", 2023).scrobbles == 5
    job = stage.job("GrownGil", 2023)
    assert job.run != old
    assert job.status == "completed"


def test_a_worker_killed_as_it_completes_says_so_when_it_runs_again(stage: Stage) -> None:
    """Otherwise the pages that were told of the last step would wait for ever."""
    stage.take_in("GrownGil", OLD[:3])
    run = stage.ask("GrownGil", 2023)

    def die(event: Event) -> None:
        if event.phase == "completed":
            raise Killed

    before = stage.tools
    stage.watch(die)
    with pytest.raises(Killed):
        stage.run_jobs()
    assert stage.job("GrownGil", 2023).status == "augmenting"
    stage.tools = before
    stage.run_again("GrownGil", 2023, run)
    assert stage.job("GrownGil", 2023).status == "completed"
    assert stage.event("GrownGil", 2023).phase == "completed"
