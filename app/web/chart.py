"""The chart's geometry: plays by release year become bars and ticks. Pure arithmetic, drawn by a template."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

RIGHT, TOP, BOTTOM = 16.0, 14.0, 30.0
GAP = 0.18  # of a bar's step
LABEL_WIDTH = 46.0  # room for one year on the axis
DIGIT_WIDTH = 6.6  # of a label beside the axis
STEPS = (1, 2, 5, 10, 20, 25, 50, 100)  # years between two labels
# A bar or two are shown among the years around them, and a single play is not as tall as the picture.
LEAST_YEARS, LEAST_PLAYS = 24, 4
FEW = 6  # bars, each of which is named


@dataclass(frozen=True)
class Bar:
    """A release year's bar."""

    year: int
    plays: int
    x: float
    y: float
    width: float
    height: float


@dataclass(frozen=True)
class Tick:
    """A labelled place on an axis."""

    at: float
    label: str


@dataclass(frozen=True)
class Chart:
    """Everything the template draws, in units of a picture `width` x `height`."""

    width: int
    height: int
    left: float
    right: float
    top: float
    bottom: float
    bars: tuple[Bar, ...]
    year_ticks: tuple[Tick, ...]
    play_ticks: tuple[Tick, ...]


def draw(years: Mapping[int, int], today: int, *, width: int = 960, height: int = 360) -> Chart:
    """The chart of plays by release year: a bar for every year from the first to the last, empty ones too.

    Few years are drawn among their neighbours, as far as these are not after `today`.
    """
    first, last = _span(years, today)
    top_of_axis, play_step = _play_axis(max([LEAST_PLAYS, *years.values()]))
    left = max(44.0, 14 + DIGIT_WIDTH * len(f"{top_of_axis:,}"))
    step = (width - left - RIGHT) / (last - first + 1)
    floor = height - BOTTOM
    scale = (floor - TOP) / top_of_axis

    def bar(year: int) -> Bar:
        tall = years.get(year, 0) * scale
        return Bar(
            year=year,
            plays=years.get(year, 0),
            x=round(left + (year - first + GAP / 2) * step, 2),
            y=round(floor - tall, 2),
            width=round(step * (1 - GAP), 2),
            height=round(tall, 2),
        )

    return Chart(
        width=width,
        height=height,
        left=left,
        right=width - RIGHT,
        top=TOP,
        bottom=floor,
        bars=tuple(bar(year) for year in range(first, last + 1)),
        year_ticks=tuple(
            Tick(round(left + (year - first + 0.5) * step, 2), str(year))
            for year in _labelled_years(sorted(years), first, last, step)
        ),
        play_ticks=tuple(
            Tick(round(floor - plays * scale, 2), f"{plays:,}") for plays in range(0, top_of_axis + 1, play_step)
        ),
    )


def _span(years: Mapping[int, int], today: int) -> tuple[int, int]:
    first, last = (min(years), max(years)) if years else (today, today)
    lacking = max(0, LEAST_YEARS - (last - first + 1))
    after = min(lacking // 2, max(0, today - last))
    return first - (lacking - after), last + after


def _play_axis(most: int) -> tuple[int, int]:
    """The axis' end and its step: whole numbers of plays, three to six steps, at most a step above `most`."""
    step = 1
    while most / step > 5:
        magnitude = 10 ** (len(str(step)) - 1)
        step = {1: 2, 2: 5, 5: 10}[step // magnitude] * magnitude
    return max(step, -(-most // step) * step), step


def _labelled_years(drawn: Sequence[int], first: int, last: int, step: float) -> Sequence[int]:
    if 0 < len(drawn) <= FEW and all((b - a) * step >= LABEL_WIDTH for a, b in pairwise(drawn)):
        return drawn
    apart = next((years for years in STEPS if years * step >= LABEL_WIDTH), STEPS[-1])
    return range(first + -first % apart, last + 1, apart)
