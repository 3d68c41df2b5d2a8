"""Release years: one, or several in a row as a bar has them, and the quartiles of many."""

import re
from collections.abc import Iterable, Mapping
from typing import NamedTuple, Self

PATTERN = "[0-9]{4}(?:-[0-9]{4})?"


class ReleaseYears(NamedTuple):
    """The first and the last year. In an address it is written 1977, or 1970-1979."""

    first: int
    last: int

    @classmethod
    def parse(cls, text: str) -> Self | None:
        """Read what `str` writes; None for anything else."""
        return cls(int(text[:4]), int(text[-4:])) if re.fullmatch(PATTERN, text) else None

    def __str__(self) -> str:
        return str(self.first) if self.first == self.last else f"{self.first}-{self.last}"

    @property
    def name(self) -> str:
        """What a page calls them: 1977, the 1970s, 1950 to 1964."""
        if self.first == self.last:
            return str(self.first)
        return f"the {self.first}s" if self.is_decade else f"{self.first} to {self.last}"

    @property
    def is_decade(self) -> bool:
        """Whether they are a decade, such as 1970 to 1979."""
        return self.first % 10 == 0 and self.last == self.first + 9

    def plays(self, by_year: Mapping[int, int]) -> int:
        """Add up the plays of these years."""
        return sum(count for year, count in by_year.items() if self.first <= year <= self.last)

    def before(self, years: Iterable[int]) -> Self | None:
        """Return the last of `years` that is earlier, or the decade it is in if these are a decade."""
        return self._like(max((year for year in years if year < self.first), default=None))

    def after(self, years: Iterable[int]) -> Self | None:
        """Return the first of `years` that is later, or the decade it is in if these are a decade."""
        return self._like(min((year for year in years if year > self.last), default=None))

    def _like(self, year: int | None) -> Self | None:
        if year is None:
            return None
        size = 10 if self.is_decade else 1
        first = year // size * size
        return type(self)(first, first + size - 1)


def median(plays: Mapping[int, int]) -> int | None:
    """Return the release year in the middle of all plays, the earlier one of two."""
    return quartile(plays, 2)


def quartile(plays: Mapping[int, int], quarters: int) -> int | None:
    """Return the release year by which one, two or three `quarters` of all plays had come out."""
    left = -(-quarters * sum(plays.values()) // 4)
    for year in sorted(year for year, count in plays.items() if count):
        left -= plays[year]
        if left <= 0:
            return year
    return None
