"""What the sentences about a year are made of agrees with the lists of its albums."""

from collections import Counter
from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from hypothesis import given, settings

from app.insights.year_albums import MAX_NAME_LENGTH, PlayedAlbum, YearAlbums
from app.listening_years import year_bounds
from app.store import Connection, albums
from app.store.albums import Album
from app.store.plays import album_plays, year_albums
from app.store.plays.play_filter import PlayFilter
from app.store.plays.scrobbles import Scrobble
from tests.integration.app.store.plays.test_album_plays import ALL, PLAYS, SPELLED, play
from tests.integration.app.store.plays.test_album_plays import user as user
from tests.stored_years import store_year

START, END = year_bounds(2023)


def found(connection: Connection, user: int, *, by_song: bool = False) -> YearAlbums:
    return year_albums.find(connection, user, 2023, by_song=by_song)


@pytest.mark.parametrize("by_song", [False, True])
@settings(max_examples=40, deadline=None)
@given(plays=PLAYS)
def test_the_albums_are_those_of_the_lists(
    connection: Connection, user: int, plays: list[tuple[Album, str]], by_song: bool
) -> None:
    connection.execute("TRUNCATE stretches")
    play(connection, user, plays)
    listed = [
        one
        for one in album_plays.list_albums(connection, PlayFilter(user, 2023, by_song), (0, 9999), limit=1000)
        if one.augmentation_status != "pending"
    ]
    lines = found(connection, user, by_song=by_song)
    assert (lines.count or 0) == len(listed)
    told = Counter((one.released, one.artist, one.title, one.plays) for one in lines.albums)
    assert told == Counter(
        (one.release_year, one.listed_artist, one.song or one.album, one.plays) for one in listed
    )
    assert [one.plays for one in lines.albums] == sorted((one.plays for one in listed), reverse=True)
    assert all(sum(one.months) == one.plays for one in lines.albums)
    assert bool(lines.has_songs) == any(one.song for one in listed)


def test_of_two_spellings_with_as_many_plays_the_surely_matched_one_names_the_album(
    connection: Connection, user: int
) -> None:
    similar = [replace(SPELLED[2], album=f"Roda {number}") for number in range(9)]
    albums.save(connection, similar)
    play(connection, user, [(one, "one") for one in [*similar, SPELLED[0]]])
    [told] = found(connection, user).albums
    assert (told.artist, told.title, told.plays) == ("C", "Road", 10)


def plays_at(*moments: tuple[datetime, Album]) -> list[Scrobble]:
    return sorted(
        (Scrobble(at, one.artist, "Song", one.album, None) for at, one in moments),
        key=lambda one: one.scrobbled_at,
    )


def test_plays_are_told_by_month(connection: Connection, user: int) -> None:
    one = ALL[0]
    store_year(
        connection, user, 2023, plays_at((START, one), (datetime.fromisoformat("2023-03-31T23:59:59Z"), one))
    )
    [told] = found(connection, user).albums
    assert told.months == (1, 0, 1, *[0] * 9)


def many(connection: Connection, user: int, plays: dict[int, int]) -> None:
    """Albums of a release year each, so often played."""
    made = {at: Album("Z", f"Of {at}", None, None, at, "matched", "names", 1.0, str(at)) for at in plays}
    albums.save(connection, list(made.values()))
    played = [one for at, one in made.items() for _ in range(plays[at])]
    moments = [(START + timedelta(minutes=n), one) for n, one in enumerate(played)]
    store_year(connection, user, 2023, plays_at(*moments))


def test_beside_the_most_played_there_are_the_oldest_and_the_top_of_every_decade(
    connection: Connection, user: int
) -> None:
    many(connection, user, {1928: 1, 1951: 1, 1955: 2, **{at: at - 1970 for at in range(1990, 2023)}})
    lines = found(connection, user)
    assert lines.count == 36
    assert [one.released for one in lines.albums] == [*range(2022, 2002, -1), 1999, 1955, 1928]


@pytest.mark.parametrize(("plays", "half"), [((5, 1, 1, 1), 1), ((3, 3, 3, 3), 2), ((2, 2, 1), 2), ((1,), 1)])
def test_half_of_the_plays_are_those_of_so_many_albums(
    connection: Connection, user: int, plays: tuple[int, ...], half: int
) -> None:
    many(connection, user, {2000 + n: count for n, count in enumerate(plays)})
    assert found(connection, user).half == half


def test_names_are_cut_and_a_year_without_plays_has_no_albums(connection: Connection, user: int) -> None:
    assert found(connection, user) == YearAlbums()
    long = Album("Ö" * 3_000, "Title" * 600, None, None, 1977, "matched", "names", 1.0, "Title")
    albums.save(connection, [long])
    store_year(connection, user, 2023, plays_at((START, long)))
    [told] = found(connection, user).albums
    assert isinstance(told, PlayedAlbum)
    assert {len(told.artist), len(told.title)} == {MAX_NAME_LENGTH}
