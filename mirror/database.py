"""Connections to the mirror's database: one to read from it, one to own it."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TypeAlias

import psycopg
from psycopg import sql
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from mirror.errors import MirrorAway, MirrorEmpty, MirrorForbidden, MirrorFull, MirrorOutdated

Connection: TypeAlias = psycopg.Connection[tuple[object, ...]]

SCHEMA = "musicbrainz"
READING = {
    "search_path": SCHEMA,
    "default_transaction_read_only": "on",
    "statement_timeout": "15s",
    "idle_in_transaction_session_timeout": "60s",  # an open transaction would hold the old data's disk space
    # Our questions are short. Where the statistics mislead the planner, they must not be made into big machinery.
    "jit": "off",
    "enable_memoize": "off",
    "max_parallel_workers_per_gather": "0",
}


@contextmanager
def connect(url: str, *, application_name: str = "lastyear mirror reader") -> Iterator[Connection]:
    """A connection that only reads, one transaction a statement; it lives on when a new import is swapped in."""
    with open_connection(url, application_name, READING) as connection:
        yield connection


@contextmanager
def open_connection(url: str, application_name: str, settings: dict[str, str]) -> Iterator[Connection]:
    """A connection in autocommit mode under these server settings."""
    with readable_errors():
        connection = psycopg.connect(_conninfo(url, application_name, settings), autocommit=True)
    with connection:
        yield connection


def tidy(connection: Connection, table: str) -> None:
    """Vacuum and analyse a table that was just filled, so that its indexes answer alone.

    What was committed asynchronously counts as visible to all only once it is on disk: a commit that waits, of a
    transaction that has written something, takes it there.
    """
    with connection.transaction():
        connection.execute("SET LOCAL synchronous_commit = on")
        connection.execute("SELECT pg_logical_emit_message(true, 'lastyear', 'tidy')")
    connection.execute(sql.SQL("VACUUM (ANALYZE) {}").format(sql.Identifier(table)))


@contextmanager
def readable_errors() -> Iterator[None]:
    """Turn what the driver raises into what the caller can do about it."""
    try:
        yield
    except (psycopg.errors.UndefinedTable, psycopg.errors.InvalidSchemaName) as error:
        raise MirrorEmpty from error
    except psycopg.errors.UndefinedColumn as error:
        raise MirrorOutdated from error
    except psycopg.errors.InsufficientPrivilege as error:
        raise MirrorForbidden(error) from error
    except psycopg.errors.DiskFull as error:
        raise MirrorFull(error) from error
    except psycopg.OperationalError as error:
        raise MirrorAway(error) from error


def _conninfo(url: str, application_name: str, settings: dict[str, str]) -> str:
    """What the URL itself says goes before our defaults."""
    defaults = {"connect_timeout": "5", "application_name": application_name}
    known = {name: str(value) for name, value in conninfo_to_dict(url).items()}
    options = [*(f"-c {name}={value}" for name, value in settings.items()), known.pop("options", "")]
    return make_conninfo(**{**defaults, **known}, options=" ".join(options).strip())
