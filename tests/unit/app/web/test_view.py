"""The numbers a year's page tells, made from an event alone."""

from typing import Any
from uuid import uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.progress import Event
from app.web.view import median, table, view


def event(**fields: Any) -> Event:
    return Event(**{"run": uuid4(), "phase": "completed", **fields})


@pytest.mark.parametrize(
    ("years", "middle"),
    [
        ({}, None),
        ({1985: 1}, 1985),
        ({1985: 1, 1995: 1}, 1985),
        ({1985: 1, 1995: 2}, 1995),
        ({1960: 100, 2020: 99}, 1960),
        ({1960: 100, 2020: 101}, 2020),
        ({1960: 1, 1990: 1, 2020: 1}, 1990),
    ],
)
def test_the_median_is_the_year_of_the_play_in_the_middle(years: dict[int, int], middle: int | None) -> None:
    assert median(years) == middle


@given(st.dictionaries(st.integers(1860, 2027), st.integers(1, 50), min_size=1, max_size=30))
def test_the_median_is_what_a_list_of_all_plays_says(years: dict[int, int]) -> None:
    plays = sorted(year for year, count in years.items() for _ in range(count))
    assert median(years) == plays[(len(plays) - 1) // 2]


def test_coverage_is_the_plays_in_bars_of_all_that_are_stored() -> None:
    seen = view(
        event(scrobbles=12_100, expected=12_100, matched=11_214, not_found=886, years={"1975": 11_214}), 2024
    )
    assert (seen.placed, seen.scrobbles, seen.pending) == (11_214, 12_100, 0)


def test_plays_that_nobody_was_asked_about_are_pending() -> None:
    assert view(event(scrobbles=10, matched=4, fuzzy_matched=1, not_found=2), 2024).pending == 3


def test_a_difference_to_lastfms_count_is_told_when_the_year_is_complete_and_not_before() -> None:
    short = view(event(scrobbles=195, expected=200), 2024)
    assert (short.missing, short.surplus) == (5, 0)
    long = view(event(scrobbles=203, expected=200), 2024)
    assert (long.missing, long.surplus) == (0, 3)
    running = view(event(phase="fetching", scrobbles=195, expected=200), 2024)
    assert (running.missing, running.surplus) == (0, 0)


def test_a_year_that_lastfm_counts_as_empty_by_now_shows_what_is_too_much() -> None:
    assert view(event(scrobbles=3, expected=0), 2024).surplus == 3


def test_years_without_plays_are_no_bars() -> None:
    assert all(bar.year > 1800 for bar in view(event(years={"1000": 0, "1999": 3}), 2024).wide.bars)


@pytest.mark.parametrize(("page", "pages", "percent"), [(0, 0, 0), (0, 61, 0), (30, 61, 49), (61, 61, 100)])
def test_progress_is_a_share_of_the_pages(page: int, pages: int, percent: int) -> None:
    assert view(event(phase="fetching", page=page, pages=pages), 2024).percent == percent


def test_what_was_placed_is_told_by_how_it_was_found() -> None:
    seen = view(event(scrobbles=100, matched=80, fuzzy_matched=5, not_found=12, years={"1975": 85}), 2024)
    assert (seen.matched, seen.nearly, seen.not_found, seen.pending) == (80, 5, 12, 3)
    assert seen.matched + seen.nearly == seen.placed
    assert seen.not_found + seen.pending == seen.unplaced
    assert seen.unplaced_share == "15.0\u00a0%"


def test_the_same_numbers_are_told_in_rows_the_oldest_year_first() -> None:
    rows = view(event(scrobbles=8, matched=7, not_found=1, years={"1999": 4, "1960": 3, "1970": 0}), 2024).rows
    assert [(row.year, row.plays, row.share) for row in rows] == [
        (1960, 3, "37.5\u00a0%"),
        (1999, 4, "50.0\u00a0%"),
    ]


def test_the_table_ends_with_what_could_not_be_placed() -> None:
    seen = table(event(scrobbles=8, matched=7, not_found=1, years={"1999": 4, "1960": 3, "1970": 0}))
    assert seen == "release_year,plays\r\n1960,3\r\n1999,4\r\n,1\r\n"


@given(st.dictionaries(st.integers(1860, 2027), st.integers(0, 500)), st.integers(0, 500))
def test_the_table_adds_up_to_all_plays(years: dict[int, int], unplaced: int) -> None:
    plays = sum(years.values()) + unplaced
    _, *lines = table(event(scrobbles=plays, years={str(y): n for y, n in years.items()})).splitlines()
    assert sum(int(line.partition(",")[2]) for line in lines) == plays
    assert [int(line.partition(",")[0]) for line in lines[:-1]] == sorted(y for y in years if years[y])
