"""Stale charts: who has played an album or a song sees its new release year, even if a worker was killed."""

from collections.abc import Iterator
from dataclasses import replace

import pytest

from app.redis.event_stream import Topic, latest_snapshot
from app.store import Connection, albums, connect, tracks
from app.store.albums import Album
from app.store.stale_charts import NewestRows
from app.store.tracks import Track
from demo.lastfm.accounts import Play
from tests.integration.worker.conftest import Killed, Stage, second
from worker.fetching.stale_charts import drop_stale_charts

MINE, HERS = Topic("LightLuca", 2023), Topic("SongSue", 2023)
ONE = Album("Nobody at All", "One", None)
PLACED = replace(ONE, augmentation_status="matched", release_year=1990)


def some_plays(*titles: str) -> list[Play]:
    start = second("2023-05-01")
    return [Play(start + 60 * at, ONE.artist, f"Take {at}", title, "") for at, title in enumerate(titles)]


@pytest.fixture
def stage(stage: Stage) -> Stage:
    """Two listeners have played the same two albums, which MusicBrainz lacks, and their charts are cached."""
    for topic in (MINE, HERS):
        stage.take_in(topic.username, some_plays("One", "Two"))
        stage.fetch(topic.username, 2023)
    return stage


@pytest.fixture
def other_worker(database_url: str) -> Iterator[Connection]:
    with connect(database_url) as connection:
        yield connection


def cached(stage: Stage) -> list[str]:
    return [topic.username for topic in (MINE, HERS) if latest_snapshot(stage.redis, topic)]


def songs(stage: Stage) -> list[Track]:
    return [Track(*row) for row in stage.connection.execute("SELECT id, %s, title FROM tracks", [ONE.artist])]


def test_all_charts_with_the_album_are_dropped_but_the_one_that_is_about_to_be_published(stage: Stage) -> None:
    albums.save(stage.connection, [PLACED])
    assert cached(stage) == ["LightLuca", "SongSue"], "not before the run's end"
    drop_stale_charts(stage.connection, stage.redis, ours=Topic("LIGHTLUCA", 2023))
    assert cached(stage) == ["LightLuca"]
    drop_stale_charts(stage.connection, stage.redis)
    assert cached(stage) == ["LightLuca"], "dropped once"


def test_songs_that_get_a_year_of_their_own_count_too(stage: Stage) -> None:
    tracks.save_years(stage.connection, songs(stage), [None, None])
    drop_stale_charts(stage.connection, stage.redis)
    assert cached(stage) == ["LightLuca", "SongSue"], "nothing was found"
    tracks.save_years(stage.connection, songs(stage), [None, 1990])
    drop_stale_charts(stage.connection, stage.redis)
    assert cached(stage) == []


@pytest.mark.parametrize("answer", [ONE, replace(ONE, augmentation_status="not_found")])
def test_an_answer_that_is_no_better_drops_no_chart(stage: Stage, answer: Album) -> None:
    albums.save(stage.connection, [answer])
    drop_stale_charts(stage.connection, stage.redis)
    assert cached(stage) == ["LightLuca", "SongSue"]


def test_what_a_killed_worker_stored_reaches_everyone_when_the_next_fetch_ends(stage: Stage) -> None:
    albums.save(stage.connection, [PLACED])  # its last act
    stage.take_in("GrowingGus", some_plays("Three"))
    stage.fetch("GrowingGus", 2023)
    assert cached(stage) == []


def test_albums_that_the_run_has_added_itself_are_searched_for_in_no_other_chart(stage: Stage) -> None:
    before = NewestRows(album=0, track=0)
    albums.save(stage.connection, [PLACED])
    drop_stale_charts(stage.connection, stage.redis, before=before)
    assert cached(stage) == ["LightLuca", "SongSue"]
    assert stage.connection.execute("SELECT count(*) FROM albums WHERE charts_stale").fetchone() == (0,)


def test_a_fetch_that_fails_drops_them_too(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail_after_an_answer(*_: object) -> None:
        albums.save(stage.connection, [PLACED])
        raise RuntimeError("a fault of ours")

    monkeypatch.setattr("worker.jobs.match_albums", fail_after_an_answer)
    stage.take_in("GrowingGus", some_plays("Three"))
    with pytest.raises(RuntimeError, match="a fault of ours"):
        stage.fetch("GrowingGus", 2023)
    assert stage.event("GrowingGus", 2023).phase == "failed"
    assert cached(stage) == []


def test_a_worker_killed_while_it_drops_charts_leaves_them_to_the_next_run(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    def die(*_: object) -> None:
        raise Killed

    albums.save(stage.connection, [PLACED])
    with monkeypatch.context() as patch:
        patch.setattr("worker.fetching.stale_charts.drop_snapshot", die)
        with pytest.raises(Killed):
            drop_stale_charts(stage.connection, stage.redis)
    drop_stale_charts(stage.connection, stage.redis)
    assert cached(stage) == []


def test_an_answer_that_is_being_stored_is_left_to_its_own_worker(stage: Stage, other_worker: Connection) -> None:
    albums.save(stage.connection, [replace(PLACED, augmentation_status="fuzzy_matched")])
    with other_worker.transaction():
        albums.save(other_worker, [PLACED])
        drop_stale_charts(stage.connection, stage.redis)
        assert cached(stage) == ["LightLuca", "SongSue"], "neither dropped nor waited for"
    drop_stale_charts(other_worker, stage.redis)
    assert cached(stage) == []
