"""What stands beside a bar, and how the rows of a list are put together."""

from dataclasses import replace

import pytest

from app.store.albums import Status
from app.store.heard import Heard
from app.web.bars import neighbours, parts

YEARS = {"1959": 1, "1977": 3, "2024": 2}


Span = tuple[int, int]


@pytest.mark.parametrize(
    ("released", "beside"),
    [
        ((1959, 1959), (None, (1977, 1977))),
        ((1977, 1977), ((1959, 1959), (2024, 2024))),
        ((2024, 2024), ((1977, 1977), None)),
        ((1990, 1990), ((1977, 1977), (2024, 2024))),
        ((1970, 1979), ((1950, 1959), (2020, 2029))),
        ((1860, 1970), (None, (1977, 1977))),
    ],
)
def test_the_next_bars_are_those_with_plays(released: Span, beside: tuple[Span | None, Span | None]) -> None:
    assert neighbours(YEARS, released) == beside


def row(artist: str, album: str, song: str = "", status: Status = "matched") -> Heard:
    return Heard(artist, album, song, 1, 1, status)


def test_rows_are_put_together_by_kind_and_songs_by_artist() -> None:
    rows = [row("A", "One"), row("B", "Two"), row("A", "", "x"), row("A", "", "y"), row("B", "", "z")]
    albums, songs = parts(rows)
    assert (albums.rows, albums.are_songs) == (rows[:2], False)
    assert songs.groups == [rows[2:4], rows[4:]]
    assert songs.are_songs


def test_what_nobody_was_asked_about_is_a_part_of_its_own() -> None:
    rows = [row("A", "One", status="not_found"), row("A", "Two", status="pending")]
    assert [(part.is_pending, part.rows) for part in parts(rows)] == [(False, rows[:1]), (True, rows[1:])]


def test_songs_apart_from_their_albums_are_a_part_of_their_own_by_album() -> None:
    rows = [
        row("A", "One"),
        *(replace(row("A", hits, "x"), is_apart=True) for hits in ("Hits", "More")),
        row("A", "", "x"),
    ]
    albums, apart, songs = parts(rows)
    assert [part.are_apart for part in (albums, apart, songs)] == [False, True, False]
    assert apart.groups == [rows[1:2], rows[2:3]]


def test_without_rows_there_are_no_parts() -> None:
    assert parts([]) == []
