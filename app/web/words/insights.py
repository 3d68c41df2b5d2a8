"""Insights in words: the musical age and its reason, where a year stands, and what is unusual about it."""

from app.formatting import age, counted, number
from app.insights.musical_age import AGE_AT_FIRST, LEAST_PLAYS, YEARS, MusicalAge, Untold
from app.insights.standing import Standing

WHY_UNTOLD = {
    Untold.TOO_FEW_PLAYS: f"It takes {LEAST_PLAYS} plays with a known release year to tell it.",
    Untold.NO_PEAK: "No five release years in a row stand out clearly above what others play.",
    Untold.ONE_YEAR: "One release year stands out alone, as a single album may make it do.",
    Untold.TWO_PEAKS: "Two times far apart stand out alike, and tell two different ages.",
}
NOT_YET = "It is told once all plays are in."


def musical_age(told: MusicalAge | Untold) -> str:
    """Give the reason for a musical age, or why it cannot be told."""
    if isinstance(told, Untold):
        return WHY_UNTOLD[told]
    last = AGE_AT_FIRST + YEARS
    return (
        f"Plays {times(told.times)} as much music from {told.released.name} as others do: these are the years from"
        f" {AGE_AT_FIRST} to {last} of somebody born in {told.born}."
    )


def musical_age_in_short(told: MusicalAge | Untold) -> str:
    """Give the age with its reason in one line, for a picture; nothing where it cannot be told."""
    if isinstance(told, Untold):
        return ""
    return f"Musical age {told.age}: {times(told.times)} as much from {told.released.name} as others"


def times(factor: float) -> str:
    """Write how many times as much something is: 4.1 times, 12 times."""
    return f"{factor:.1f} times" if factor < 9.95 else f"{number(round(factor))} times"


def standing(told: Standing, average_age: float, middle: int) -> str:
    """Say where a year stands among all years counted here, by its average age; and which middle year is usual."""
    half = f"half of it came out by {middle}, where {told.usual_middle} is usual"
    if told.usual_middle == middle:
        half = f"half of it came out by {middle}, as is usual"
    return f"{_place(told, average_age)}; {half}."


def _place(told: Standing, average_age: float) -> str:
    years = f"the {counted(told.years, 'year')} counted here"
    others = f"whose music is {_old(told.usual_age)} in the middle"
    music = f"This music is {_old(average_age)} on average"
    if told.older_than > 50:
        return f"{music}, older than in {told.older_than}\u00a0% of {years}, {others}"
    if told.newer_than > 50:
        return f"{music}, newer than in {told.newer_than}\u00a0% of {years}, {others}"
    return f"{music}, about as old as is usual in {years}"


def _old(years: float) -> str:
    return f"{age(years)} old"
