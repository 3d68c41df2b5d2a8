"""Outdated years: what got a better year is told to all who have scrobbled it, though a worker is killed."""

from collections.abc import Sequence
from uuid import UUID

import pytest

from app.progress import Topic, latest
from app.store import Connection, albums
from app.store.albums import Album
from demo.listeners import Play
from tests.integration.worker.conftest import Stage, second
from worker.outdated import ALBUMS, SONGS, Outdated

MINE, HERS = Topic("LightLuca", 2023), Topic("SongSue", 2023)


def some_plays(*titles: str) -> list[Play]:
    start = second("2023-05-01")
    return [Play(start + 60 * at, "Nobody at All", f"Take {at}", title, "") for at, title in enumerate(titles)]


@pytest.fixture
def keys(stage: Stage) -> list[UUID]:
    """Two albums that two listeners have scrobbled, whose years are remembered."""
    for topic in (MINE, HERS):
        stage.take_in(topic.username, some_plays("One", "Two"))
        stage.fetch(topic.username, 2023)
    return [row[0] for row in stage.connection.execute("SELECT key FROM albums ORDER BY album")]


def remembered(stage: Stage) -> list[str]:
    return [topic.username for topic in (MINE, HERS) if latest(stage.redis, topic)]


def test_everybody_who_has_scrobbled_it_is_told_but_for_the_year_that_tells(
    stage: Stage, keys: list[UUID]
) -> None:
    with Outdated(stage.connection, stage.redis, but=Topic("LIGHTLUCA", 2023)) as outdated:
        outdated.note_albums(keys[:1])
        assert remembered(stage) == ["LightLuca", "SongSue"], "it may not be stored yet"
    assert remembered(stage) == ["LightLuca"]
    assert not stage.redis.exists(ALBUMS, SONGS)


def test_songs_are_told_as_albums_are(stage: Stage, keys: list[UUID]) -> None:
    ids = [row[0] for row in stage.connection.execute("SELECT id FROM tracks")]
    with Outdated(stage.connection, stage.redis) as outdated:
        outdated.note_songs(ids)
    assert remembered(stage) == []
    assert not stage.redis.exists(ALBUMS, SONGS)


def test_what_a_killed_worker_did_not_tell_the_next_run_tells(stage: Stage, keys: list[UUID]) -> None:
    Outdated(stage.connection, stage.redis).note_albums(keys[:1])  # and no more is heard of it
    assert remembered(stage) == ["LightLuca", "SongSue"]
    stage.take_in("GrowingGus", some_plays("Three"))
    stage.fetch("GrowingGus", 2023)
    assert remembered(stage) == []


def test_a_fetch_that_is_killed_behind_a_better_answer_leaves_it_noted(
    stage: Stage, keys: list[UUID], monkeypatch: pytest.MonkeyPatch
) -> None:
    class Killed(BaseException):
        """As if the process were gone."""

    def keep(connection: Connection, placed: Sequence[Album]) -> None:
        stored(connection, placed)
        if any(album.release_year for album in placed):
            raise Killed

    stored = albums.keep
    monkeypatch.setattr(albums, "keep", keep)
    monkeypatch.setattr(Outdated, "__exit__", lambda *_: None)
    famous = [Play(second("2023-06-01"), "Miles Davis", "Move", "Birth of the Cool", "")]
    stage.take_in("GrowingGus", famous)
    known = Album("Miles Davis", "Birth of the Cool", None)
    stored(stage.connection, [known])
    with pytest.raises(Killed):
        stage.fetch("GrowingGus", 2023)
    assert albums.known(stage.connection, [known.key])[known.key].release_year == 1957
    assert known.key.bytes in stage.redis.smembers(ALBUMS)
