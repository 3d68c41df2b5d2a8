"""The month strips: a small bar chart for each month of a year, all on one scale, for a template to draw."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from app.charts.play_axis import PlayAxis
from app.charts.release_years import median
from app.charts.year_axis import Slot, Tick, YearAxis, added, year_axis

STEP, HEIGHT = 10, 100
"""Units: the width of a year or a decade, and the height of a strip."""
GAP = 0.18  # between bars, in steps
LOWEST = 4  # units, so that a single play is seen
BREAK_AT, BREAK = 16, 10  # units from the top of a bar that is cut, and how high its gap is

Plays = Mapping[int, int]


@dataclass(frozen=True)
class Strip:
    """One month: its plays whose release year is known, and its bars as paths."""

    plays: int
    median: int | None
    median_at: float | None
    """Where the median is marked, in units."""
    bars: str
    own: str
    """The bar of the listening year's own music."""


@dataclass(frozen=True)
class MonthStrips:
    """All strips by month, `width` units wide, and the axis below them."""

    strips: dict[int, Strip]
    width: float
    decades: str
    """The lines between decades, as a path."""
    ticks: tuple[Tick, ...]


def draw_month_strips(
    months: Mapping[int, Plays], listening_year: int, *, by_decade: bool = False
) -> MonthStrips | None:
    """Draw each month's plays by release year, all on one scale. None if there are no plays.

    The axis is that of the year's chart. As there, a bar of the listening year's own music is cut where it would
    squeeze all others.
    """
    together = added(*months.values())
    if not any(together.values()):
        return None
    axis = year_axis(together, listening_year, by_decade=by_decade)
    own = next((slot for slot in axis.slots if slot.years == (listening_year, listening_year)), None)
    scale = PlayAxis.up_to(
        (slot.plays(plays) for plays in months.values() for slot in axis.slots if slot != own),
        (own.plays(plays) for plays in months.values() if own),
        is_share=False,
    )
    return MonthStrips(
        strips={month: _strip(axis, scale, plays, own) for month, plays in months.items()},
        width=STEP * axis.length,
        decades="".join(
            f"M{STEP * slot.start:g} 0v{HEIGHT}"
            for slot in axis.years
            if slot.years.first % 10 == 0 and slot.start and not by_decade
        ),
        ticks=axis.ticks([year for year, plays in together.items() if plays], None),
    )


def _strip(axis: YearAxis, scale: PlayAxis, plays: Plays, own: Slot | None) -> Strip:
    middle = median(plays)
    slot = next((slot for slot in axis.slots if middle and slot.years.first <= middle <= slot.years.last), None)
    return Strip(
        plays=sum(plays.values()),
        median=middle,
        median_at=round(STEP * (slot.start + slot.width / 2), 1) if slot else None,
        bars="".join(path for slot in axis.slots if slot != own for path in _bar(slot, scale, plays)),
        own="".join(_bar(own, scale, plays)) if own else "",
    )


def _bar(slot: Slot, scale: PlayAxis, plays: Plays) -> Iterator[str]:
    """Draw the bar of a slot; one that is higher than the scale in two pieces."""
    value = slot.plays(plays)
    if not value:
        return
    height = max(LOWEST, round(scale.height(value)))
    if scale.is_cut(value):
        yield _piece(slot, 0, BREAK_AT)
        height = HEIGHT - BREAK_AT - BREAK
    yield _piece(slot, HEIGHT - height, height)


def _piece(slot: Slot, top: float, height: float) -> str:
    x, width = STEP * (slot.start + slot.width * GAP / 2), STEP * slot.width * (1 - GAP)
    return f"M{round(x, 1):g} {top:g}h{round(width, 1):g}v{height:g}h-{round(width, 1):g}z"
