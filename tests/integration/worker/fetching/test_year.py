"""A listener's year, from the claim to the chart's numbers."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from app.events import Event
from demo.lastfm.accounts import Account, Play
from demo.musicbrainz import catalogue
from tests.integration.worker.conftest import JOINED, RECENT, Stage, second, some_plays
from worker.fetching.time_left.forecast import SILENT
from worker.lastfm.overlap import Overlap


def test_a_heavy_year_is_stored_whole_with_the_years_of_its_albums(stage: Stage) -> None:
    job = stage.fetch("heavyhelen", 2024)
    assert stage.rows("HeavyHelen", 2024) == stage.told("HeavyHelen", 2024)
    assert stage.calls(RECENT) <= 1.25 * 12_100 / 1000 + 3
    counts, event = stage.counts("HeavyHelen", 2024), stage.event("HeavyHelen", 2024)
    assert counts.scrobbles == 12_100 == counts.matched + counts.fuzzy_matched + counts.not_found
    assert event.phase == "completed"
    assert event.numbers == counts.numbers
    assert (event.scrobbles, event.expected, event.done, event.gaps) == (12_100, 12_100, 12_100, ())
    assert (job.status, job.expected) == ("completed", 12_100)
    assert job.completed_at is not None
    assert (datetime.now(UTC) - job.completed_at).total_seconds() < 60
    check_the_albums(stage)


def check_the_albums(stage: Stage) -> None:
    """Each year is that of the first release, whether found by an MBID of any kind or by name."""
    usable = {album.lastfm_mbid: album for album in catalogue.albums() if album.has_usable_mbid and album.year}
    groups = {album.group_mbid: album for album in catalogue.albums()}
    query = "SELECT album_mbid, release_group, release_year, augmentation_status, method FROM albums"
    stored = stage.connection.execute(query).fetchall()
    assert all(year == usable[mbid].year for mbid, _, year, *_ in stored if mbid in usable)
    assert all(year == groups[group].year for _, group, year, *_ in stored if year is not None)
    kinds = {kind_of(usable[mbid]) for mbid, *_ in stored if mbid in usable}
    assert kinds == {"release", "reissue", "redirect"}
    methods = {method for *_, method in stored}
    assert {"mbid: release", "mbid: release redirect", "names", "title nearly", None} <= methods
    statuses = {(year is None, status) for _, _, year, status, _ in stored}
    assert statuses == {(True, "not_found"), (False, "matched"), (False, "fuzzy_matched")}


def kind_of(album: catalogue.CatalogueAlbum) -> str:
    reported = next((release for release in album.releases if release.mbid == album.lastfm_mbid), None)
    if reported is None:
        return "redirect"
    return "release" if reported.year == album.year else "reissue"


def test_stretches_are_stored_one_by_one_and_the_bars_grow(stage: Stage) -> None:
    stage.without_preview()
    stage.grant(200)
    events: list[Event] = []

    def watch(event: Event) -> None:
        if event.expected and not event.done:  # in the first seconds none is told
            stage.context.clock.sleep(SILENT)
        events.append(event)

    stage.watch(watch)
    stage.fetch("LightLuca", 2024)
    count = len(stage.told("LightLuca", 2024))
    fetching = [event for event in events if event.phase == "fetching"]
    done = [event.done for event in fetching]
    assert done == [event.scrobbles for event in fetching] == sorted(done)
    assert (done[0], done[-1]) == (0, count)
    assert len(set(done)) > count / 200, "a stretch at a time"
    assert [event.expected for event in fetching] == [None, *[count] * (len(fetching) - 1)]
    left = [event.seconds_left for event in events if event.seconds_left is not None]
    assert left
    assert left == sorted(left, reverse=True), "the time left never goes up"
    assert [event.phase for event in events][-2:] == ["augmenting", "completed"]


def test_the_next_call_is_under_way_while_an_answer_is_stored(stage: Stage) -> None:
    stage.without_preview()
    stage.grant(200)
    stage.take_in("SteadySven", some_plays(500))
    calls = Overlap[Any, Any](2)
    stage.context = replace(stage.context, overlap=lambda _most: calls)
    running: list[int] = []
    stage.watch(lambda event: running.append(len(calls)) if 0 < event.done < (event.expected or 0) else None)
    stage.fetch("SteadySven", 2023)
    assert running
    assert all(running)


def test_what_mbids_and_names_say_is_there_with_the_rows_and_the_rest_at_the_end(stage: Stage) -> None:
    events: list[Event] = []
    stage.watch(events.append)
    stage.fetch("LightLuca", 2024)
    while_fetching = [event for event in events if event.phase == "fetching"][-1]
    assert (while_fetching.fuzzy_matched, while_fetching.not_found) == (0, 0)
    assert while_fetching.matched > while_fetching.scrobbles // 2
    end = events[-1]
    assert end.matched == while_fetching.matched
    assert end.scrobbles == end.matched + end.fuzzy_matched + end.not_found


@pytest.mark.parametrize("count", [0, 1, 999, 1000, 1001])
def test_a_year_of_any_length_is_whole(stage: Stage, count: int) -> None:
    stage.take_in("TallyTess", some_plays(count))
    job = stage.fetch("TallyTess", 2023)
    assert (job.status, job.expected) == ("completed", count)
    assert len(stage.rows("TallyTess", 2023)) == count
    assert stage.rows("TallyTess", 2023) == stage.told("TallyTess", 2023)


@pytest.mark.parametrize(("name", "year", "count"), [("SingleSam", 2023, 1), ("EmptyEve", 2022, 0)])
def test_short_lives_are_whole_too(stage: Stage, name: str, year: int, count: int) -> None:
    assert stage.fetch(name, year).status == "completed"
    assert stage.rows(name, year) == stage.told(name, year)
    assert len(stage.rows(name, year)) == count


def test_a_year_begins_and_ends_at_midnight_utc(stage: Stage) -> None:
    edges = ["2022-12-31T23:59:59", "2023-01-01T00:00:00", "2023-12-31T23:59:59", "2024-01-01T00:00:00"]
    stage.take_in("EdgyEdda", [Play(second(edge), "Somebody", edge, "", "") for edge in edges])
    stage.fetch("EdgyEdda", 2023)
    stored = stage.connection.execute("SELECT track_name FROM scrobbles_flat ORDER BY scrobbled_at").fetchall()
    assert [row[0] for row in stored] == edges[1:3]


def test_the_running_year_ends_where_it_was_asked_for(stage: Stage) -> None:
    now = datetime.now(UTC)
    start = int(datetime(now.year, 1, 1, tzinfo=UTC).timestamp())
    soon = int(now.timestamp()) + 3600
    stage.take_in("NowNora", [Play(start, "Somebody", "First", "", ""), Play(soon, "Somebody", "To come", "", "")])
    stage.lastfm.clock = lambda: soon + 3600
    job = stage.fetch("NowNora", now.year)
    assert [row[2] for row in stage.rows("NowNora", now.year)] == ["First"]
    assert job.expected == 1


def test_what_is_playing_now_is_in_every_answer_and_is_stored_from_none(stage: Stage) -> None:
    playing = Play(0, "Somebody", "Not over yet", "", "")
    stage.lastfm.add_account(Account("PlayingPia", JOINED, own=tuple(some_plays(450)), now_playing=playing))
    stage.grant(200)
    assert stage.fetch("PlayingPia", 2023).expected == 450
    assert stage.rows("PlayingPia", 2023) == stage.told("PlayingPia", 2023)


def test_two_plays_of_one_second_are_two(stage: Stage) -> None:
    both = [Play(second("2023-05-01"), "Somebody", title, "Album", "") for title in ("One", "Other")]
    stage.take_in("TwinTom", both)
    stage.fetch("TwinTom", 2023)
    assert [row[2] for row in stage.rows("TwinTom", 2023)] == ["One", "Other"]


@pytest.mark.parametrize("same", [2, 1001])
def test_plays_of_one_second_may_lie_on_both_sides_of_a_cut(stage: Stage, same: int) -> None:
    after = some_plays(999, since="2023-06-01")
    moment = second("2023-05-01")
    at_once = [Play(moment, "Somebody", f"At once {number}", "Album", "") for number in range(same)]
    stage.take_in("TwinTom", [*some_plays(250), *at_once, *after])
    assert stage.fetch("TwinTom", 2023).expected == 250 + same + 999
    assert stage.rows("TwinTom", 2023) == stage.told("TwinTom", 2023)


def test_plays_without_a_time_belong_to_no_year(stage: Stage) -> None:
    stage.take_in("TimelessTim", [Play(0, "Somebody", "Some time", "", ""), *some_plays(3)])
    assert stage.fetch("TimelessTim", 2023).expected == 3
    assert stage.connection.execute("SELECT count(*) FROM scrobbles_flat").fetchone() == (3,)
