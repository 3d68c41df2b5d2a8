"""What a master publishes, in the official format: exports of its core tables, and packets of what changed."""

import io
import tarfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from psycopg import sql

from demo.musicbrainz.export_writer import write_checksums
from mirror.database import Connection
from tests.integration.mirror.master.fill import SCHEMA_SEQUENCE
from tests.integration.mirror.master.schema import CORE

# MusicBrainz takes these out of its packets: a mirror computes them itself.
UNPUBLISHED = "musicbrainz.recording_first_release_date"

PENDING_DATA = b"""
    COPY (
        SELECT seqid, tablename, op, xid, olddata, newdata, NULL, NULL
        FROM dbmirror2.pending_data
    ) TO STDOUT
"""
PENDING_KEYS = b"""
    COPY (
        SELECT changed.tablename, array_agg(attname ORDER BY key.position)
        FROM (SELECT DISTINCT tablename FROM dbmirror2.pending_data) AS changed
        JOIN pg_index ON indrelid = to_regclass(tablename) AND indisprimary
        CROSS JOIN unnest(indkey::int2[]) WITH ORDINALITY AS key (attnum, position)
        JOIN pg_attribute ON attrelid = indrelid AND pg_attribute.attnum = key.attnum
        GROUP BY changed.tablename
        ORDER BY changed.tablename
    ) TO STDOUT
"""
PENDING_TS = b"COPY dbmirror2.pending_ts TO STDOUT"


@dataclass(frozen=True)
class Cut:
    """Everything committed and not yet published, closed with the next number."""

    number: int
    timestamp: str
    data: bytes
    keys: bytes
    transactions: bytes

    @property
    def members(self) -> dict[str, bytes]:
        """The tables of the packet. Old packets lack the keys or some of them: so does every second of ours."""
        keys = {0: b"".join(self.keys.splitlines(keepends=True)[1:]), 1: b""}.get(self.number % 4, self.keys)
        return {"pending_data": self.data, "pending_keys": keys, "pending_ts": self.transactions}


def cut(connection: Connection) -> Cut:
    """Take what is pending, in the caller's transaction, which must see one state only (REPEATABLE READ)."""
    connection.execute("DELETE FROM dbmirror2.pending_data WHERE tablename = %s", [UNPUBLISHED])
    row = connection.execute(
        """
        UPDATE replication_control
        SET current_replication_sequence = current_replication_sequence + 1, last_replication_date = now()
        RETURNING current_replication_sequence, now()::text
        """
    ).fetchone()
    assert row is not None
    members = [copied(connection, query) for query in (PENDING_DATA, PENDING_KEYS, PENDING_TS)]
    connection.execute("DELETE FROM dbmirror2.pending_data")
    connection.execute("DELETE FROM dbmirror2.pending_ts")
    return Cut(int(row[0]), str(row[1]), *members)


def write_packet(folder: Path, packet: Cut) -> Path:
    """Write a packet under the name by which MetaBrainz serves it."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"replication-{packet.number}-v2.tar.bz2"
    _write(path, packet, {"DBMIRROR_VERSION": b"2\n"}, packet.members)
    return path


def write_export(folder: Path, stamp: str, packet: Cut, connection: Connection) -> Path:
    """Publish the core tables, as they are after this packet, as the newest export of a folder."""
    export = folder / stamp
    export.mkdir(parents=True)
    tables = {table: copied(connection, table_copy(table)) for table in CORE}
    _write(export / "mbdump.tar.bz2", packet, {}, tables)
    write_checksums(export)
    (folder / "LATEST").write_text(f"{stamp}\n")
    return export


def table_copy(table: str) -> sql.Composed:
    return sql.SQL("COPY {} TO STDOUT").format(sql.Identifier("musicbrainz", table))


def copied(connection: Connection, query: bytes | sql.Composed) -> bytes:
    """Return the output of a COPY."""
    with connection.cursor() as cursor, cursor.copy(query) as copy:
        return b"".join(bytes(block) for block in copy)


def _write(path: Path, packet: Cut, more: dict[str, bytes], tables: dict[str, bytes]) -> None:
    with tarfile.open(path, "w:bz2", format=tarfile.GNU_FORMAT) as archive:
        for name, content in _members(packet, more, tables):
            member = tarfile.TarInfo(name)
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))


def _members(packet: Cut, more: dict[str, bytes], tables: dict[str, bytes]) -> Iterator[tuple[str, bytes]]:
    yield "TIMESTAMP", f"{packet.timestamp}\n".encode()
    yield "COPYING", b"Made up.\n"
    yield "README", b"Made up.\n"
    yield "REPLICATION_SEQUENCE", f"{packet.number}\n".encode()
    yield "SCHEMA_SEQUENCE", f"{SCHEMA_SEQUENCE}\n".encode()
    yield from more.items()
    yield from ((f"mbdump/{table}", content) for table, content in sorted(tables.items()) if content)
