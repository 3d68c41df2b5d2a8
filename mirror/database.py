"""Connections to the mirror's database, and the errors of the driver as errors of the mirror."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, TypeAlias, TypeVar

import psycopg
from psycopg import sql
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from mirror.errors import MirrorAway, MirrorEmpty, MirrorForbidden, MirrorFull, MirrorOutdated

Connection: TypeAlias = psycopg.Connection[tuple[Any, ...]]

T = TypeVar("T")

SCHEMA = "musicbrainz"
_CONNECT_SECONDS = 5
# Where the mirror is on another machine, the kernel notices in seconds that the network to it is gone.
_NETWORK = {
    "keepalives": "1",
    "keepalives_idle": "5",
    "keepalives_interval": "5",
    "keepalives_count": "3",
    "tcp_user_timeout": "15000",
}
READER_SETTINGS = {
    "search_path": SCHEMA,
    "default_transaction_read_only": "on",
    "statement_timeout": "15s",
    "idle_in_transaction_session_timeout": "60s",  # an open transaction would hold the old data's disk space
    # Our queries are short: a planner misled by its statistics must not start JIT compilation or parallel workers.
    "jit": "off",
    "enable_memoize": "off",
    "max_parallel_workers_per_gather": "0",
}


@contextmanager
def connect(
    url: str, *, application_name: str = "lastyear mirror reader", seconds: int | None = None
) -> Iterator[Connection]:
    """Open a read-only connection in autocommit mode. It stays usable when a new import is swapped in.

    With `seconds`, neither connecting nor a statement may take longer.
    """
    settings = READER_SETTINGS if seconds is None else READER_SETTINGS | {"statement_timeout": f"{seconds}s"}
    with open_connection(url, application_name, settings, seconds or _CONNECT_SECONDS) as connection:
        yield connection


def read(url: str, question: Callable[[Connection], T], *, application_name: str, seconds: int) -> T:
    """Ask with a connection of its own, and once more if a replica has ended that in favour of what it replays."""
    try:
        with connect(url, application_name=application_name, seconds=seconds) as connection:
            return question(connection)
    except MirrorAway as error:
        if not was_interrupted(error):
            raise
    with connect(url, application_name=application_name, seconds=seconds) as connection:
        return question(connection)


def was_interrupted(error: MirrorAway, *, was_connected: bool = False) -> bool:
    """Whether a server that answered has ended the statement or the connection, so that another try may do.

    A replica does so when a query is in the way of what it replays, and so does a server that is stopped. One that
    is lost without a word has no code; where none can be reached, all that the URL names have been tried.
    """
    cause = error.__cause__
    is_lost = isinstance(cause, psycopg.OperationalError) and cause.sqlstate is None
    return isinstance(cause, _INTERRUPTIONS) or (was_connected and is_lost)


_INTERRUPTIONS = (
    psycopg.errors.SerializationFailure,  # "canceling statement due to conflict with recovery"
    psycopg.errors.DeadlockDetected,
    psycopg.errors.AdminShutdown,
    psycopg.errors.CrashShutdown,
    psycopg.errors.DatabaseDropped,
)


@contextmanager
def open_connection(
    url: str, application_name: str, settings: dict[str, str], seconds: int = _CONNECT_SECONDS
) -> Iterator[Connection]:
    """Open a connection in autocommit mode with these server settings. Raises MirrorError."""
    try:
        with readable_errors():
            connection = psycopg.connect(_conninfo(url, application_name, settings, seconds), autocommit=True)
    except psycopg.ProgrammingError as error:  # whose text may quote the password
        raise MirrorAway("its URL cannot be read") from error
    with connection:
        yield connection


def vacuum(connection: Connection, table: str) -> None:
    """Vacuum and analyse a table that was just filled, so that index-only scans work.

    Rows that were committed asynchronously count as visible to everyone only once they are on disk. A synchronous
    commit of a transaction that has written something takes them there.
    """
    with connection.transaction():
        connection.execute("SET LOCAL synchronous_commit = on")
        connection.execute("SELECT pg_logical_emit_message(true, 'lastyear', 'vacuum')")
    connection.execute(sql.SQL("VACUUM (ANALYZE) {}").format(sql.Identifier(table)))


@contextmanager
def readable_errors() -> Iterator[None]:
    """Raise errors of the driver as errors that say what the caller can do."""
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


def _conninfo(url: str, application_name: str, settings: dict[str, str], seconds: int) -> str:
    """Compose the connection string. What the URL says takes precedence over our defaults."""
    defaults = {"connect_timeout": str(seconds), "application_name": application_name, **_NETWORK}
    known = {name: str(value) for name, value in conninfo_to_dict(url).items()}
    options = [*(f"-c {name}={value}" for name, value in settings.items()), known.pop("options", "")]
    return make_conninfo(**{**defaults, **known}, options=" ".join(options).strip())
