"""The axis of release years: where each bar stands, which years have a label, and where the axis begins."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

from app.charts.release_years import ReleaseYears

WIDE, NARROW = 480.0, 225.0  # pixels that the plot has at least, on a screen and on a phone
LABEL_WIDTH = 46.0  # pixels that the label of one year needs
LABEL_STEPS = (1, 2, 5, 10, 20, 50, 100)  # slots between two labels
FEW_BARS = 6  # of which each has a label
MIN_YEARS, MIN_DECADES = 24, 4  # a shorter axis also shows the years or decades around its bars
STRAY_SHARE, STRAY_GAP = 0.01, 10  # of all plays; years without any


@dataclass(frozen=True)
class Tick:
    """A label at a per cent of an axis. Some labels of years are for wide or for narrow charts only."""

    at: float
    label: str
    wide: bool = True
    narrow: bool = True
    is_own: bool = False
    """Whether it labels the listening year."""


@dataclass(frozen=True)
class Slot:
    """The place of one bar: the release years that it counts, where it starts and how wide it is, in steps."""

    years: ReleaseYears
    start: float
    width: float = 1.0
    is_earlier: bool = False

    @property
    def end(self) -> float:
        """Where the slot ends."""
        return self.start + self.width

    def plays(self, by_year: Mapping[int, int]) -> int:
        """Add up the plays of its release years."""
        first, last = self.years
        return by_year.get(first, 0) if first == last else self.years.plays(by_year)


@dataclass(frozen=True)
class YearAxis:
    """A slot for every year, or every decade; before them, apart, one for all that is `earlier`."""

    years: tuple[Slot, ...]
    earlier: Slot | None = None

    @property
    def slots(self) -> tuple[Slot, ...]:
        """All slots from left to right."""
        return (self.earlier, *self.years) if self.earlier else self.years

    @property
    def size(self) -> int:
        """How many years a slot has: one, or ten."""
        return 10 if self.years[0].years.is_decade else 1

    @property
    def length(self) -> float:
        """The length of the axis in steps."""
        return self.years[-1].end

    def percent(self, steps: float) -> float:
        """Convert steps to per cent of the axis."""
        return round(100 * steps / self.length, 2)

    def ticks(self, drawn: Sequence[int], own: int | None) -> tuple[Tick, ...]:
        """Label some years: `drawn` are those with a bar, `own` is the listening year if it should be marked."""
        wide, narrow = (self._labelled(drawn, own, pixels) for pixels in (WIDE, NARROW))
        suffix = "s" if self.size > 1 else ""
        return tuple(
            Tick(self.percent(slot.start + 0.5), f"{year}{suffix}", year in wide, year in narrow, year == own)
            for slot in self.years
            if (year := slot.years.first) in wide | narrow
        )

    def _labelled(self, drawn: Sequence[int], own: int | None, pixels: float) -> set[int]:
        """Choose the years with a bar if they are few and far apart, else round years and the listening year."""
        step = pixels / self.length
        # The bar before the axis has a label as well.
        begin = 1.5 * LABEL_WIDTH if self.earlier else 0.0
        free = {slot.years.first for slot in self.years if (slot.start + 0.5) * step >= begin}
        if 0 < len(drawn) <= FEW_BARS and self._have_room(drawn, step):
            return free & set(drawn)
        slots = next((count for count in LABEL_STEPS if count * step >= LABEL_WIDTH), LABEL_STEPS[-1])
        round_years = {year for year in free if year % (slots * self.size) == 0}
        if own is None or own not in free:
            return round_years
        return {own, *(year for year in round_years if self._have_room((year, own), step))}

    def _have_room(self, years: Sequence[int], step: float) -> bool:
        return all(abs(one - other) / self.size * step >= LABEL_WIDTH for one, other in pairwise(years))


def year_axis(plays: Mapping[int, int], listening_year: int, *, by_decade: bool) -> YearAxis:
    """Return an axis on which all these plays by release year have a slot."""
    years = {year for year, count in plays.items() if count}
    begin = axis_begin(plays)
    first, last = (begin, max(years)) if begin is not None else (listening_year, listening_year)
    size, least = (10, MIN_DECADES) if by_decade else (1, MIN_YEARS)
    numbers = _with_neighbours(first // size, last // size, listening_year // size, least)
    first = numbers[0] * size
    earlier = None
    if years and min(years) < first:
        # A year may be a few pixels wide; this bar should be seen, and apart from the others.
        earlier = Slot(ReleaseYears(min(years), first - 1), 0.0, 1.0 if by_decade else 2.0, is_earlier=True)
    start = 1.5 * earlier.width if earlier else 0.0
    slots = [
        Slot(ReleaseYears(number * size, number * size + size - 1), start + nth)
        for nth, number in enumerate(numbers)
    ]
    return YearAxis(tuple(slots), earlier)


def axis_begin(plays: Mapping[int, int]) -> int | None:
    """Return the first year of the axis: the earliest release year that is not a stray.

    Strays are the earliest years as long as they have under 1 % of all plays together and a decade without plays
    follows. They share a bar before the axis, or one mistaken date would squeeze all other bars together.
    """
    drawn = sorted(year for year, count in plays.items() if count)
    whole = sum(plays.values())
    begin, before = (drawn[0] if drawn else None), 0
    for year, following in pairwise(drawn):
        before += plays[year]
        if before >= STRAY_SHARE * whole:
            break
        if following - year > STRAY_GAP:
            begin = following
    return begin


def added(*plays: Mapping[int, int]) -> dict[int, int]:
    """Add up plays by release year."""
    together: dict[int, int] = {}
    for each in plays:
        for year, count in each.items():
            together[year] = together.get(year, 0) + count
    return together


def _with_neighbours(first: int, last: int, listening: int, least: int) -> range:
    """Widen the axis to `least` slots on both sides, but not beyond the listening year."""
    lacking = max(0, least - (last - first + 1))
    after = min(lacking // 2, max(0, listening - last))
    return range(first - (lacking - after), last + after + 1)
