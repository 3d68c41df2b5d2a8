"""Release years: how they are written, and which come before and after."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.charts.release_years import ReleaseYears

YEARS = (1977, 1959, 2024)


Span = tuple[int, int]


@pytest.mark.parametrize(
    ("released", "beside"),
    [
        ((1959, 1959), (None, (1977, 1977))),
        ((1977, 1977), ((1959, 1959), (2024, 2024))),
        ((2024, 2024), ((1977, 1977), None)),
        ((1990, 1990), ((1977, 1977), (2024, 2024))),
        ((1970, 1979), ((1950, 1959), (2020, 2029))),
        ((1860, 1970), (None, (1977, 1977))),
    ],
)
def test_the_next_bars_are_those_with_plays(released: Span, beside: tuple[Span | None, Span | None]) -> None:
    years = ReleaseYears(*released)
    assert (years.before(YEARS), years.after(YEARS)) == beside


@given(st.integers(1000, 9999), st.integers(1000, 9999))
def test_an_address_names_the_same_years_again(first: int, last: int) -> None:
    assert ReleaseYears.parse(str(ReleaseYears(first, last))) == (first, last)


@pytest.mark.parametrize("text", ["", "unknown", "77", "1977-", "1977-80", "١٩٧٧", "1977\n"])
def test_anything_else_names_none(text: str) -> None:
    assert ReleaseYears.parse(text) is None


@pytest.mark.parametrize(
    ("released", "name"),
    [((1977, 1977), "1977"), ((1970, 1979), "the 1970s"), ((1950, 1964), "1950 to 1964")],
)
def test_years_have_a_name(released: Span, name: str) -> None:
    assert ReleaseYears(*released).name == name
