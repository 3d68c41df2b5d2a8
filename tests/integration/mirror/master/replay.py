"""The simplest possible mirror: complete tables, a packet applied row by row in the order of the seqids.

What it makes of an export and its packets must be the master's own tables. If it is, then exports and packets are
right, whatever else is wrong.
"""

import tarfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from psycopg import sql

from mirror.database import Connection
from tests.integration.mirror.master.compare import differences
from tests.integration.mirror.master.publishing import copied, table_copy
from tests.integration.mirror.master.schema import CORE

KEYS = """
    SELECT array_agg(attname::text ORDER BY attname)
    FROM pg_index
    JOIN pg_attribute ON attrelid = indrelid AND attnum = ANY(indkey::int2[])
    WHERE indrelid = to_regclass(%s) AND indisprimary
"""


class Replay:
    """Copies of the master's tables in a schema of their own."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._keys: dict[str, list[str]] = {}

    def load(self, export: Path) -> None:
        """Start with the tables of an export."""
        with tarfile.open(export / "mbdump.tar.bz2") as archive:
            for table in CORE:
                name = sql.Identifier("replay", table)
                create = sql.SQL("CREATE TABLE {} (LIKE {} INCLUDING INDEXES)")
                self._connection.execute(create.format(name, sql.Identifier("musicbrainz", table)))
                row = self._connection.execute(KEYS, [f"musicbrainz.{table}"]).fetchone()
                assert row is not None
                assert isinstance(row[0], list)
                self._keys[f"musicbrainz.{table}"] = row[0]
                if f"mbdump/{table}" in archive.getnames():
                    with self._connection.cursor() as cursor, cursor.copy(_copy_in(name)) as copy:
                        copy.write(_content(archive, f"mbdump/{table}"))

    def apply(self, packet: Path) -> int:
        """Repeat every change; return how many there were."""
        with tarfile.open(packet) as archive:
            content = _content(archive, "mbdump/pending_data")
        self._connection.execute("CREATE TABLE replay.pending (LIKE dbmirror2.pending_data)")
        copy_in = _copy_in(sql.Identifier("replay", "pending"))
        with self._connection.cursor() as cursor, cursor.copy(copy_in) as copy:
            copy.write(content)
        changes = self._connection.execute(
            "SELECT tablename, olddata::text, newdata::text FROM replay.pending ORDER BY seqid"
        ).fetchall()
        for table, old, new in changes:
            if table in self._keys:
                self._change(str(table), old, new)
        self._connection.execute("DROP TABLE replay.pending")
        return len(changes)

    def differences(self) -> list[str]:
        """Return how the copies differ from the master's tables now."""
        return [
            line
            for table in CORE
            for line in differences(
                table,
                copied(self._connection, table_copy(table)),
                copied(self._connection, sql.SQL("COPY {} TO STDOUT").format(sql.Identifier("replay", table))),
            )
        ]

    def _change(self, table: str, old: object, new: object) -> None:
        name = table.removeprefix("musicbrainz.")
        names = {"copy": sql.Identifier("replay", name), "table": sql.Identifier("musicbrainz", name)}
        if old is not None:
            key = sql.SQL(", ").join(map(sql.Identifier, self._keys[table]))
            delete = (
                "DELETE FROM {copy} WHERE ({key}) = (SELECT {key} FROM json_populate_record(NULL::{table}, %s))"
            )
            gone = self._connection.execute(sql.SQL(delete).format(key=key, **names), [old])
            assert gone.rowcount == 1, f"{table}: {old} was not there"
        if new is not None:
            insert = "INSERT INTO {copy} SELECT * FROM json_populate_record(NULL::{table}, %s)"
            self._connection.execute(sql.SQL(insert).format(**names), [new])


@contextmanager
def replay(connection: Connection) -> Iterator[Replay]:
    """Create a schema for the copies; drop it at the end."""
    connection.execute("CREATE SCHEMA replay")
    try:
        yield Replay(connection)
    finally:
        connection.execute("DROP SCHEMA replay CASCADE")


def _copy_in(name: sql.Identifier) -> sql.Composed:
    return sql.SQL("COPY {} FROM STDIN").format(name)


def _content(archive: tarfile.TarFile, name: str) -> bytes:
    member = archive.extractfile(name)
    assert member is not None
    return member.read()
