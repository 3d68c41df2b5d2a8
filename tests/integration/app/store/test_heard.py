"""What was heard: the albums and songs behind each number add up to it."""

from collections import Counter
from datetime import timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from app.store import Connection, albums, heard, listeners, scrobbles, tracks
from app.store.albums import Album
from app.store.heard import LONGEST, Breadth, Ends, Favourite, Heard, Stretch
from app.store.scrobbles import Scrobble, year_bounds
from app.store.tracks import Track

START, END = year_bounds(2023)
ALBUMS = [
    Album("A", "1977", None, None, 1977, "matched", "names", 1.0, "1977"),
    Album("B", "1977", None, None, 1977, "fuzzy_matched", "title nearly", 0.9, "1977!"),
    Album("A", "1959", None, None, 1959, "matched", "mbid: release", 1.0, "1959"),
    Album("A", "missed", None, augmentation_status="not_found"),
    Album("B", "open", None),
    Album("A", "", None, augmentation_status="not_found"),
    Album("B", "", None),
]
SONG_YEARS = {("A", "one"): 1977, ("B", "two"): 1977}
PLAYS = st.lists(st.tuples(st.sampled_from(ALBUMS), st.sampled_from(["one", "two", "three"])), max_size=40)


@pytest.fixture
def user(connection: Connection) -> int:
    """A listener for whose albums the mirror has answered in every way."""
    albums.keep(connection, ALBUMS)
    return listeners.save(connection, "SingleSam", available_years=[2023], playcount=0, registered_at=START).id


def play(connection: Connection, user: int, plays: list[tuple[Album, str]]) -> None:
    given_plays = [
        Scrobble(START + timedelta(seconds=n), one.artist, title, one.album, None)
        for n, (one, title) in enumerate(plays)
    ]
    scrobbles.replace(connection, user, given_plays, after=START - timedelta(seconds=1), before=END)
    rows = connection.execute(
        "SELECT tracks.id, albums.artist, tracks.title FROM tracks JOIN albums ON albums.id = tracks.album"
        " WHERE albums.album = ''"
    ).fetchall()
    songs = [Track(*row) for row in rows]
    tracks.keep_years(connection, songs, [SONG_YEARS.get((song.artist, song.title)) for song in songs])


def of_2023(user: int, *, by_song: bool = False) -> Stretch:
    return Stretch(user, START, END, by_song)


def told(connection: Connection, user: int, year: int | None, *, by_song: bool = False) -> list[Heard]:
    return heard.heard(connection, of_2023(user, by_song=by_song), span(year), limit=1000)


def span(year: int | None) -> tuple[int, int] | None:
    return (year, year) if year else None


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(plays=PLAYS)
def test_what_is_behind_each_number_adds_up_to_it(
    connection: Connection, user: int, plays: list[tuple[Album, str]]
) -> None:
    play(connection, user, plays)
    standing = scrobbles.standing(connection, user, 2023)
    counts: Counter[tuple[str, str, str]] = Counter()
    for year in (1959, 1977, None):
        rows = told(connection, user, year)
        breadths = heard.breadth(connection, of_2023(user), span(year))
        plays_of_year = sum(row.plays for row in rows)
        placed = sum(standing.years.values())
        assert plays_of_year == (standing.years.get(str(year), 0) if year else standing.scrobbles - placed)
        assert plays_of_year == sum(one.plays for one in breadths)
        assert len(rows) == sum(one.albums + one.songs for one in breadths)
        counts.update({(row.artist, row.album, row.song): row.plays for row in rows})
    assert counts == Counter((one.artist, one.album, "" if one.album else title) for one, title in plays)


def test_albums_come_first_then_songs_by_artist_then_what_nobody_was_asked_about(
    connection: Connection, user: int
) -> None:
    amounts = {(0, "one"): 2, (0, "two"): 1, (1, "one"): 5, (5, "one"): 4, (6, "two"): 1}
    play(connection, user, [(ALBUMS[at], title) for (at, title), times in amounts.items() for _ in range(times)])
    seen = [(row.artist, row.album, row.song, row.plays) for row in told(connection, user, 1977)]
    assert seen == [("B", "1977", "", 5), ("A", "1977", "", 3), ("A", "", "one", 4), ("B", "", "two", 1)]

    amounts = {(3, "one"): 1, (4, "one"): 9, (5, "two"): 1, (5, "three"): 3, (6, "one"): 2}
    play(connection, user, [(ALBUMS[at], title) for (at, title), times in amounts.items() for _ in range(times)])
    rows = told(connection, user, None)
    assert [(row.album, row.song, row.plays, row.together) for row in rows] == [
        ("missed", "", 1, 1),
        ("", "three", 3, 4),
        ("", "two", 1, 4),
        ("open", "", 9, 9),
        ("", "one", 2, 2),
    ]
    assert heard.breadth(connection, of_2023(user), None) == [Breadth(False, 1, 2, 5), Breadth(True, 1, 1, 11)]


def test_an_album_tells_what_it_was_taken_for(connection: Connection, user: int) -> None:
    play(connection, user, [(ALBUMS[1], "one")])
    (row,) = told(connection, user, 1977)
    taken_for = (None, "1977!", "title nearly", row.score, 1977)
    assert row == Heard("B", "1977", "", 1, 1, "fuzzy_matched", *taken_for, False, 1977, ALBUMS[1].key)
    assert row.score == pytest.approx(0.9)


def test_a_list_is_told_in_pieces_that_join(connection: Connection, user: int) -> None:
    play(connection, user, [(one, title) for one in ALBUMS for title in ("one", "two", "three")])
    for year in (1977, None):
        asked = connection, of_2023(user), span(year)
        pieces = [row for at in range(0, 12, 2) for row in heard.heard(*asked, limit=2, offset=at)]
        assert pieces == told(connection, user, year)


def test_other_years_and_other_listeners_are_not_told(connection: Connection, user: int) -> None:
    other = listeners.save(connection, "LightLuca", available_years=[2023], playcount=0, registered_at=START).id
    play(connection, user, [(ALBUMS[0], "one")])
    outside = [
        Scrobble(END, "A", "one", "1977", None),
        Scrobble(START - timedelta(seconds=1), "A", "one", "1977", None),
    ]
    scrobbles.replace(connection, user, outside, after=END, before=END)
    assert [row.plays for row in told(connection, user, 1977)] == [1]
    assert told(connection, other, 1977) == []
    assert heard.breadth(connection, of_2023(other), (1977, 1977)) == []


def test_several_release_years_are_told_together_each_row_with_its_own(connection: Connection, user: int) -> None:
    play(connection, user, [(ALBUMS[0], "one"), (ALBUMS[2], "one"), (ALBUMS[2], "two"), (ALBUMS[5], "one")])
    rows = heard.heard(connection, of_2023(user), (1950, 1977), limit=9)
    assert [(row.album or row.song, row.release_year, row.plays) for row in rows] == [
        ("1959", 1959, 2),
        ("1977", 1977, 1),
        ("one", 1977, 1),
    ]
    assert heard.breadth(connection, of_2023(user), (1950, 1977)) == [Breadth(False, 2, 1, 4)]
    assert heard.heard(connection, of_2023(user), (1960, 1976), limit=9) == []


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(plays=PLAYS)
def test_favourites_are_the_most_played_of_each_release_year(
    connection: Connection, user: int, plays: list[tuple[Album, str]]
) -> None:
    play(connection, user, plays)
    found = heard.favourites(connection, of_2023(user), each=2)
    assert {one.release_year for one in found} <= {1959, 1977}
    for year in (1959, 1977):
        rows = sorted(row.plays for row in told(connection, user, year))[::-1]
        assert [one.plays for one in found if one.release_year == year] == rows[:2]


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(plays=PLAYS)
def test_at_both_ends_stand_the_favourites_of_the_first_and_the_last_release_year(
    connection: Connection, user: int, plays: list[tuple[Album, str]]
) -> None:
    play(connection, user, plays)
    found = heard.favourites(connection, of_2023(user), each=1)
    standing = scrobbles.standing(connection, user, 2023)
    assert heard.ends(connection, user, 2023, standing) == Ends((found[0], found[-1]) if found else None)


def test_by_song_the_ends_are_others_and_endless_names_are_cut(connection: Connection, user: int) -> None:
    endless = Album("A" * 300, "T" * 300, None, None, 2020, "matched", "names", 1.0, "T")
    albums.keep(connection, [endless])
    know_songs(connection, user, [(HITS, "two"), (HITS, "two"), (ALBUMS[0], "one"), (endless, "one")])
    newest = Favourite(2020, "A" * LONGEST, "T" * LONGEST, 1)
    standing = scrobbles.standing(connection, user, 2023)
    assert heard.ends(connection, user, 2023, standing) == Ends(
        (Favourite(1977, "A", "1977", 1), newest), (Favourite(1959, "A", "two", 2), newest)
    )


def test_a_song_without_an_album_may_be_a_favourite(connection: Connection, user: int) -> None:
    play(connection, user, [(ALBUMS[5], "one"), (ALBUMS[5], "one"), (ALBUMS[0], "one"), (ALBUMS[3], "one")])
    assert heard.favourites(connection, of_2023(user), each=3) == [
        Favourite(1977, "A", "one", 2),
        Favourite(1977, "A", "1977", 1),
    ]


def test_plays_placed_by_an_mbid_are_told_apart(connection: Connection, user: int) -> None:
    play(connection, user, [(ALBUMS[2], "one"), (ALBUMS[0], "one"), (ALBUMS[1], "one"), (ALBUMS[5], "one")])
    standing = scrobbles.standing(connection, user, 2023)
    assert (standing.matched, standing.fuzzy_matched, standing.by_mbid) == (3, 1, 1)


HITS = Album("A", "Hits", None, None, 1999, "matched", "names", 1.0, "Hits", songs_differ=True)
UNDATED = Album("B", "Live", None, None, None, "not_found")
SINGLES = [*ALBUMS, HITS, UNDATED]
OWN_YEARS = {("Hits", "one"): 1977, ("Hits", "two"): 1959, ("Hits", "three"): 2010, ("Live", "one"): 1959}


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(plays=st.lists(st.tuples(st.sampled_from(SINGLES), st.sampled_from(["one", "two", "three"])), max_size=40))
def test_by_song_too_everything_adds_up(connection: Connection, user: int, plays: list[tuple[Album, str]]) -> None:
    know_songs(connection, user, plays)
    standing = scrobbles.standing(connection, user, 2023)
    years = standing.song_years or standing.years
    stretch = of_2023(user, by_song=True)
    favourites = heard.favourites(connection, stretch, each=2)
    for year in (1959, 1977, 1999, None):
        rows = told(connection, user, year, by_song=True)
        breadths = heard.breadth(connection, stretch, span(year))
        plays_of_year = sum(row.plays for row in rows)
        unplaced = standing.scrobbles - sum(years.values())
        assert plays_of_year == sum(one.plays for one in breadths)
        assert plays_of_year == (years.get(str(year), 0) if year else unplaced)
        assert len(rows) == sum(one.rows for one in breadths)
        most = sorted((row.plays for row in rows), reverse=True)[:2] if year else []
        assert [one.plays for one in favourites if one.release_year == year] == most


def know_songs(connection: Connection, user: int, plays: list[tuple[Album, str]]) -> None:
    albums.keep(connection, [HITS, UNDATED])
    play(connection, user, plays)
    rows = connection.execute(
        "SELECT tracks.id, albums.album, tracks.title FROM tracks JOIN albums ON albums.id = tracks.album"
        " WHERE albums.album = ANY(%s)",
        [["Hits", "Live"]],
    ).fetchall()
    songs = [Track(*row) for row in rows]
    tracks.keep_years(connection, songs, [OWN_YEARS.get((song.artist, song.title)) for song in songs])


def test_a_song_apart_from_its_album_stands_behind_the_albums_and_says_where_it_is_from(
    connection: Connection, user: int
) -> None:
    know_songs(
        connection, user, [(HITS, "one"), (HITS, "two"), (HITS, "three"), (ALBUMS[0], "one"), (ALBUMS[5], "one")]
    )
    rows = told(connection, user, 1977, by_song=True)
    assert [(row.album, row.song, row.is_apart, row.album_year) for row in rows] == [
        ("1977", "", False, 1977),
        ("Hits", "one", True, 1999),
        ("", "one", False, 1977),
    ]
    # A song of 2010 on an album of 1999 is another song of that name: no song is younger than its album.
    assert [(row.album, row.song, row.plays) for row in told(connection, user, 1999, by_song=True)] == [
        ("Hits", "", 1)
    ]
    assert scrobbles.standing(connection, user, 2023).song_years == {"1959": 1, "1977": 3, "1999": 1}
    assert scrobbles.standing(connection, user, 2023).years == {"1977": 2, "1999": 3}


def test_where_no_songs_year_is_known_there_is_one_count_only(connection: Connection, user: int) -> None:
    albums.keep(connection, [HITS])
    play(connection, user, [(HITS, "one"), (ALBUMS[0], "one"), (ALBUMS[5], "one")])
    standing = scrobbles.standing(connection, user, 2023)
    assert (standing.years, standing.song_years) == ({"1977": 2, "1999": 1}, {})
