"""The strips of a year's months: on one axis and one scale, so that one month can be compared with another."""

import re

from app.charts.month_strips import HEIGHT, STEP, draw_month_strips
from app.charts.year_axis import year_axis


def bars(path: str) -> list[tuple[float, float, float]]:
    """Where each piece of a bar begins, how high its top is, and how high it is itself."""
    return [tuple(map(float, found)) for found in re.findall(r"M([\d.]+) ([\d.]+)h[\d.]+v([\d.]+)", path)]  # type: ignore[misc]


def test_without_any_plays_there_is_nothing_to_draw() -> None:
    assert draw_month_strips({}, 2024) is None
    assert draw_month_strips({1: {}, 2: {1977: 0}}, 2024) is None


def test_all_months_have_one_scale_and_stand_on_the_ground() -> None:
    drawn = draw_month_strips({6: {1977: 100}, 7: {1977: 50, 1999: 10}}, 2024)
    assert drawn is not None
    (june,), (july, other) = bars(drawn.strips[6].bars), bars(drawn.strips[7].bars)
    assert june[2] == 2 * july[2] == 10 * other[2] == HEIGHT
    assert june[0] == july[0] < other[0], "a release year stands at the same place in all of them"
    assert {top + height for _, top, height in (june, july, other)} == {HEIGHT}


def test_the_axis_is_that_of_the_year() -> None:
    months = {1: {1961: 30}, 2: {1977: 40}, 12: {2024: 5}}
    drawn = draw_month_strips(months, 2024)
    axis = year_axis({1961: 30, 1977: 40, 2024: 5}, 2024, by_decade=False)
    assert drawn is not None
    assert drawn.width == STEP * axis.length
    assert {tick.label for tick in drawn.ticks} == {"1961", "1977", "2024"}
    by_decade = draw_month_strips(months, 2024, by_decade=True)
    assert by_decade is not None
    assert by_decade.width < drawn.width
    assert by_decade.decades == ""


def test_a_single_play_is_seen_beside_thousands() -> None:
    drawn = draw_month_strips({1: {1977: 5000}, 2: {1978: 1}}, 2024)
    assert drawn is not None
    [(_, _, height)] = bars(drawn.strips[2].bars)
    assert height > 2


def test_new_music_is_cut_where_it_would_squeeze_all_others() -> None:
    drawn = draw_month_strips({1: {1977: 100, 2024: 1000}, 2: {1977: 90, 2024: 60}}, 2024)
    assert drawn is not None
    upper, lower = bars(drawn.strips[1].own)
    assert upper[1] == 0
    assert upper[1] + upper[2] < lower[1], "with a gap"
    assert len(bars(drawn.strips[2].own)) == 1
    assert len(bars(drawn.strips[1].bars)) == 1


def test_the_middle_year_is_marked_in_the_middle_of_its_bar() -> None:
    drawn = draw_month_strips({1: {1977: 3, 1999: 1}, 2: {}}, 2024)
    assert drawn is not None
    january, february = drawn.strips[1], drawn.strips[2]
    assert (january.median, january.plays) == (1977, 4)
    [left, _] = [x for x, _, _ in bars(january.bars)]
    assert january.median_at is not None
    assert left < january.median_at < left + STEP
    assert (february.median, february.median_at, february.bars) == (None, None, "")
