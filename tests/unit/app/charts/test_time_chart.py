"""The time chart: bars that stack, an axis that ends at a round number, and a limit where it is near."""

from hypothesis import given
from hypothesis import strategies as st

from app.charts.time_chart import draw_time_chart

BARS = st.lists(st.lists(st.floats(0, 1e12, allow_subnormal=False), min_size=3, max_size=3), max_size=40)


def number(value: float) -> str:
    return f"{value:g}"


@given(BARS, st.one_of(st.none(), st.floats(1, 1e12)))
def test_everything_lies_in_the_plot(bars: list[list[float]], limit: float | None) -> None:
    chart = draw_time_chart(bars, number, limit=limit, shows_limit=True)
    for block in chart.blocks:
        assert -0.02 <= block.y <= 100.02
        assert block.y + block.height <= 100.02
        assert block.x >= 0
        assert block.x + block.width <= 100.02
    assert limit is None or 0 <= (chart.limit or 0) <= 100


def test_parts_of_a_bar_lie_on_each_other() -> None:
    chart = draw_time_chart([[30, 0, 10], [0, 0, 0]], number)
    assert [(block.series, block.y, block.height) for block in chart.blocks] == [(0, 25, 75), (2, 0, 25)]
    assert [tick.label for tick in chart.ticks] == ["0", "20", "40"]
    assert [tick.at for tick in chart.ticks] == [100, 50, 0]


def test_the_axis_ends_at_a_round_number() -> None:
    ends = [draw_time_chart([[value]], number).ticks[-1].label for value in (0, 0.3, 1, 3, 7, 10, 11, 99, 4001)]
    assert ends == ["1", "0.4", "1", "4", "10", "10", "20", "100", "6000"]


def test_an_axis_of_counts_has_no_halves() -> None:
    for most in range(30):
        for tick in draw_time_chart([[most]], number, lowest_end=2.0).ticks:
            assert tick.label.isdecimal(), (most, tick)


def test_a_limit_far_away_is_not_drawn_unless_the_chart_is_about_it() -> None:
    assert draw_time_chart([[10]], number, limit=100).limit is None
    assert draw_time_chart([[10]], number, limit=20).limit == 0
    assert draw_time_chart([[10]], number, limit=100, shows_limit=True).limit == 0
    assert draw_time_chart([[120]], number, limit=100, shows_limit=True).limit == 50


def test_nothing_is_an_empty_chart() -> None:
    assert draw_time_chart([], number).blocks == ()
    assert draw_time_chart([[0, 0], [0, 0]], number).blocks == ()
