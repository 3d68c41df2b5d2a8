"""Eras: what the music of one listening year comes to, so that the years can be compared."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import Self

from app.charts.release_years import quartile


@dataclass(frozen=True)
class Era:
    """A listening year: the middle half of its release years, the median, and how much of it was new."""

    year: int
    placed: int
    """Plays whose release year is known."""
    first_quartile: int
    median: int
    third_quartile: int
    new: int
    """Those of music from that year or the one before; what is dated later was new as well."""
    is_so_far: bool = False
    """Whether more plays may come."""

    @classmethod
    def of(cls, year: int, plays: Mapping[int, int], *, is_so_far: bool = False) -> Self | None:
        """Sum up a listening year's plays by release year; None without any."""
        first, middle, third = (quartile(plays, quarters) for quarters in (1, 2, 3))
        if first is None or middle is None or third is None:
            return None
        new = sum(count for released, count in plays.items() if released >= year - 1)
        return cls(year, sum(plays.values()), first, middle, third, new, is_so_far)

    @property
    def age(self) -> int:
        """How many years old the median was; what is dated later was new."""
        return max(0, self.year - self.median)


def runs(eras: Iterable[Era]) -> list[list[Era]]:
    """Split listening years, the oldest first, into runs in which no year is missing."""
    ordered = sorted(eras, key=lambda era: era.year)
    parts = [ordered[:1]] if ordered else []
    for before, era in pairwise(ordered):
        if era.year == before.year + 1:
            parts[-1].append(era)
        else:
            parts.append([era])
    return parts
