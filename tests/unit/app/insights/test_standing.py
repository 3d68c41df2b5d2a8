"""Where a year stands among all that are counted."""

import pytest

from app.insights.standing import MIN_LISTENERS, STEPS, CountedAges, standing

COUNTED = CountedAges(
    listeners=MIN_LISTENERS,
    years=200,
    average_ages=tuple(float(step) / 2 for step in STEPS),
    middle_ages=tuple(float(step) / 5 for step in STEPS),
)


@pytest.mark.parametrize(
    ("average_age", "older", "newer"),
    [(0.5, 0, 95), (2.5, 0, 90), (2.6, 5, 90), (25.0, 45, 45), (25.1, 50, 45), (40.1, 80, 15), (60.0, 95, 0)],
)
def test_it_is_told_in_steps_of_five_per_cent_that_are_never_too_much(
    average_age: float, older: int, newer: int
) -> None:
    found = standing(1_000, average_age, 2024, COUNTED)
    assert found is not None
    assert (found.older_than, found.newer_than) == (older, newer)


def test_beside_it_stands_what_is_usual() -> None:
    found = standing(1_000, 30.0, 2024, COUNTED)
    assert found is not None
    assert (found.usual_age, found.usual_middle, found.years) == (25.0, 2014, 200)


def test_years_all_alike_are_neither_older_nor_newer_than_each_other() -> None:
    alike = COUNTED.model_copy(update={"average_ages": (20.0,) * len(STEPS)})
    found = standing(1_000, 20.0, 2024, alike)
    assert found is not None
    assert (found.older_than, found.newer_than) == (0, 0)


@pytest.mark.parametrize(
    "counted",
    [
        None,
        COUNTED.model_copy(update={"listeners": MIN_LISTENERS - 1}),
        COUNTED.model_copy(update={"average_ages": ()}),
    ],
)
def test_it_is_not_told_among_a_few(counted: CountedAges | None) -> None:
    assert standing(1_000, 30.0, 2024, counted) is None


def test_a_year_of_a_few_plays_stands_nowhere() -> None:
    assert standing(99, 30.0, 2024, COUNTED) is None
