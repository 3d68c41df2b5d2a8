"""The years of songs, where the mirror has recordings: for plays without an album, and for compilations."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from pydantic import SecretStr

from app import fetches
from app.progress import Topic, latest
from app.store import tracks
from demo import catalogue
from demo.listeners import Play
from demo.musicbrainz import write_export
from demo.parts import url_for
from mirror.load import Options, import_export
from tests.integration.conftest import fresh_database
from tests.integration.worker.conftest import Stage, second

SONG = next(album for album in catalogue.albums() if album.year and not album.secondary and album.tracks)
MIXED = next(
    album for album in catalogue.albums() if album.secondary in {"Live", "Compilation"} and album.has_usable_mbid
)


@pytest.fixture(scope="module")
def recordings_url(postgres: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The demo's mirror with recordings."""
    folder: Path = tmp_path_factory.mktemp("fullexport")
    write_export(folder)
    with fresh_database(postgres) as name:
        url = url_for(postgres, name, "postgres")
        import_export(url, str(folder), options=Options(profile="recordings"))
        yield url


@pytest.fixture
def recordings(stage: Stage, recordings_url: str) -> Stage:
    """An installation whose mirror has recordings."""
    settings = stage.tools.settings.model_copy(update={"mirror_url": SecretStr(recordings_url)})
    stage.tools = replace(stage.tools, settings=settings)
    return stage


def play_of(album: catalogue.Album, title: str, *, named: bool) -> Play:
    mbid = str(album.lastfm_mbid or "") if named else ""
    return Play(second("2023-03-01"), album.lastfm_artist, title, album.lastfm_title if named else "", mbid)


def test_a_play_without_an_album_is_counted_by_the_year_of_its_song(recordings: Stage) -> None:
    recordings.take_in("SongSue", [play_of(SONG, SONG.tracks[0], named=False)])
    recordings.fetch("SongSue", 2023)
    event = recordings.event("SongSue", 2023)
    assert (event.matched, event.not_found, event.years) == (1, 0, {str(SONG.year): 1})


def test_a_song_that_nobody_knows_stays_not_found(recordings: Stage) -> None:
    recordings.take_in("SongSue", [play_of(SONG, "A Song of Nobody", named=False)])
    recordings.fetch("SongSue", 2023)
    event = recordings.event("SongSue", 2023)
    assert (event.matched, event.not_found, event.years) == (0, 1, {})


def test_the_year_of_a_song_is_kept_beside_that_of_its_live_album_or_compilation(recordings: Stage) -> None:
    recordings.take_in("SongSue", [play_of(MIXED, MIXED.tracks[0], named=True)])
    recordings.fetch("SongSue", 2023)
    assert recordings.event("SongSue", 2023).years == {str(MIXED.year): 1}
    row = recordings.connection.execute(
        "SELECT songs_differ, song_year FROM tracks JOIN albums ON true"
    ).fetchone()
    assert row is not None
    assert row[0]
    assert row[1] <= MIXED.year


def test_a_mirror_of_albums_asks_for_no_songs(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    for question in ("unplaced", "some_unplaced"):
        monkeypatch.delattr(tracks, question)  # nor does it read which there are
    stage.take_in("SongSue", [play_of(SONG, SONG.tracks[0], named=False)])
    stage.fetch("SongSue", 2023)
    assert stage.connection.execute("SELECT song_year, song_looked_up_at FROM tracks").fetchall() == [(None, None)]
    assert stage.event("SongSue", 2023).not_found == 1
    fetches.ask_for_rematch(stage.redis)
    stage.run_jobs()


def test_songs_are_placed_overnight_once_the_mirror_has_recordings(stage: Stage, recordings_url: str) -> None:
    stage.take_in("SongSue", [play_of(SONG, SONG.tracks[0], named=False)])
    stage.fetch("SongSue", 2023)
    settings = stage.tools.settings.model_copy(update={"mirror_url": SecretStr(recordings_url)})
    stage.tools = replace(stage.tools, settings=settings)
    fetches.ask_for_rematch(stage.redis)
    stage.run_jobs()
    assert latest(stage.redis, Topic("SongSue", 2023)) is None
    assert stage.standing("SongSue", 2023).years == {str(SONG.year): 1}
