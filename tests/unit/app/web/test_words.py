"""The words on a page: what a listener understands, whatever the numbers."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.web.words import (
    Era,
    age,
    breadth,
    compared,
    counted,
    headline,
    matched,
    middle,
    roughly,
    share,
    taken_for,
    wait,
)


@pytest.mark.parametrize(
    ("method", "score", "said"),
    [
        ("mbid: release", 1.0, "by its MusicBrainz ID"),
        ("mbid: release group", 1.0, "by its MusicBrainz ID"),
        ("names", 1.0, "by its name"),
        ("title nearly", 0.92, "title nearly the same, 92\u00a0% alike"),
        ("artist nearly", 0.8, "artist nearly the same, 80\u00a0% alike"),
        ("artist and title nearly", 0.855, "artist and title nearly the same, 86\u00a0% alike"),
        ("title under Various Artists", 0.9, "as an album by Various Artists"),
        ("title nearly", None, "title nearly the same"),
        ("by ear", 0.5, "matched"),
        (None, None, "matched"),
    ],
)
def test_how_an_album_was_found_is_said_in_words(method: str | None, score: float | None, said: str) -> None:
    assert matched(method, score) == said


def test_what_is_only_nearly_the_same_is_never_all_alike() -> None:
    assert matched("title nearly", 0.999).endswith("99\u00a0% alike")


@pytest.mark.parametrize(
    ("seconds", "said"),
    [
        (1, "1 second"),
        (89, "89 seconds"),
        (90, "2 minutes"),
        (121, "3 minutes"),
        (89 * 60, "89 minutes"),
        (90 * 60, "2 hours"),
        (86_400, "24 hours"),
    ],
)
def test_how_long_to_wait_is_never_said_too_short(seconds: int, said: str) -> None:
    assert wait(seconds) == said


@pytest.mark.parametrize(
    ("title", "other"),
    [
        ("Animals", "Animals"),
        ("the wall", "The Wall"),
        ("It's Alive", "It’s Alive"),
        ("Wait... What", "Wait…  What "),
        ("1977-1980", "1977–1980"),
        ("Animals", None),
    ],
)
def test_a_title_that_reads_the_same_is_not_told_twice(title: str, other: str | None) -> None:
    assert taken_for(title, other) == ""


def test_a_title_that_reads_otherwise_is_told_as_it_is() -> None:
    assert taken_for("Animals (2018 Remix)", "Animals") == "Animals"
    assert taken_for("", "Animals") == "Animals"


@pytest.mark.parametrize(("number", "said"), [(0, "0 plays"), (1, "1 play"), (2_000, "2,000 plays")])
def test_numbers_agree_with_their_nouns(number: int, said: str) -> None:
    assert counted(number, "play") == said


@pytest.mark.parametrize(
    ("albums", "apart", "songs", "said"),
    [
        (84, 0, 0, "84 albums"),
        (1, 0, 1, "1 album and 1 song without an album"),
        (0, 0, 3, "3 songs without an album"),
        (0, 2, 0, "2 songs of other albums"),
        (1, 1, 2, "1 album, 1 song of other albums and 2 songs without an album"),
        (0, 0, 0, "0 albums"),
    ],
)
def test_albums_and_songs_are_told_as_far_as_there_are_any(albums: int, apart: int, songs: int, said: str) -> None:
    assert breadth(albums, apart, songs) == said


@pytest.mark.parametrize(
    ("part", "whole", "said"),
    [
        (432, 12_000, "3.6\u00a0%"),
        (0, 12_000, "0\u00a0%"),
        (0, 0, "0\u00a0%"),
        (1, 12_000, "under 0.1\u00a0%"),
        (11_999, 12_000, "99.9\u00a0%"),
        (12_000, 12_000, "100\u00a0%"),
        (1, 2, "50.0\u00a0%"),
    ],
)
def test_a_share_is_told_in_per_cent(part: int, whole: int, said: str) -> None:
    assert share(part, whole) == said


@given(st.integers(1, 10**6), st.integers(1, 10**6))
def test_only_nothing_is_no_share_and_only_everything_is_all(part: int, rest: int) -> None:
    assert share(part, part + rest) not in ("0\u00a0%", "0.0\u00a0%", "100\u00a0%", "100.0\u00a0%")


@pytest.mark.parametrize(
    ("years", "scrobbles", "said"),
    [
        ({}, 0, "No plays in 2024: Last.fm has no scrobbles of Eve in that year."),
        ({}, 1, "The one play could not be placed in a release year."),
        ({}, 7, "None of the plays could be placed in a release year."),
        ({1985: 1}, 1, "The one play is of music from 1985."),
        ({1985: 1}, 7, "The one play that could be placed is of music from 1985."),
        ({2024: 1}, 1, "The one play is of music from 2024 itself."),
        ({1985: 9}, 9, "All of Eve’s 2024 was released in 1985."),
        ({1985: 9}, 10, "All of Eve’s 2024 that could be placed was released in 1985."),
        ({2024: 500}, 500, "All of Eve’s 2024 was released in 2024 itself."),
        ({1967: 3, 1969: 1}, 4, "3 of the 4 plays of Eve’s 2024 are of music from 1967."),
        ({1967: 1, 1969: 1}, 2, "1 of the 2 plays of Eve’s 2024 is of music from 1969."),
        (
            {1960: 1, 1970: 1, 1980: 1},
            9,
            "2 of the 3 plays of Eve’s 2024 that could be placed are of music from before 1980.",
        ),
        ({2024: 70, 1999: 30}, 100, "70\u00a0% of Eve’s 2024 was released in 2024 itself."),
        ({2024: 67, 1999: 33}, 100, "Two thirds of Eve’s 2024 was released in 2024 itself."),
        ({1985: 99_999, 1999: 1}, 100_000, "99\u00a0% of Eve’s 2024 was released in 1985."),
        ({1985: 70, 1999: 30}, 120, "70\u00a0% of Eve’s 2024 was released in 1985, as far as it could be placed."),
        ({1970: 25, 1980: 25, 2000: 25, 2010: 25}, 100, "Half of Eve’s 2024 was released before 2000."),
        ({1970: 40, 1980: 40, 2000: 20}, 100, "40\u00a0% of Eve’s 2024 was released before 1980."),
    ],
)
def test_a_year_comes_down_to_one_sentence(years: dict[int, int], scrobbles: int, said: str) -> None:
    assert headline("Eve", 2024, years, scrobbles) == said


@pytest.mark.parametrize(
    ("scrobbles", "said"),
    [
        (1, "1 play is stored. Its release year is on the way."),
        (2_000, "2,000 plays are stored. Their release years are on the way."),
    ],
)
def test_while_nobody_could_be_asked_years_are_on_the_way(scrobbles: int, said: str) -> None:
    assert headline("Eve", 2024, {}, scrobbles, pending=scrobbles) == said


plays = st.dictionaries(st.integers(1860, 2027), st.integers(1, 500), min_size=1)


@given(plays)
def test_the_sentence_is_true(years: dict[int, int]) -> None:
    before, part = middle(years)
    assert part == sum(played for year, played in years.items() if year < before)
    said = headline("Eve", 2024, years, sum(years.values()))
    if said.startswith("Half") and "before" in said:
        assert part / sum(years.values()) == pytest.approx(0.5, abs=0.015)


@given(plays)
def test_the_middle_is_as_near_to_half_as_a_year_can_be(years: dict[int, int]) -> None:
    whole = sum(years.values())
    _, part = middle(years)
    for year in years:
        earlier = sum(played for one, played in years.items() if one < year)
        assert abs(2 * part - whole) <= abs(2 * earlier - whole)


@pytest.mark.parametrize(
    ("years", "said"),
    [(0.0, "under a year"), (0.99, "under a year"), (1.0, "1 year"), (1.6, "2 years"), (33.4, "33 years")],
)
def test_an_age_is_told_in_whole_years(years: float, said: str) -> None:
    assert age(years) == said


@pytest.mark.parametrize(
    ("part", "whole", "said"),
    [
        (0, 9, "0\u00a0%"),
        (1, 900, "<1\u00a0%"),
        (404, 1000, "40\u00a0%"),
        (999, 1000, ">99\u00a0%"),
        (9, 9, "100\u00a0%"),
    ],
)
def test_where_there_is_little_room_a_share_is_whole(part: int, whole: int, said: str) -> None:
    assert roughly(part, whole) == said


@pytest.mark.parametrize(
    ("eve", "sam", "said"),
    [
        ((1979, 42.0), (2010, 12.0), "In 2024 Eve’s music was 31\u00a0years older than Sam’s."),
        ((2010, 12.0), (1979, 42.0), "In 2024 Sam’s music was 31\u00a0years older than Eve’s."),
        ((1984, 40.0), (1985, 39.0), "In 2024 Eve’s music was 1\u00a0year older than Sam’s."),
        ((1984, 39.0), (1985, 39.0), "In 2024 Eve’s music was 1\u00a0year older than Sam’s."),
        ((1985, 39.0), (1985, 20.0), "In 2024 Eve’s and Sam’s music had the same middle: 1985."),
        ((1985, 39.0), (1975, 38.9), "In 2024 the middle of Eve’s music was 1985, of Sam’s 1975."),
    ],
)
def test_two_years_beside_each_other_come_down_to_one_sentence(
    eve: tuple[int, float], sam: tuple[int, float], said: str
) -> None:
    assert compared(2024, Era("Eve", *eve), Era("Sam", *sam)) == said


eras = st.tuples(st.integers(1860, 2027), st.floats(0, 160))


@given(eras, eras)
def test_whoever_is_asked_of_first_the_older_music_stays_the_older(
    eve: tuple[int, float], sam: tuple[int, float]
) -> None:
    said, turned = (
        compared(2024, one, other)
        for one, other in ((Era("Eve", *eve), Era("Sam", *sam)), (Era("Sam", *sam), Era("Eve", *eve)))
    )
    if "older" in said:
        assert said == turned
        older, younger = (eve, sam) if "Eve’s music" in said else (sam, eve)
        assert older[0] < younger[0]
        assert older[1] >= younger[1], "by either measure"
