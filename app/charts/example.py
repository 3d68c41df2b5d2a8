"""The landing page's example chart: an invented listener with two favourite eras and some new music."""

from functools import cache
from math import exp

from app.charts.bar_chart import BarChart, draw_bar_chart

ERAS = ((1976, 5.0, 480), (1997, 4.0, 300))
"""The middle year of each era, its spread in years, and the plays of the middle year."""
LISTENING_YEAR, NEW_PLAYS = 2024, 190


@cache
def example() -> BarChart:
    """Draw the chart of the invented listener's year."""
    plays = {
        year: round(sum(most * exp(-(((year - middle) / spread) ** 2) / 2) for middle, spread, most in ERAS))
        + year * 37 % 31
        for year in range(1962, LISTENING_YEAR)
    }
    return draw_bar_chart(plays | {LISTENING_YEAR: NEW_PLAYS}, LISTENING_YEAR)
