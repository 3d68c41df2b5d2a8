"""Highlights: up to five sentences about a listener's year, those that would be said of the fewest listeners.

A rule looks at the year and returns a sentence, or nothing. How unusual it is, is measured in bits, so that rules
can be compared: one bit is said of every second listener, three of one in eight, five of one in thirty. Most of
that is judged, not measured; what the usual shares say is taken from them.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Literal, NamedTuple

from app.charts.release_years import ReleaseYears
from app.formatting import share
from app.insights.usual_years import Shares
from app.insights.year_albums import PlayedAlbum, YearAlbums

MAX_HIGHLIGHTS = 5
MIN_PLAYS = 200
"""Plays with a release year; nothing is said about a year with fewer."""
MIN_BITS = 1.0


class Part(NamedTuple):
    """A piece of a sentence. `is_name` marks a name that anybody may have given, `is_link` what the link is on."""

    text: str
    is_name: bool = False
    is_link: bool = False


@dataclass(frozen=True)
class Highlight:
    """A sentence about a year, with what it leads to."""

    rule: str
    bits: float
    """How unusual it is."""
    sentence: Sequence[Part]
    about: frozenset[str]
    """What it speaks of: of two sentences about the same, the less unusual one is not said."""
    leads_to: ReleaseYears | Literal["decades", "years"] = "decades"
    """The albums of some release years, the chart by decade, or all years of the listener."""

    @property
    def text(self) -> str:
        """The sentence alone."""
        return "".join(part.text for part in self.sentence)


@dataclass(frozen=True)
class YearFacts:
    """What the rules look at: a whole year's plays by release year, its albums, and what it is compared with."""

    year: int
    plays: Mapping[int, int]
    unplaced: int
    albums: YearAlbums
    usual: Shares
    average_age: float
    average_ages: Mapping[int, float] = field(default_factory=dict)
    """Of the listener's other whole years."""
    by_song: bool = False
    """Whether a song of another year than its album counts by itself, which leaves the album with fewer plays."""

    @cached_property
    def placed(self) -> int:
        """Plays with a release year."""
        return sum(self.plays.values())

    @cached_property
    def top(self) -> PlayedAlbum | None:
        """The most played album, if it is played more than any other."""
        albums = self.albums.albums
        is_alone = len(albums) == 1 or (len(albums) > 1 and albums[0].plays > albums[1].plays)
        return albums[0] if is_alone else None

    @cached_property
    def decades(self) -> dict[int, int]:
        """Plays by decade, the oldest first."""
        decades: dict[int, int] = {}
        for released, plays in sorted(self.plays.items()):
            if plays:
                decades[released // 10 * 10] = decades.get(released // 10 * 10, 0) + plays
        return decades

    def share(self, plays: int) -> str:
        """Write plays in per cent of those with a release year."""
        return share(plays, self.placed)

    def first(self, text: str) -> str:
        """Begin a sentence about which albums are played most, which is another matter by song."""
        return f"Counted by song, {text}" if self.by_song else text[0].upper() + text[1:]

    def known(self, beside: int = 0) -> str:
        """Say that only known release years are meant, if the plays without one could prove a sentence wrong.

        They could if they are more than the plays that it is about: `beside`.
        """
        return " with a known release year" if self.unplaced > beside else ""


Rule = Callable[[YearFacts], Highlight | None]


def highlights(year: YearFacts, rules: Sequence[Rule]) -> list[Highlight]:
    """Return the most unusual sentences about a year, the most unusual first, no two about the same."""
    if year.placed < MIN_PLAYS:
        return []
    found = [said for rule in rules if (said := rule(year)) is not None and said.bits >= MIN_BITS]
    chosen: list[Highlight] = []
    for one in sorted(found, key=lambda one: -one.bits):
        if len(chosen) < MAX_HIGHLIGHTS and all(one.about.isdisjoint(other.about) for other in chosen):
            chosen.append(one)
    return chosen
