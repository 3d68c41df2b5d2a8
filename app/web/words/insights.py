"""Insights in words: the musical age and its reason, where a year stands, and what is unusual about it."""

from dataclasses import replace
from urllib.parse import quote

from app.formatting import age, counted, times
from app.insights.highlights import Highlight
from app.insights.musical_age import AGE_AT_FIRST, MIN_PLAYS, YEARS, MusicalAge, Untold
from app.insights.standing import Standing
from app.web.words.chart_options import ChartOptions

WHY_UNTOLD = {
    Untold.TOO_FEW_PLAYS: f"It takes {MIN_PLAYS} plays with a known release year to tell it.",
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


def standing(told: Standing, average_age: float, middle: int) -> str:
    """Say where a year stands among all years counted here, by its average age; and which middle year is usual."""
    return (
        f"{_place(told)} the {counted(told.years, 'year')} counted here: this music is {age(average_age)} old on"
        f" average (usual: {age(told.usual_age)}), and half of it came out by {middle}"
        f" (usual: {told.usual_middle})."
    )


def _place(told: Standing) -> str:
    if told.older_than > 50:
        return f"Older than {told.older_than}\u00a0% of"
    if told.newer_than > 50:
        return f"Newer than {told.newer_than}\u00a0% of"
    return "About as old as is usual in"


def leads_to(told: Highlight, name: str, year: int, options: ChartOptions) -> str:
    """Return the address of what a sentence talks about: some bars' albums, the chart by decade, or all years."""
    listener = f"/user/{quote(name)}"
    if told.leads_to == "years":
        return listener
    if told.leads_to == "decades":
        return f"{listener}/{year}{replace(options, by_decade=True).query}"
    return f"{listener}/{year}/{told.leads_to}{options.list_query}"
