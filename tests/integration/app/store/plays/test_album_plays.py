"""What was heard: the albums and songs behind each number add up to it."""

from collections import Counter
from dataclasses import replace
from datetime import timedelta
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.events import TopAlbum
from app.listening_years import year_bounds
from app.store import Connection, albums, listeners, tracks
from app.store.albums import Album, names_key
from app.store.plays import album_plays, scrobbles, top_albums
from app.store.plays.album_plays import MAX_NAME_LENGTH, MAX_SPELLINGS, AlbumCounts, AlbumPlays
from app.store.plays.play_filter import PlayFilter
from app.store.plays.scrobbles import Scrobble
from app.store.tracks import Track
from tests.stored_years import store_year

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
SPELLED = [
    Album("C", "Road", None, UUID(int=77), 1977, "matched", "names", 1.0, "Road"),
    Album("The C", "ROAD (2019 Mix)", None, UUID(int=77), 1977, "matched", "mbid: release", 1.0, "Road"),
    Album("c feat. D", "Roda", None, UUID(int=77), 1977, "fuzzy_matched", "title nearly", 0.8, "Road"),
    Album("D", "Missed Too", None, augmentation_status="not_found"),
    Album("The D", "missed too!", None, augmentation_status="not_found"),
    Album("D", "", None, augmentation_status="not_found"),
    Album("d", "", None, augmentation_status="not_found"),
]
"""Three lines: an album that is known, one that is not, an artist's songs without an album."""
MIX = [
    Album(artist, title, None, UUID(int=59), 1959, "matched", "names", 1.0, "Mix", artists_differ=True)
    for artist, title in (("E", "Mix"), ("F", "Mix"), ("f", "MIX"), ("G", "The Mix"))
]
"""A compilation."""
SONG_YEARS = {("A", "one"): 1977, ("B", "two"): 1977}
ALL = [*ALBUMS, *SPELLED, *MIX]
PLAYS = st.lists(st.tuples(st.sampled_from(ALL), st.sampled_from(["one", "two", "three"])), max_size=60)


@pytest.fixture
def user(connection: Connection) -> int:
    """A listener for whose albums the mirror has answered in every way."""
    albums.save(connection, ALL)
    return listeners.save(connection, "SingleSam", available_years=[2023], playcount=0, registered_at=START).id


def play(connection: Connection, user: int, plays: list[tuple[Album, str]]) -> None:
    given_plays = [
        Scrobble(START + timedelta(seconds=n), one.artist, title, one.album, None)
        for n, (one, title) in enumerate(plays)
    ]
    store_year(connection, user, 2023, given_plays)
    rows = connection.execute(
        "SELECT tracks.id, albums.artist, tracks.title FROM tracks JOIN albums ON albums.id = tracks.album"
        " WHERE albums.album = ''"
    ).fetchall()
    songs = [Track(*row) for row in rows]
    tracks.save_years(connection, songs, [SONG_YEARS.get((song.artist, song.title)) for song in songs])


def of_2023(user: int, *, by_song: bool = False) -> PlayFilter:
    return PlayFilter(user, 2023, by_song)


def told(connection: Connection, user: int, year: int | None, *, by_song: bool = False) -> list[AlbumPlays]:
    return album_plays.list_albums(connection, of_2023(user, by_song=by_song), span(year), limit=1000)


def top(year: int, artist: str, title: str, plays: int, group: UUID | None = None) -> TopAlbum:
    return TopAlbum(release_year=year, artist=artist, title=title, plays=plays, release_group=group)


def span(year: int | None) -> tuple[int, int] | None:
    return (year, year) if year else None


@settings(max_examples=30)
@given(plays=PLAYS)
def test_what_is_behind_each_number_adds_up_to_it(
    connection: Connection, user: int, plays: list[tuple[Album, str]]
) -> None:
    play(connection, user, plays)
    counts = scrobbles.count_year(connection, user, 2023)
    listed: Counter[tuple[UUID, str]] = Counter()
    for year in (1959, 1977, None):
        rows = told(connection, user, year)
        breadths = album_plays.count_albums(connection, of_2023(user), span(year))
        plays_of_year = sum(row.plays for row in rows)
        assert plays_of_year == (counts.years.get(year, 0) if year else counts.unplaced)
        assert plays_of_year == sum(one.plays for one in breadths)
        assert len(rows) == sum(one.albums + one.songs for one in breadths)
        listed.update({(row.listed_as, row.song): row.plays for row in rows})
        check_spellings(rows, plays)
    assert listed == Counter((one.listed_as, "" if one.album else title) for one, title in plays)


def check_spellings(rows: list[AlbumPlays], plays: list[tuple[Album, str]]) -> None:
    """Each row has the names of its most played spelling, and lists all of them if there are others."""
    for row in rows:
        spelled = Counter(
            (one.artist, one.album)
            for one, title in plays
            if one.listed_as == row.listed_as and row.song in ("", title)
        )
        assert row.plays == spelled.total()
        assert spelled[row.artist, row.album] == max(spelled.values())
        assert row.spelled == len(spelled)
        assert [(one.artist, one.album) for one in row.spellings[:1]] in ([], [(row.artist, row.album)])
        assert {(one.artist, one.album): one.plays for one in row.spellings} == (
            spelled if len(spelled) > 1 else {}
        )
        assert all(one.key == names_key(one.artist, one.album) for one in row.spellings)
        is_of_two = len({one.artist_key for one, _ in plays if one.listed_as == row.listed_as}) > 1
        assert row.is_by_various == (is_of_two and row.listed_as == MIX[0].listed_as)


def test_an_album_under_several_spellings_is_one_line_with_the_name_that_is_played_most(
    connection: Connection, user: int
) -> None:
    play(connection, user, [(SPELLED[at], "one") for at in (0, 1, 1, 1, 2, 2)])
    (row,) = told(connection, user, 1977)
    assert (row.artist, row.album, row.plays, row.method) == ("The C", "ROAD (2019 Mix)", 6, "mbid: release")
    assert [(one.artist, one.album, one.plays) for one in row.spellings] == [
        ("The C", "ROAD (2019 Mix)", 3),
        ("c feat. D", "Roda", 2),
        ("C", "Road", 1),
    ]
    assert album_plays.count_albums(connection, of_2023(user), (1977, 1977)) == [AlbumCounts(False, 1, 0, 6)]
    assert top_albums.by_release_year(connection, of_2023(user), each=3) == [
        top(1977, "The C", "ROAD (2019 Mix)", 6, UUID(int=77))
    ]


def test_of_two_spellings_with_as_many_plays_the_surely_matched_one_names_the_line(
    connection: Connection, user: int
) -> None:
    similar = [replace(SPELLED[2], album=f"Roda {number}") for number in range(9)]
    albums.save(connection, similar)
    play(connection, user, [(one, "one") for one in [*similar, SPELLED[0]]])
    (row,) = told(connection, user, 1977)
    assert (row.artist, row.album) == ("C", "Road")
    assert top_albums.by_release_year(connection, of_2023(user), each=1) == [
        top(1977, "C", "Road", 10, UUID(int=77))
    ]


def test_without_a_release_group_the_folded_names_tell_what_is_one_album(
    connection: Connection, user: int
) -> None:
    play(connection, user, [(SPELLED[at], "one") for at in (3, 4, 4, 5, 6, 6)] + [(ALBUMS[3], "one")])
    rows = told(connection, user, None)
    assert [(row.artist, row.album, row.song, row.plays, row.spelled) for row in rows] == [
        ("The D", "missed too!", "", 3, 2),
        ("A", "missed", "", 1, 1),
        ("d", "", "one", 3, 2),
    ]
    assert album_plays.count_albums(connection, of_2023(user), None) == [AlbumCounts(False, 2, 1, 7)]


def test_a_compilation_under_many_artists_is_one_line_under_various_artists(
    connection: Connection, user: int
) -> None:
    play(connection, user, [(MIX[at], "one") for at in (0, 0, 1, 2, 3)])
    (row,) = told(connection, user, 1959)
    assert (row.album_artist, row.artist, row.album, row.plays, row.spelled) == (
        "Various Artists",
        "E",
        "Mix",
        5,
        4,
    )
    assert top_albums.by_release_year(connection, of_2023(user), each=3) == [
        top(1959, "Various Artists", "Mix", 5, UUID(int=59))
    ]
    counts = scrobbles.count_year(connection, user, 2023)
    ends = top_albums.oldest_and_newest(connection, user, 2023, counts)
    assert ends == ((top(1959, "Various Artists", "Mix", 5),) * 2, None)
    play(connection, user, [(MIX[at], "one") for at in (1, 2, 2)])
    (row,) = told(connection, user, 1959)
    assert (row.album_artist, row.artist, row.plays) == ("f", "f", 3), "of one artist only"


def test_of_a_compilation_under_endless_artists_the_most_played_are_named(
    connection: Connection, user: int
) -> None:
    endless = [replace(MIX[0], artist=f"Artist {number}") for number in range(MAX_SPELLINGS + 5)]
    albums.save(connection, endless)
    play(connection, user, [(one, "one") for one in [*endless, endless[-1]]])
    (row,) = told(connection, user, 1959)
    assert (row.plays, row.spelled, len(row.spellings)) == (MAX_SPELLINGS + 6, MAX_SPELLINGS + 5, MAX_SPELLINGS)
    assert (row.artist, row.spellings[0].plays, row.spellings[1].plays) == (endless[-1].artist, 2, 1)


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
    assert [(row.album, row.song, row.plays, row.group_plays) for row in rows] == [
        ("missed", "", 1, 1),
        ("", "three", 3, 4),
        ("", "two", 1, 4),
        ("open", "", 9, 9),
        ("", "one", 2, 2),
    ]
    assert album_plays.count_albums(connection, of_2023(user), None) == [
        AlbumCounts(False, 1, 2, 5),
        AlbumCounts(True, 1, 1, 11),
    ]


def test_an_album_tells_what_it_was_taken_for(connection: Connection, user: int) -> None:
    play(connection, user, [(ALBUMS[1], "one")])
    (row,) = told(connection, user, 1977)
    one = ALBUMS[1]
    taken_for = (one.listed_as, None, "1977!", "title nearly", row.score, 1977)
    assert row == AlbumPlays("B", "1977", "", 1, 1, "fuzzy_matched", *taken_for, False, 1977, one.key)
    assert row.score == pytest.approx(0.9)


def test_a_list_is_told_in_pieces_that_join(connection: Connection, user: int) -> None:
    play(connection, user, [(one, title) for one in ALL for title in ("one", "two", "three")])
    for year in (1977, None):
        asked = connection, of_2023(user), span(year)
        pieces = [row for at in range(0, 20, 2) for row in album_plays.list_albums(*asked, limit=2, offset=at)]
        assert pieces == told(connection, user, year)


def test_other_years_and_other_listeners_are_not_told(connection: Connection, user: int) -> None:
    other = listeners.save(connection, "LightLuca", available_years=[2023], playcount=0, registered_at=START).id
    play(connection, user, [(ALBUMS[0], "one")])
    store_year(connection, user, 2022, [Scrobble(START - timedelta(seconds=1), "A", "one", "1977", None)])
    store_year(connection, user, 2024, [Scrobble(END, "A", "one", "1977", None)])
    assert [row.plays for row in told(connection, user, 1977)] == [1]
    assert told(connection, other, 1977) == []
    assert album_plays.count_albums(connection, of_2023(other), (1977, 1977)) == []


def test_several_release_years_are_told_together_each_row_with_its_own(connection: Connection, user: int) -> None:
    play(connection, user, [(ALBUMS[0], "one"), (ALBUMS[2], "one"), (ALBUMS[2], "two"), (ALBUMS[5], "one")])
    rows = album_plays.list_albums(connection, of_2023(user), (1950, 1977), limit=9)
    assert [(row.album or row.song, row.release_year, row.plays) for row in rows] == [
        ("1959", 1959, 2),
        ("1977", 1977, 1),
        ("one", 1977, 1),
    ]
    assert album_plays.count_albums(connection, of_2023(user), (1950, 1977)) == [AlbumCounts(False, 2, 1, 4)]
    assert album_plays.list_albums(connection, of_2023(user), (1960, 1976), limit=9) == []


@settings(max_examples=30)
@given(plays=PLAYS)
def test_favourites_are_the_most_played_of_each_release_year(
    connection: Connection, user: int, plays: list[tuple[Album, str]]
) -> None:
    play(connection, user, plays)
    found = top_albums.by_release_year(connection, of_2023(user), each=2)
    assert {one.release_year for one in found} <= {1959, 1977}
    for year in (1959, 1977):
        rows = sorted(row.plays for row in told(connection, user, year))[::-1]
        assert [one.plays for one in found if one.release_year == year] == rows[:2]


@settings(max_examples=30)
@given(plays=PLAYS)
def test_at_both_ends_stand_the_favourites_of_the_first_and_the_last_release_year(
    connection: Connection, user: int, plays: list[tuple[Album, str]]
) -> None:
    play(connection, user, plays)
    favourites = top_albums.by_release_year(connection, of_2023(user), each=1)
    found = [one.model_copy(update={"release_group": None}) for one in favourites]  # which no event says
    counts = scrobbles.count_year(connection, user, 2023)
    ends = top_albums.oldest_and_newest(connection, user, 2023, counts)
    assert ends == ((found[0], found[-1]) if found else None, None)


def test_by_song_the_ends_are_others_and_endless_names_are_cut(connection: Connection, user: int) -> None:
    endless = Album("A" * 300, "T" * 300, None, None, 2020, "matched", "names", 1.0, "T")
    albums.save(connection, [endless])
    know_songs(connection, user, [(HITS, "two"), (HITS, "two"), (ALBUMS[0], "one"), (endless, "one")])
    newest = top(2020, "A" * MAX_NAME_LENGTH, "T" * MAX_NAME_LENGTH, 1)
    counts = scrobbles.count_year(connection, user, 2023)
    assert top_albums.oldest_and_newest(connection, user, 2023, counts) == (
        (top(1977, "A", "1977", 1), newest),
        (top(1959, "A", "two", 2), newest),
    )


def test_a_song_without_an_album_may_be_a_favourite(connection: Connection, user: int) -> None:
    play(connection, user, [(ALBUMS[5], "one"), (ALBUMS[5], "one"), (ALBUMS[0], "one"), (ALBUMS[3], "one")])
    assert top_albums.by_release_year(connection, of_2023(user), each=3) == [
        top(1977, "A", "one", 2),
        top(1977, "A", "1977", 1),
    ]


def test_plays_placed_by_an_mbid_are_told_apart(connection: Connection, user: int) -> None:
    play(connection, user, [(ALBUMS[2], "one"), (ALBUMS[0], "one"), (ALBUMS[1], "one"), (ALBUMS[5], "one")])
    counts = scrobbles.count_year(connection, user, 2023)
    assert (counts.matched, counts.fuzzy_matched, counts.by_mbid) == (3, 1, 1)


HITS = Album("A", "Hits", None, UUID(int=99), 1999, "matched", "names", 1.0, "Hits", True, True)
MORE_HITS = [replace(HITS, artist="a", album="HITS"), replace(HITS, artist="B", album="The Hits")]
UNDATED = Album("B", "Live", None, None, None, "not_found")
SINGLES = [*ALBUMS, HITS, *MORE_HITS, UNDATED]
OWN_YEARS = {
    **{(title, "one"): 1977 for title in ("Hits", "HITS", "The Hits")},
    ("Hits", "two"): 1959,
    ("Hits", "three"): 2010,
    ("Live", "one"): 1959,
}


@settings(max_examples=30)
@given(plays=st.lists(st.tuples(st.sampled_from(SINGLES), st.sampled_from(["one", "two", "three"])), max_size=40))
def test_by_song_too_everything_adds_up(connection: Connection, user: int, plays: list[tuple[Album, str]]) -> None:
    know_songs(connection, user, plays)
    counts = scrobbles.count_year(connection, user, 2023)
    years = counts.song_years or counts.years
    by_song = of_2023(user, by_song=True)
    favourites = top_albums.by_release_year(connection, by_song, each=2)
    for year in (1959, 1977, 1999, None):
        rows = told(connection, user, year, by_song=True)
        breadths = album_plays.count_albums(connection, by_song, span(year))
        plays_of_year = sum(row.plays for row in rows)
        unplaced = counts.scrobbles - sum(years.values())
        assert plays_of_year == sum(one.plays for one in breadths)
        assert plays_of_year == (years.get(year, 0) if year else unplaced)
        assert len(rows) == sum(one.rows for one in breadths)
        most = sorted((row.plays for row in rows), reverse=True)[:2] if year else []
        assert [one.plays for one in favourites if one.release_year == year] == most


def know_songs(connection: Connection, user: int, plays: list[tuple[Album, str]]) -> None:
    albums.save(connection, [HITS, *MORE_HITS, UNDATED])
    play(connection, user, plays)
    rows = connection.execute(
        "SELECT tracks.id, albums.album, tracks.title FROM tracks JOIN albums ON albums.id = tracks.album"
        " WHERE albums.album = ANY(%s)",
        [["Hits", "HITS", "The Hits", "Live"]],
    ).fetchall()
    songs = [Track(*row) for row in rows]
    tracks.save_years(connection, songs, [OWN_YEARS.get((song.artist, song.title)) for song in songs])


def test_a_song_apart_from_its_album_stands_behind_the_albums_and_says_where_it_is_from(
    connection: Connection, user: int
) -> None:
    know_songs(
        connection, user, [(HITS, "one"), (HITS, "two"), (HITS, "three"), (ALBUMS[0], "one"), (ALBUMS[5], "one")]
    )
    rows = told(connection, user, 1977, by_song=True)
    assert [(row.album, row.song, row.has_own_year, row.album_year) for row in rows] == [
        ("1977", "", False, 1977),
        ("Hits", "one", True, 1999),
        ("", "one", False, 1977),
    ]
    # A song of 2010 on an album of 1999 is another song of that name: no song is younger than its album.
    assert [(row.album, row.song, row.plays) for row in told(connection, user, 1999, by_song=True)] == [
        ("Hits", "", 1)
    ]
    assert scrobbles.count_year(connection, user, 2023).song_years == {1959: 1, 1977: 3, 1999: 1}
    assert scrobbles.count_year(connection, user, 2023).years == {1977: 2, 1999: 3}


def test_songs_of_a_compilation_are_listed_under_their_own_artists(connection: Connection, user: int) -> None:
    plays = [(HITS, "one"), (HITS, "one"), (MORE_HITS[0], "one"), (MORE_HITS[1], "one"), (HITS, "three")]
    know_songs(connection, user, plays)
    rows = told(connection, user, 1977, by_song=True)
    assert [(row.artist, row.album_artist, row.song, row.plays, row.group_plays) for row in rows] == [
        ("A", "Various Artists", "one", 3, 4),
        ("B", "Various Artists", "one", 1, 4),
    ]
    assert len({row.listed_as for row in rows}) == 1
    assert [(one.artist, one.album, one.plays) for one in rows[0].spellings] == [
        ("A", "Hits", 2),
        ("a", "HITS", 1),
    ]
    assert top_albums.by_release_year(connection, of_2023(user, by_song=True), each=1) == [
        top(1977, "A", "one", 3),
        top(1999, "A", "Hits", 1, UUID(int=99)),
    ]


def test_where_no_songs_year_is_known_there_is_one_count_only(connection: Connection, user: int) -> None:
    albums.save(connection, [HITS])
    play(connection, user, [(HITS, "one"), (ALBUMS[0], "one"), (ALBUMS[5], "one")])
    counts = scrobbles.count_year(connection, user, 2023)
    assert (counts.years, counts.song_years) == ({1977: 2, 1999: 1}, {})
