"""The musical age: that of somebody whose youth fell into the five release years played most above others.

Most tastes are formed between the sixteenth and the twenty-first birthday. Whoever was born at the beginning of
1962 lived these five years from 1978 to 1982, and is 62 in 2024.

Five years stand out by how improbable they would be if the listener chose as others do (Kulldorff's scan
statistic). Plays are no choices of their own: they come by the album, and albums by the artist. So a number of
plays counts as one choice only, and what chance would make of them is told of nobody.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from math import log

from app.charts.release_years import ReleaseYears
from app.insights.usual_years import Shares

YEARS = 5
"""How many release years in a row are looked at."""
AGE_AT_FIRST = 16
"""The age at the beginning of the first of these years."""
MIN_PLAYS = 500
"""Plays with a release year; fewer say nothing."""
PLAYS_OF_A_CHOICE = 8
"""How many plays count as one choice."""
MIN_EVIDENCE = 20.0
"""How far five years have to stand out: the number of choices times their improbability, in natural units."""
MIN_SHARE, MIN_TIMES = 0.1, 1.5
"""How much of all plays the five years have to have, and how many times as much as with others."""
OTHERS_TIMES = 1.2
"""How many times as much as with others the five years have to have without the most played of them."""
RIVAL, APART = 0.8, 10
"""No age is told if years at least APART away are nearly as improbable as the best: RIVAL times as much."""


class Untold(StrEnum):
    """Why the age cannot be told."""

    TOO_FEW_PLAYS = "too_few_plays"
    NO_PEAK = "no_peak"
    ONE_YEAR = "one_year"
    """One release year stands out alone, which a single album may do."""
    TWO_PEAKS = "two_peaks"


@dataclass(frozen=True)
class MusicalAge:
    """How old somebody is whose youth fell into the years that stand out, and the reason."""

    age: int
    released: ReleaseYears
    times: float
    """How many times as much as others the listener plays them."""
    share: float
    """Of the listener's plays."""

    @property
    def born(self) -> int:
        """The year of birth that goes with it."""
        return self.released.first - AGE_AT_FIRST


@dataclass(frozen=True)
class _Years:
    """Five release years: their share of the listener's plays, and the usual one."""

    first: int
    share: float
    usual: float

    @property
    def improbability(self) -> float:
        """How improbable the share is with others' habits, for each choice; 0 where it is not above theirs."""
        if self.share <= self.usual:
            return 0.0
        rest = (1 - self.share) * log((1 - self.share) / (1 - self.usual)) if self.share < 1 else 0.0
        return self.share * log(self.share / self.usual) + rest


def musical_age(plays: Mapping[int, int], year: int, usual: Shares) -> MusicalAge | Untold:
    """Tell the age in a listening year from its plays by release year, and the usual shares; or why not.

    What is dated after the listening year, or before the usual shares begin, is among the plays alone.
    """
    whole = sum(plays.values())
    if whole < MIN_PLAYS:
        return Untold.TOO_FEW_PLAYS
    found = [_years(plays, whole, first, usual) for first in range(min(usual), year - YEARS + 2)]
    best = max(found, key=lambda one: (one.improbability, one.first))
    if (
        best.share < MIN_SHARE
        or best.share < MIN_TIMES * best.usual
        or best.improbability * whole / PLAYS_OF_A_CHOICE < MIN_EVIDENCE
    ):
        return Untold.NO_PEAK
    if _stands_on_one_year(best, plays, whole, usual):
        return Untold.ONE_YEAR
    rivals = (one.improbability for one in found if abs(one.first - best.first) >= APART)
    if max(rivals, default=0.0) >= RIVAL * best.improbability:
        return Untold.TWO_PEAKS
    return MusicalAge(
        age=year - best.first + AGE_AT_FIRST,
        released=ReleaseYears(best.first, best.first + YEARS - 1),
        times=best.share / best.usual,
        share=best.share,
    )


def _years(plays: Mapping[int, int], whole: int, first: int, usual: Shares) -> _Years:
    five = range(first, first + YEARS)
    return _Years(first, sum(plays.get(at, 0) for at in five) / whole, sum(usual.get(at, 0.0) for at in five))


def _stands_on_one_year(best: _Years, plays: Mapping[int, int], whole: int, usual: Shares) -> bool:
    top = max(range(best.first, best.first + YEARS), key=lambda at: plays.get(at, 0))
    return best.share - plays.get(top, 0) / whole < OTHERS_TIMES * (best.usual - usual.get(top, 0.0))
