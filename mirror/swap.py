"""The schema that an import fills beside the one that serves, and how it takes its place."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from typing import LiteralString

import psycopg
from psycopg import sql

from mirror.database import SCHEMA, Connection, open_connection, readable_errors
from mirror.errors import ExportBroken, ImportRunning, ReaderMissing

NEW, OLD = f"{SCHEMA}_new", f"{SCHEMA}_old"
LOCK = 0x6C617374  # any number will do that nothing else locks in this database
OWNING = {
    "search_path": NEW,
    "statement_timeout": "0",
    "lock_timeout": "10s",
    "synchronous_commit": "off",  # a crash loses only what was not serving yet; the swap waits for the disk
    "client_connection_check_interval": "1s",  # a killed import leaves nothing at work that the next one waits for
    "work_mem": "128MB",
    "maintenance_work_mem": "256MB",
}


@contextmanager
def owner(url: str) -> Iterator[Connection]:
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


def is_locked(connection: Connection, lock: int) -> bool:
    """Whether somebody holds this advisory lock in this database: an import (LOCK), or a replication."""
    query = """
        SELECT EXISTS (
            SELECT
            FROM pg_locks
            JOIN pg_database ON pg_database.oid = pg_locks.database
            WHERE locktype = 'advisory' AND classid = 0 AND objid = %s AND datname = current_database()
        )
    """
    with readable_errors():
        return _truth(connection, query, lock)


def check_reader(connection: Connection, reader: str | None) -> None:
    """Refuse a reader who does not exist, before hours of work for him."""
    if reader and not _truth(connection, "SELECT EXISTS (SELECT FROM pg_roles WHERE rolname = %s)", reader):
        raise ReaderMissing(reader)


@contextmanager
def fresh_schema(connection: Connection, tables: Iterable[bytes]) -> Iterator[None]:
    """The tables of a new mirror, empty. Whatever an import that failed has left, now or earlier, is dropped."""
    for leftover in (NEW, OLD):
        _drop(connection, leftover)
    try:
        with connection.transaction():
            connection.execute(sql.SQL("CREATE SCHEMA {}").format(sql.Identifier(NEW)))
            for statement in tables:
                connection.execute(statement)
        yield
    except BaseException:
        with suppress(psycopg.Error):  # then the next import does
            _drop(connection, NEW)
        raise


def admit(connection: Connection, reader: str | None) -> None:
    """Let this role read the new mirror."""
    if reader:
        schema, role = sql.Identifier(NEW), sql.Identifier(reader)
        connection.execute(sql.SQL("GRANT USAGE ON SCHEMA {} TO {}").format(schema, role))
        connection.execute(sql.SQL("GRANT SELECT ON ALL TABLES IN SCHEMA {} TO {}").format(schema, role))


def swap(connection: Connection) -> None:
    """Renaming waits for nobody; only then is the old data dropped, which waits for those who still read it."""
    with connection.transaction():
        connection.execute("SET LOCAL synchronous_commit = on")
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
