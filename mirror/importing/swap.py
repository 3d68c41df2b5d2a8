"""The schema that an import fills beside the one that serves, and the swap of the two."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from typing import LiteralString

import psycopg
from psycopg import sql

from mirror.database import SCHEMA, Connection, open_connection, readable_errors
from mirror.errors import ExportBroken, ImportRunning, ReaderMissing

NEW_SCHEMA, OLD_SCHEMA = f"{SCHEMA}_new", f"{SCHEMA}_old"
IMPORT_LOCK = 0x6C617374  # any number that nothing else locks in this database
OWNER_SETTINGS = {
    "search_path": NEW_SCHEMA,
    "statement_timeout": "0",
    "lock_timeout": "10s",
    "synchronous_commit": "off",  # a crash loses only what was not serving yet; the swap waits for the disk
    "client_connection_check_interval": "1s",  # so that the next one need not wait for a killed one
    "work_mem": "128MB",
    "maintenance_work_mem": "256MB",
}


@contextmanager
def import_connection(url: str) -> Iterator[Connection]:
    """Open the connection of the only import; its lock is released with it. Raises ImportRunning, ExportBroken."""
    with open_connection(url, "lastyear mirror import", OWNER_SETTINGS) as connection, readable_errors():
        if not _is_true(connection, "SELECT pg_try_advisory_lock(%s)", IMPORT_LOCK):
            raise ImportRunning
        try:
            yield connection
        except (psycopg.DataError, psycopg.IntegrityError) as error:
            raise ExportBroken(error) from error
        finally:
            with suppress(psycopg.Error):  # the server releases it as well once the connection is closed
                connection.execute("SELECT pg_advisory_unlock(%s)", [IMPORT_LOCK])


def is_locked(connection: Connection, lock: int) -> bool:
    """Return whether anybody holds this advisory lock in this database."""
    query = """
        SELECT EXISTS (
            SELECT
            FROM pg_locks
            JOIN pg_database ON pg_database.oid = pg_locks.database
            WHERE locktype = 'advisory' AND classid = 0 AND objid = %s AND datname = current_database()
        )
    """
    with readable_errors():
        return _is_true(connection, query, lock)


def check_reader(connection: Connection, reader: str | None) -> None:
    """Raise ReaderMissing if this role does not exist: better now than after hours of work."""
    if reader and not _is_true(connection, "SELECT EXISTS (SELECT FROM pg_roles WHERE rolname = %s)", reader):
        raise ReaderMissing(reader)


@contextmanager
def new_schema(connection: Connection, tables: Iterable[bytes]) -> Iterator[None]:
    """Create the empty tables of a new mirror, and drop them again if the import fails."""
    try:
        with connection.transaction():
            connection.execute(sql.SQL("CREATE SCHEMA {}").format(sql.Identifier(NEW_SCHEMA)))
            for statement in tables:
                connection.execute(statement)
        yield
    except BaseException:
        with suppress(psycopg.Error):  # the next import drops it
            drop_schema(connection, NEW_SCHEMA)
        raise


def grant_reader(connection: Connection, reader: str | None) -> None:
    """Allow this role to read the new mirror."""
    if reader:
        schema, role = sql.Identifier(NEW_SCHEMA), sql.Identifier(reader)
        connection.execute(sql.SQL("GRANT USAGE ON SCHEMA {} TO {}").format(schema, role))
        connection.execute(sql.SQL("GRANT SELECT ON ALL TABLES IN SCHEMA {} TO {}").format(schema, role))


def swap(connection: Connection) -> None:
    """Rename the new schema into place, which waits for nobody; then drop the old, which waits for its readers."""
    with connection.transaction():
        connection.execute("SET LOCAL synchronous_commit = on")
        if _is_true(connection, "SELECT to_regnamespace(%s) IS NOT NULL", SCHEMA):
            _rename(connection, SCHEMA, OLD_SCHEMA)
        _rename(connection, NEW_SCHEMA, SCHEMA)
    with suppress(psycopg.errors.LockNotAvailable, psycopg.errors.DeadlockDetected):  # the next import drops it
        drop_schema(connection, OLD_SCHEMA)


def _rename(connection: Connection, schema: str, name: str) -> None:
    rename = sql.SQL("ALTER SCHEMA {} RENAME TO {}")
    connection.execute(rename.format(sql.Identifier(schema), sql.Identifier(name)))


def drop_schema(connection: Connection, schema: str) -> None:
    connection.execute(sql.SQL("DROP SCHEMA IF EXISTS {} CASCADE").format(sql.Identifier(schema)))


def _is_true(connection: Connection, query: LiteralString, value: object) -> bool:
    row = connection.execute(query, [value]).fetchone()
    return bool(row and row[0])
