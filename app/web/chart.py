"""The chart's geometry: plays by release year become bars and ticks. Pure arithmetic, drawn by a template."""

from collections.abc import Mapping
from dataclasses import dataclass

LEFT, RIGHT, TOP, BOTTOM = 44.0, 8.0, 24.0, 30.0
GAP = 0.18  # of a bar's step
LABEL_WIDTH = 46.0  # room for one year on the axis
STEPS = (1, 2, 5, 10, 20, 25, 50, 100)  # years between two labels


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


def draw(years: Mapping[int, int], *, width: int = 960, height: int = 360) -> Chart:
    """The chart of plays by release year: a bar for every year from the first to the last, empty ones too."""
    first, last = (min(years), max(years)) if years else (0, -1)
    step = (width - LEFT - RIGHT) / max(last - first + 1, 12)
    top_of_axis, play_step = _play_axis(max(years.values(), default=0))
    floor = height - BOTTOM
    scale = (floor - TOP) / top_of_axis
    # Few years are not stretched over the picture: they stand in its middle.
    start = LEFT + ((width - LEFT - RIGHT) - step * (last - first + 1)) / 2

    def bar(year: int) -> Bar:
        tall = years.get(year, 0) * scale
        return Bar(
            year=year,
            plays=years.get(year, 0),
            x=round(start + (year - first + GAP / 2) * step, 2),
            y=round(floor - tall, 2),
            width=round(step * (1 - GAP), 2),
            height=round(tall, 2),
        )

    return Chart(
        width=width,
        height=height,
        left=LEFT,
        right=width - RIGHT,
        top=TOP,
        bottom=floor,
        bars=tuple(bar(year) for year in range(first, last + 1)),
        year_ticks=tuple(
            Tick(round(start + (year - first + 0.5) * step, 2), str(year))
            for year in _labelled_years(first, last, step)
        ),
        play_ticks=tuple(
            Tick(round(floor - plays * scale, 2), f"{plays:,}") for plays in range(0, top_of_axis + 1, play_step)
        ),
    )


def _play_axis(most: int) -> tuple[int, int]:
    """The axis' end and its step: whole numbers of plays, three to six steps, at most a step above `most`."""
    step = 1
    while most / step > 5:
        magnitude = 10 ** (len(str(step)) - 1)
        step = {1: 2, 2: 5, 5: 10}[step // magnitude] * magnitude
    return max(step, -(-most // step) * step), step


def _labelled_years(first: int, last: int, step: float) -> range:
    apart = next((years for years in STEPS if years * step >= LABEL_WIDTH), STEPS[-1])
    return range(first + -first % apart, last + 1, apart)
