"""The numbers a year's page tells, made from an event alone."""

from typing import Any
from uuid import uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.charts.bar_chart import draw_bar_chart
from app.charts.release_years import median
from app.events import Event, Gap, TopAlbum
from app.formatting import age
from app.web.words.chart_options import ChartOptions
from app.web.words.summary import Summary, csv_table, summarize
from app.web.words.wording import coverage, description, facts, headline, how_matched

SOURCE = "powered by AudioScrobbler https://www.last.fm/"


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
    seen = summarize(
        event(scrobbles=12_100, expected=12_100, matched=11_214, not_found=886, years={1975: 11_214}), 2024
    )
    assert (seen.placed, seen.scrobbles, seen.pending) == (11_214, 12_100, 0)


def test_plays_that_nobody_was_asked_about_are_pending() -> None:
    assert summarize(event(scrobbles=10, matched=4, fuzzy_matched=1, not_found=2), 2024).pending == 3


def test_a_difference_to_lastfms_count_is_told_when_the_year_is_complete_and_not_before() -> None:
    short = summarize(event(scrobbles=195, expected=200), 2024)
    assert short.unexplained == 5
    long = summarize(event(scrobbles=203, expected=200), 2024)
    assert long.unexplained == -3
    running = summarize(event(phase="fetching", scrobbles=195, expected=200), 2024)
    assert running.unexplained == 0


@pytest.mark.parametrize(
    ("told", "left"),
    [
        ({"duplicates": 1, "undated": 2, "unreadable": 3}, 4),
        ({"gaps": (Gap(start=1, end=2, plays=7), Gap(start=3, end=4, plays=3))}, 0),
        ({"gaps": (Gap(start=1, end=2, plays=7), Gap(start=3, end=4, plays=None))}, 0),
        ({"gaps": (Gap(start=1, end=2, plays=None),), "duplicates": 11}, -1),
    ],
)
def test_of_a_difference_only_what_has_no_other_reason_is_unexplained(told: dict[str, Any], left: int) -> None:
    assert summarize(event(scrobbles=190, expected=200, **told), 2024).unexplained == left


def test_a_year_that_lastfm_counts_as_empty_by_now_shows_what_is_too_much() -> None:
    assert summarize(event(scrobbles=3, expected=0), 2024).unexplained == -3


def test_years_without_plays_are_no_bars() -> None:
    assert summarize(event(years={1000: 0, 1999: 3}), 2024).years == {1999: 3}


def test_what_was_placed_is_told_by_how_it_was_found() -> None:
    found = {"scrobbles": 100, "matched": 80, "fuzzy_matched": 5, "not_found": 12, "years": {1975: 85}}
    seen = summarize(event(**found, preview=True), 2024)
    assert (seen.matched, seen.fuzzy_matched, seen.not_found, seen.pending) == (80, 5, 12, 3)
    assert seen.matched + seen.fuzzy_matched == seen.placed
    assert seen.not_found + seen.pending == seen.unplaced
    assert how_matched(seen) == (
        "80\u00a0by the album’s ID or by artist and title, 5\u00a0by a similar artist or title, 12\u00a0not found,"
        " 3\u00a0not looked up yet"
    )


def test_what_was_found_by_an_id_is_told_apart_from_what_was_found_by_name() -> None:
    found = {"scrobbles": 100, "matched": 95, "fuzzy_matched": 5, "years": {1975: 100}}
    said = [how_matched(summarize(event(by_mbid=by_mbid, **found), 2024)) for by_mbid in (60, 0, 95)]
    assert said == [
        "60\u00a0by the album’s ID, 35\u00a0by artist and title, 5\u00a0by a similar artist or title",
        "95\u00a0by artist and title, 5\u00a0by a similar artist or title",
        "95\u00a0by the album’s ID, 5\u00a0by a similar artist or title",
    ]


def numbers(years: dict[int, int]) -> tuple[object, ...]:
    seen = summarize(event(scrobbles=sum(years.values()), years=years), 2024)
    return seen.median, age(seen.mean_age), seen.own, (seen.decade, seen.share(seen.decade_plays))


def test_the_facts_are_those_of_the_plays_that_are_placed() -> None:
    assert numbers({1974: 3, 1984: 1}) == (1974, "48 years", 0, (1970, "75.0\u00a0%"))
    assert numbers({2024: 9, 2023: 1}) == (2024, "under a year", 9, (2020, "100\u00a0%"))
    assert numbers({2023: 1}) == (2023, "1 year", 0, (2020, "100\u00a0%"))
    assert numbers({1999: 1, 2000: 1})[3] == (2000, "50.0\u00a0%"), "of two decades the later"


def test_music_that_is_dated_later_than_it_was_played_was_new() -> None:
    assert numbers({2026: 1, 2024: 1})[1] == "under a year"


def test_who_sees_only_a_link_is_told_the_headline_and_how_much_is_placed() -> None:
    seen = summarize(event(scrobbles=40, years={1974: 20, 1984: 10}), 2024, "Helen")
    assert description(seen) == (
        "66.7\u00a0% of the music with a known release year that Helen played in 2024 came out in 1974."
        " Middle release year 1974, average age of the music 47 years."
        " Release year known for 30 of 40 plays."
    )
    assert description(summarize(event(scrobbles=3, not_found=3), 2024, "Helen")) == (
        "The release year of Helen’s plays in 2024 is not known."
    )


@given(st.dictionaries(st.integers(1860, 2027), st.integers(1, 500)), st.integers(0, 500), st.booleans())
def test_nothing_about_a_year_breaks_whatever_was_played(
    years: dict[int, int], unplaced: int, by_decade: bool
) -> None:
    told = years
    seen = summarize(
        event(scrobbles=sum(years.values()) + unplaced, years=told),
        2024,
        "Helen",
        ChartOptions(by_decade=by_decade),
    )
    assert description(seen).startswith(headline(seen))
    drawn = draw_bar_chart(seen.years, 2024, by_decade=by_decade)
    assert sum(bar.plays for bar in drawn.bars) == sum(seen.years.values()) == seen.placed
    assert not seen.placed or facts(seen)
    assert coverage(seen)


def test_shares_are_of_the_plays_whose_release_year_is_known_the_oldest_year_first() -> None:
    seen = summarize(event(scrobbles=8, matched=7, not_found=1, years={1999: 4, 1960: 3, 1970: 0}), 2024)
    assert [(year, plays, seen.share(plays)) for year, plays in seen.years.items()] == [
        (1960, 3, "42.9\u00a0%"),
        (1999, 4, "57.1\u00a0%"),
    ]


def test_the_table_ends_with_what_could_not_be_placed() -> None:
    seen = csv_table(event(scrobbles=8, matched=7, not_found=1, years={1999: 4, 1960: 3, 1970: 0}))
    assert seen == f"release_year,plays,source\r\n1960,3,{SOURCE}\r\n1999,4,{SOURCE}\r\n,1,{SOURCE}\r\n"


def test_the_table_of_a_part_says_that_it_is_one() -> None:
    part = {"scrobbles": 2_756, "expected": 9_756, "years": {1999: 2_756}}
    for phase in ("fetching", "failed"):
        end = f'\r\n,0,{SOURCE}\r\n"so far, 2,756 of 9,756 plays",,{SOURCE}\r\n'
        assert csv_table(event(phase=phase, **part)).endswith(end)
        assert "so far" not in csv_table(event(phase=phase, was_whole=True, **part))


@given(st.dictionaries(st.integers(1860, 2027), st.integers(0, 500)), st.integers(0, 500))
def test_the_table_adds_up_to_all_plays(years: dict[int, int], unplaced: int) -> None:
    plays = sum(years.values()) + unplaced
    _, *lines = csv_table(event(scrobbles=plays, years=years)).splitlines()
    assert sum(int(line.split(",")[1]) for line in lines) == plays
    assert [int(line.partition(",")[0]) for line in lines[:-1]] == sorted(y for y in years if years[y])


def end(year: int) -> TopAlbum:
    return TopAlbum(release_year=year, artist="A", title="T", plays=1)


def ends_of(seen: Summary) -> tuple[object, ...]:
    return seen.oldest, seen.oldest_album, seen.newest, seen.newest_album


def test_the_oldest_and_the_newest_music_are_named_when_they_are_known() -> None:
    years = {1959: 2, 1977: 5, 2024: 1}
    running = summarize(event(phase="fetching", scrobbles=8, years=years), 2024)
    assert ends_of(running) == (1959, None, 2024, None)
    ends = (end(1959), end(2024))
    whole = summarize(event(scrobbles=8, years=years, oldest_and_newest=ends), 2024)
    assert ends_of(whole) == (1959, ends[0], 2024, ends[1])


def test_by_song_the_ends_are_those_of_the_songs() -> None:
    ends = (end(1999), end(2024))
    song_ends = (end(1959), ends[1])
    said = event(scrobbles=2, years={1999: 1, 2024: 1}, song_years={1959: 1, 2024: 1})
    said = said.model_copy(update={"oldest_and_newest": ends, "song_oldest_and_newest": song_ends})
    assert summarize(said, 2024).oldest_album == ends[0]
    assert summarize(said, 2024, options=ChartOptions(by_song=True)).oldest_album == song_ends[0]


def test_an_end_of_another_year_is_not_told() -> None:
    ends = (end(1950), end(2024))
    seen = summarize(event(scrobbles=1, years={1977: 1}, oldest_and_newest=ends), 2024)
    assert ends_of(seen) == (1977, None, 1977, None)
