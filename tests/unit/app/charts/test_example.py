"""The example on the landing page: a chart as a listener may have it."""

from app.charts.example import LISTENING_YEAR, example


def test_the_example_has_every_part_that_a_chart_may_have() -> None:
    chart = example()
    assert len(chart.bars) > 50
    assert str(chart.bars[-1].years) == str(LISTENING_YEAR)
    assert [tick.label for tick in chart.year_ticks if tick.is_own] == [str(LISTENING_YEAR)]
    assert chart.bands
    assert chart.earlier is None
