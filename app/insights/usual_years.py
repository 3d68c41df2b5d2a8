"""Usual years: the usual share of each release year in the plays of a listening year, to compare a listener with.

A built-in curve stands for thirty listeners, so that a new installation has something to compare with. The
listeners counted here join them, each with the same weight however much they play.
"""

from collections.abc import Mapping

from pydantic import BaseModel, ConfigDict

FIRST_RELEASE_YEAR = 1900
"""Where the curve begins; older music is compared with nothing."""
NEW = 0.1
"""The curve's share of music from the listening year itself."""
HALVING = 12
"""After so many years the curve has fallen to half."""
CURVE_LISTENERS = 30
"""How many listeners the curve stands for."""

Shares = Mapping[int, float]
"""Of all plays, by release year."""


class CountedShares(BaseModel):
    """The shares of the listeners counted here in one listening year, added up."""

    model_config = ConfigDict(frozen=True)

    listeners: int
    shares: dict[int, float]
    """Release year -> the sum of the listeners' shares."""


def built_in_curve(year: int) -> dict[int, float]:
    """Return the curve for a listening year: a tenth is new, and the rest is halved every twelve years."""
    older = {released: 0.5 ** ((year - released) / HALVING) for released in range(FIRST_RELEASE_YEAR, year)}
    whole = sum(older.values())
    return {released: (1 - NEW) * part / whole for released, part in older.items()} | {year: NEW}


def usual_shares(year: int, counted: CountedShares | None = None) -> dict[int, float]:
    """Return the usual share of each release year: of the curve and the listeners counted here together."""
    curve = built_in_curve(year)
    if counted is None:
        return curve
    together = CURVE_LISTENERS + counted.listeners
    return {
        released: (CURVE_LISTENERS * part + counted.shares.get(released, 0)) / together
        for released, part in curve.items()
    }
