"""The axis of release years begins after strays."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.charts.year_axis import axis_begin

plays_by_year = st.dictionaries(st.integers(1860, 2027), st.integers(1, 100_000), min_size=1, max_size=168)


@pytest.mark.parametrize(
    ("years", "begin"),
    [
        ({1900: 9, 1960: 991}, 1960),
        ({1900: 10, 1960: 990}, 1900),  # one in a hundred is no stray
        ({1949: 1, 1960: 500, 1990: 500}, 1960),
        ({1950: 1, 1960: 500, 1990: 500}, 1950),  # not far away
        ({1900: 5, 1920: 4, 1960: 991}, 1960),
        ({1900: 5, 1920: 5, 1960: 990}, 1920),  # together they would be too many
        ({1900: 1, 1960: 3}, 1900),  # a quarter of all
        ({1985: 1}, 1985),
        ({}, None),
    ],
)
def test_strays_are_few_and_far_away(years: dict[int, int], begin: int | None) -> None:
    assert axis_begin(years) == begin


@given(plays_by_year)
def test_what_is_folded_is_under_one_per_cent_and_more_than_a_decade_away(years: dict[int, int]) -> None:
    begin = axis_begin(years)
    assert begin is not None
    folded = {year: plays for year, plays in years.items() if year < begin}
    assert sum(folded.values()) * 100 < sum(years.values())
    assert not folded or begin - max(folded) > 10
