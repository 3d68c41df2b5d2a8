"""The numbers a year's page tells, made from an event alone."""

from typing import Any
from uuid import uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.progress import End, Event
from app.web.choice import Choice
from app.web.view import Extreme, median, table, view


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
    assert [bar.first for bar in view(event(years={"1000": 0, "1999": 3}), 2024).chart.bars] == [1999]


@pytest.mark.parametrize(("page", "pages", "percent"), [(0, 0, 0), (0, 61, 0), (30, 61, 49), (61, 61, 100)])
def test_progress_is_a_share_of_the_pages(page: int, pages: int, percent: int) -> None:
    assert view(event(phase="fetching", page=page, pages=pages), 2024).percent == percent


def test_what_was_placed_is_told_by_how_it_was_found() -> None:
    seen = view(event(scrobbles=100, matched=80, fuzzy_matched=5, not_found=12, years={"1975": 85}), 2024)
    assert (seen.matched, seen.nearly, seen.not_found, seen.pending) == (80, 5, 12, 3)
    assert seen.matched + seen.nearly == seen.placed
    assert seen.not_found + seen.pending == seen.unplaced
    assert seen.parts == (
        "80\u00a0by MusicBrainz ID or by name, 5\u00a0by a name nearly the same, 12\u00a0not found,"
        " 3\u00a0not asked yet"
    )


def test_what_was_found_by_an_id_is_told_apart_from_what_was_found_by_name() -> None:
    found = {"scrobbles": 100, "matched": 95, "fuzzy_matched": 5, "years": {"1975": 100}}
    said = [view(event(by_mbid=by_mbid, **found), 2024).parts for by_mbid in (60, 0, 95)]
    assert said == [
        "60\u00a0by MusicBrainz ID, 35\u00a0by name, 5\u00a0by a name nearly the same",
        "95\u00a0by name, 5\u00a0by a name nearly the same",
        "95\u00a0by MusicBrainz ID, 5\u00a0by a name nearly the same",
    ]


def facts(years: dict[str, int]) -> tuple[object, ...]:
    seen = view(event(scrobbles=sum(years.values()), years=years), 2024)
    return seen.median, seen.age, seen.own, (seen.decade.first, seen.decade.share)


def test_the_facts_are_those_of_the_plays_that_are_placed() -> None:
    assert facts({"1974": 3, "1984": 1}) == (1974, "48 years", 0, (1970, "75.0\u00a0%"))
    assert facts({"2024": 9, "2023": 1}) == (2024, "under a year", 9, (2020, "100\u00a0%"))
    assert facts({"2023": 1}) == (2023, "1 year", 0, (2020, "100\u00a0%"))
    assert facts({"1999": 1, "2000": 1})[3] == (2000, "50.0\u00a0%"), "of two decades the later"


def test_music_that_is_dated_later_than_it_was_played_was_new() -> None:
    assert facts({"2026": 1, "2024": 1})[1] == "under a year"


def test_who_sees_only_a_link_is_told_the_headline_and_how_much_is_placed() -> None:
    seen = view(event(scrobbles=40, years={"1974": 20, "1984": 10}), 2024, "Helen")
    assert seen.description == (
        "Two thirds of Helen’s 2024 was released in 1974, as far as it could be placed."
        " Median release year 1974, average age 47 years; 30 of 40 plays placed."
    )
    assert view(event(scrobbles=3, not_found=3), 2024, "Helen").description == (
        "None of the plays could be placed in a release year."
    )


@given(st.dictionaries(st.integers(1860, 2027), st.integers(1, 500)), st.integers(0, 500), st.booleans())
def test_nothing_about_a_year_breaks_whatever_was_played(
    years: dict[int, int], unplaced: int, by_decade: bool
) -> None:
    told = {str(year): plays for year, plays in years.items()}
    seen = view(
        event(scrobbles=sum(years.values()) + unplaced, years=told), 2024, "Helen", Choice(by_decade=by_decade)
    )
    assert seen.description.startswith(seen.headline)
    assert sum(bar.plays for bar in seen.chart.bars) == sum(row.plays for row in seen.rows) == seen.placed


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


def end(year: int) -> End:
    return End(release_year=year, artist="A", title="T", plays=1)


def test_the_oldest_and_the_newest_music_are_named_when_they_are_known() -> None:
    years = {"1959": 2, "1977": 5, "2024": 1}
    running = view(event(phase="fetching", scrobbles=8, years=years), 2024)
    assert (running.oldest, running.newest) == (Extreme(1959), Extreme(2024))
    ends = (end(1959), end(2024))
    whole = view(event(scrobbles=8, years=years, ends=ends), 2024)
    assert (whole.oldest, whole.newest) == (Extreme(1959, ends[0]), Extreme(2024, ends[1]))


def test_by_song_the_ends_are_those_of_the_songs() -> None:
    ends = (end(1999), end(2024))
    song_ends = (end(1959), ends[1])
    said = event(scrobbles=2, years={"1999": 1, "2024": 1}, song_years={"1959": 1, "2024": 1})
    said = said.model_copy(update={"ends": ends, "song_ends": song_ends})
    assert view(said, 2024).oldest.album == ends[0]
    assert view(said, 2024, choice=Choice(by_song=True)).oldest.album == song_ends[0]


def test_an_end_of_another_year_is_not_told() -> None:
    ends = (end(1950), end(2024))
    assert view(event(scrobbles=1, years={"1977": 1}, ends=ends), 2024).oldest == Extreme(1977)
