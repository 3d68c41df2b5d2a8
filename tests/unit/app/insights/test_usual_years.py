"""What others usually play."""

import pytest

from app.insights.usual_years import CURVE_LISTENERS, CountedShares, built_in_curve, usual_shares


@pytest.mark.parametrize("year", [2002, 2024])
def test_the_curve_is_a_whole_of_which_a_tenth_is_new(year: int) -> None:
    curve = built_in_curve(year)
    assert sum(curve.values()) == pytest.approx(1)
    assert curve[year] == 0.1
    assert max(curve) == year


def test_the_curve_is_halved_every_twelve_years() -> None:
    curve = built_in_curve(2024)
    assert curve[2011] == pytest.approx(curve[2023] / 2)
    assert curve[1951] == pytest.approx(curve[2023] / 64)


def test_without_listeners_the_curve_is_what_is_usual() -> None:
    assert usual_shares(2024) == built_in_curve(2024)


def test_each_listener_counts_as_much_as_each_that_the_curve_stands_for() -> None:
    counted = CountedShares(listeners=CURVE_LISTENERS, shares={1977: float(CURVE_LISTENERS)})
    usual = usual_shares(2024, counted)
    assert sum(usual.values()) == pytest.approx(1)
    assert usual[1977] == pytest.approx((1 + built_in_curve(2024)[1977]) / 2)
    assert usual[2024] == pytest.approx(0.05)
