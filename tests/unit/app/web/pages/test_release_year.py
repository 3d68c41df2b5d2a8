"""How the rows of a list are put together."""

from dataclasses import replace

from app.events import MatchStatus
from app.store.albums import names_key
from app.store.plays.album_plays import AlbumPlays
from app.web.pages.release_year import sections


def row(artist: str, album: str, song: str = "", status: MatchStatus = "matched") -> AlbumPlays:
    return AlbumPlays(artist, album, song, 1, 1, status, names_key(artist, album))


def test_rows_are_put_together_by_kind_and_songs_by_artist() -> None:
    rows = [row("A", "One"), row("B", "Two"), row("A", "", "x"), row("A", "", "y"), row("B", "", "z")]
    albums, songs = sections(rows)
    assert (albums.rows, albums.are_songs) == (rows[:2], False)
    assert songs.groups == [rows[2:4], rows[4:]]
    assert songs.are_songs


def test_what_nobody_was_asked_about_is_a_part_of_its_own() -> None:
    rows = [row("A", "One", status="not_found"), row("A", "Two", status="pending")]
    assert [(section.is_pending, section.rows) for section in sections(rows)] == [
        (False, rows[:1]),
        (True, rows[1:]),
    ]


def test_songs_apart_from_their_albums_are_a_part_of_their_own_by_album() -> None:
    rows = [
        row("A", "One"),
        *(replace(row("A", hits, "x"), has_own_year=True) for hits in ("Hits", "More")),
        row("A", "", "x"),
    ]
    albums, apart, songs = sections(rows)
    assert [section.are_apart for section in (albums, apart, songs)] == [False, True, False]
    assert apart.groups == [rows[1:2], rows[2:3]]


def test_without_rows_there_are_no_sections() -> None:
    assert sections([]) == []
