"""The example on the landing page: a year of nobody's, made of two loves and some news."""

from functools import cache
from math import exp

from app.web.chart import Chart, draw

LOVES = ((1976, 5.0, 480), (1997, 4.0, 300))
"""The years that somebody's music is from: the middle one, how far it spreads, plays in the middle."""
LISTENING_YEAR, NEWS = 2024, 190


@cache
def example() -> Chart:
    """The chart of an invented listener's year."""
    years = {
        year: round(sum(most * exp(-(((year - middle) / spread) ** 2) / 2) for middle, spread, most in LOVES))
        + year * 37 % 31
        for year in range(1962, LISTENING_YEAR)
    }
    return draw(years | {LISTENING_YEAR: NEWS}, LISTENING_YEAR)
