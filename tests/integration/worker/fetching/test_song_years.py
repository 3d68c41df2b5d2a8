"""The years of songs, if the mirror has recordings: for plays without an album, and for compilations."""

from dataclasses import replace

import pytest
from pydantic import SecretStr

from app.jobs import enqueue
from app.redis.event_stream import Topic, latest_snapshot
from app.store import tracks
from demo.lastfm.accounts import Play
from demo.musicbrainz import catalogue
from tests.integration.worker.conftest import Stage, second

SONG = next(album for album in catalogue.albums() if album.year and not album.secondary_type and album.tracks)
MIXED = next(
    album
    for album in catalogue.albums()
    if album.secondary_type in {"Live", "Compilation"} and album.has_usable_mbid
)


@pytest.fixture
def recordings(stage: Stage, recordings_url: str) -> Stage:
    """An installation whose mirror has recordings."""
    settings = stage.context.settings.model_copy(update={"mirror_url": SecretStr(recordings_url)})
    stage.context = replace(stage.context, settings=settings)
    return stage


def play_of(album: catalogue.CatalogueAlbum, title: str, *, named: bool) -> Play:
    mbid = str(album.lastfm_mbid or "") if named else ""
    return Play(second("2023-03-01"), album.lastfm_artist, title, album.lastfm_title if named else "", mbid)


def test_a_play_without_an_album_is_counted_by_the_year_of_its_song(recordings: Stage) -> None:
    recordings.take_in("SongSue", [play_of(SONG, SONG.tracks[0], named=False)])
    recordings.fetch("SongSue", 2023)
    event = recordings.event("SongSue", 2023)
    assert (event.matched, event.not_found, event.years) == (1, 0, {SONG.year: 1})


def test_a_song_that_nobody_knows_stays_not_found(recordings: Stage) -> None:
    recordings.take_in("SongSue", [play_of(SONG, "A Song of Nobody", named=False)])
    recordings.fetch("SongSue", 2023)
    event = recordings.event("SongSue", 2023)
    assert (event.matched, event.not_found, event.years) == (0, 1, {})


def test_the_year_of_a_song_is_kept_beside_that_of_its_live_album_or_compilation(recordings: Stage) -> None:
    recordings.take_in("SongSue", [play_of(MIXED, MIXED.tracks[0], named=True)])
    recordings.fetch("SongSue", 2023)
    assert recordings.event("SongSue", 2023).years == {MIXED.year: 1}
    row = recordings.connection.execute(
        "SELECT songs_differ, song_year FROM tracks JOIN albums ON true"
    ).fetchone()
    assert row is not None
    assert row[0]
    assert row[1] <= MIXED.year


def test_a_mirror_of_albums_asks_for_no_songs(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    for question in ("without_year", "some_without_year"):
        monkeypatch.delattr(tracks, question)  # nor does it read which there are
    stage.take_in("SongSue", [play_of(SONG, SONG.tracks[0], named=False)])
    stage.fetch("SongSue", 2023)
    assert stage.connection.execute("SELECT song_year, song_looked_up_at FROM tracks").fetchall() == [(None, None)]
    assert stage.event("SongSue", 2023).not_found == 1
    enqueue.enqueue_rematch(stage.redis)
    stage.run_jobs()


def test_songs_are_placed_overnight_once_the_mirror_has_recordings(stage: Stage, recordings_url: str) -> None:
    stage.take_in("SongSue", [play_of(SONG, SONG.tracks[0], named=False)])
    stage.fetch("SongSue", 2023)
    settings = stage.context.settings.model_copy(update={"mirror_url": SecretStr(recordings_url)})
    stage.context = replace(stage.context, settings=settings)
    enqueue.enqueue_rematch(stage.redis)
    stage.run_jobs()
    assert latest_snapshot(stage.redis, Topic("SongSue", 2023)) is None
    assert stage.counts("SongSue", 2023).years == {SONG.year: 1}
