"""Standing: where a year's average age is among those of all years counted here.

It is told in steps of five per cent and from thirty listeners on, so that nobody can be singled out: no number of
anybody else's is told, and the oldest and the newest year of all are not told from those next to them.
"""

from bisect import bisect_left, bisect_right
from dataclasses import dataclass

from pydantic import BaseModel, ConfigDict

MIN_LISTENERS = 30
MIN_PLAYS = 100
"""Plays with a release year, in every year that is counted or compared."""
STEPS = tuple(range(5, 100, 5))
"""The percentiles whose ages are kept."""
MIDDLE = STEPS.index(50)


class CountedAges(BaseModel):
    """How old the music of all years is: for each of STEPS, the age that so many per cent do not exceed."""

    model_config = ConfigDict(frozen=True)

    listeners: int
    years: int
    average_ages: tuple[float, ...]
    middle_ages: tuple[float, ...]
    """How many years before the listening year the middle release year is."""


@dataclass(frozen=True)
class Standing:
    """A year beside all years: how many per cent of them it is older or newer than, and what is usual."""

    older_than: int
    """0 where it is not older than the first step."""
    newer_than: int
    usual_age: float
    """The average age in the middle of all years."""
    usual_middle: int
    """The middle release year that would be usual in this listening year."""
    years: int
    """How many years are counted here."""


def standing(placed: int, average_age: float, year: int, counted: CountedAges | None) -> Standing | None:
    """Tell where a year with this average age stands; None where it or what is counted here is too little."""
    if counted is None or counted.listeners < MIN_LISTENERS or placed < MIN_PLAYS:
        return None
    ages = counted.average_ages
    if len(ages) != len(STEPS) or len(counted.middle_ages) != len(STEPS):
        return None  # written by another version, perhaps
    below, up_to = bisect_left(ages, average_age), bisect_right(ages, average_age)
    return Standing(
        older_than=STEPS[below - 1] if below else 0,
        newer_than=100 - STEPS[up_to] if up_to < len(STEPS) else 0,
        usual_age=ages[MIDDLE],
        usual_middle=round(year - counted.middle_ages[MIDDLE]),
        years=counted.years,
    )
