"""Months: what is said of the twelve months of a year side by side."""

from calendar import month_name
from collections.abc import Mapping

from app.charts.month_strips import Strip
from app.charts.release_years import median
from app.formatting import counted
from app.web.words.wording import FEW_PLAYS

ABOUT_AS_OLD = 2  # years between middle years that tell nothing
NOT_YET = "The months are drawn once all plays are in."
TOO_FEW = f"Months with fewer than {FEW_PLAYS} plays are not compared."


def told(months: Mapping[int, Mapping[int, int]], so_far: str = "", *, is_known: bool = True) -> str:
    """Name the months with the oldest and the newest music, by their plays by release year.

    `so_far` tells how much of a year that is not whole is here, and `is_known` whether all plays have a known
    release year.
    """
    large = {month: plays for month, plays in months.items() if sum(plays.values()) >= FEW_PLAYS}
    part = f"{so_far[0].upper()}{so_far[1:]}: other months may follow. " if so_far else ""
    if len(large) < 2:
        return part + (TOO_FEW if is_known else TOO_FEW.replace("plays", "plays with a known release year"))
    left_out = f" Months with fewer than {FEW_PLAYS} {'such ' * (not is_known)}plays are left out."
    compared = _compared(large, "music" if is_known else "music with a known release year")
    return f"{part}{compared}{left_out * (len(large) < len(months))}"


def _compared(large: Mapping[int, Mapping[int, int]], music: str) -> str:
    medians = {month: median(plays) or 0 for month, plays in large.items()}
    if len(set(medians.values())) == 1:
        return f"In every month half of the {music} came out by {medians.popitem()[1]}."
    ranked = sorted(large, key=lambda month: (medians[month], _mean(large[month]), month))
    oldest, newest = ranked[0], ranked[-1]
    if medians[newest] - medians[oldest] <= ABOUT_AS_OLD:
        return (
            f"The {music} was about as old in every month: half of it came out by {medians[oldest]} in"
            f" {month_name[oldest]}, by {medians[newest]} in {month_name[newest]}."
        )
    return (
        f"The oldest {music} was played in {month_name[oldest]}, half of it from {medians[oldest]} or before;"
        f" the newest in {month_name[newest]}, half of it from {medians[newest]} or before."
    )


def label(month: int, plays: int, strip: Strip | None) -> str:
    """Say what a strip shows, to who does not see it."""
    if not plays:
        return f"{month_name[month]}: no plays"
    middle = f", middle year {strip.median}" if strip and strip.median else ""
    return f"{month_name[month]}: {counted(plays, 'play')}{middle}"


def _mean(plays: Mapping[int, int]) -> float:
    return sum(year * count for year, count in plays.items()) / sum(plays.values())
