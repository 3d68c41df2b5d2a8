"""An import: an export loaded into a schema of its own, checked, and swapped in for the one before."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import IO, LiteralString

import psycopg
from psycopg import sql

from mirror.archive import BLOCK, Archive, damage
from mirror.checks import check
from mirror.database import SCHEMA, Connection, open_connection, readable_errors
from mirror.dump import find_export
from mirror.errors import ExportBroken, ImportRunning, ReaderMissing
from mirror.rows import narrow
from mirror.sql import statements
from mirror.state import write_state
from mirror.tables import PROFILES, Table

PROFILE = "albums"
NEW, OLD = f"{SCHEMA}_new", f"{SCHEMA}_old"
LOCK = 0x6C617374  # any number will do that nothing else locks in this database
OWNING = {
    "search_path": NEW,
    "statement_timeout": "0",
    "lock_timeout": "10s",
    "work_mem": "128MB",
    "maintenance_work_mem": "256MB",
}


@dataclass(frozen=True)
class Progress:
    """How far an import is: the table or the step after the tables, and the compressed bytes read."""

    table: str
    rows: int
    bytes_read: int
    bytes_total: int


@dataclass(frozen=True)
class Loaded:
    """What an import has brought in."""

    export_stamp: str
    replication_sequence: int | None
    rows: dict[str, int]


Say = Callable[[str, int], None]


def import_export(
    owner_url: str,
    location: str,
    *,
    reader: str | None = None,
    report: Callable[[Progress], None] = lambda progress: None,
) -> Loaded:
    """Import the export at this location, and let the role `reader` read it.

    Who reads the mirror meanwhile goes on with the old data until the new is whole. May be run again at any time:
    what an import that died has left behind is dropped first.
    """
    export, tables = find_export(location), PROFILES[PROFILE]
    with _owner(owner_url) as connection, export.open() as archive:
        header, say = archive.header, _teller(archive, report)
        _check_reader(connection, reader)
        _start_over(connection)
        rows = _load(connection, archive, tables, say)
        _finish(connection, tables, say)
        check(connection)
        archive.verify(lambda: say("checksum", 0))
        write_state(
            connection,
            profile=PROFILE,
            export_stamp=export.stamp,
            schema_sequence=header.schema_sequence,
            replication_sequence=header.replication_sequence,
            release_groups=rows["release_group"],
        )
        _admit(connection, reader)
        _swap(connection)
    return Loaded(export.stamp, header.replication_sequence, rows)


@contextmanager
def _owner(url: str) -> Iterator[Connection]:
    """The connection that alone may import; the lock goes with it."""
    with open_connection(url, "lastyear mirror import", OWNING) as connection, readable_errors():
        if not _truth(connection, "SELECT pg_try_advisory_lock(%s)", LOCK):
            raise ImportRunning
        try:
            yield connection
        except (psycopg.DataError, psycopg.IntegrityError) as error:
            raise ExportBroken(error) from error
        finally:
            with suppress(psycopg.Error):  # the server itself would free it a moment after we have gone
                connection.execute("SELECT pg_advisory_unlock(%s)", [LOCK])


def _teller(archive: Archive, report: Callable[[Progress], None]) -> Say:
    return lambda table, rows: report(Progress(table, rows, archive.bytes_read, archive.bytes_total))


def _check_reader(connection: Connection, reader: str | None) -> None:
    if reader and not _truth(connection, "SELECT EXISTS (SELECT FROM pg_roles WHERE rolname = %s)", reader):
        raise ReaderMissing(reader)


def _start_over(connection: Connection) -> None:
    for leftover in (NEW, OLD):
        _drop(connection, leftover)
    with connection.transaction():
        connection.execute(sql.SQL("CREATE SCHEMA {}").format(sql.Identifier(NEW)))
        for statement in statements("tables.sql"):
            connection.execute(statement)


def _load(connection: Connection, archive: Archive, tables: tuple[Table, ...], say: Say) -> dict[str, int]:
    kept = {table.name: table for table in tables}
    rows = dict.fromkeys(kept, 0)
    for name, dumped in archive.tables(set(kept)):
        say(name, 0)
        if name in kept:
            rows[name] = _copy(connection, kept[name], dumped, say)
        else:
            _pass_over(name, dumped, say)
    return rows


def _copy(connection: Connection, table: Table, dumped: IO[bytes], say: Say) -> int:
    """Fill one table. Emptied in the same transaction, it can be frozen at once and needs no vacuum later."""
    name, columns = sql.Identifier(table.name), sql.SQL(", ").join(map(sql.Identifier, table.kept))
    read = 0
    with connection.transaction(), connection.cursor() as cursor:
        cursor.execute(sql.SQL("TRUNCATE {}").format(name))
        with cursor.copy(sql.SQL("COPY {} ({}) FROM STDIN (FREEZE)").format(name, columns)) as copy:
            for piece, rows in narrow(table, dumped):
                copy.write(piece)
                read += rows
                say(table.name, read)
        if cursor.rowcount != read:
            raise ExportBroken(f"{table.name} has {read} rows, loaded were {cursor.rowcount}")
    return read


def _pass_over(name: str, dumped: IO[bytes], say: Say) -> None:
    with damage():
        while dumped.read(BLOCK):
            say(name, 0)


def _finish(connection: Connection, tables: tuple[Table, ...], say: Say) -> None:
    """Keys, indexes, statistics, and what is derived from the rows."""
    names = sql.SQL(", ").join(sql.Identifier(table.name) for table in tables)
    steps: dict[str, list[bytes | sql.Composed]] = {
        "indexes": [*statements("indexes.sql")],
        "statistics": [sql.SQL("VACUUM (ANALYZE) {}").format(names)],
        "release_group_meta": [*statements("release_group_meta.sql"), b"VACUUM (ANALYZE) release_group_meta"],
    }
    for step, todo in steps.items():
        for statement in todo:
            say(step, 0)
            connection.execute(statement)


def _admit(connection: Connection, reader: str | None) -> None:
    if reader:
        schema, role = sql.Identifier(NEW), sql.Identifier(reader)
        connection.execute(sql.SQL("GRANT USAGE ON SCHEMA {} TO {}").format(schema, role))
        connection.execute(sql.SQL("GRANT SELECT ON ALL TABLES IN SCHEMA {} TO {}").format(schema, role))


def _swap(connection: Connection) -> None:
    """Renaming waits for nobody; only then is the old data dropped, which waits for those who still read it."""
    with connection.transaction():
        if _truth(connection, "SELECT to_regnamespace(%s) IS NOT NULL", SCHEMA):
            _rename(connection, SCHEMA, OLD)
        _rename(connection, NEW, SCHEMA)
    with suppress(psycopg.errors.LockNotAvailable, psycopg.errors.DeadlockDetected):  # the next import drops it
        _drop(connection, OLD)


def _rename(connection: Connection, schema: str, name: str) -> None:
    rename = sql.SQL("ALTER SCHEMA {} RENAME TO {}")
    connection.execute(rename.format(sql.Identifier(schema), sql.Identifier(name)))


def _drop(connection: Connection, schema: str) -> None:
    connection.execute(sql.SQL("DROP SCHEMA IF EXISTS {} CASCADE").format(sql.Identifier(schema)))


def _truth(connection: Connection, question: LiteralString, value: object) -> bool:
    row = connection.execute(question, [value]).fetchone()
    return bool(row and row[0])
