"""The demo's music: real albums, and what MusicBrainz and Last.fm would know of each.

`catalogue.csv` holds the facts, one album a line: artist, title, the year it first came out, some of its tracks,
and how Last.fm spells it. Everything else is derived from the names and is the same on every run: MBIDs, months
and days, reissues.

`credit` lists the artists where there are several or the sleeve spells a name differently:
`Brian Eno / David Byrne`, `Snoop Dogg = Snoop Doggy Dogg`. `aliases` are other names of the first of them.
`titles` are other titles of the album; the first one belongs to an edition. `comment` is what MusicBrainz adds in
brackets to tell albums of one title apart. `lastfm_mbid` says which MBID Last.fm reports: the one of the first
`release` or of a `reissue`, one that was merged into another since (`redirect`), one unknown to MusicBrainz
(`stale`), or `none`. `quirks` are flaws that a real export has too:

bootleg          a bootleg of the same year came out before the album
cancelled        an earlier release was announced and never came out
moved            the album's own entry was merged with another one
unknown-country  nobody entered where the first release came out
year-only        nobody entered its month and day
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


class ReleaseStatus(IntEnum):
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
    """One artist of an album: the usual name, the name on the sleeve, and what joins it to the next one."""

    artist: str
    name: str
    join_phrase: str = ""


@dataclass(frozen=True)
class Release:
    """One edition of an album. Without countries it is unknown where it came out."""

    mbid: UUID
    title: str
    status: ReleaseStatus
    year: int | None
    month: int | None
    day: int | None
    countries: tuple[str, ...]
    merged_mbids: tuple[UUID, ...] = ()

    @property
    def country(self) -> str | None:
        return self.countries[0] if self.countries else None


@dataclass(frozen=True)
class CatalogueAlbum:
    """An album as MusicBrainz has it, with the names and the release MBID under which Last.fm reports it."""

    artist: str
    title: str
    year: int | None
    primary_type: str
    secondary_type: str | None
    tracks: tuple[str, ...]
    credits: tuple[Credit, ...]
    aliases: tuple[str, ...]
    titles: tuple[str, ...]
    comment: str
    group_mbid: UUID
    merged_mbids: tuple[UUID, ...]
    releases: tuple[Release, ...]
    lastfm_artist: str
    lastfm_title: str
    lastfm_mbid: UUID | None

    @property
    def has_usable_mbid(self) -> bool:
        """Whether MusicBrainz knows the MBID that Last.fm reports, perhaps as a merged one."""
        return any(self.lastfm_mbid in (release.mbid, *release.merged_mbids) for release in self.releases)


@functools.cache
def albums() -> tuple[CatalogueAlbum, ...]:
    """Read all albums of the catalogue, oldest first, those without a year last."""
    with CATALOGUE.open(encoding="utf-8", newline="") as lines:
        return tuple(_album(line) for line in csv.DictReader(lines))


def invented_mbid(*names: str) -> UUID:
    """Make up the MBID of what the names describe. One in eight is of version 3, as MusicBrainz's oldest are."""
    name = "\n".join(names)
    identity = uuid5(NAMESPACE, name)
    return uuid3(NAMESPACE, name) if identity.int % 8 == 0 else identity


def _album(line: dict[str, str]) -> CatalogueAlbum:
    primary_type, _, secondary_type = line["kind"].partition(" + ")
    editions = list(_editions(line))
    return CatalogueAlbum(
        artist=line["artist"],
        title=line["title"],
        year=_year(line),
        primary_type=primary_type,
        secondary_type=secondary_type or None,
        tracks=_split(line["tracks"]),
        credits=tuple(_credits(line["artist"], _split(line["credit"]) or (line["artist"],))),
        aliases=_split(line["aliases"]),
        titles=_split(line["titles"]),
        comment=line["comment"],
        group_mbid=_mbid_of(line, "group"),
        merged_mbids=(_mbid_of(line, "retired group"),) if "moved" in line["quirks"] else (),
        # In an order without meaning, as in a real export.
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
    return invented_mbid(what, line["artist"], line["title"], line["year"])


def _credits(artist: str, parts: tuple[str, ...]) -> Iterator[Credit]:
    """Split "Brian Eno & David Byrne" into its artists and the " & " between them."""
    for part, following in zip(parts, (*parts[1:], ""), strict=True):
        name, credited = _names(part)
        rest = artist.partition(credited)[2]
        join_phrase = rest.partition(_names(following)[1])[0] if following else ""
        artist = rest.removeprefix(join_phrase)
        yield Credit(name, credited, join_phrase)


def _names(part: str) -> tuple[str, str]:
    name, _, credited = part.partition(" = ")
    return name, credited or name


def _editions(line: dict[str, str]) -> Iterator[Release]:
    """Make up the releases of an album: the first one, its reissues in order, then those of its quirks."""
    rng = random.Random(f"{line['artist']} {line['title']} {line['year']}")
    first = _first(line, rng)
    yield first
    if first.year is not None:
        yield from _reissues(line, first.year, rng)
        yield from _quirky_releases(line, first, first.year)


def _first(line: dict[str, str], rng: random.Random) -> Release:
    month, day = _day(rng)
    known = bool(line["year"]) and "year-only" not in line["quirks"]
    return Release(
        mbid=_mbid_of(line, "release"),
        title=line["title"],
        status=ReleaseStatus.OFFICIAL,
        year=_year(line),
        month=month if known else None,
        day=day if known else None,
        countries=() if "unknown-country" in line["quirks"] else (line["country"],),
        merged_mbids=(_mbid_of(line, "retired release"),) if line["lastfm_mbid"] == "redirect" else (),
    )


def _reissues(line: dict[str, str], first_year: int, rng: random.Random) -> Iterator[Release]:
    """Make up at most three later releases."""
    reported = line["lastfm_mbid"] == "reissue"
    years = range(first_year + 1, LAST_REISSUE + 1)
    count = min(len(years), rng.randint(1 if reported else 0, 3))
    for number, year in enumerate(sorted(rng.sample(years, count))):
        yield Release(
            _mbid_of(line, f"reissue {number}"),
            _reissue_title(line, number, count),
            ReleaseStatus.OFFICIAL,
            year,
            *_day(rng),
            countries=rng.choice(REISSUE_COUNTRIES),
        )


def _reissue_title(line: dict[str, str], number: int, count: int) -> str:
    """Return Last.fm's title for the reissue it reports, the first of the other titles for the last reissue."""
    if number == 0 and line["lastfm_mbid"] == "reissue":
        return line["lastfm_title"] or line["title"]
    others = _split(line["titles"])
    return others[0] if others and number == count - 1 else line["title"]


def _quirky_releases(line: dict[str, str], first: Release, year: int) -> Iterator[Release]:
    if "cancelled" in line["quirks"]:
        announced = replace(first, mbid=_mbid_of(line, "cancelled"), year=year - 1, merged_mbids=())
        yield replace(announced, status=ReleaseStatus.CANCELLED)
    if "bootleg" in line["quirks"]:
        bootleg = replace(first, mbid=_mbid_of(line, "bootleg"), month=1, day=None, merged_mbids=())
        yield replace(bootleg, status=ReleaseStatus.BOOTLEG, countries=())


def _day(rng: random.Random) -> tuple[int, int]:
    # Not January, so that a bootleg can be earlier; not after October, so that nothing is newer than the export.
    return rng.randint(2, 10), rng.randint(1, 28)


def _lastfm_mbid(line: dict[str, str], editions: list[Release]) -> UUID | None:
    match line["lastfm_mbid"]:
        case "release":
            return editions[0].mbid
        case "reissue":
            return editions[1].mbid
        case "redirect":
            return editions[0].merged_mbids[0]
        case "stale":
            return _mbid_of(line, "stale")
    return None
