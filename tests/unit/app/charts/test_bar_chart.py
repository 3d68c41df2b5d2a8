"""The bar chart: readable whatever the plays, however wide it is drawn."""

import re
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.charts.bar_chart import BarChart, draw_bar_chart
from app.charts.year_axis import NARROW, WIDE, Tick

TODAY = 2024
LETTER = 7.0  # pixels of one on an axis

plays_by_year = st.dictionaries(st.integers(1860, 2027), st.integers(1, 100_000), min_size=1, max_size=168)
ways = st.booleans()


def number(label: str) -> float:
    return float(re.sub(r"[^0-9.]", "", label))


def axis_end(chart: BarChart) -> float:
    """What stands at the upper end of the axis, as far as its labels can be told apart from their rounding."""
    top = chart.play_ticks[-1]
    return 100 * number(top.label) / (100 - top.at)


def ticks_at(chart: BarChart, pixels: float) -> list[Tick]:
    return [tick for tick in chart.year_ticks if (tick.wide if pixels == WIDE else tick.narrow)]


def labels(chart: BarChart, pixels: float = WIDE) -> list[str]:
    return [tick.label for tick in ticks_at(chart, pixels)]


@given(plays_by_year, ways)
def test_every_play_stands_in_one_bar(years: dict[int, int], by_decade: bool) -> None:
    chart = draw_bar_chart(years, TODAY, by_decade=by_decade)
    for year in years:
        (bar,) = [bar for bar in chart.bars if bar.years.first <= year <= bar.years.last]
        assert bar.plays == sum(plays for one, plays in years.items() if bar.years.first <= one <= bar.years.last)
    assert sum(bar.plays for bar in chart.bars) == sum(years.values())


@given(plays_by_year)
def test_a_bar_is_a_year_a_decade_or_all_that_is_earlier(years: dict[int, int]) -> None:
    for bar in draw_bar_chart(years, TODAY).bars:
        assert bar.is_earlier or bar.years.first == bar.years.last
    for bar in draw_bar_chart(years, TODAY, by_decade=True).bars:
        assert bar.is_earlier or (bar.years.first % 10 == 0 and bar.years.last == bar.years.first + 9)


@given(plays_by_year, ways)
def test_bars_stand_inside_the_plot_and_beside_each_other(years: dict[int, int], by_decade: bool) -> None:
    bars = draw_bar_chart(years, TODAY, by_decade=by_decade).bars
    for bar in bars:
        assert bar.y + bar.height == pytest.approx(100, abs=0.02)
        assert 0 <= bar.height <= 100
        assert bar.x >= 0
        assert bar.x + bar.width <= 100.02
    for before, after in pairwise(bars):
        assert before.years.last < after.years.first
        assert before.x + before.width < after.x


@given(plays_by_year, ways)
def test_heights_are_in_proportion_but_for_a_bar_that_is_cut(years: dict[int, int], by_decade: bool) -> None:
    chart = draw_bar_chart(years, TODAY, by_decade=by_decade)
    highest = max(bar.plays for bar in chart.bars if bar.height < 100 or not chart.cut)
    for bar in chart.bars:
        if chart.cut and bar.plays > 1.5 * highest:
            assert (str(bar.years), bar.height) == (str(TODAY), 100)
        else:
            assert bar.height == pytest.approx(100 * bar.plays / axis_end(chart), abs=0.02 + bar.height / 500)


@given(plays_by_year, ways)
def test_the_axis_ends_just_above_the_highest_bar_that_is_drawn_whole(
    years: dict[int, int], by_decade: bool
) -> None:
    chart = draw_bar_chart(years, TODAY, by_decade=by_decade)
    highest = max(bar.height for bar in chart.bars if not chart.cut or str(bar.years) != str(TODAY))
    assert 76 <= highest <= 80.01 if chart.cut else 95 <= highest <= 100


@given(st.integers(1, 800_000))
def test_the_axis_of_plays_has_few_whole_and_even_steps(most: int) -> None:
    ticks = [number(tick.label) for tick in draw_bar_chart({2000: most}, TODAY).play_ticks]
    step = ticks[1]
    assert ticks == [n * step for n in range(len(ticks))]
    assert ticks[-1] <= most < ticks[-1] + step or ticks[-1] < 1.05 * most
    assert min(most + 1, 3) <= len(ticks) <= 6
    assert str(int(step)).rstrip("0") in ("1", "2", "5")


@given(plays_by_year)
def test_the_bar_of_the_listening_year_squeezes_no_other(years: dict[int, int]) -> None:
    chart = draw_bar_chart(years, TODAY)
    others = max((bar.plays for bar in chart.bars if bar.years.first != TODAY), default=0)
    assert (chart.cut is not None) == (0 < 1.5 * others < years.get(TODAY, 0))
    if chart.cut:
        assert [(one.plays, one.is_other) for one in chart.cut.numbers] == [(years[TODAY], False)]
        (own,) = [bar for bar in chart.bars if bar.years.first == TODAY]
        assert chart.cut.x <= own.x < own.x + own.width <= chart.cut.end + 0.02
        # 6 % and 16 pixels from the top there is the break, of 262 pixels at least.
        assert all(tick.at >= 13 for tick in chart.play_ticks)
        assert all(bar.y >= 13 for bar in chart.bars if bar is not own)


def test_only_the_bar_of_the_listening_year_is_cut() -> None:
    assert draw_bar_chart({1985: 1000, 1999: 10, TODAY: 10}, TODAY).cut is None
    assert draw_bar_chart({1985: 10, TODAY: 1000}, TODAY, by_decade=True).cut is None
    assert draw_bar_chart({TODAY: 1000}, TODAY).cut is None, "with nothing beside it"
    assert draw_bar_chart({1985: 100, TODAY: 150}, TODAY).cut is None, "half as high again, not more"
    assert draw_bar_chart({1985: 100, TODAY: 151}, TODAY).cut is not None


@pytest.mark.parametrize(
    ("one", "other", "cut"),
    [
        (60, 10, [(60, False)]),
        (10, 60, [(60, True)]),
        (60, 70, [(60, False), (70, True)]),
        (43, 45, []),
        (43, 64, []),  # not more than half as high again as the other, which is not cut
    ],
)
def test_of_two_whatever_would_squeeze_the_others_is_cut(
    one: int, other: int, cut: list[tuple[int, bool]]
) -> None:
    shares = [{TODAY: own, 1990: 30, **{1990 - n: 1 for n in range(1, 71 - own)}} for own in (one, other)]
    chart = draw_bar_chart(shares[0], TODAY, other=shares[1])
    found = chart.cut.numbers if chart.cut else ()
    assert [(number.plays, number.is_other) for number in found] == cut
    assert all(number.whole == 100 for number in found)
    tops = [float(at) for at in re.findall(r"V([\d.]+)", chart.outline)]
    assert min(tops) == 0 or not any(number.is_other for number in found)


@pytest.mark.parametrize("pixels", [WIDE, NARROW])
@given(plays_by_year, ways)
def test_labels_of_years_never_overlap_and_stand_under_their_bars(
    pixels: float, years: dict[int, int], by_decade: bool
) -> None:
    chart = draw_bar_chart(years, TODAY, by_decade=by_decade)
    middles = {bar.years.first: bar.x + bar.width / 2 for bar in chart.bars if not bar.is_earlier}
    for tick in ticks_at(chart, pixels):
        year = int(number(tick.label))
        assert tick.at == pytest.approx(middles.get(year, tick.at), abs=0.02)
    for before, after in pairwise(ticks_at(chart, pixels)):
        assert (after.at - before.at) / 100 * pixels > max(map(len, (before.label, after.label))) * LETTER
    if chart.earlier and (ticks := ticks_at(chart, pixels)):
        assert ticks[0].at / 100 * pixels - 2.5 * LETTER > len("earlier") * LETTER - 8


@given(plays_by_year)
def test_the_listening_year_is_always_named_where_it_has_a_bar(years: dict[int, int]) -> None:
    chart = draw_bar_chart(years, TODAY)
    named = [tick.label for tick in chart.year_ticks if tick.is_own]
    assert named == ([str(TODAY)] if TODAY in years else [])
    assert all(tick.wide and tick.narrow for tick in chart.year_ticks if tick.is_own)


@given(plays_by_year)
def test_bands_are_the_decades_of_which_every_other_is_shaded(years: dict[int, int]) -> None:
    chart = draw_bar_chart(years, TODAY)
    for band in chart.bands:
        inside = {
            b.years.first // 10 for b in chart.bars if band.x <= b.x and b.x + b.width <= band.x + band.width
        }
        assert all(decade % 2 for decade in inside)
        assert len(inside) <= 1
    shaded = [any(band.x <= bar.x < band.x + band.width for band in chart.bands) for bar in chart.bars]
    for bar, is_shaded in zip(chart.bars, shaded, strict=True):
        assert is_shaded == (bar.years.first // 10 % 2 == 1 and not bar.is_earlier)


def test_a_stray_year_does_not_begin_the_axis() -> None:
    chart = draw_bar_chart({1010: 1, 1889: 2, **dict.fromkeys(range(1960, 2025), 20)}, TODAY)
    assert chart.earlier is not None
    assert (chart.earlier.name, str(chart.earlier.years), chart.earlier.plays) == ("before 1960", "1010-1959", 3)
    assert chart.bars[1].years.first == 1960
    assert chart.earlier.x + chart.earlier.width < chart.bars[1].x - chart.bars[1].width, "it stands apart"


def test_by_decade_strays_share_a_bar_too() -> None:
    chart = draw_bar_chart({1889: 1, 1965: 200, 1977: 100, 1999: 7}, TODAY, by_decade=True)
    assert [(str(bar.years), bar.plays) for bar in chart.bars] == [
        ("1889-1959", 1),
        ("1960-1969", 200),
        ("1970-1979", 100),
        ("1990-1999", 7),
    ]
    assert chart.bars[0].name == "before 1960"


@pytest.mark.parametrize("plays", [1, 2, 100_000])
def test_a_single_release_year_stands_among_the_years_around_it(plays: int) -> None:
    chart = draw_bar_chart({1985: plays}, TODAY)
    (bar,) = chart.bars
    assert bar.years.first == 1985
    assert bar.width < 5
    assert labels(chart) == labels(chart, NARROW) == ["1985"]


def test_years_to_come_are_not_drawn_for_company() -> None:
    assert draw_bar_chart({2024: 3}, TODAY).bars[-1].x > 95
    assert 75 < draw_bar_chart({2020: 3}, TODAY).bars[-1].x < 85
    assert draw_bar_chart({2026: 3}, TODAY).bars[-1].x > 95, "unless something is said to be of then"


@pytest.mark.parametrize(("plays", "ticks"), [(1, ["0", "1"]), (3, ["0", "1", "2", "3"])])
def test_no_axis_goes_beyond_the_few_plays_that_there_are(plays: int, ticks: list[str]) -> None:
    chart = draw_bar_chart({1985: plays}, TODAY)
    assert chart.bars[0].height == 100
    assert [tick.label for tick in chart.play_ticks] == ticks


def test_a_century_and_a_half_is_labelled_in_round_years() -> None:
    chart = draw_bar_chart(dict.fromkeys(range(1860, 2027), 1), 2003)
    assert labels(chart) == ["1860", "1880", "1900", "1920", "1940", "1960", "1980", "2003", "2020"]
    assert labels(chart, NARROW) == ["1900", "1950", "2003"]


def test_a_few_years_are_labelled_each_where_they_do_not_touch() -> None:
    assert labels(draw_bar_chart({1880: 1, 1950: 5, 2026: 5}, TODAY)) == ["1880", "1950", "2026"]
    assert "1977" not in labels(draw_bar_chart({1880: 1, 1976: 4, 1977: 5, 2026: 5}, TODAY))


@pytest.mark.parametrize("by_decade", [False, True])
def test_without_plays_nothing_breaks(by_decade: bool) -> None:
    chart = draw_bar_chart({}, TODAY, by_decade=by_decade)
    assert chart.bars == ()
    assert labels(chart)


@pytest.mark.parametrize(("most", "label"), [(100_000, "100,000"), (3_000_000, "3M"), (7_500_000, "6M")])
def test_large_numbers_stay_short_enough_for_their_place(most: int, label: str) -> None:
    assert draw_bar_chart({1999: most}, TODAY).play_ticks[-1].label == label


@given(plays_by_year, plays_by_year, ways)
def test_two_listeners_are_drawn_in_shares(one: dict[int, int], other: dict[int, int], by_decade: bool) -> None:
    chart = draw_bar_chart(one, TODAY, by_decade=by_decade, other=other)
    end = axis_end(chart)
    assert end <= 101
    for bar in chart.bars:
        height = min(100, 100 * 100 * bar.plays / sum(one.values()) / end)
        assert bar.height == pytest.approx(height, abs=0.02 + height / 500)
        assert bar.height <= 100
    assert sum(bar.other for bar in chart.bars) == sum(other.values())
    tops = [100 - float(at) for at in re.findall(r"V([\d.]+)", chart.outline)]
    highest = min(100, max(100 * 100 * bar.other / sum(other.values()) / end for bar in chart.bars))
    assert max(tops) == pytest.approx(highest, abs=0.02 + highest / 500)
    assert all(-0.02 <= top <= 100 for top in tops)


@given(plays_by_year, plays_by_year, ways)
def test_in_a_picture_the_outline_is_the_same_in_its_own_measure(
    one: dict[int, int], other: dict[int, int], by_decade: bool
) -> None:
    chart = draw_bar_chart(one, TODAY, by_decade=by_decade, other=other)
    steps, scaled = (
        re.findall(r"([MHV])([\d. ]+)", path) for path in (chart.outline, chart.outline_in(1010, 262))
    )
    assert [axis for axis, _ in steps] == [axis for axis, _ in scaled]
    assert (steps[0][1], scaled[0][1]) == ("0 100", "0 262")
    for (axis, at), (_, scaled_at) in zip(steps[1:], scaled[1:], strict=True):
        assert float(scaled_at) == pytest.approx(float(at) * {"H": 10.10, "V": 2.62}[axis], abs=0.01)


def test_of_two_either_may_have_nothing() -> None:
    assert draw_bar_chart({}, TODAY, other={1985: 3}).bars[0].other == 3
    assert draw_bar_chart({1985: 3}, TODAY, other={}).bars[0].plays == 3
    assert draw_bar_chart({}, TODAY, other={}).bars == ()
