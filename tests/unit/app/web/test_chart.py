"""The chart's geometry: every picture it can be asked for is a readable one."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.web.chart import Chart, draw

WIDTHS = (960, 340)
TODAY = 2024
# A digit of the labels is about this wide, in the chart's units.
DIGIT = 7.5

plays_by_year = st.dictionaries(st.integers(1860, 2027), st.integers(1, 100_000), min_size=1, max_size=168)


def number(label: str) -> int:
    return int(label.replace(",", ""))


@given(plays_by_year, st.sampled_from(WIDTHS))
def test_every_year_from_the_first_to_the_last_has_a_bar_empty_ones_too(years: dict[int, int], width: int) -> None:
    chart = draw(years, TODAY, width=width)
    assert [bar.year for bar in chart.bars] == list(range(chart.bars[0].year, chart.bars[-1].year + 1))
    assert chart.bars[0].year <= min(years)
    assert chart.bars[-1].year >= max(years)
    assert {bar.year: bar.plays for bar in chart.bars if bar.plays} == years


@given(plays_by_year, st.sampled_from(WIDTHS))
def test_bars_stand_on_the_floor_inside_the_picture_and_beside_each_other(
    years: dict[int, int], width: int
) -> None:
    chart = draw(years, TODAY, width=width)
    for bar in chart.bars:
        assert bar.y + bar.height == pytest.approx(chart.bottom, abs=0.02)
        assert chart.top - 0.02 <= bar.y
        assert chart.left <= bar.x
        assert bar.x + bar.width <= chart.right + 0.02
        assert (bar.height > 0) == (bar.plays > 0) or bar.plays * 1000 < max(years.values())
    for before, after in zip(chart.bars, chart.bars[1:], strict=False):
        assert before.x + before.width < after.x


@given(plays_by_year, st.sampled_from(WIDTHS))
def test_heights_are_in_proportion(years: dict[int, int], width: int) -> None:
    chart = draw(years, TODAY, width=width)
    highest = max(chart.bars, key=lambda bar: bar.plays)
    for bar in chart.bars:
        assert bar.height == pytest.approx(highest.height * bar.plays / highest.plays, abs=0.02)


@given(st.integers(1, 10_000_000))
def test_the_plays_axis_has_few_whole_and_even_steps_and_ends_just_above_the_highest_bar(most: int) -> None:
    ticks = [number(tick.label) for tick in draw({2000: most}, TODAY).play_ticks]
    step = ticks[1]
    assert ticks == list(range(0, ticks[-1] + 1, step))
    assert max(most, 4) <= ticks[-1] < max(most, 4) + step
    assert 3 <= len(ticks) <= 6
    assert str(step).rstrip("0") in ("1", "2", "5")


@given(plays_by_year, st.sampled_from(WIDTHS))
def test_labels_of_years_never_overlap_and_stand_under_their_bars(years: dict[int, int], width: int) -> None:
    chart = draw(years, TODAY, width=width)
    middles = {bar.year: bar.x + bar.width / 2 for bar in chart.bars}
    assert chart.year_ticks
    for tick in chart.year_ticks:
        assert tick.at == pytest.approx(middles[number(tick.label)], abs=0.02)
    for before, after in zip(chart.year_ticks, chart.year_ticks[1:], strict=False):
        assert after.at - before.at > 4 * DIGIT


@given(plays_by_year, st.sampled_from(WIDTHS))
def test_labels_stay_inside_the_picture(years: dict[int, int], width: int) -> None:
    chart = draw(years, TODAY, width=width)
    for tick in chart.year_ticks:
        assert tick.at - 2 * DIGIT >= 0
        assert tick.at + 2 * DIGIT <= chart.width
    for tick in chart.play_ticks:
        assert chart.left - 6 - len(tick.label) * 6.6 >= 0  # 11 units high
        assert chart.top - 0.02 <= tick.at <= chart.bottom


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("plays", [1, 2, 100_000])
def test_a_single_release_year_stands_among_the_years_around_it(plays: int, width: int) -> None:
    chart = draw({1985: plays}, TODAY, width=width)
    assert [bar.year for bar in chart.bars if bar.plays] == [1985]
    assert (chart.bars[0].year, chart.bars[-1].year) == (1973, 1996)
    assert labels(chart) == ["1985"]


def test_years_to_come_are_not_drawn_for_company() -> None:
    assert draw({2024: 3}, TODAY).bars[-1].year == 2024
    assert draw({2020: 3}, TODAY).bars[-1].year == 2024
    assert draw({2026: 3}, TODAY).bars[-1].year == 2026, "unless something is said to be of then"


def test_a_single_play_is_not_as_tall_as_the_picture() -> None:
    chart = draw({1985: 1}, TODAY)
    assert max(bar.height for bar in chart.bars) < (chart.bottom - chart.top) / 3
    assert [tick.label for tick in chart.play_ticks] == ["0", "1", "2", "3", "4"]


def test_a_century_and_a_half_is_labelled_in_round_years() -> None:
    years = dict.fromkeys(range(1860, 2027), 1)
    assert labels(draw(years, TODAY)) == [str(year) for year in range(1860, 2027, 10)]
    assert labels(draw(years, TODAY, width=340))[:3] == ["1900", "1950", "2000"]


def test_a_few_years_are_labelled_each_where_they_do_not_touch() -> None:
    assert labels(draw({1860: 1, 1977: 5, 2026: 5}, TODAY)) == ["1860", "1977", "2026"]
    assert "1977" not in labels(draw({1860: 1, 1976: 4, 1977: 5, 2026: 5}, TODAY))


def test_without_plays_nothing_breaks() -> None:
    assert all(bar.plays == bar.height == 0 for bar in draw({}, TODAY).bars)


def test_hundred_thousand_plays_are_written_with_a_separator() -> None:
    assert draw({1999: 100_000}, TODAY).play_ticks[-1].label == "100,000"


def labels(chart: Chart) -> list[str]:
    return [tick.label for tick in chart.year_ticks]
