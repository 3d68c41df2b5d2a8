"""The words on a page: what a listener understands, whatever the numbers."""

import re
from dataclasses import replace
from datetime import date
from typing import Any
from uuid import uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.events import Event, Failure
from app.periods import Period
from app.web.words.summary import Summary, summarize
from app.web.words.wording import (
    MATCHED_BY,
    MBID,
    compared,
    explained,
    found,
    headline,
    kinds,
    matched,
    median_moved,
)
from mirror.matching.query import MATCH_METHODS


def event(**fields: Any) -> Event:
    return Event(**{"run": uuid4(), "phase": "completed", **fields})


def of(
    years: dict[int, int],
    scrobbles: int | None = None,
    *,
    pending: int = 0,
    name: str = "Eve",
    until: date | None = None,
) -> Summary:
    """Somebody's 2024 with these plays by release year."""
    placed = sum(years.values())
    scrobbles = placed if scrobbles is None else scrobbles
    said = event(scrobbles=scrobbles, matched=placed, not_found=scrobbles - placed - pending, years=years)
    return summarize(said, 2024, name, until=until)


def test_every_method_of_matching_has_its_words() -> None:
    assert {MBID, *MATCHED_BY} == set(MATCH_METHODS)


@pytest.mark.parametrize(
    ("method", "score", "said"),
    [
        ("mbid: release", 1.0, "by the ID that the player sent along"),
        ("mbid: release group", 1.0, "by the ID that the player sent along"),
        ("names", 1.0, "by artist and title"),
        ("title nearly", 0.92, "by a similar title, 92\u00a0% alike"),
        ("artist nearly", 0.8, "by a similar artist, 80\u00a0% alike"),
        ("artist and title nearly", 0.855, "by a similar artist and title, 86\u00a0% alike"),
        ("title under Various Artists", 0.9, "as an album by Various Artists"),
        ("title nearly", None, "by a similar title"),
        ("by ear", 0.5, "recognised"),
        (None, None, "recognised"),
    ],
)
def test_how_an_album_was_found_is_said_in_words(method: str | None, score: float | None, said: str) -> None:
    assert matched(method, score) == said


def test_what_is_only_nearly_the_same_is_never_all_alike() -> None:
    assert matched("title nearly", 0.999).endswith("99\u00a0% alike")


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
    assert kinds(albums, apart, songs) == said


@pytest.mark.parametrize(
    ("years", "scrobbles", "said"),
    [
        ({}, 0, "Eve played nothing in 2024, as far as Last.fm knows."),
        ({}, 1, "The release year of Eve’s one play in 2024 is not known."),
        ({}, 7, "The release year of Eve’s plays in 2024 is not known."),
        ({1985: 1}, 1, "Eve’s one play in 2024 is of music that came out in 1985."),
        ({1985: 1}, 7, "Eve’s one play in 2024 with a known release year is of music that came out in 1985."),
        ({2024: 1}, 1, "Eve’s one play in 2024 is of music that came out that same year."),
        ({1985: 9}, 9, "All the music Eve played in 2024 came out in 1985."),
        ({1985: 9}, 10, "All the music with a known release year that Eve played in 2024 came out in 1985."),
        ({2024: 500}, 500, "All the music Eve played in 2024 came out that same year."),
        ({1967: 3, 1969: 1}, 4, "3 of Eve’s 4 plays in 2024 are of music that came out in 1967."),
        ({1967: 1, 1969: 1}, 2, "1 of Eve’s 2 plays in 2024 is of music that came out by 1967."),
        (
            {1960: 1, 1970: 1, 1980: 1},
            9,
            "2 of Eve’s 3 plays in 2024 with a known release year are of music that came out by 1970.",
        ),
        ({2024: 70, 1999: 30}, 100, "70.0\u00a0% of the music Eve played in 2024 came out that same year."),
        ({2024: 67, 1999: 33}, 100, "67.0\u00a0% of the music Eve played in 2024 came out that same year."),
        ({1985: 99_999, 1999: 1}, 100_000, "99.9\u00a0% of the music Eve played in 2024 came out in 1985."),
        (
            {1985: 70, 1999: 30},
            120,
            "70.0\u00a0% of the music with a known release year that Eve played in 2024 came out in 1985.",
        ),
        (
            {1970: 25, 1980: 25, 2000: 25, 2010: 25},
            100,
            "Half of the music Eve played in 2024 came out by 1980.",
        ),
        ({1970: 40, 1980: 40, 2000: 20}, 100, "More than half of the music Eve played in 2024 came out by 1980."),
    ],
)
def test_a_year_comes_down_to_one_sentence(years: dict[int, int], scrobbles: int, said: str) -> None:
    assert headline(of(years, scrobbles)) == said


@pytest.mark.parametrize(
    ("scrobbles", "said"),
    [
        (1, "1 play is in. Its release year is still to be looked up."),
        (2_000, "2,000 plays are in. Their release years are still to be looked up."),
    ],
)
def test_while_nobody_could_be_asked_years_are_on_the_way(scrobbles: int, said: str) -> None:
    assert headline(of({}, scrobbles, pending=scrobbles)) == said


plays = st.dictionaries(st.integers(1860, 2027), st.integers(1, 500), min_size=1)


@given(plays, st.integers(0, 500))
def test_the_sentence_has_the_figures_of_the_numbers_below_it(years: dict[int, int], unplaced: int) -> None:
    told = of(years, sum(years.values()) + unplaced)
    said = headline(told)
    assert ("with a known release year" in said) == (unplaced > 0), "a share says of what"
    when = re.search(r" came out (?:by|in|that) (\d+|same year)", said)
    assert when
    year = 2024 if when[1] == "same year" else int(when[1])
    part = told.by_median if f"by {year}" in said else years[year]
    if f"by {year}" in said:
        assert year == told.median
        assert 2 * part >= told.placed, "half by then, as the tile says"
        assert ("More than half" in said) <= (2 * part > told.placed)
    if figure := re.match("[\\d.]+\u00a0%", said):
        assert figure[0] == told.share(years[year]) == told.share(part)
    elif counted := re.match(r"(\d+) of Eve’s (\d+) plays", said):
        assert (int(counted[1]), int(counted[2])) == (part, told.placed)
    elif said.startswith("Half"):
        assert part / told.placed == pytest.approx(0.5, abs=0.015)


@given(plays, plays, st.booleans())
def test_two_are_compared_by_the_middle_years_of_their_table(
    eve: dict[int, int], sam: dict[int, int], is_known: bool
) -> None:
    one, other = of(eve, sum(eve.values()) + (not is_known)), of(sam, name="Sam")
    said = compared(one, other)
    assert {int(year) for year in re.findall(r"by (\d+)", said)} == {one.median, other.median}
    assert ("of the music with a known release year" in said) == (not is_known)


@pytest.mark.parametrize(
    ("eve", "sam", "said"),
    [
        (1979, 2010, "In 2024 half of Eve’s music came out by 1979, half of Sam’s by 2010."),
        (2010, 1979, "In 2024 half of Sam’s music came out by 1979, half of Eve’s by 2010."),
        (1985, 1985, "In 2024 half of Eve’s music and half of Sam’s came out by 1985."),
    ],
)
def test_two_years_beside_each_other_come_down_to_one_sentence(eve: int, sam: int, said: str) -> None:
    assert compared(of({eve: 1}), of({sam: 1}, name="Sam")) == said


@pytest.mark.parametrize("sam", [1979, 1985])
def test_a_comparison_of_a_month_speaks_of_that_month(sam: int) -> None:
    july = Period.of_month(2024, 7)
    one, other = replace(of({1985: 1}), period=july), replace(of({sam: 1}, name="Sam"), period=july)
    assert compared(one, other).startswith("In July 2024 half of ")


def test_with_nothing_known_of_one_there_is_nothing_to_compare() -> None:
    assert compared(of({1977: 1}), of({}, 3, name="Sam")) == ""


@given(plays, plays)
def test_whoever_is_asked_of_first_the_older_music_stays_the_older(
    eve: dict[int, int], sam: dict[int, int]
) -> None:
    one, other = of(eve), of(sam, name="Sam")
    assert one.median is not None
    assert other.median is not None
    if one.median != other.median:
        said = compared(one, other)
        assert said == compared(other, one)
        assert (said.index("Eve") < said.index("Sam")) == (one.median < other.median)


@pytest.mark.parametrize(
    ("medians", "sentence"),
    [
        ({}, ""),
        ({2024: 1977}, "In 2024 half of the music came out by 1977, 47 years before."),
        (
            {2020: 1977, 2022: 2005, 2024: 1990},
            "In 2020 half of the music came out by 1977, 43 years before; in 2024 by 1990, 34 years before.",
        ),
        (
            {2023: 2022, 2024: 2022},
            "In 2023 half of the music came out by 2022, 1 year before; in 2024 by 2022, 2 years before.",
        ),
        (
            {2023: 2023, 2024: 2020},
            "In 2023 half of the music came out by 2023; in 2024 by 2020, 4 years before.",
        ),
    ],
)
def test_how_the_median_moved_is_said(medians: dict[int, int], sentence: str) -> None:
    assert median_moved(medians) == sentence
    known = "half of the music with a known release year came out"
    assert median_moved(medians, is_known=False) == sentence.replace("half of the music came out", known)


@pytest.mark.parametrize(
    ("years", "said"),
    [
        ({}, "Eve played nothing in 2024 so far, as far as Last.fm knows."),
        ({1985: 50}, "All the music Eve played in 2024 so far came out in 1985."),
    ],
)
def test_of_a_year_that_is_not_over_it_is_said(years: dict[int, int], said: str) -> None:
    assert headline(of(years, until=date(2024, 3, 1))) == said


FRAGMENT = {"phase": "failed", "error": Failure.LASTFM_AWAY}


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({}, "Half of the music Eve played in 2024 (so far, 60 of 900 plays) came out by 1970."),
        ({"expected": None}, "Half of the music Eve played in 2024 (so far, 60 plays) came out by 1970."),
        ({"expected": 60}, "Half of the music Eve played in 2024 (so far, 60 plays) came out by 1970."),
        (
            {"phase": "fetching"},
            "Half of the music Eve played in 2024 (so far, 60 of 900 plays) came out by 1970.",
        ),
        ({"was_whole": True}, "Half of the music Eve played in 2024 came out by 1970."),
        ({"phase": "completed"}, "Half of the music Eve played in 2024 came out by 1970."),
        (
            {"years": {}, "matched": 0},
            "So far, 60 of 900 plays are in. Their release years are still to be looked up.",
        ),
    ],
)
def test_what_is_told_of_a_part_of_a_year_is_not_told_of_the_year(fields: dict[str, Any], said: str) -> None:
    half = {"scrobbles": 60, "expected": 900, "matched": 60, "years": {1970: 30, 1990: 30}}
    assert headline(summarize(event(**{**FRAGMENT, **half, **fields}), 2024, "Eve")) == said


@pytest.mark.parametrize("failure", Failure)
def test_every_failure_is_explained_in_sentences(failure: Failure) -> None:
    headline, advice = explained(failure)
    assert headline[-1] not in ".!"
    assert advice.endswith(".")
    assert "{" not in advice


@pytest.mark.parametrize("status", ["pending", "not_found", "matched", "fuzzy_matched"])
@pytest.mark.parametrize("method", [MBID, *MATCHED_BY])
def test_how_an_album_was_recognised_is_a_sentence(status: str, method: str) -> None:
    said = found(status, method, 0.9)
    assert said[0].isupper()
    assert said.endswith(".")
