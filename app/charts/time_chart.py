"""The time chart: stacked bars, one for each hour or day, for a template to draw, in per cent of the plot."""

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import count

from app.charts.year_axis import Tick

GAP = 0.2  # between bars, in steps
LIMIT_SHOWN_TO = 2.0
"""A limit that is further away than so many times the highest bar is not drawn: the bars would be flat."""


@dataclass(frozen=True)
class Block:
    """A part of a bar: of which series, and where."""

    series: int
    x: float
    y: float
    width: float
    height: float


@dataclass(frozen=True)
class TimeChart:
    """Everything that the template draws."""

    blocks: tuple[Block, ...]
    ticks: tuple[Tick, ...]
    limit: float | None
    """How far down the line of the limit is."""


def draw_time_chart(
    bars: Sequence[Sequence[float]],
    write: Callable[[float], str],
    *,
    limit: float | None = None,
    shows_limit: bool = False,
    lowest_end: float = 0.0,
) -> TimeChart:
    """Draw a bar for each hour or day, of one part for each series, the first at the bottom.

    `write` labels the vertical axis. The `limit` is drawn if it is near, or if the chart is about how near it is.
    The axis ends at `lowest_end` or above: at 2 for counts, of which there is no half.
    """
    highest = max((sum(bar) for bar in bars), default=0.0)
    is_drawn = limit is not None and (shows_limit or limit <= LIMIT_SHOWN_TO * highest)
    end = _round_up(max(highest, limit or 0.0, lowest_end) if is_drawn else max(highest, lowest_end))
    return TimeChart(
        blocks=tuple(_blocks(bars, end)),
        ticks=tuple(Tick(100 * (1 - part), write(part * end)) for part in (0.0, 0.5, 1.0)),
        limit=round(100 * (1 - limit / end), 2) if is_drawn and limit is not None else None,
    )


def _blocks(bars: Sequence[Sequence[float]], end: float) -> Iterator[Block]:
    step = 100 / max(1, len(bars))
    for place, bar in enumerate(bars):
        below = 0.0
        for series, value in enumerate(bar):
            if value > 0:
                top = below + value
                yield Block(
                    series=series,
                    x=round((place + GAP / 2) * step, 2),
                    y=round(100 * (1 - top / end), 2),
                    width=round((1 - GAP) * step, 2),
                    height=round(100 * value / end, 2),
                )
                below = top


def _round_up(value: float) -> float:
    """Return the smallest of 1, 2, 4, 6, 10, 20 ... times a power of ten that is not below the value; its half is
    round as well."""
    if value <= 0:
        return 1.0
    power = math.floor(math.log10(value)) - 1
    sizes = (factor * 10.0**exponent for exponent in count(power) for factor in (1, 2, 4, 6))
    return next(size for size in sizes if size >= value * 0.999999)
