"""The chart's geometry: plays by release year become bars and ticks. Pure arithmetic, drawn by a template.

Everything is in per cent of the plot, so that one drawing serves a large screen, a phone and a picture; only which
years are named on the axis depends on how wide it is drawn.
"""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

GAP, SLIT, MANY = 0.18, 0.06, 80  # of a bar's step; the same between very many bars
LABEL_WIDTH = 46.0  # pixels for one year on the axis
WIDE, NARROW = 480.0, 225.0  # pixels that the plot has at least, on a screen and on a phone
STEPS = (1, 2, 5, 10, 20, 50, 100)  # years between two labels
# A bar or two are shown among the years around them, and a single play is not as tall as the picture.
LEAST_YEARS, LEAST_DECADES, LEAST_PLAYS = 24, 4, 4
FEW = 6  # bars, each of which is named
STRAY, FAR = 0.01, 10  # of all plays; years without any


@dataclass(frozen=True)
class Bar:
    """A release year's bar, or a decade's, or that of all years before the axis begins."""

    first: int
    last: int
    plays: int
    x: float
    width: float
    height: float
    is_earlier: bool = False
    other: int = 0
    """Plays of whom it is compared with."""

    @property
    def y(self) -> float:
        """Where it ends above."""
        return round(100 - self.height, 2)

    @property
    def key(self) -> str:
        """Its address below the year's: the release year, or the first and the last."""
        return str(self.first) if self.first == self.last else f"{self.first}-{self.last}"

    @property
    def name(self) -> str:
        """What it is called."""
        if self.is_earlier:
            return f"before {self.last + 1}"
        return span_name(self.first, self.last)


@dataclass(frozen=True)
class Band:
    """A decade behind the bars."""

    x: float
    width: float


@dataclass(frozen=True)
class Tick:
    """A labelled place on an axis. One of release years may be for wide or for narrow drawings only."""

    at: float
    label: str
    wide: bool = True
    narrow: bool = True
    is_own: bool = False


@dataclass(frozen=True)
class Chart:
    """Everything the template draws; `corners` are those of the other's line, in per cent."""

    bars: tuple[Bar, ...]
    bands: tuple[Band, ...]
    year_ticks: tuple[Tick, ...]
    play_ticks: tuple[Tick, ...]
    earlier: Bar | None = None
    corners: tuple[tuple[str, float], ...] = ()
    """Where the line turns, after H for across and V for up or down; it begins at the foot on the left."""

    @property
    def outline(self) -> str:
        """The other's line as a path in a square of 100."""
        return self.outline_in(100, 100)

    def outline_in(self, width: int, height: int) -> str:
        """The same in a plot of this size: what draws a PNG would stretch the line together with the square."""
        parts = {"H": width / 100, "V": height / 100}
        steps = "".join(f"{way}{at * parts[way]:g}" for way, at in self.corners)
        return f"M0 {height}{steps}" if steps else ""


@dataclass(frozen=True)
class _Slot:
    """A stretch of the axis: the years that count there, where it begins and how long it is, in steps."""

    first: int
    last: int
    at: float
    steps: float = 1.0
    is_earlier: bool = False

    def holds(self, years: Mapping[int, int]) -> int:
        if self.first == self.last:
            return years.get(self.first, 0)
        return sum(plays for year, plays in years.items() if self.first <= year <= self.last)


def draw(
    years: Mapping[int, int], today: int, *, by_decade: bool = False, other: Mapping[int, int] | None = None
) -> Chart:
    """The chart of plays by release year, a bar for every year or decade that has some.

    Few years are drawn among their neighbours, as far as these are not after `today`, whose own bar is marked.
    With another's plays beside them both are drawn in shares of what each has placed.
    """
    heard = {year: years.get(year, 0) + (other or {}).get(year, 0) for year in {*years, *(other or {})}}
    begin = axis_begin(heard)
    slots = _slots(heard, begin, today, by_decade=by_decade)
    steps = slots[-1].at + slots[-1].steps
    scale, ticks = _scale(slots, years, other)
    bars = tuple(
        _bar(slot, plays, scale * plays, other=others, steps=steps)
        for slot in slots
        if (plays := slot.holds(years)) + (others := slot.holds(other or {}))
    )
    axis = [slot for slot in slots if not slot.is_earlier]
    own = None if by_decade or other is not None or not years.get(today) else today
    return Chart(
        bars=bars,
        bands=() if by_decade else tuple(_bands(axis, steps)),
        year_ticks=_year_ticks(axis, steps, [bar.first for bar in bars if not bar.is_earlier], own),
        play_ticks=ticks,
        earlier=next((bar for bar in bars if bar.is_earlier), None),
        corners=tuple(_corners(slots, other, steps, ticks)) if other else (),
    )


def axis_begin(years: Mapping[int, int]) -> int | None:
    """The year with which the axis begins: the first, but for strays.

    Strays are the earliest years as long as they hold under 1 % of all plays together and a decade without any
    play follows them. They share a bar before the axis: one mistaken date would squeeze all others together.
    """
    drawn = sorted(year for year, plays in years.items() if plays)
    whole = sum(years.values())
    begin, before = (drawn[0] if drawn else None), 0
    for year, following in pairwise(drawn):
        before += years[year]
        if before >= STRAY * whole:
            break
        if following - year > FAR:
            begin = following
    return begin


def span_name(first: int, last: int) -> str:
    """What a stretch of release years is called: 1977, the 1970s, 1950 to 1964."""
    if first == last:
        return str(first)
    return f"the {first}s" if is_decade(first, last) else f"{first} to {last}"


def is_decade(first: int, last: int) -> bool:
    """Whether these years are a decade."""
    return first % 10 == 0 and last == first + 9


def _slots(heard: Mapping[int, int], begin: int | None, today: int, *, by_decade: bool) -> list[_Slot]:
    years = {year for year, plays in heard.items() if plays}
    first, last = (begin, max(years)) if begin is not None else (today, today)
    size = 10 if by_decade else 1
    least = LEAST_DECADES if by_decade else LEAST_YEARS
    first, last = _among_neighbours(first // size, last // size, today // size, least)
    lead: list[_Slot] = []
    if years and min(years) < first * size:
        # A year's bar may be a few pixels wide; this one is to be seen, and apart from the others.
        wide = 1.0 if by_decade else 2.0
        lead = [_Slot(min(years), first * size - 1, 0.0, wide, is_earlier=True)]
    start = lead[0].steps * 1.5 if lead else 0.0
    return lead + [
        _Slot(one * size, one * size + size - 1, start + nth) for nth, one in enumerate(range(first, last + 1))
    ]


def _among_neighbours(first: int, last: int, today: int, least: int) -> tuple[int, int]:
    lacking = max(0, least - (last - first + 1))
    after = min(lacking // 2, max(0, today - last))
    return first - (lacking - after), last + after


def _bar(slot: _Slot, plays: int, height: float, *, other: int, steps: float) -> Bar:
    gap = GAP if steps <= MANY else SLIT
    return Bar(
        first=slot.first,
        last=slot.last,
        plays=plays,
        x=round(100 * (slot.at + slot.steps * gap / 2) / steps, 2),
        width=round(100 * slot.steps * (1 - gap) / steps, 2),
        height=round(height, 2),
        is_earlier=slot.is_earlier,
        other=other,
    )


def _bands(axis: Sequence[_Slot], steps: float) -> list[Band]:
    decades: dict[int, list[float]] = {}
    for slot in axis:
        decades.setdefault(slot.first // 10, []).append(slot.at)
    return [
        Band(round(100 * at[0] / steps, 2), round(100 * len(at) / steps, 2))
        for decade, at in decades.items()
        if decade % 2
    ]


def _scale(
    slots: Sequence[_Slot], years: Mapping[int, int], other: Mapping[int, int] | None
) -> tuple[float, tuple[Tick, ...]]:
    """How tall a play is, and the ticks beside it."""
    most = max(slot.holds(years) for slot in slots)
    if other is None:
        end, step = _play_axis(max(LEAST_PLAYS, most))
        return 100 / end, tuple(Tick(_at(plays, end), _short(plays)) for plays in range(0, end + 1, step))
    ours, theirs = max(1, sum(years.values())), max(1, sum(other.values()))
    tallest = max(100 * most / ours, max(100 * slot.holds(other) / theirs for slot in slots))
    end, step = _play_axis(max(LEAST_PLAYS, math.ceil(tallest)))
    end = min(end, 100)
    return 100 * 100 / ours / end, tuple(
        Tick(_at(share, end), f"{share}\u00a0%") for share in range(0, end + 1, step)
    )


def _at(value: float, end: int) -> float:
    return round(100 - 100 * value / end, 2)


def _short(plays: int) -> str:
    return f"{plays:,}" if plays < 1_000_000 else f"{plays / 1_000_000:g}M"


def _play_axis(most: int) -> tuple[int, int]:
    """The axis' end and its step: whole numbers of plays, three to six steps, at most a step above `most`."""
    step = 1
    while most / step > 5:
        magnitude = 10 ** (len(str(step)) - 1)
        step = {1: 2, 2: 5, 5: 10}[step // magnitude] * magnitude
    return max(step, -(-most // step) * step), step


def _year_ticks(axis: Sequence[_Slot], steps: float, drawn: Sequence[int], own: int | None) -> tuple[Tick, ...]:
    wide, narrow = (_labelled(axis, steps, drawn, own, pixels) for pixels in (WIDE, NARROW))
    size = axis[0].last - axis[0].first + 1
    return tuple(
        Tick(
            at=round(100 * (slot.at + 0.5) / steps, 2),
            label=str(slot.first) + ("s" if size > 1 else ""),
            wide=slot.first in wide,
            narrow=slot.first in narrow,
            is_own=slot.first == own,
        )
        for slot in axis
        if slot.first in wide or slot.first in narrow
    )


def _labelled(
    axis: Sequence[_Slot], steps: float, drawn: Sequence[int], own: int | None, pixels: float
) -> set[int]:
    """The years that are named on such an axis: round ones, and the listening year rather than those beside it."""
    step = pixels / steps
    size = axis[0].last - axis[0].first + 1
    # The bar before the axis has a name as well.
    begin = 1.5 * LABEL_WIDTH if axis[0].at else 0.0
    clear = [slot.first for slot in axis if (slot.at + 0.5) * step >= begin]
    if 0 < len(drawn) <= FEW and all((b - a) / size * step >= LABEL_WIDTH for a, b in pairwise(drawn)):
        return {year for year in drawn if year in clear}
    apart = size * next((count for count in STEPS if count * step >= LABEL_WIDTH), STEPS[-1])
    taken = [year for year in clear if year == own]
    round_years = {
        year
        for year in clear
        if year % apart == 0 and all(abs(year - other) / size * step >= LABEL_WIDTH for other in taken)
    }
    return round_years | set(taken)


def _corners(
    slots: Sequence[_Slot], other: Mapping[int, int], steps: float, ticks: Sequence[Tick]
) -> Iterator[tuple[str, float]]:
    """The other's bars as one line, step by step, so that it can lie over the first one's."""
    end = int(ticks[-1].label.rstrip("\u00a0%"))
    whole = max(1, sum(other.values()))
    for slot in slots:
        top = _at(100 * slot.holds(other) / whole, end)
        left, right = (round(100 * at / steps, 2) for at in (slot.at, slot.at + slot.steps))
        yield from (("H", left), ("V", top), ("H", right))
        if slot.is_earlier:
            yield "V", 100.0
    yield "V", 100.0
