"""Which of several albums is meant, and when that cannot be told."""

from collections.abc import Sequence
from itertools import permutations
from uuid import UUID

import pytest

from mirror.matching.candidates import Candidate
from mirror.matching.rules import artists_differ, called_so, choose, is_compilation, is_generic, is_live
from mirror.release_types import ALBUM, COMPILATION, DJ_MIX, EP, LIVE, SINGLE, SOUNDTRACK

REMIX = 7


def album(
    id_: int = 1,
    title: str = "Rumours",
    *,
    year: int | None = 1977,
    type_: int | None = ALBUM,
    kinds: Sequence[int] = (),
    releases: int = 1,
    credit: str = "Fleetwood Mac",
    artists: Sequence[str] = ("Fleetwood Mac",),
    comment: str = "",
) -> Candidate:
    return Candidate(id_, UUID(int=id_), title, credit, year, type_, tuple(kinds), comment, releases, artists)


def chosen(title: str, *candidates: Candidate) -> int | None:
    """The id of the one that is chosen, in whatever order they come."""
    found = {choose(title, order) for order in permutations(candidates)}
    assert len(found) == 1
    candidate = found.pop()
    return candidate.id if candidate else None


@pytest.mark.parametrize(
    ("credit", "kinds", "differ"),
    [
        ("Various Artists", [COMPILATION], True),
        ("various artists", [SOUNDTRACK], True),
        ("Carl Craig", [DJ_MIX], True),
        ("Queen", [COMPILATION], False),
        ("Hans Zimmer", [SOUNDTRACK], False),
        ("Various Artists of Sweden", [], False),
    ],
)
def test_songs_are_by_several_artists_on_albums_by_various_artists_and_mixes(
    credit: str, kinds: list[int], differ: bool
) -> None:
    assert artists_differ(album(credit=credit, kinds=kinds)) == differ


def test_of_none_there_is_none_to_choose() -> None:
    assert chosen("Rumours") is None


def test_the_only_one_is_meant() -> None:
    assert chosen("Rumours", album()) == 1


def test_without_a_year_none_is_meant() -> None:
    assert chosen("Rumours", album(year=None)) is None
    assert chosen("Rumours", album(1, year=None, releases=9), album(2, year=1977)) == 2


@pytest.mark.parametrize(
    ("title", "expected"),
    [
        ("Dreams EP", 3),
        ("Dreams (EP)", 3),
        ("Dreams - EP", 3),
        ("Dreams - Single", 2),
        ("Dreams (Single)", 2),
        ("Dreams (Original Soundtrack)", 4),
        ("Dreams OST", 4),
        ("Dreams", 1),
        ("Dreams (Deluxe Edition)", 1),
    ],
)
def test_the_format_that_a_title_names_decides(title: str, expected: int) -> None:
    candidates = [
        album(1, "Dreams", year=1971),
        album(2, "Dreams", year=1972, type_=SINGLE),
        album(3, "Dreams", year=1973, type_=EP),
        album(4, "Dreams", year=1974, kinds=[SOUNDTRACK]),
    ]
    if expected == 1:
        candidates.pop()
    assert chosen(title, *candidates) == expected


@pytest.mark.parametrize("title", ["Dreams - Single", "Dreams (EP)"])
def test_a_single_and_an_ep_are_never_the_album_of_their_name(title: str) -> None:
    assert chosen(title, album(title="Dreams")) is None


@pytest.mark.parametrize(("title", "type_"), [("Dreams - Single", EP), ("Dreams EP", SINGLE), ("Dreams EP", None)])
def test_a_single_may_be_kept_as_an_ep_and_the_other_way_round(title: str, type_: int | None) -> None:
    assert chosen(title, album(title="Dreams", type_=type_)) == 1


def test_a_soundtrack_may_be_kept_as_a_plain_album() -> None:
    assert chosen("Dreams (Soundtrack)", album(title="Dreams")) == 1


@pytest.mark.parametrize("type_", [SINGLE, EP, None])
def test_an_album_comes_before_what_is_shorter(type_: int | None) -> None:
    assert chosen("Rumours", album(1, type_=type_, year=1976, releases=9), album(2)) == 2


@pytest.mark.parametrize("kind", [LIVE, COMPILATION, REMIX, DJ_MIX])
def test_a_plain_album_comes_before_other_kinds(kind: int) -> None:
    assert chosen("Rumours", album(1, kinds=[kind], year=1976, releases=9), album(2)) == 2


@pytest.mark.parametrize("kind", [LIVE, COMPILATION])
@pytest.mark.parametrize("type_", [SINGLE, EP])
def test_an_album_of_another_kind_comes_before_a_single_too(kind: int, type_: int) -> None:
    assert chosen("Rumours", album(1, kinds=[kind], year=1976), album(2, type_=type_, releases=9)) == 1


def test_a_soundtrack_is_as_good_as_a_plain_album() -> None:
    assert chosen("Rumours", album(1, kinds=[SOUNDTRACK], year=1976), album(2)) is None


@pytest.mark.parametrize("kind", [LIVE, COMPILATION])
def test_another_kind_is_meant_where_there_is_no_plain_album(kind: int) -> None:
    assert chosen("Rumours", album(kinds=[kind])) == 1


def test_the_title_itself_comes_before_one_that_is_only_an_alias() -> None:
    assert chosen("Rumours", album(1, "Gossip", year=1976, releases=9), album(2, "Rumours")) == 2


def test_an_edition_that_is_an_album_of_its_own_comes_before_the_first() -> None:
    first, again = album(1, "Red", year=2012, releases=9), album(2, "Red (Taylor's Version)", year=2021)
    assert chosen("Red (Taylor's Version)", first, again) == 2
    assert chosen("Red", first, again) == 1


def test_two_of_one_title_and_of_different_years_are_none() -> None:
    assert chosen("Weezer", album(1, "Weezer", year=1994), album(2, "Weezer", year=2001)) is None


def test_two_of_one_title_and_year_are_the_one_with_more_releases() -> None:
    assert chosen("Weezer", album(1, "Weezer"), album(2, "Weezer", releases=2)) == 2
    assert chosen("Weezer", album(2, "Weezer"), album(1, "Weezer")) == 1


@pytest.mark.parametrize(("releases", "expected"), [(5, None), (6, 2), (60, 2)])
def test_the_one_with_three_times_the_releases_is_meant(releases: int, expected: int | None) -> None:
    rare, common = album(1, year=1970, releases=2), album(2, year=1977, releases=releases)
    assert chosen("Rumours", rare, common) == expected


def test_two_that_are_both_common_are_none() -> None:
    assert chosen("Rumours", album(1, year=1970, releases=9), album(2, releases=9), album(3, year=1980)) is None


def test_live_albums_are_known_by_their_kind() -> None:
    assert is_live(album(kinds=[COMPILATION, LIVE]))
    assert not is_live(album(kinds=[COMPILATION]))


@pytest.mark.parametrize(
    ("kinds", "expected"), [([COMPILATION], True), ([SOUNDTRACK], True), ([DJ_MIX, LIVE], True), ([LIVE], False)]
)
def test_compilations_soundtracks_and_mixes_have_many_artists(kinds: list[int], expected: bool) -> None:
    assert is_compilation(album(kinds=kinds)) is expected
    assert not is_compilation(album())


SAYING_NOTHING = (
    *("Greatest Hits", "The Best Of", "Live", "Untitled", "Unknown Album", "Christmas Album", "Merry Christmas"),
    *("20 Greatest Hits", "Greatest Hits, Volume 2", "The Platinum Collection", "Original Album Classics"),
    *("The Complete Recordings", "EP 1", "Vol. 3"),
)


@pytest.mark.parametrize("title", SAYING_NOTHING)
def test_titles_that_say_nothing_are_known(title: str) -> None:
    assert is_generic(title)


@pytest.mark.parametrize("title", ["Rumours", "1989", "Live at Leeds", "Love Supreme", "Best of Bowie", "!!!"])
def test_titles_that_say_something_are_told_from_them(title: str) -> None:
    assert not is_generic(title)


@pytest.mark.parametrize(
    ("asked", "expected"),
    [
        pytest.param("nova", [1], id="the name of one, an alias of the others"),
        pytest.param("supernova", [2, 3], id="one is credited so, and it is the artist's other album as well"),
        pytest.param("novaandfriends", [1, 2, 3, 4], id="an alias of all"),
    ],
)
def test_who_is_called_so_comes_before_whose_alias_it_is(asked: str, expected: list[int]) -> None:
    found = [
        album(1, credit="Nova", artists=["Nova"]),
        album(2, credit="Supernova", artists=["Heath Novak"]),
        album(3, credit="Heath Novak", artists=["Heath Novak"]),
        album(4, credit="Novalis & Heathen", artists=["Novalis", "Heathen"]),
    ]
    assert [candidate.id for candidate in called_so([asked], found)] == expected


def test_an_album_without_a_year_is_not_passed_over_for_its_single() -> None:
    assert chosen("Rumours", album(1, year=None), album(2, type_=SINGLE)) is None
    assert chosen("Rumours - Single", album(1, year=None), album(2, type_=SINGLE)) == 2


@pytest.mark.parametrize(("title", "expected"), [("Divide", 1), ("Divide - Single", 2), ("Divide (EP)", 3)])
def test_an_album_by_its_alias_comes_before_a_single_of_that_title(title: str, expected: int) -> None:
    single, ep = album(2, "Divide", type_=SINGLE, year=2014, releases=9), album(3, "Divide", type_=EP, year=2013)
    assert chosen(title, album(1, "÷", year=2017), single, ep) == expected


@pytest.mark.parametrize(
    ("title", "expected"),
    [("Rumours (1977)", 1), ("Rumours [1997]", 2), ("Rumours (2004)", None), ("Rumours (1977 Remaster)", None)],
)
def test_a_year_in_brackets_tells_between_namesakes(title: str, expected: int | None) -> None:
    assert chosen(title, album(1, year=1977), album(2, year=1997)) == expected


def test_a_year_in_brackets_is_rather_a_reissue_than_a_single_or_a_concert() -> None:
    single, concert = album(2, year=1997, type_=SINGLE), album(3, year=1997, kinds=[LIVE])
    assert chosen("Rumours (1997)", album(1), single, concert) == 1


@pytest.mark.parametrize(
    ("title", "expected"), [("Rumours (LP1)", 1), ("Rumours LP 2", 2), ("Rumours (LP3)", None)]
)
def test_a_long_player_is_counted_by_the_comment(title: str, expected: int | None) -> None:
    one, two = album(1, year=1977, comment="LP1"), album(2, year=1997, comment="LP2 / Pink Album")
    assert chosen(title, one, two) == expected
    assert chosen("Rumours (LP3)", one) is None
    assert chosen("Rumours (LP3)", album(3)) == 3


def test_a_version_in_a_language_is_only_the_one_that_is_called_so() -> None:
    korean, japanese = album(1, "Gee", type_=EP, year=2009), album(2, "GEE (Japanese version)", year=2010)
    assert chosen("Gee (Japanese Version)", korean, japanese) == 2
    assert chosen("Gee (Japanese Version)", korean, album(2, "GEE", year=2010)) is None


def test_a_version_in_a_language_may_be_the_pressing_of_a_country() -> None:
    assert chosen("Homogenic (Japanese Version)", album(1, "Homogenic")) == 1


def test_a_score_is_not_the_songs_by_several_artists() -> None:
    songs = album(1, "Garden State", kinds=(SOUNDTRACK, COMPILATION))
    assert chosen("Garden State (Original Score)", songs) is None
    assert chosen("Garden State (Original Soundtrack)", songs) == 1
    assert chosen("Garden State (Original Score)", album(1, "Garden State", kinds=(SOUNDTRACK,))) == 1


def test_an_album_may_be_called_an_ep() -> None:
    assert chosen("Palace Pier EP", album(1, "Palace Pier EP")) == 1
    assert chosen("Palace Pier EP", album(1, "Palace Pier")) is None


def test_a_score_is_a_soundtrack_and_a_maxi_is_a_single() -> None:
    assert chosen("Violator [Score]", album(1, "Violator")) is None
    assert chosen("Violator (Maxi CD)", album(1, "Violator")) is None


def test_of_a_work_that_many_record_neither_title_nor_releases_tell() -> None:
    one, other = album(1, "Symphony no. 5", year=1963, releases=9), album(2, "Symphonie Nr. 5", year=1975)
    assert chosen("Symphony No. 5", one, other) is None
    assert chosen("Symphony No. 5", one) == 1


@pytest.mark.parametrize(("title", "expected"), [("Rumours (Deluxe Edition)", None), ("Rumours (2004)", 1)])
def test_a_single_has_no_deluxe_edition(title: str, expected: int | None) -> None:
    assert chosen(title, album(type_=SINGLE)) == expected
    assert chosen(title, album(type_=EP)) == 1


def test_a_year_behind_the_artists_name_is_that_of_the_album() -> None:
    named = album(title="Fleetwood Mac", year=1975)
    assert chosen("Fleetwood Mac (1968)", named) is None
    assert chosen("Fleetwood Mac (1975)", named) == 1
    assert chosen("Rumours (2004)", album()) == 1
