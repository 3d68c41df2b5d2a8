"""Which of several albums is meant, and when that cannot be told."""

from collections.abc import Sequence
from itertools import permutations
from uuid import UUID

import pytest

from mirror.candidates import Candidate
from mirror.judge import (
    ALBUM,
    COMPILATION,
    DJ_MIX,
    EP,
    LIVE,
    SINGLE,
    SOUNDTRACK,
    choose,
    is_compilation,
    is_generic,
    is_live,
)

REMIX = 7


def album(
    id_: int = 1,
    title: str = "Rumours",
    *,
    year: int | None = 1977,
    type_: int | None = ALBUM,
    kinds: Sequence[int] = (),
    releases: int = 1,
) -> Candidate:
    return Candidate(id_, UUID(int=id_), title, "Fleetwood Mac", year, type_, tuple(kinds), releases)


def chosen(title: str, *candidates: Candidate) -> int | None:
    """The id of the one that is chosen, in whatever order they come."""
    found = {choose(title, order) for order in permutations(candidates)}
    assert len(found) == 1
    candidate = found.pop()
    return candidate.id if candidate else None


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


def test_a_plain_single_comes_before_a_live_album() -> None:
    assert chosen("Rumours", album(1, kinds=[LIVE], year=1976), album(2, type_=SINGLE)) == 2


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
