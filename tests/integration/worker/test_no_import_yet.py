"""A site whose mirror is still empty: it works, says that release years will follow, and shows them later."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import psycopg
import pytest
from flask.testing import FlaskClient
from pydantic import SecretStr
from redis import Redis

from app.events import Event
from app.jobs import enqueue, queues
from app.redis.event_stream import Topic, latest_snapshot, save_snapshot
from app.redis.mirror_note import MirrorNote, read_mirror_note
from app.store import Connection
from app.web import create_app
from demo.lastfm.accounts import Play
from demo.musicbrainz import catalogue
from demo.musicbrainz.export import write_demo_export
from mirror.importing.load import import_export
from tests.integration.worker.conftest import Stage, second, some_plays

PLACED = [album for album in catalogue.albums() if album.has_usable_mbid and album.year]
WORDS = "still importing MusicBrainz"
NOT_FOUND = (
    "could be placed",
    "could not be placed in",
    "Not found at MusicBrainz",
    "Last.fm does not answer",
    "broke",
)


@pytest.fixture
def mirror_url(empty_database: str) -> str:
    """A mirror with an empty database."""
    return empty_database


@pytest.fixture
def client(stage: Stage) -> Iterator[FlaskClient]:
    """A visitor."""
    app = create_app(stage.context.settings)
    yield app.test_client()
    app.extensions["lastyear"].pool.close()
    app.extensions["lastyear"].redis.close()


def do_import(url: str, folder: Path) -> None:
    write_demo_export(folder)
    import_export(url, str(folder), report=lambda _: None)


def plays_of(albums: list[catalogue.CatalogueAlbum]) -> list[Play]:
    start = second("2023-01-01")
    return [
        Play(start + 3600 * at, album.lastfm_artist, "Title", album.lastfm_title, str(album.lastfm_mbid))
        for at, album in enumerate(albums)
    ]


def look(client: FlaskClient, name: str) -> str:
    """Return the page of a year, as it is a second after the last visit."""
    client.application.extensions["lastyear"].page_cache.drop(name, 2023)
    page = client.get(f"/user/{name}/2023")
    assert page.status_code == 200
    return page.text


def open_albums(connection: Connection) -> int:
    return connection.execute("SELECT FROM albums WHERE augmentation_status = 'pending'").rowcount


def test_a_year_is_fetched_says_so_and_gets_its_years_when_the_import_is_done(
    stage: Stage, client: FlaskClient, mirror_url: str, tmp_path: Path, redis: Redis
) -> None:
    first = plays_of(PLACED[:1])[0]
    unfindable = replace(first, artist="Nobody at All", album="Unheard", album_mbid="")
    without_album = replace(first, uts=first.uts + 60, album="", album_mbid="")
    for name in ("EarlyEd", "EarlyEve"):
        stage.take_in(name, [*plays_of(PLACED[:40]), unfindable, without_album])
        look(client, name)
    stage.work()
    assert stage.rows("EarlyEd", 2023) == stage.told("EarlyEd", 2023)
    page = look(client, "EarlyEd")
    assert WORDS in page
    assert "42 plays wait" in page
    assert not [words for words in NOT_FOUND if words in page]
    assert 'data-live="/user/EarlyEd/2023"' in page, "an open page looks again by itself"
    assert "http-equiv" not in page, "but is not loaded anew every few seconds"
    behind = client.get("/user/EarlyEd/2023/unknown")
    assert WORDS in behind.text
    assert "Not found" not in behind.text
    assert client.get("/readyz").get_json()["mirror"] == "empty"

    calls = len(stage.lastfm.calls)
    do_import(mirror_url, tmp_path)
    assert enqueue.enqueue_rematch(redis)
    stage.work()
    assert open_albums(stage.connection) == 0
    for name in ("EarlyEd", "EarlyEve"):
        page = look(client, name)
        assert WORDS not in page
        assert "data-live" not in page
        assert stage.event(name, 2023).matched == 40
        assert stage.event(name, 2023).not_found == 2
    assert len(stage.lastfm.calls) == calls, "nothing was fetched for that"
    assert client.get("/readyz").get_json()["mirror"] == "serving"
    assert isinstance(note := read_mirror_note(redis), MirrorNote)
    assert not note.is_empty


def test_what_is_fetched_while_the_import_ends_is_placed_by_the_fetch_itself(
    stage: Stage, mirror_url: str, tmp_path: Path
) -> None:
    stage.take_in("EarlyEd", [*plays_of(PLACED[:40]), *some_plays(300)])
    stage.grant(100)
    export = tmp_path / "export"

    def end_the_import(event: Event) -> None:
        if event.done == 99 and not export.exists():
            do_import(mirror_url, export)

    stage.watch(end_the_import)
    stage.fetch("EarlyEd", 2023)
    assert stage.event("EarlyEd", 2023).matched == 40


def test_while_the_import_lasts_a_year_is_not_fetched_again_at_every_look(
    stage: Stage, client: FlaskClient, redis: Redis
) -> None:
    stage.take_in("EarlyEd", plays_of(PLACED[:3]))
    stage.fetch("EarlyEd", 2023)
    snapshot = latest_snapshot(redis, Topic("EarlyEd", 2023))
    assert snapshot is not None

    def looked_after(age: timedelta) -> int:
        then = snapshot.model_copy(update={"at": snapshot.at - age.total_seconds()})
        save_snapshot(redis, Topic("EarlyEd", 2023), then)
        stage.connection.execute("UPDATE fetch_jobs SET completed_at = completed_at - %s", [age])
        look(client, "EarlyEd")
        return queues.queue(redis, queues.FETCHES).count

    assert looked_after(timedelta(minutes=30)) == 0
    assert looked_after(timedelta(minutes=61)) == 1


def test_a_rematch_in_many_portions_settles_everything_and_shows_it(
    stage: Stage, mirror_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("worker.chores.rematch.BATCHES_PER_DROP", 2)
    monkeypatch.setattr("worker.fetching.enrich.BATCH_SIZE", 2)
    for number in range(4):
        stage.take_in(f"Early{number}", plays_of(PLACED[20 * number : 20 * number + 30]))
        stage.fetch(f"Early{number}", 2023)
    do_import(mirror_url, tmp_path)
    assert enqueue.enqueue_rematch(stage.redis)
    stage.run_jobs()
    assert open_albums(stage.connection) == 0
    for number in range(4):
        assert latest_snapshot(stage.redis, Topic(f"Early{number}", 2023)) is None
        assert stage.counts(f"Early{number}", 2023).matched == 30


def test_a_mirror_whose_server_is_away_is_not_said_to_be_imported(
    stage: Stage, client: FlaskClient, redis: Redis
) -> None:
    nowhere = SecretStr("postgresql://mirror_reader@/musicbrainz?host=/nowhere")
    settings = stage.context.settings.model_copy(update={"mirror_url": nowhere})
    stage.context = replace(stage.context, settings=settings)
    stage.take_in("EarlyEd", plays_of(PLACED[:3]))
    stage.fetch("EarlyEd", 2023)
    assert read_mirror_note(redis) is None
    page = look(client, "EarlyEd")
    assert WORDS not in page
    assert "Their release years are still to be looked up" in page
    assert not [words for words in NOT_FOUND if words in page]


def test_an_index_of_names_of_another_version_is_as_good_as_none_until_it_is_made_anew(
    stage: Stage, client: FlaskClient, mirror_url: str, tmp_path: Path
) -> None:
    do_import(mirror_url, tmp_path)
    with psycopg.connect(mirror_url) as owner:
        owner.execute("UPDATE musicbrainz.mirror_state SET names_rules = 'of long ago'")
    stage.take_in("EarlyEd", plays_of(PLACED[:3]))
    assert stage.fetch("EarlyEd", 2023).status == "completed"
    assert WORDS in look(client, "EarlyEd")


def test_a_reader_who_may_not_read_delays_only_the_years(stage: Stage, mirror_url: str, tmp_path: Path) -> None:
    do_import(mirror_url, tmp_path)
    settings = stage.context.settings.model_copy(
        update={"mirror_url": SecretStr(mirror_url.replace("postgres@", "mirror_reader@"))}
    )
    stage.context = replace(stage.context, settings=settings)
    stage.take_in("EarlyEd", plays_of(PLACED[:3]))
    assert stage.fetch("EarlyEd", 2023).status == "completed"
    assert stage.event("EarlyEd", 2023).error is None
