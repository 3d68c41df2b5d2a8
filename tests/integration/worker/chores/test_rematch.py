"""The nightly rematch: which albums are due, in which order, and who sees what it finds."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from app.jobs import enqueue
from app.jobs.forget import forget_everyone
from app.redis.event_stream import Topic, latest_snapshot
from app.store import albums
from app.store.albums import Album
from demo.lastfm.accounts import Play
from demo.musicbrainz import catalogue
from mirror.errors import MirrorEmpty
from mirror.matching.match import match
from mirror.matching.query import AlbumName
from tests.integration.worker.conftest import Stage, second
from worker.fetching.enrich import match_fuzzy

KNOWN = [album for album in catalogue.albums() if album.year and album.artist == album.lastfm_artist][:4]


def plays(title: str, count: int = 1, artist: str = "Nobody at All") -> list[Play]:
    start = second("2023-05-01")
    return [Play(start + 60 * at + 3600 * len(title), artist, f"Take {at}", title, "") for at in range(count)]


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The titles that are looked up in the mirror, in order."""
    titles: list[str] = []

    def noting(connection: Any, wanted: Sequence[AlbumName], **more: bool) -> Any:
        titles.extend(album.title for album in wanted)
        return match(connection, wanted, **more)

    monkeypatch.setattr("worker.fetching.enrich.match", noting)
    return titles


def away(*_: Any, **__: Any) -> Any:
    raise MirrorEmpty


def wait(stage: Stage, days: int) -> None:
    """Let that many days go by."""
    stage.connection.execute("UPDATE albums SET looked_up_at = looked_up_at - make_interval(days => %s)", [days])


def forget_the_years(stage: Stage) -> None:
    """Make albums look as if the mirror had not had them."""
    stage.connection.execute(
        """
        UPDATE albums
        SET augmentation_status = 'not_found', release_year = NULL, release_group = NULL, method = NULL, misses = 1
        """
    )


def rematch(stage: Stage) -> None:
    assert enqueue.enqueue_rematch(stage.redis)
    assert not enqueue.enqueue_rematch(stage.redis), "one waits already"
    stage.run_jobs()


def test_a_miss_is_asked_for_again_after_a_day_and_then_after_twice_as_long_each_time(
    stage: Stage, asked: list[str]
) -> None:
    stage.take_in("NightNed", plays("Unheard"))
    stage.fetch("NightNed", 2023)
    waits = []
    for _ in range(7):
        asked.clear()
        days = 0
        while not asked:
            wait(stage, 1)
            days += 1
            rematch(stage)
        waits.append(days)
    assert waits == [1, 2, 4, 8, 16, 32, 32]


def test_a_second_run_right_after_the_first_asks_for_nothing(stage: Stage, asked: list[str]) -> None:
    stage.take_in("NightNed", [*plays("Unheard"), *plays("Unseen", 3)])
    stage.fetch("NightNed", 2023)
    wait(stage, 1)
    asked.clear()
    rematch(stage)
    assert asked == ["Unseen", "Unheard"], "the most played first"
    asked.clear()
    rematch(stage)
    assert asked == []


def test_an_album_that_musicbrainz_has_by_now_gets_its_year_and_everybody_sees_it(stage: Stage) -> None:
    album = KNOWN[0]
    for name in ("NightNed", "NightNel"):
        stage.take_in(name, plays(album.title, artist=album.artist))
        stage.fetch(name, 2023)
    forget_the_years(stage)
    wait(stage, 1)
    assert latest_snapshot(stage.redis, Topic("NightNed", 2023)) is not None
    rematch(stage)
    stored = albums.known(stage.connection, [albums.names_key(album.artist, album.title)])
    assert [found.release_year for found in stored.values()] == [album.year]
    for name in ("NightNed", "NightNel"):
        assert latest_snapshot(stage.redis, Topic(name, 2023)) is None, "so that the next look reads the database"
        assert stage.counts(name, 2023).years == {album.year: 1}


def test_what_the_mirror_could_not_be_asked_about_is_due_at_once(stage: Stage) -> None:
    album = Album(KNOWN[1].artist, KNOWN[1].title, None)
    albums.save(stage.connection, [album])
    rematch(stage)
    assert albums.known(stage.connection, [album.key])[album.key].release_year == KNOWN[1].year


def test_plays_without_an_album_are_never_asked_for(stage: Stage, asked: list[str]) -> None:
    stage.take_in("NightNed", plays(""))
    stage.fetch("NightNed", 2023)
    wait(stage, 40)
    asked.clear()
    rematch(stage)
    assert asked == []


def test_news_of_an_artist_end_the_wait(stage: Stage, asked: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    stage.take_in("NightNed", [*plays("Unheard"), *plays("Unseen", artist="Another One")])
    stage.fetch("NightNed", 2023)
    asked.clear()
    news = {"Another One": datetime.now(UTC)}
    monkeypatch.setattr(
        "worker.chores.rematch.artist_news",
        lambda _, artists: {name: news[name] for name in news.keys() & artists},
    )
    rematch(stage)
    assert asked == ["Unseen"]
    asked.clear()
    rematch(stage)
    assert asked == [], "asked for since"


def test_a_mirror_that_is_away_leaves_everything_as_it_was(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    stage.take_in("NightNed", plays("Unheard"))
    stage.fetch("NightNed", 2023)
    wait(stage, 1)
    before = stage.connection.execute("SELECT * FROM albums").fetchall()

    monkeypatch.setattr("worker.fetching.enrich.match", away)
    rematch(stage)
    assert stage.connection.execute("SELECT * FROM albums").fetchall() == before


def test_a_surer_answer_takes_the_place_of_a_guess(stage: Stage) -> None:
    album = next(album for album in KNOWN if album.has_usable_mbid)
    guess = Album(album.artist, album.title, None, augmentation_status="fuzzy_matched", release_year=1900)
    albums.save(stage.connection, [guess])
    told = [replace(play, album_mbid=str(album.lastfm_mbid)) for play in plays(album.title, artist=album.artist)]
    stage.take_in("NightNed", told)
    stage.fetch("NightNed", 2023)
    assert stage.event("NightNed", 2023).years == {album.year: 1}


def test_a_rematch_that_finds_nothing_leaves_the_charts_alone(stage: Stage) -> None:
    stage.take_in("NightNed", [*plays("Unheard"), *plays(KNOWN[0].title, artist=KNOWN[0].artist)])
    stage.fetch("NightNed", 2023)
    wait(stage, 1)
    rematch(stage)
    assert latest_snapshot(stage.redis, Topic("NightNed", 2023)) is not None


def test_what_was_found_before_the_mirror_went_away_is_seen(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("worker.fetching.enrich.BATCH_SIZE", 1)
    stage.take_in("NightNed", [play for one in KNOWN[:2] for play in plays(one.title, 1, one.artist)])
    stage.fetch("NightNed", 2023)
    forget_the_years(stage)
    wait(stage, 1)
    asked: list[int] = []

    def answering_once(connection: Any, wanted: Sequence[AlbumName], **more: bool) -> Any:
        asked.append(len(wanted))
        if len(asked) > 1:
            raise MirrorEmpty
        return match(connection, wanted, **more)

    monkeypatch.setattr("worker.fetching.enrich.match", answering_once)
    rematch(stage)
    assert asked == [1, 1]
    assert latest_snapshot(stage.redis, Topic("NightNed", 2023)) is None
    assert stage.counts("NightNed", 2023).matched == 1


def test_a_fault_of_ours_is_not_tried_again(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    tries: list[int] = []

    def break_down(*_: Any) -> None:
        tries.append(1)
        raise RuntimeError("a fault of ours")

    monkeypatch.setattr("worker.jobs.rematch_albums", break_down)
    assert enqueue.enqueue_rematch(stage.redis)
    stage.work()
    assert tries == [1]


def test_a_year_that_one_fetch_finds_reaches_those_whose_fetch_had_missed_it(stage: Stage) -> None:
    album = next(album for album in KNOWN if album.has_usable_mbid)
    unnamed = plays(album.title, artist=album.artist)
    for name in ("NightNed", "NightNel"):
        stage.take_in(name, unnamed)
        stage.fetch(name, 2023)
    forget_the_years(stage)
    stage.take_in("NightNel", [replace(play, album_mbid=str(album.lastfm_mbid)) for play in unnamed])
    stage.fetch("NightNel", 2023, refresh=True)
    assert latest_snapshot(stage.redis, Topic("NightNed", 2023)) is None
    assert stage.event("NightNel", 2023).years == {album.year: 1}


def test_a_year_that_one_fetch_finds_reaches_those_who_found_the_mirror_away(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    mistyped = KNOWN[0].title[:-2] + KNOWN[0].title[-1]
    for name in ("NightNed", "NightNel"):
        stage.take_in(name, plays(mistyped, artist=KNOWN[0].artist))
    with monkeypatch.context() as patch:
        patch.setattr("worker.fetching.enrich.match", away)
        stage.fetch("NightNed", 2023)
    stage.fetch("NightNel", 2023)
    assert latest_snapshot(stage.redis, Topic("NightNed", 2023)) is None
    assert stage.event("NightNel", 2023).fuzzy_matched == 1


def test_a_fetch_of_albums_that_nobody_else_has_leaves_their_charts_alone(stage: Stage) -> None:
    mistyped = KNOWN[0].title[:-2] + KNOWN[0].title[-1]
    stage.take_in("NightNel", plays(KNOWN[2].title, artist=KNOWN[2].artist))
    stage.fetch("NightNel", 2023)
    found = [*plays(KNOWN[1].title, artist=KNOWN[1].artist), *plays(mistyped, artist=KNOWN[0].artist)]
    stage.take_in("NightNed", found)
    stage.fetch("NightNed", 2023)
    assert len(stage.event("NightNed", 2023).years) > 0
    assert stage.event("NightNed", 2023).not_found == 0
    assert latest_snapshot(stage.redis, Topic("NightNel", 2023)) is not None


def test_what_is_forgotten_while_it_is_looked_up_does_not_come_back(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    stage.take_in("PlayPia", plays("Nothing of That Name", 2))
    stage.fetch("PlayPia", 2023)
    wait(stage, 2)

    def forgotten(*arguments: Any) -> Any:
        forget_everyone(stage.connection, stage.redis)
        return match_fuzzy(*arguments)

    monkeypatch.setattr("worker.chores.rematch.match_fuzzy", forgotten)
    enqueue.enqueue_rematch(stage.redis)
    stage.run_jobs()
    assert stage.connection.execute("SELECT FROM albums").rowcount == 0
