"""The labelled set: albums as MusicBrainz has them, and how Last.fm spells them.

`albums.csv` and `artist_aliases.csv` become rows of an export. `pairs.csv` says which album each spelling means;
without an expected one it means none of them. Written for this measurement from common knowledge. An album's last
column, `comment`, is MusicBrainz's comment that tells it from its namesakes.
"""

import csv
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from uuid import UUID, uuid5

from demo.musicbrainz.export import COLUMNS, SPECIAL_ARTISTS
from demo.musicbrainz.export_writer import TableRow
from mirror.release_types import PRIMARY_TYPES, SECONDARY_TYPES

FOLDER = Path(__file__).parent
FIRST_ID = 50_000_000  # no other rows of the export have such ids
VARIOUS_ARTISTS = "Various Artists"


@dataclass(frozen=True)
class Spelling:
    """An album as Last.fm spells it, and the release group that it means, if any."""

    kind: str
    artist: str
    album: str
    expected: UUID | None
    year: int | None


def release_group_mbid(key: str) -> UUID:
    """Make up the MBID of an album's release group."""
    return uuid5(UUID(int=0), f"spellings {key}")


@cache
def spellings() -> list[Spelling]:
    """Read all pairs of the labelled set."""
    years = {album["key"]: int(album["year"]) for album in _read("albums")}
    return [
        Spelling(
            pair["class"],
            pair["artist"],
            pair["album"],
            release_group_mbid(pair["expected"]) if pair["expected"] else None,
            years.get(pair["expected"]),
        )
        for pair in _read("pairs")
    ]


def export_rows() -> dict[str, list[TableRow]]:
    """Return the albums as rows of the tables that a mirror keeps."""
    return _Rows().tables


class _Rows:
    """Rows by table, numbered from FIRST_ID."""

    def __init__(self) -> None:
        self.tables: dict[str, list[TableRow]] = {table: [] for table in COLUMNS}
        self._artists: dict[str, int] = {}
        self._credits: dict[str, int] = {}
        for album in _read("albums"):
            self._add_album(album)
        for alias in _read("artist_aliases"):
            number, artist = self._number("artist_alias"), self._artists[alias["artist"]]
            self._add("artist_alias", id=number, artist=artist, name=alias["alias"], sort_name=alias["alias"])

    def _add_album(self, album: dict[str, str]) -> None:
        number, artists = self._number("release_group"), _parts(album["artists"])
        names = [artist.partition(" [")[0] for artist in artists]
        credit = self._credit(album["credit"] or " & ".join(names), artists)
        kinds = {name: number for number, name in (PRIMARY_TYPES | SECONDARY_TYPES).items()}
        self._add(
            "release_group",
            id=number,
            gid=release_group_mbid(album["key"]),
            name=album["title"],
            artist_credit=credit,
            type={name: id_ for id_, name in PRIMARY_TYPES.items()}[album["type"]],
            comment=album["comment"],
        )
        for kind in _parts(album["secondary_types"]):
            self._add("release_group_secondary_type_join", release_group=number, secondary_type=kinds[kind])
        for alias in _parts(album["aliases"]):
            id_ = self._number("release_group_alias")
            self._add("release_group_alias", id=id_, release_group=number, name=alias, sort_name=alias)
        for title in (album["title"], *_parts(album["release_titles"])):
            release = self._number("release")
            self._add(
                "release",
                id=release,
                gid=release_group_mbid(f"{album['key']} {release}"),
                name=title,
                artist_credit=credit,
                release_group=number,
                status=1,
            )
            self._add("release_country", release=release, country=222, date_year=int(album["year"]))

    def _credit(self, name: str, artists: list[str]) -> int:
        key = f"{name}: {artists}"
        if key not in self._credits:
            self._credits[key] = number = self._number("artist_credit")
            self._add(
                "artist_credit",
                id=number,
                name=name,
                artist_count=len(artists),
                gid=release_group_mbid(f"credit {key}"),
            )
            for position, artist in enumerate(artists):
                ids = {"artist_credit": number, "position": position, "artist": self._artist(artist)}
                self._add("artist_credit_name", **ids, name=artist.partition(" [")[0], join_phrase="")
        return self._credits[key]

    def _artist(self, artist: str) -> int:
        if artist not in self._artists:
            name, is_various = artist.partition(" [")[0], artist == VARIOUS_ARTISTS
            self._artists[artist] = number = 1 if is_various else self._number("artist")
            gid = SPECIAL_ARTISTS[VARIOUS_ARTISTS] if is_various else release_group_mbid(f"artist {artist}")
            self._add("artist", id=number, gid=gid, name=name, sort_name=name)
        return self._artists[artist]

    def _number(self, table: str) -> int:
        return FIRST_ID + len(self.tables[table])

    def _add(self, table: str, **values: object) -> None:
        given = {"comment": "", "edits_pending": 0, **values}
        self.tables[table].append([given.get(column) for column in COLUMNS[table]])


def _parts(text: str) -> list[str]:
    return [part.strip() for part in text.split(" | ") if part.strip()]


def _read(name: str) -> Iterator[dict[str, str]]:
    with (FOLDER / f"{name}.csv").open(encoding="utf-8", newline="") as file:
        yield from csv.DictReader(file, restval="")
