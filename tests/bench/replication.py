"""Replication: how fast packets of 10,000 and of a million changes are applied, also compared with single rows."""

import bz2
import json
import subprocess
import sys
import tarfile
import time
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import cache, partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, BinaryIO

import psycopg
from psycopg import sql

from demo.musicbrainz.export import COLUMNS, REPLICATION_SEQUENCE, SCHEMA_SEQUENCE
from demo.musicbrainz.export_writer import copy_line
from mirror.database import Connection, open_connection
from mirror.replication.apply import APPLY_SETTINGS
from mirror.replication.packets import Change, open_packet
from mirror.tables import ALBUM_TABLES
from tests.bench.installation import Figure, Installation

SMALL_PACKET, LARGE_PACKET, TRIES = 10_000, 1_000_000, 3
MOST_SECONDS, LEAST_SPEEDUP, MOST_MEGABYTES = 1.0, 2, 300
CHANGES_A_PIECE = 25_000
FIRST_OLD_ID, FIRST_NEW_ID = 20_000_000, 30_000_000  # no other rows of the mirror have such ids
MBID = "00000000-0000-4000-8000-{:012}"
KEPT_COLUMNS = {table.name: table.kept for table in ALBUM_TABLES}
CHANGED = {"release", "release_country", "release_group"}
KEY_COLUMNS = {table.name: table.key for table in ALBUM_TABLES if table.name in CHANGED}

FILL = """
    INSERT INTO musicbrainz.release_group (id, gid, name, comment, artist_credit, type, year, first_release_date)
        SELECT
            id,
            ('00000000-0000-4000-8000-' || lpad(id::text, 12, '0'))::uuid,
            'Album ' || id,
            '',
            1,
            1,
            1950 + id %% 70,
            (1950 + id %% 70) * 10000 + 9999
        FROM generate_series(%(first)s, %(last)s) AS id;
    INSERT INTO musicbrainz.release (id, gid, name, release_group, status)
        SELECT id, gid, name, id, 1
        FROM musicbrainz.release_group WHERE id >= %(first)s;
    INSERT INTO musicbrainz.release_country (release, country, date_year)
        SELECT id, 222, 1950 + id %% 70
        FROM musicbrainz.release_group WHERE id >= %(first)s;
"""

APPLY = """
import resource, sys, time
from mirror.replication.apply import apply_packet
from mirror.database import open_connection
began = time.perf_counter()
with open_connection(sys.argv[1], "bench", {}) as connection:
    applied = apply_packet(connection, sys.argv[2])
seconds = time.perf_counter() - began
print(applied.kept, applied.drift, seconds, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024)
"""

Values = dict[str, Any]
Edit = tuple[str, Values | None, Values | None]


@dataclass(frozen=True)
class Run:
    """What it takes to apply a packet in a process of its own."""

    seconds: float
    megabytes: int


def measure(installation: Installation) -> Iterator[Figure]:
    """Apply packets in which every change is of another row, in a column that the mirror keeps."""
    owner = installation.environ["MIRROR_OWNER_URL"]
    _fill(owner, SMALL_PACKET * TRIES + LARGE_PACKET)
    with TemporaryDirectory() as folder:
        path = Path(folder) / "packet.tar.bz2"
        _write(path, 0, 0, SMALL_PACKET)
        one_by_one = _row_by_row(owner, path)
        small = [_apply(owner, path, SMALL_PACKET).seconds]
        for number in range(1, TRIES):
            _write(path, number, SMALL_PACKET * number, SMALL_PACKET)
            small.append(_apply(owner, path, SMALL_PACKET).seconds)
        yield Figure(
            f"a packet of {SMALL_PACKET:,} changed rows",
            f"< {MOST_SECONDS:g} s",
            f"{min(small):.2f} s ({SMALL_PACKET / min(small):,.0f} rows a second)",
            min(small) < MOST_SECONDS,
        )
        _write(path, TRIES, SMALL_PACKET * TRIES, LARGE_PACKET)
        large = _apply(owner, path, LARGE_PACKET)
    rate = LARGE_PACKET / large.seconds
    yield Figure(
        f"a packet of {LARGE_PACKET:,} changed rows compared with one statement per row",
        f">= {LEAST_SPEEDUP} x",
        f"{rate / one_by_one:.1f} x ({rate:,.0f} against {one_by_one:,.0f} rows a second)",
        rate / one_by_one >= LEAST_SPEEDUP,
    )
    yield Figure(
        "memory for that packet",
        f"<= {MOST_MEGABYTES} MB",
        f"{large.megabytes} MB",
        large.megabytes <= MOST_MEGABYTES,
    )


def _fill(owner: str, rows: int) -> None:
    with psycopg.connect(owner, autocommit=True) as connection:
        for statement in FILL.split(";")[:-1]:
            connection.execute(statement.encode(), {"first": FIRST_OLD_ID, "last": FIRST_OLD_ID + rows - 1})
        connection.execute("VACUUM ANALYZE")


def _apply(owner: str, path: Path, rows: int) -> Run:
    command = [sys.executable, "-c", APPLY, owner, str(path)]
    kept, drift, seconds, memory = subprocess.run(
        command, check=True, capture_output=True, text=True
    ).stdout.split()
    if (int(kept), int(drift)) != (rows, 0):
        raise RuntimeError(f"expected {rows} rows, kept {kept}; {drift} differed from the packet")
    return Run(float(seconds), int(memory))


def _row_by_row(owner: str, path: Path) -> float:
    """Return the rows a second when each row of the same packet takes a statement of its own.

    This leaves the first release dates as they were; applying a packet computes them too.
    """
    began, count = time.perf_counter(), 0
    with (
        open_packet(path) as packet,
        open_connection(owner, "bench", APPLY_SETTINGS) as connection,
        connection.transaction(force_rollback=True),
    ):
        for change in packet.changes(set(KEY_COLUMNS)):
            _one_row(connection, change)
            count += 1
        return count / (time.perf_counter() - began)


def _one_row(connection: Connection, change: Change) -> None:
    old = {f"old_{column}": change.before[column] for column in KEY_COLUMNS[change.table]} if change.before else {}
    statement = "delete" if change.after is None else "insert" if change.before is None else "update"
    connection.execute(_statement(change.table, statement), {**old, **(change.after or {})})


@cache
def _statement(table: str, kind: str) -> sql.Composed:
    name, where = (
        sql.Identifier(table),
        sql.SQL(" AND ").join(_equal(key, f"old_{key}") for key in KEY_COLUMNS[table]),
    )
    if kind == "delete":
        return sql.SQL("DELETE FROM {} WHERE {}").format(name, where)
    if kind == "insert":
        columns = sql.SQL(", ").join(map(sql.Identifier, KEPT_COLUMNS[table]))
        values = sql.SQL(", ").join(map(sql.Placeholder, KEPT_COLUMNS[table]))
        return sql.SQL("INSERT INTO {} ({}) VALUES ({})").format(name, columns, values)
    changed = sql.SQL(", ").join(_equal(column, column) for column in KEPT_COLUMNS[table])
    return sql.SQL("UPDATE {} SET {} WHERE {}").format(name, changed, where)


def _equal(column: str, value: str) -> sql.Composed:
    return sql.SQL("{} = {}").format(sql.Identifier(column), sql.Placeholder(value))


def _edit(n: int) -> Edit:
    """Make a fifth each: a new title, a cancelled release, a changed date, a new release, a deleted date."""
    kind, number = n % 5, FIRST_OLD_ID + n
    if kind == 0:
        group = _row("release_group", **_named(number), type=1)
        return "release_group", group, {**group, "name": f'Album "{n}"'}
    if kind in {1, 3}:
        release = _row("release", **_named(number), release_group=number, status=1)
        new = {**release, "id": FIRST_NEW_ID + n, "gid": MBID.format(FIRST_NEW_ID + n)}
        return ("release", release, {**release, "status": 6}) if kind == 1 else ("release", None, new)
    event = _row("release_country", release=number, country=222, date_year=1950 + number % 70)
    return "release_country", event, {**event, "date_year": 1949} if kind == 2 else None


def _named(number: int) -> Values:
    return {"id": number, "gid": MBID.format(number), "name": f"Album {number}"}


def _row(table: str, **values: object) -> Values:
    edited = "2026-09-05T10:00:00.123456+00:00"
    row = {"artist_credit": 1, "comment": "", "edits_pending": 0, "last_updated": edited, **values}
    return {column: row.get(column) for column in COLUMNS[table]}


def _write(path: Path, number: int, first: int, count: int) -> None:
    """Write a packet on all cores, in pieces: bzip2 streams may follow one another."""
    notes = {
        "TIMESTAMP": "2026-11-04 01:05:01.25+00",
        "REPLICATION_SEQUENCE": REPLICATION_SEQUENCE + 1 + number,
        "SCHEMA_SEQUENCE": SCHEMA_SEQUENCE,
        "DBMIRROR_VERSION": 2,
    }
    with path.open("wb") as target, ProcessPoolExecutor() as pool:
        for name, note in notes.items():
            _write_member(target, name, [_packed(f"{note}\n".encode())])
        pieces = pool.map(partial(_piece, first + count), range(first, first + count, CHANGES_A_PIECE))
        _write_member(target, "mbdump/pending_data", list(pieces))
        target.write(bz2.compress(b"\0" * 2 * tarfile.RECORDSIZE))


def _write_member(target: BinaryIO, name: str, pieces: list[tuple[int, bytes]]) -> None:
    member = tarfile.TarInfo(name)
    member.size = sum(size for size, _ in pieces)
    target.write(bz2.compress(member.tobuf(tarfile.GNU_FORMAT)))
    target.writelines(compressed for _, compressed in pieces)
    target.write(bz2.compress(b"\0" * (-member.size % tarfile.BLOCKSIZE)))


def _piece(end: int, begin: int) -> tuple[int, bytes]:
    return _packed(b"".join([_line(n, *_edit(n)) for n in range(begin, min(begin + CHANGES_A_PIECE, end))]))


def _packed(plain: bytes) -> tuple[int, bytes]:
    return len(plain), bz2.compress(plain, 1)


def _line(seqid: int, table: str, old: Values | None, new: Values | None) -> bytes:
    operation = "i" if old is None else "d" if new is None else "u"
    images = [values and json.dumps(values, separators=(",", ":")) for values in (old, new)]
    return copy_line([seqid, f"musicbrainz.{table}", operation, 1, *images, None, None])
