"""A handful of release groups, each with one pitfall, published as an export."""

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID, uuid5

import psycopg

from demo.musicbrainz.export import COLUMNS
from demo.musicbrainz.export_writer import TableRow, write_archive, write_checksums

STAMP = "20260905-002519"
HOSTILE = "tab\there, line\nend, \\N and \\t, 'single' \"double\" {brace} 100 %s 𝔐🎷"


def mbid(name: str) -> UUID:
    """Return the MBID of one of the cast."""
    return uuid5(UUID(int=0), name)


def row(table: str, **values: object) -> TableRow:
    """Return a row in the order of the dump. Missing columns are NULL, or empty where MusicBrainz has no NULL."""
    return [values.get(column, "" if column == "comment" else None) for column in COLUMNS[table]]


def group(number: int, name: str, title: str = "Title", artist_credit: int = 1) -> TableRow:
    return row("release_group", id=number, gid=mbid(name), name=title, artist_credit=artist_credit, type=1)


def release(number: int, name: str, release_group: int, status: int | None = 1) -> TableRow:
    return row(
        "release",
        id=number,
        gid=mbid(name),
        name=name,
        artist_credit=1,
        release_group=release_group,
        status=status,
    )


def event(
    release: int, country: int, year: int | None, month: int | None = None, day: int | None = None
) -> TableRow:
    return row("release_country", release=release, country=country, date_year=year, date_month=month, date_day=day)


TABLES: Mapping[str, list[TableRow]] = {
    "artist": [row("artist", id=7, gid=mbid("artist"), name="Fleetwood Mac", sort_name="Fleetwood Mac")],
    "artist_alias": [row("artist_alias", id=1, artist=7, name="Mac", sort_name="Mac")],
    "artist_credit": [row("artist_credit", id=1, name="Fleetwood Mac"), row("artist_credit", id=2, name=HOSTILE)],
    "artist_credit_name": [
        row("artist_credit_name", artist_credit=1, position=0, artist=7, name="Fleetwood Mac", join_phrase="")
    ],
    "artist_gid_redirect": [row("artist_gid_redirect", gid=mbid("merged artist"), new_id=7)],
    "recording": [row("recording", id=1, gid=mbid("recording"), name="Dreams", artist_credit=1)],
    "release": [
        release(1, "british rumours", 1),
        release(2, "american rumours", 1, status=None),
        release(3, "announced rumours", 1, status=6),
        release(4, "undated", 2),
        release(5, "cancelled", 3, status=6),
        release(6, "some time in 1973", 4),
        release(7, "march 1973", 4),
        release(8, "mistyped", 5),
        release(9, "hostile", 7),
        release(10, "dated twice", 8),
    ],
    "release_alias": [row("release_alias", id=1, release=1, name="Gerüchte", sort_name="Gerüchte")],
    "release_country": [
        event(1, 221, 1977, 2, 4),
        event(2, 222, 1977),
        event(3, 222, 1970, 1, 1),
        event(5, 222, 1999),
        event(6, 222, 1973),
        event(7, 222, 1973, 3),
        event(8, 222, 1077),
        event(9, 222, 2001, None, 9),
        event(10, 221, None, 5, 5),
        event(10, 222, 1985, 5, 5),
    ],
    "release_gid_redirect": [
        row("release_gid_redirect", gid=mbid("merged release"), new_id=1),
        row("release_gid_redirect", gid=mbid("merged into nothing"), new_id=999),
    ],
    "release_group": [
        group(1, "rumours", "Rumours"),
        group(2, "group undated"),
        group(3, "group cancelled"),
        group(4, "group 1973"),
        group(5, "group mistyped"),
        group(6, "group empty"),
        group(7, "group hostile", HOSTILE, artist_credit=2),
        group(8, "group dated twice"),
    ],
    "release_group_alias": [row("release_group_alias", id=1, release_group=1, name="Gossip", sort_name="Gossip")],
    "release_group_gid_redirect": [row("release_group_gid_redirect", gid=mbid("merged group"), new_id=1)],
    "release_group_secondary_type_join": [
        row("release_group_secondary_type_join", release_group=1, secondary_type=6)
    ],
    "release_unknown_country": [
        row("release_unknown_country", release=10, date_year=1984),
    ],
    "track": [row("track", id=1, gid=mbid("track"), recording=1, medium=1, position=1, name="Dreams")],
}


def publish(
    folder: Path,
    tables: Mapping[str, Iterable[TableRow]] = TABLES,
    *,
    stamp: str = STAMP,
    schema_sequence: int = 31,
    replication_sequence: int | None = 190_000,
) -> Path:
    """Publish these tables as the newest export of a folder; return its archive."""
    export = folder / stamp
    export.mkdir(parents=True)
    write_archive(
        export / "mbdump.tar.bz2",
        tables,
        timestamp=datetime(2026, 9, 5, 0, 25, 19, tzinfo=UTC),
        replication_sequence=replication_sequence,
        schema_sequence=schema_sequence,
    )
    write_checksums(export)
    (folder / "LATEST").write_text(f"{stamp}\n")
    return export / "mbdump.tar.bz2"


def title(url: str) -> str:
    """Return the title that Rumours has in a mirror."""
    with psycopg.connect(url) as connection:
        query = "SELECT name FROM musicbrainz.release_group WHERE gid = %s"
        row = connection.execute(query, [mbid("rumours")]).fetchone()
    return row[0] if row else ""


def renamed(title: str) -> Mapping[str, list[TableRow]]:
    """Return the same music with another title for Rumours, to distinguish one import from the next."""
    return {**TABLES, "release_group": [group(1, "rumours", title), *TABLES["release_group"][1:]]}
