"""Release years come from the mirror, later if it is away, and are looked up once for all listeners."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Any
from uuid import UUID

import psycopg
import pytest
from pydantic import SecretStr

from app.events import Event
from app.redis.mirror_note import MirrorNote, read_mirror_note
from demo.lastfm.accounts import Play
from demo.musicbrainz import catalogue
from mirror.matching.match import match
from mirror.matching.query import AlbumName
from tests.integration.worker.conftest import Stage, second, some_plays

PLACED = [album for album in catalogue.albums() if album.has_usable_mbid and album.year]


def plays_of(albums: Iterable[catalogue.CatalogueAlbum], since: str = "2023-01-01") -> list[Play]:
    start = second(since)
    return [
        Play(start + 3600 * at, album.lastfm_artist, "Title", album.lastfm_title, str(album.lastfm_mbid or ""))
        for at, album in enumerate(albums)
    ]


def years_of(albums: Iterable[catalogue.CatalogueAlbum]) -> dict[int, int]:
    years = [album.year or 0 for album in albums]
    return {year: years.count(year) for year in sorted(years)}


def mirror_away(stage: Stage) -> None:
    nowhere = SecretStr("postgresql://mirror_reader@/musicbrainz?host=/nowhere")
    settings = stage.context.settings.model_copy(update={"mirror_url": nowhere})
    stage.context = replace(stage.context, settings=settings)


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[UUID | None]:
    """The MBID of every album that is looked up, in order."""
    asked: list[UUID | None] = []

    def noting(connection: Any, wanted: Sequence[AlbumName], **more: bool) -> Any:
        asked.extend(album.mbid for album in wanted)
        return match(connection, wanted, **more)

    monkeypatch.setattr("worker.fetching.enrich.match", noting)
    return asked


def test_a_mirror_that_is_away_delays_only_the_years(stage: Stage) -> None:
    whole = stage.context
    stage.take_in("MirrorMia", plays_of(PLACED[:30]))
    mirror_away(stage)
    assert stage.fetch("MirrorMia", 2023).status == "completed"
    assert stage.rows("MirrorMia", 2023) == stage.told("MirrorMia", 2023)
    event = stage.event("MirrorMia", 2023)
    assert (event.scrobbles, event.matched, event.not_found, event.years) == (30, 0, 0, {})

    stage.context = whole
    assert stage.fetch("MirrorMia", 2023).status == "completed"
    event = stage.event("MirrorMia", 2023)
    assert (event.matched, event.years) == (30, years_of(PLACED[:30]))


def in_several_stretches(stage: Stage) -> list[catalogue.CatalogueAlbum]:
    """Albums that MirrorMia has played, half of them early and half late in a year that is read call by call."""
    stage.one_call_at_a_time()
    stage.without_preview()
    stage.grant(200)
    albums = PLACED[:150]
    stage.take_in("MirrorMia", [*plays_of(albums[:75]), *some_plays(300), *plays_of(albums[75:], "2023-08-01")])
    return albums


def test_a_mirror_that_goes_away_in_the_middle_is_asked_once_more_at_the_end(stage: Stage, postgres: str) -> None:
    albums = in_several_stretches(stage)
    told: list[Event] = []

    def cut(event: Event) -> None:
        told.append(event)
        with psycopg.connect(postgres, autocommit=True) as admin:
            if event.done == 199:  # the newest plays
                readers = "FROM pg_stat_activity WHERE application_name = 'lastyear mirror reader'"
                admin.execute("ALTER ROLE mirror_reader NOLOGIN")
                admin.execute(f"SELECT pg_terminate_backend(pid) {readers}".encode())
            if event.phase != "fetching":
                admin.execute("ALTER ROLE mirror_reader LOGIN")

    stage.watch(cut)
    try:
        assert stage.fetch("MirrorMia", 2023).status == "completed"
    finally:
        with psycopg.connect(postgres, autocommit=True) as admin:
            admin.execute("ALTER ROLE mirror_reader LOGIN")
    assert stage.rows("MirrorMia", 2023) == stage.told("MirrorMia", 2023)
    assert {event.matched for event in told if event.phase == "fetching"} == {0, 75}, "the others did not wait"
    assert stage.event("MirrorMia", 2023).years == years_of(albums)


def test_a_mirror_that_ends_a_connection_and_takes_the_next_is_asked_again_at_once(
    stage: Stage, postgres: str
) -> None:
    albums = in_several_stretches(stage)
    told: list[Event] = []

    def cut(event: Event) -> None:
        told.append(event)
        readers = "FROM pg_stat_activity WHERE application_name = 'lastyear mirror reader'"
        with psycopg.connect(postgres) as admin:
            admin.execute(f"SELECT pg_terminate_backend(pid) {readers}".encode())

    stage.watch(cut)
    assert stage.fetch("MirrorMia", 2023).status == "completed"
    assert max(event.matched for event in told if event.phase == "fetching") == 150
    assert stage.event("MirrorMia", 2023).years == years_of(albums)


def test_an_mbid_that_is_first_seen_while_the_mirror_is_away_is_asked_about_later(stage: Stage) -> None:
    """The album was stored without its MBID, because its first plays came without it."""
    whole, album = stage.context, PLACED[0]
    without = [replace(play, album_mbid="") for play in plays_of([album] * 299, "2023-03-01")]
    stage.take_in("MirrorMia", [*plays_of([album, PLACED[1]]), *without])
    stage.grant(200)
    mirror_away(stage)
    stage.fetch("MirrorMia", 2023)
    stage.context = whole
    stage.fetch("MirrorMia", 2023)
    assert stage.event("MirrorMia", 2023).years == years_of([*[album] * 300, PLACED[1]])


def test_an_album_is_asked_about_once_for_every_listener(stage: Stage, asked: list[UUID]) -> None:
    stage.without_preview()
    stage.take_in("FirstFay", plays_of([*PLACED[:40], *PLACED[:40]]))
    stage.fetch("FirstFay", 2023)
    assert sorted(asked) == sorted({album.lastfm_mbid for album in PLACED[:40] if album.lastfm_mbid})
    asked.clear()
    stage.take_in("SecondSol", plays_of(PLACED[10:50]))
    stage.fetch("SecondSol", 2023)
    assert sorted(asked) == sorted({album.lastfm_mbid for album in PLACED[40:50] if album.lastfm_mbid})
    assert stage.event("SecondSol", 2023).years == years_of(PLACED[10:50])
    asked.clear()
    stage.fetch("SecondSol", 2023, refresh=True)
    assert asked == []


def test_what_leads_nowhere_is_asked_about_by_one_fetch_until_last_fm_has_another_mbid(
    stage: Stage, asked: list[UUID | None]
) -> None:
    stage.without_preview()
    stale = replace(PLACED[0], lastfm_title="Bootleg of Nothing", lastfm_mbid=UUID(int=1))
    stage.take_in("StaleStan", plays_of([stale]))
    stage.fetch("StaleStan", 2023)
    assert asked == [UUID(int=1)] * 2, "with its page, and at the end with slips"
    stage.fetch("StaleStan", 2023, refresh=True)
    assert len(asked) == 2
    stage.take_in("StaleStan", plays_of([replace(stale, lastfm_mbid=PLACED[0].lastfm_mbid)]))
    stage.fetch("StaleStan", 2023, refresh=True)
    assert stage.event("StaleStan", 2023).years == {PLACED[0].year: 1}


def test_a_name_with_a_slip_in_it_is_placed_at_the_end_and_told_apart(stage: Stage) -> None:
    album = next(album for album in PLACED if len(album.title) > 12 and album.artist == album.lastfm_artist)
    mistyped = replace(album, lastfm_title=album.title[:-2] + album.title[-1], lastfm_mbid=None)
    stage.take_in("TypoTim", plays_of([mistyped]))
    stage.fetch("TypoTim", 2023)
    event = stage.event("TypoTim", 2023)
    assert (event.matched, event.fuzzy_matched, event.years) == (0, 1, {album.year: 1})
    query = "SELECT method, score, release_group, release_group_title FROM albums WHERE artist = %s"
    row = stage.connection.execute(query, [album.lastfm_artist]).fetchone()
    assert row is not None
    method, score, group, title = row
    assert (method, group, title) == ("title nearly", album.group_mbid, album.title)
    assert 0.8 < score < 1


def test_each_fetch_leaves_a_note_of_what_the_mirror_holds(stage: Stage) -> None:
    stage.take_in("MirrorMia")
    stage.fetch("MirrorMia", 2023)
    note = read_mirror_note(stage.redis)
    assert isinstance(note, MirrorNote)
    assert note.is_small
    assert 100 < note.release_groups < 100_000
