"""The vertical axis: plays, or shares in per cent; where it ends, and which bars are cut since they are higher."""

import math
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import count
from typing import Self

from app.charts.year_axis import Tick

MAX_STEPS = 5  # between the labels
PARTS = 10  # of a step: the axis ends at the first that is not below the highest bar
CUT_ABOVE = 1.5  # times the highest of the others
HEADROOM = 1.25  # times the same, so that what is cut is seen to be higher


@dataclass(frozen=True)
class PlayAxis:
    """What the axis shows up to its end, and the highest value that is drawn whole."""

    end: float
    highest: float
    step: float
    unit: str

    @classmethod
    def up_to(cls, values: Iterable[float], own: Iterable[float], *, is_share: bool) -> Self:
        """Return an axis that ends just above the highest of the `values`.

        It includes the values of the listening year's `own` music, unless they would squeeze the others: what is
        more than half as high again as these is cut.
        """
        highest, is_cut = max(values, default=0.0), False
        for value in sorted(own):
            if highest and value > CUT_ABOVE * highest:
                is_cut = True
            else:
                highest = max(highest, value)
        highest = highest or 1.0
        step = _step(highest, smallest=0.1 if is_share else 1.0)
        needed = highest * (HEADROOM if is_cut else 1.0)
        end = math.ceil(round(needed / step * PARTS, 6)) * step / PARTS
        return cls(end, highest if is_cut else end, step, "\u00a0%" if is_share else "")

    @property
    def ticks(self) -> tuple[Tick, ...]:
        """Labels at round steps; none beyond what is drawn whole, where the bar that is cut has its break."""
        values = (n * self.step for n in range(int(round(self.highest / self.step, 6)) + 1))
        return tuple(Tick(self.y(value), f"{_short(value)}{self.unit}") for value in values)

    def is_cut(self, value: float) -> bool:
        """Whether a value is higher than the axis."""
        return value > self.end

    def height(self, value: float) -> float:
        """Return how high it is drawn, in per cent of the plot."""
        return round(min(100.0, 100 * value / self.end), 2)

    def y(self, value: float) -> float:
        """Return where its top is."""
        return round(100 - self.height(value), 2)


def _step(highest: float, *, smallest: float) -> float:
    """Return the smallest of 1, 2, 5, 10, 20 ... of which at most five reach the highest value."""
    steps = (factor * 10.0**power for power in count(-1) for factor in (1, 2, 5))
    return next(step for step in steps if step >= smallest and highest / step <= MAX_STEPS)


def _short(value: float) -> str:
    if value >= 1_000_000:
        return f"{value / 1_000_000:g}M"
    return f"{value:,.0f}" if value == round(value) else f"{value:.1f}"
