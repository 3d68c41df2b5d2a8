"""The albums and spellings that name matching is measured against hold together."""

import csv
from collections import Counter
from pathlib import Path

import pytest

SPELLINGS = Path(__file__).parents[2] / "bench" / "spellings"
CLASSES = {
    "plain",
    "edition",
    "featured",
    "transliteration",
    "symbols",
    "the",
    "abbreviation",
    "typo",
    "soundtrack",
    "compilation",
    "self_titled",
    "numbered",
    "live",
    "single_ep",
    "case",
    "decoration",
    "negative",
}
# Of these, names that must not be mistaken are in the class itself.
CLASSES_WITH_BOTH = {
    "album_or_single",
    "artist_behind",
    "artist_decorated",
    "artist_joined",
    "called_so",
    "characters",
    "classical",
    "comment",
    "composer_in_front",
    "file_name",
    "film_music",
    "html_entities",
    "initials",
    "kpop",
    "lost_letters",
    "mojibake",
    "numeral_or_sign",
    "pressing",
    "re_hyphen",
    "two_scripts",
    "various",
}
TYPES = {"Album", "Single", "EP", "Broadcast", "Other"}
SECONDARY_TYPES = {"Live", "Compilation", "Soundtrack", "Remix", "DJ-mix", "Mixtape/Street", "Demo"}


def rows(name: str) -> list[dict[str, str]]:
    with (SPELLINGS / name).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file, strict=True))


def several(value: str) -> list[str]:
    return value.split(" | ") if value else []


ALBUMS = rows("albums.csv")
ALIASES = rows("artist_aliases.csv")
PAIRS = rows("pairs.csv")


def test_there_are_enough_albums_and_aliases() -> None:
    assert len(ALBUMS) >= 380
    assert len(ALIASES) >= 60


def test_every_album_has_a_key_of_its_own() -> None:
    assert [key for key, count in Counter(album["key"] for album in ALBUMS).items() if count > 1] == []


def test_every_album_has_artists_and_a_title() -> None:
    assert [album["key"] for album in ALBUMS if not album["title"] or not album["artists"]] == []


def test_an_album_by_several_artists_says_how_they_are_credited() -> None:
    assert [album["key"] for album in ALBUMS if " | " in album["artists"] and not album["credit"]] == []


@pytest.mark.parametrize("column", ["artists", "aliases", "secondary_types"])
def test_what_is_listed_is_never_blank_and_never_said_twice(column: str) -> None:
    for album in ALBUMS:
        listed = several(album[column])
        assert all(one and one == one.strip() for one in listed), album["key"]
        assert len(set(listed)) == len(listed), album["key"]


def test_every_album_is_of_a_known_type() -> None:
    assert {album["type"] for album in ALBUMS} <= TYPES
    assert {one for album in ALBUMS for one in several(album["secondary_types"])} <= SECONDARY_TYPES


def test_every_year_can_be_that_of_a_recording() -> None:
    assert [album["key"] for album in ALBUMS if not 1860 <= int(album["year"]) <= 2026] == []


def test_every_alias_is_that_of_a_known_artist() -> None:
    known = {artist for album in ALBUMS for artist in several(album["artists"])}
    assert {alias["artist"] for alias in ALIASES} - known == set()


def test_no_alias_is_given_twice_or_says_nothing_new() -> None:
    given = [(alias["artist"], alias["alias"]) for alias in ALIASES]
    assert len(set(given)) == len(given)
    assert [artist for artist, alias in given if not alias or alias == artist] == []


def test_every_expected_album_is_there() -> None:
    keys = {album["key"] for album in ALBUMS}
    assert {pair["expected"] for pair in PAIRS if pair["expected"]} - keys == set()


def test_every_class_has_twenty_pairs() -> None:
    sizes = Counter(pair["class"] for pair in PAIRS)
    assert sizes.keys() == CLASSES | CLASSES_WITH_BOTH
    assert {name: size for name, size in sizes.items() if size < 20} == {}


def test_there_are_enough_pairs_to_find_and_not_to_find() -> None:
    found = sum(1 for pair in PAIRS if pair["expected"])
    assert found >= 400
    assert len(PAIRS) - found >= 120


def test_nothing_is_expected_of_the_negatives_alone() -> None:
    pairs = [pair for pair in PAIRS if pair["class"] in CLASSES]
    assert [pair for pair in pairs if (pair["class"] == "negative") != (not pair["expected"])] == []


@pytest.mark.parametrize("name", sorted(CLASSES_WITH_BOTH))
def test_a_class_with_both_has_enough_to_find_and_not_to_find(name: str) -> None:
    expected = [bool(pair["expected"]) for pair in PAIRS if pair["class"] == name]
    assert sum(expected) >= 30
    assert len(expected) - sum(expected) >= 15


def test_no_pair_is_there_twice() -> None:
    pairs = Counter((pair["artist"], pair["album"]) for pair in PAIRS)
    assert [pair for pair, count in pairs.items() if count > 1] == []
