"""Replication: rows a second of packets of 10,000 and of 1,000,000 changes, against one statement per row."""

import json
import tarfile
import time
from collections.abc import Iterator
from functools import cache
from itertools import islice
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import psycopg
from psycopg import sql

from demo.musicbrainz import COLUMNS, REPLICATION_SEQUENCE, SCHEMA_SEQUENCE, copy_line
from mirror.apply import APPLYING, apply_packet
from mirror.database import Connection, open_connection
from mirror.packets import Change, open_packet
from mirror.tables import ALBUMS
from tests.bench.stage import Row, Stage

SMALL, LARGE, TRIES = 10_000, 1_000_000, 3
MOST_SECONDS, LEAST_RATIO = 1.0, 2
BASE, NEW = 20_000_000, 30_000_000  # ids apart from those of other measures
MBID = "00000000-0000-4000-8000-{:012}"
KEPT = {table.name: table.kept for table in ALBUMS}
KEYS = {"release": ("id",), "release_country": ("release", "country"), "release_group": ("id",)}

FILL = """
    INSERT INTO musicbrainz.release_group (id, gid, name, artist_credit, type)
        SELECT id, ('00000000-0000-4000-8000-' || lpad(id::text, 12, '0'))::uuid, 'Album ' || id, 1, 1
        FROM generate_series(%(first)s, %(last)s) AS id;
    INSERT INTO musicbrainz.release (id, gid, name, artist_credit, release_group, status)
        SELECT id, gid, name, 1, id, 1
        FROM musicbrainz.release_group WHERE id >= %(first)s;
    INSERT INTO musicbrainz.release_country (release, country, date_year)
        SELECT id, 222, 1950 + id %% 70
        FROM musicbrainz.release_group WHERE id >= %(first)s;
    INSERT INTO musicbrainz.release_group_meta (id, gid, release_count, first_release_date_year)
        SELECT id, gid, 1, 1950 + id %% 70
        FROM musicbrainz.release_group WHERE id >= %(first)s;
"""

Values = dict[str, Any]
Edit = tuple[str, Values | None, Values | None]


def measure(stage: Stage) -> Iterator[Row]:
    """Every change in the packets is of a row and of a column that the mirror keeps, each of another row."""
    owner = stage.environ["MIRROR_OWNER_URL"]
    _fill(owner, SMALL * TRIES + LARGE)
    with TemporaryDirectory() as folder:
        path, small = Path(folder) / "packet.tar.bz2", []
        for number in range(TRIES):
            _write(path, number, SMALL * number, SMALL)
            small.append(_apply(owner, path, SMALL))
        _write(path, TRIES, SMALL * TRIES, LARGE)
        one_by_one = _row_by_row(owner, path)
        large = LARGE / _apply(owner, path, LARGE)
    yield Row(
        f"a packet of {SMALL:,} changed rows",
        f"< {MOST_SECONDS:g} s",
        f"{min(small):.2f} s ({SMALL / min(small):,.0f} rows a second)",
        min(small) < MOST_SECONDS,
    )
    yield Row(
        f"a packet of {LARGE:,} changed rows against one statement per row",
        f">= {LEAST_RATIO} x",
        f"{large / one_by_one:.1f} x ({large:,.0f} against {one_by_one:,.0f} rows a second)",
        large / one_by_one >= LEAST_RATIO,
    )


def _fill(owner: str, rows: int) -> None:
    with psycopg.connect(owner, autocommit=True) as connection:
        for statement in FILL.split(";")[:-1]:
            connection.execute(statement.encode(), {"first": BASE, "last": BASE + rows - 1})
        connection.execute("VACUUM ANALYZE")


def _apply(owner: str, path: Path, rows: int) -> float:
    began = time.perf_counter()
    with open_connection(owner, "bench", {}) as connection:
        applied = apply_packet(connection, path)
    if (applied.kept, applied.drift) != (rows, 0):
        raise RuntimeError(f"the packet did {applied}")
    return time.perf_counter() - began


def _row_by_row(owner: str, path: Path) -> float:
    """Rows a second when the same packet is read the same way, then brought in by one statement for each row.

    That leaves the first dates as they were, which the mirror's own way computes as well.
    """
    began, count = time.perf_counter(), 0
    with (
        open_packet(path) as packet,
        open_connection(owner, "bench", APPLYING) as connection,
        connection.transaction(force_rollback=True),
    ):
        for change in packet.changes(set(KEYS)):
            _one_row(connection, change)
            count += 1
        return count / (time.perf_counter() - began)


def _one_row(connection: Connection, change: Change) -> None:
    old = {f"old_{column}": change.before[column] for column in KEYS[change.table]} if change.before else {}
    statement = "delete" if change.after is None else "insert" if change.before is None else "update"
    connection.execute(_statement(change.table, statement), {**old, **(change.after or {})})


@cache
def _statement(table: str, kind: str) -> sql.Composed:
    name, where = sql.Identifier(table), sql.SQL(" AND ").join(_equal(key, f"old_{key}") for key in KEYS[table])
    if kind == "delete":
        return sql.SQL("DELETE FROM {} WHERE {}").format(name, where)
    if kind == "insert":
        columns = sql.SQL(", ").join(map(sql.Identifier, KEPT[table]))
        values = sql.SQL(", ").join(map(sql.Placeholder, KEPT[table]))
        return sql.SQL("INSERT INTO {} ({}) VALUES ({})").format(name, columns, values)
    changed = sql.SQL(", ").join(_equal(column, column) for column in KEPT[table])
    return sql.SQL("UPDATE {} SET {} WHERE {}").format(name, changed, where)


def _equal(column: str, value: str) -> sql.Composed:
    return sql.SQL("{} = {}").format(sql.Identifier(column), sql.Placeholder(value))


def _edits() -> Iterator[Edit]:
    """A fifth each: a new title, a cancelled release, a moved date, a new release, a date that goes."""
    for n in range(SMALL * TRIES + LARGE):
        number = BASE + n
        same = {"id": number, "gid": MBID.format(number), "name": f"Album {number}"}
        group, release = (
            _row("release_group", **same, type=1),
            _row("release", **same, release_group=number, status=1),
        )
        event = _row("release_country", release=number, country=222, date_year=1950 + number % 70)
        new = {**release, "id": NEW + n, "gid": MBID.format(NEW + n)}
        yield (
            ("release_group", group, {**group, "name": f'Album "{n}"'}),
            ("release", release, {**release, "status": 6}),
            ("release_country", event, {**event, "date_year": 1949}),
            ("release", None, new),
            ("release_country", event, None),
        )[n % 5]


def _row(table: str, **values: object) -> Values:
    edited = "2026-09-05T10:00:00.123456+00:00"
    row = {"artist_credit": 1, "comment": "", "edits_pending": 0, "last_updated": edited, **values}
    return {column: row.get(column) for column in COLUMNS[table]}


def _write(path: Path, number: int, first: int, count: int) -> None:
    notes = {
        "TIMESTAMP": "2026-11-04 01:05:01.25+00",
        "REPLICATION_SEQUENCE": REPLICATION_SEQUENCE + 1 + number,
        "SCHEMA_SEQUENCE": SCHEMA_SEQUENCE,
        "DBMIRROR_VERSION": 2,
    }
    with TemporaryDirectory() as folder, tarfile.open(path, "w:bz2", compresslevel=1) as archive:
        for name, note in notes.items():
            (Path(folder) / name).write_text(f"{note}\n")
            archive.add(Path(folder) / name, name)
        with (Path(folder) / "pending_data").open("wb") as data:
            edits = islice(_edits(), first, first + count)
            data.writelines(_line(seqid, *edit) for seqid, edit in enumerate(edits))
        archive.add(Path(folder) / "pending_data", "mbdump/pending_data")


def _line(seqid: int, table: str, old: Values | None, new: Values | None) -> bytes:
    operation = "i" if old is None else "d" if new is None else "u"
    images = [values and json.dumps(values, separators=(",", ":")) for values in (old, new)]
    return copy_line([seqid, f"musicbrainz.{table}", operation, 1, *images, None, None])
