"""The demo's music: real albums, and what MusicBrainz and Last.fm would know of each.

`catalogue.csv` holds the facts, one album a line: who, what, the year it first came out, some of its tracks, and
how Last.fm spells it. Everything else is made up from the names and is the same on every run: MBIDs, months and
days, reissues.

Where an artist column is not the name of one artist, `credit` lists whom it credits: `Brian Eno / David Byrne`, or
`Snoop Dogg = Snoop Doggy Dogg` where the sleeve has a name of its own. `aliases` are other names of the first of
them, `titles` other titles of the album, the first of them that of an edition; `comment` is what MusicBrainz puts
in brackets behind albums of one name. `lastfm_mbid` says which MBID Last.fm reports: that of the first `release`,
of a `reissue`, one that was since merged with another (`redirect`), one that MusicBrainz does not know (`stale`),
or `none`. `quirks` are flaws that a real export has too:

bootleg          a bootleg of the same year came out before it
cancelled        an earlier release was announced and never came out
moved            the album itself has been merged with another entry
unknown-country  nobody noted where the first release came out
year-only        nobody noted its month and day
"""

import csv
import functools
import random
from collections.abc import Iterator
from dataclasses import dataclass, replace
from enum import IntEnum
from pathlib import Path
from uuid import NAMESPACE_URL, UUID, uuid3, uuid5

CATALOGUE = Path(__file__).with_name("catalogue.csv")
NAMESPACE = uuid5(NAMESPACE_URL, "https://lastyear.fm/demo")
REISSUE_COUNTRIES = (("XE",), ("JP",), ("XW",), ("GB", "DE", "FR"), ("US", "CA"), ("DE",), ("AU", "NZ"), ())
LAST_REISSUE = 2024


class Status(IntEnum):
    """The ids of MusicBrainz's release statuses."""

    OFFICIAL = 1
    PROMOTION = 2
    BOOTLEG = 3
    PSEUDO_RELEASE = 4
    WITHDRAWN = 5
    CANCELLED = 6
    EXPUNGED = 7


@dataclass(frozen=True)
class Credit:
    """One artist of an album: its own name, the name on the sleeve, and what stands between it and the next."""

    artist: str
    name: str
    join_phrase: str = ""


@dataclass(frozen=True)
class Release:
    """One edition of an album; no countries means that the country is unknown."""

    mbid: UUID
    title: str
    status: Status
    year: int | None
    month: int | None
    day: int | None
    countries: tuple[str, ...]
    retired: tuple[UUID, ...] = ()

    @property
    def country(self) -> str | None:
        return self.countries[0] if self.countries else None


@dataclass(frozen=True)
class Album:
    """An album as MusicBrainz has it, and the names and the release MBID under which Last.fm reports it."""

    artist: str
    title: str
    year: int | None
    kind: str
    secondary: str | None
    tracks: tuple[str, ...]
    credits: tuple[Credit, ...]
    aliases: tuple[str, ...]
    titles: tuple[str, ...]
    comment: str
    group_mbid: UUID
    retired: tuple[UUID, ...]
    releases: tuple[Release, ...]
    lastfm_artist: str
    lastfm_title: str
    lastfm_mbid: UUID | None

    @property
    def has_usable_mbid(self) -> bool:
        """Whether MusicBrainz knows the MBID that Last.fm reports, be it as one that was merged."""
        return any(self.lastfm_mbid in (release.mbid, *release.retired) for release in self.releases)


@functools.cache
def albums() -> tuple[Album, ...]:
    """Every album of the catalogue, oldest first, those without a year last."""
    with CATALOGUE.open(encoding="utf-8", newline="") as lines:
        return tuple(_album(line) for line in csv.DictReader(lines))


def mbid(*names: str) -> UUID:
    """The made-up MBID of what the names describe; one in eight is of version 3, as among MusicBrainz's oldest."""
    name = "\n".join(names)
    identity = uuid5(NAMESPACE, name)
    return uuid3(NAMESPACE, name) if identity.int % 8 == 0 else identity


def _album(line: dict[str, str]) -> Album:
    kind, _, secondary = line["kind"].partition(" + ")
    editions = list(_editions(line))
    return Album(
        artist=line["artist"],
        title=line["title"],
        year=_year(line),
        kind=kind,
        secondary=secondary or None,
        tracks=_split(line["tracks"]),
        credits=tuple(_credits(line["artist"], _split(line["credit"]) or (line["artist"],))),
        aliases=_split(line["aliases"]),
        titles=_split(line["titles"]),
        comment=line["comment"],
        group_mbid=_mbid_of(line, "group"),
        retired=(_mbid_of(line, "retired group"),) if "moved" in line["quirks"] else (),
        # In no telling order, as in a real export.
        releases=tuple(sorted(editions, key=lambda release: release.mbid)),
        lastfm_artist=line["lastfm_artist"] or line["artist"],
        lastfm_title=line["lastfm_title"] or line["title"],
        lastfm_mbid=_lastfm_mbid(line, editions),
    )


def _split(names: str) -> tuple[str, ...]:
    return tuple(names.split(" / ")) if names else ()


def _year(line: dict[str, str]) -> int | None:
    return int(line["year"]) if line["year"] else None


def _mbid_of(line: dict[str, str], what: str) -> UUID:
    return mbid(what, line["artist"], line["title"], line["year"])


def _credits(artist: str, parts: tuple[str, ...]) -> Iterator[Credit]:
    """Take "Brian Eno & David Byrne" apart into its artists and the " & " between them."""
    for part, following in zip(parts, (*parts[1:], ""), strict=True):
        name, credited = _names(part)
        behind = artist.partition(credited)[2]
        join_phrase = behind.partition(_names(following)[1])[0] if following else ""
        artist = behind.removeprefix(join_phrase)
        yield Credit(name, credited, join_phrase)


def _names(part: str) -> tuple[str, str]:
    name, _, credited = part.partition(" = ")
    return name, credited or name


def _editions(line: dict[str, str]) -> Iterator[Release]:
    """Make up the releases of an album: the first, its reissues in order, then what the quirks ask for."""
    dice = random.Random(f"{line['artist']} {line['title']} {line['year']}")
    first = _first(line, dice)
    yield first
    if first.year is not None:
        yield from _reissues(line, first.year, dice)
        yield from _oddities(line, first, first.year)


def _first(line: dict[str, str], dice: random.Random) -> Release:
    month, day = _day(dice)
    known = bool(line["year"]) and "year-only" not in line["quirks"]
    return Release(
        mbid=_mbid_of(line, "release"),
        title=line["title"],
        status=Status.OFFICIAL,
        year=_year(line),
        month=month if known else None,
        day=day if known else None,
        countries=() if "unknown-country" in line["quirks"] else (line["country"],),
        retired=(_mbid_of(line, "retired release"),) if line["lastfm_mbid"] == "redirect" else (),
    )


def _reissues(line: dict[str, str], first_year: int, dice: random.Random) -> Iterator[Release]:
    """Up to three later releases."""
    reported = line["lastfm_mbid"] == "reissue"
    years = range(first_year + 1, LAST_REISSUE + 1)
    count = min(len(years), dice.randint(1 if reported else 0, 3))
    for number, year in enumerate(sorted(dice.sample(years, count))):
        yield Release(
            _mbid_of(line, f"reissue {number}"),
            _reissue_title(line, number, count),
            Status.OFFICIAL,
            year,
            *_day(dice),
            countries=dice.choice(REISSUE_COUNTRIES),
        )


def _reissue_title(line: dict[str, str], number: int, count: int) -> str:
    """The one that Last.fm reports bears the title that Last.fm gives it, the last one the first of the others."""
    if number == 0 and line["lastfm_mbid"] == "reissue":
        return line["lastfm_title"] or line["title"]
    others = _split(line["titles"])
    return others[0] if others and number == count - 1 else line["title"]


def _oddities(line: dict[str, str], first: Release, year: int) -> Iterator[Release]:
    if "cancelled" in line["quirks"]:
        announced = replace(first, mbid=_mbid_of(line, "cancelled"), year=year - 1, retired=())
        yield replace(announced, status=Status.CANCELLED)
    if "bootleg" in line["quirks"]:
        bootleg = replace(first, mbid=_mbid_of(line, "bootleg"), month=1, day=None, retired=())
        yield replace(bootleg, status=Status.BOOTLEG, countries=())


def _day(dice: random.Random) -> tuple[int, int]:
    # From February, so that a bootleg can be earlier; to October, so that nothing is newer than the export.
    return dice.randint(2, 10), dice.randint(1, 28)


def _lastfm_mbid(line: dict[str, str], editions: list[Release]) -> UUID | None:
    match line["lastfm_mbid"]:
        case "release":
            return editions[0].mbid
        case "reissue":
            return editions[1].mbid
        case "redirect":
            return editions[0].retired[0]
        case "stale":
            return _mbid_of(line, "stale")
    return None
