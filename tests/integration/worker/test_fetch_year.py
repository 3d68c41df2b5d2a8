"""A listener's year, from the claim to the chart's numbers."""

from datetime import UTC, datetime

import pytest

from demo import catalogue
from demo.listeners import Play
from tests.integration.worker.conftest import Stage, second, some_plays


def test_every_play_of_a_heavy_year_is_stored_once_and_the_last_event_says_so(stage: Stage) -> None:
    job = stage.fetch("heavyhelen", 2024)
    assert stage.rows("HeavyHelen", 2024) == stage.told("HeavyHelen", 2024)
    standing, event = stage.standing("HeavyHelen", 2024), stage.event("HeavyHelen", 2024)
    assert standing.scrobbles == 12_100 == standing.matched + standing.not_found
    assert event.phase == "completed"
    assert event.standing()["years"] == standing.years
    assert (event.scrobbles, event.expected, event.page, event.pages) == (12_100, 12_100, 61, 61)
    assert job.status == "completed"
    assert job.completed_at is not None
    assert (datetime.now(UTC) - job.completed_at).total_seconds() < 60
    assert job.expected == 12_100


def test_the_pages_are_stored_oldest_first_and_each_is_called_for_once(stage: Stage) -> None:
    newest: list[int] = []
    stage.watch(lambda _: newest.append(len(stage.rows("HeavyHelen", 2024))))
    stage.fetch("HeavyHelen", 2024)
    assert sorted(stage.pages()) == list(range(1, 62))
    assert newest == sorted(newest)
    told = stage.told("HeavyHelen", 2024)
    first = stage.connection.execute("SELECT min(scrobbled_at) FROM scrobbles").fetchone()
    assert first is not None
    assert int(first[0].timestamp()) == told[0][0]
    assert newest[1:3] == [100, 300], "the page with the remainder comes first"


def test_rows_never_stand_there_without_the_answer_about_their_album(stage: Stage) -> None:
    waiting: list[int] = []
    query = "SELECT count(*) FROM albums WHERE augmentation_status = 'pending'"
    stage.watch(lambda _: waiting.extend(stage.connection.execute(query).fetchone() or ()))
    stage.fetch("LightLuca", 2024)
    assert set(waiting) == {0}


@pytest.mark.parametrize("name", ["HeavyHelen", "LightLuca"])
def test_years_are_those_of_the_first_release_whatever_kind_of_mbid_leads_there(stage: Stage, name: str) -> None:
    stage.fetch(name, 2024)
    by_mbid = {str(album.lastfm_mbid): album for album in catalogue.albums() if album.lastfm_mbid}
    stored = stage.connection.execute(
        "SELECT album_mbid::text, release_year, augmentation_status FROM albums"
    ).fetchall()
    usable = {mbid for mbid, album in by_mbid.items() if album.has_usable_mbid and album.year}
    assert {mbid for mbid, _, status in stored if status == "matched"} <= usable
    for mbid, year, status in stored:
        known = mbid in usable
        assert status == ("matched" if known else "not_found")
        assert year == (by_mbid[mbid].year if known else None)


def test_releases_reissues_redirects_and_stale_mbids_all_occur(stage: Stage) -> None:
    stage.fetch("HeavyHelen", 2024)
    methods = dict(stage.connection.execute("SELECT method, count(*) FROM albums GROUP BY method").fetchall())
    assert methods.keys() == {"mbid", "mbid: release", "mbid: release redirect"}
    stale = "SELECT count(*) FROM albums WHERE album_mbid IS NOT NULL AND augmentation_status = 'not_found'"
    assert (stage.connection.execute(stale).fetchone() or (0,))[0] > 0
    reissues = [
        album
        for album in catalogue.albums()
        if album.has_usable_mbid and album.year not in {r.year for r in album.releases if r.mbid == album.lastfm_mbid}
    ]
    stored = {row[0] for row in stage.connection.execute("SELECT album_mbid FROM albums").fetchall()}
    assert any(album.lastfm_mbid in stored for album in reissues)


@pytest.mark.parametrize("count", [0, 1, 199, 200, 201, 400])
def test_a_year_of_any_length_is_whole(stage: Stage, count: int) -> None:
    stage.take_in("TallyTess", some_plays(count))
    job = stage.fetch("TallyTess", 2023)
    assert (job.status, job.expected, job.progress) == ("completed", count, -(-count // 200))
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


def test_what_is_playing_now_stands_on_every_page_and_is_stored_from_none(stage: Stage) -> None:
    playing = stage.lastfm.listeners["HeavyHelen"].now_playing
    assert playing is not None
    stage.fetch("HeavyHelen", 2021)
    assert stage.rows("HeavyHelen", 2021) == stage.told("HeavyHelen", 2021)
    assert len(stage.pages()) > 40


def test_two_plays_of_one_second_are_two(stage: Stage) -> None:
    both = [Play(second("2023-05-01"), "Somebody", title, "Album", "") for title in ("One", "Other")]
    stage.take_in("TwinTom", both)
    stage.fetch("TwinTom", 2023)
    assert [row[2] for row in stage.rows("TwinTom", 2023)] == ["One", "Other"]


@pytest.mark.parametrize("same", [2, 5, 201])
def test_plays_of_one_second_may_lie_on_both_sides_of_a_page_boundary(stage: Stage, same: int) -> None:
    after = some_plays(199, since="2023-06-01")
    moment = second("2023-05-01")
    at_once = [Play(moment, "Somebody", f"At once {number}", "Album", "") for number in range(same)]
    stage.take_in("TwinTom", [*some_plays(250), *at_once, *after])
    assert stage.fetch("TwinTom", 2023).expected == 250 + same + 199
    assert stage.rows("TwinTom", 2023) == stage.told("TwinTom", 2023)
    assert len(stage.pages()) == len(set(stage.pages())), "no page was asked for twice"


def test_plays_without_a_time_belong_to_no_year(stage: Stage) -> None:
    assert any(play.uts == 0 for play in stage.lastfm.listeners["HeavyHelen"].own)
    stage.fetch("HeavyHelen", 2019)
    assert stage.rows("HeavyHelen", 2019) == stage.told("HeavyHelen", 2019)
    early = stage.connection.execute("SELECT count(*) FROM scrobbles WHERE scrobbled_at < '2019-01-01'").fetchone()
    assert early == (0,)
