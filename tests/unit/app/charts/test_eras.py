"""The eras: the middle half of each listening year, and a chart in which a missing year stays empty."""

import re
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from app.charts.era_chart import NEW_BEGIN, RELEASED_END, EraChart, draw_era_chart
from app.charts.eras import Era, runs

PASTS = st.dictionaries(
    st.integers(2002, 2026),
    st.dictionaries(st.integers(1860, 2027), st.integers(1, 100_000), min_size=1, max_size=60),
    max_size=25,
)


def era(year: int, plays: dict[int, int], *, is_so_far: bool = False) -> Era:
    found = Era.of(year, plays, is_so_far=is_so_far)
    assert found is not None
    return found


def drawn(past: dict[int, dict[int, int]], first: int = 2020, last: int = 2024) -> EraChart:
    return draw_era_chart([era(year, plays) for year, plays in past.items()], first, last)


def points(path: str) -> list[tuple[float, float]]:
    assert re.fullmatch(r"M(?:[\d.]+ [\d.]+L?)+z", path), path
    return [(float(x), float(y)) for x, y in re.findall(r"([\d.]+) ([\d.]+)", path)]


def test_the_middle_half_is_what_a_quarter_is_older_and_a_quarter_newer_than() -> None:
    found = era(2024, {1960: 1, 1970: 1, 1980: 1, 1990: 1, 2000: 1, 2010: 1, 2020: 1, 2024: 1})
    assert (found.first_quartile, found.median, found.third_quartile) == (1970, 1990, 2010)
    assert found.placed == 8


def test_one_play_is_every_quartile() -> None:
    found = era(2023, {1985: 1})
    assert (found.first_quartile, found.median, found.third_quartile, found.new) == (1985, 1985, 1985, 0)


def test_new_is_what_came_out_in_that_year_or_the_one_before_or_is_dated_later() -> None:
    assert era(2024, {2022: 7, 2023: 4, 2024: 2, 2025: 1}).new == 7


def test_without_a_release_year_there_is_no_era() -> None:
    assert Era.of(2024, {}) is None
    assert Era.of(2024, {1977: 0}) is None


def test_music_that_is_dated_later_is_no_younger_than_new() -> None:
    assert era(2024, {2025: 1}).age == 0


def test_no_line_leads_across_a_missing_year() -> None:
    chart = drawn({2020: {1980: 4}, 2021: {1985: 4}, 2023: {1990: 4}, 2024: {1995: 4}})
    assert [(line.start.years, line.end.years) for line in chart.lines] == [(2020, 2021), (2023, 2024)]
    first, second = (points(band.path) for band in chart.bands)
    assert max(x for x, _ in first) < min(x for x, _ in second)
    assert [[one.year for one in run] for run in runs([era(2024, {1: 1}), era(2022, {1: 1})])] == [[2022], [2024]]


def test_a_year_that_is_not_whole_is_drawn_apart() -> None:
    eras = [era(2022, {1980: 1}), era(2023, {1985: 1}), era(2024, {1990: 1}, is_so_far=True)]
    chart = draw_era_chart(eras, 2020, 2024)
    assert [band.is_so_far for band in chart.bands] == [False, True]
    assert [line.is_so_far for line in chart.lines] == [False, True]
    whole, so_far = (points(band.path) for band in chart.bands)
    assert max(x for x, _ in whole) == min(x for x, _ in so_far), "and joins the others"


def test_a_single_year_has_a_band_as_wide_as_its_column_among_years_around_it() -> None:
    chart = drawn({2024: {1970: 1, 1980: 2, 1990: 1}}, first=2024, last=2024)
    [column], [band] = chart.columns, chart.bands
    assert column.width < 15
    xs = [x for x, _ in points(band.path)]
    assert (min(xs), max(xs)) == (column.x, 100)
    assert chart.lines == ()
    assert [tick.label for tick in chart.year_ticks] == ["2024"]


def test_while_nothing_is_drawn_the_axes_are_there() -> None:
    chart = draw_era_chart([], 2003, 2026)
    assert (*chart.columns, *chart.bands, *chart.lines) == ()
    assert chart.year_ticks
    assert chart.released_ticks


def test_the_scale_of_new_music_ends_just_above_the_most() -> None:
    assert drawn({2024: {1970: 93, 2024: 7}}).new_ticks[0].label == "10\u00a0%"
    assert drawn({2024: {2024: 7}}).new_ticks[0].label == "100\u00a0%"
    [column] = drawn({2024: {2024: 7}}).columns
    assert (column.new, column.new_height) == (NEW_BEGIN, 100 - NEW_BEGIN)


@given(PASTS)
def test_whatever_was_played_everything_is_within_its_part(past: dict[int, dict[int, int]]) -> None:
    chart = drawn(past, first=2002, last=2026)
    assert [column.years for column in chart.columns] == sorted(past)
    for column in chart.columns:
        assert 0 <= column.x < column.middle < column.x + column.width <= 100.01
        assert 0 <= column.median <= RELEASED_END
        assert NEW_BEGIN <= column.new <= 100
    for band in chart.bands:
        assert all(0 <= x <= 100.01 and 0 <= y <= RELEASED_END for x, y in points(band.path))
    labels = [tick.at for tick in chart.released_ticks]
    assert all(0 <= at <= RELEASED_END for at in labels)
    assert labels == sorted(labels, reverse=True)
    assert 2 <= len(labels) <= 8
    assert all(one.middle < other.middle for one, other in pairwise(chart.columns))


@given(PASTS)
def test_the_line_of_the_listening_year_itself_stays_in_the_part_of_release_years(
    past: dict[int, dict[int, int]],
) -> None:
    across, down = drawn(past).present_begin
    assert 0 <= across <= 100
    assert down <= RELEASED_END


def test_of_new_music_alone_the_line_comes_in_from_below() -> None:
    chart = drawn({2024: {2023: 5, 2024: 5}})
    assert chart.present[0] > 100, "all years before lie below"
    assert chart.present_begin[1] == RELEASED_END
    assert chart.present_begin[0] > 50
