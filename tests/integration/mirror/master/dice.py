"""Everything random about a master: names, MBIDs, dates. The same seed gives the same."""

from random import Random
from uuid import UUID

Date = tuple[int | None, int | None, int | None]

# What breaks formats: COPY's own signs, JSON's, SQL's, XML's, and characters of one to four bytes.
PIECES = (
    "tab\there",
    "line\nend",
    "car\rriage",
    "\\",
    "\\\\",
    "\\N",
    "\\.",
    "\\t",
    "\\u0041",
    '"',
    '\\"',
    "'",
    "''",
    "{}",
    "{1,NULL}",
    "[null]",
    "null",
    "%s",
    "$1",
    "\x01\x1f\x7f",
    "\b\f\v",
    "\u2028",
    "ü",
    "e\u0301",
    "日本",
    "עברית",
    "𝔐🎷",
    "\U0010ffff",
)
WORDS = (
    "blue",
    "rumours",
    "live",
    "café",
    "remain",
    "dark",
    "side",
    "thriller",
    "sonata",
    "nº",
    "θ",
    "moon",
    "of",
)


class Dice(Random):
    """A random number generator for music."""

    def chance(self, probability: float) -> bool:
        return self.random() < probability

    def gid(self) -> UUID:
        return UUID(int=self.getrandbits(128), version=4)

    def name(self) -> str:
        """Return a likely or a very unlikely name, never empty and without surrounding spaces."""
        pool = WORDS + PIECES if self.chance(0.3) else WORDS
        return " ".join(self.choices(pool, k=self.randint(1, 3)))

    def date(self) -> Date:
        """Return a date with parts missing as in real data; at least one part is known."""
        year = None if self.chance(0.05) else self.randint(1955, 2027)
        month = None if year and self.chance(0.4) else self.randint(1, 12)
        day = None if self.chance(0.4) else self.randint(1, 28)
        return year, month, day

    def event(self) -> Date:
        """Return a date of which nothing may be known."""
        return (None, None, None) if self.chance(0.1) else self.date()

    def status(self) -> int | None:
        """Mostly Official; Cancelled (6) often enough to matter."""
        return self.choices((None, 1, 2, 3, 4, 5, 6), weights=(1, 10, 1, 1, 1, 1, 4))[0]
