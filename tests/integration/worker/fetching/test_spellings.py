"""Spellings: what a fetch stores makes one line of an album under six spellings, and of a compilation."""

from app.store import listeners
from app.store.plays import album_plays
from app.store.plays.album_plays import AlbumPlays
from app.store.plays.play_filter import PlayFilter
from demo.lastfm.cast import ABBEY_ROAD, ACCOUNTS, NUGGETS, NUGGETS_SONGS
from tests.integration.worker.conftest import Stage


def listed(stage: Stage, released: tuple[int, int] | None) -> list[AlbumPlays]:
    sia = listeners.find(stage.connection, "SpellingSia")
    assert sia
    return album_plays.list_albums(stage.connection, PlayFilter(sia.id, 2024), released, limit=1000)


def test_an_album_under_six_spellings_and_a_compilation_are_one_line_each(stage: Stage) -> None:
    sia = next(account for account in ACCOUNTS if account.name == "SpellingSia")
    stage.take_in("SpellingSia", list(sia.own))
    stage.fetch("SpellingSia", 2024)
    (road,) = listed(stage, (1969, 1969))
    assert {(one.artist, one.album) for one in road.spellings} == set(ABBEY_ROAD)
    assert (road.listed_artist, road.is_by_various) == (road.artist, False)
    (nuggets,) = listed(stage, (1972, 1972))
    assert (nuggets.listed_artist, nuggets.album) == ("Various Artists", NUGGETS)
    assert (nuggets.plays, nuggets.spelled) == (len(NUGGETS_SONGS), len(NUGGETS_SONGS))
    (unknown,) = listed(stage, None)
    assert (unknown.plays, unknown.spelled) == (2, 2)
