"""Connections to the app database: short-lived and without session state, so that a pooled Neon host works."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any, cast

import psycopg
from psycopg.conninfo import conninfo_to_dict
from psycopg_pool import ConnectionPool, PoolTimeout

from app.store import outage

Connection = psycopg.Connection[Any]

CONNECT_SECONDS = 15  # a suspended Neon compute takes some seconds to wake
IDLE_SECONDS = 20  # then the pool closes the connection, and the compute can sleep
BORROW_SECONDS = 10


class StoreAway(Exception):
    """The app database cannot be reached. Look at DATABASE_URL and at the database's own state, then try again."""


@contextmanager
def connect(url: str, name: str = "lastyear") -> Iterator[Connection]:
    """Open a connection and close it at the end. A statement is a transaction of its own unless one is opened.

    Raises StoreAway when the database cannot be reached, or is lost meanwhile.
    """
    if not outage.is_readable(url):
        raise StoreAway(f"The app database cannot be reached: {outage.UNREADABLE}")
    with _translating_errors(), psycopg.connect(url, **_options(url, name)) as connection:
        yield connection


class Pool:
    """Connections shared by the requests of one process. It holds none while there are no requests."""

    def __init__(self, url: str) -> None:
        self._pool = ConnectionPool(
            url,
            kwargs=_options(url, "lastyear-web"),
            min_size=0,
            max_size=8,
            max_idle=IDLE_SECONDS,
            timeout=BORROW_SECONDS,
            check=ConnectionPool.check_connection,
            open=False,
        )

    @contextmanager
    def connection(self) -> Iterator[Connection]:
        """Borrow a connection. Raises StoreAway when there is none."""
        # Opened on first use: a pool that was opened before a fork does not work in the child.
        self._pool.open()
        with _translating_errors(), self._pool.connection() as connection:
            yield connection

    def close(self) -> None:
        """Close every connection."""
        self._pool.close()


def clock(connection: Connection) -> datetime:
    """Return the time at the database server."""
    row = connection.execute("SELECT clock_timestamp()").fetchone()
    assert row is not None  # noqa: S101  without a table there is one row
    return cast("datetime", row[0])


def _options(url: str, name: str) -> dict[str, Any]:
    """Return how to connect; what the URL itself says wins over our defaults."""
    said = conninfo_to_dict(url) if outage.is_readable(url) else {}
    defaults = {"connect_timeout": CONNECT_SECONDS, "application_name": name}
    # A transaction pooler may send every statement to another server connection, so nothing can be prepared.
    return {
        "autocommit": True,
        "prepare_threshold": None,
        **{key: said.get(key, defaults[key]) for key in defaults},
    }


@contextmanager
def _translating_errors() -> Iterator[None]:
    try:
        yield
    except (psycopg.OperationalError, PoolTimeout) as error:
        if isinstance(error, psycopg.errors.QueryCanceled | psycopg.errors.DeadlockDetected):
            raise
        raise StoreAway(f"The app database cannot be reached: {outage.reason(error)}") from None
