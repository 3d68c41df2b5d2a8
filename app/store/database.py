"""Connections to the app database: short-lived, free of session state, so that a pooled Neon host works."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any, Literal, cast

import psycopg
from psycopg_pool import ConnectionPool, PoolTimeout

from app.store import absence

Connection = psycopg.Connection[Any]

CONNECT_SECONDS = 15  # a suspended Neon compute takes some seconds to wake
IDLE_SECONDS = 20  # then the pool lets go, and the compute may sleep
BORROW_SECONDS = 10

# A transaction pooler may hand every statement to another server connection: nothing is prepared on one.
OPTIONS: dict[str, Any] = {"autocommit": True, "prepare_threshold": None, "connect_timeout": CONNECT_SECONDS}


class StoreAway(Exception):
    """The app database cannot be reached. Look at DATABASE_URL and at the database's own state, then try again."""


@contextmanager
def connect(url: str, name: str = "lastyear") -> Iterator[Connection]:
    """One connection, closed at the end. Every statement is its own transaction unless the caller opens one.

    Raises StoreAway when the database cannot be reached or goes away meanwhile.
    """
    if not absence.is_readable(url):
        raise StoreAway(f"The app database cannot be reached: {absence.UNREADABLE}")
    with _naming_absence(), psycopg.connect(url, **OPTIONS, application_name=name) as connection:
        yield connection


class Pool:
    """Connections shared by one process's requests. Holds none while nobody asks."""

    def __init__(self, url: str) -> None:
        self._pool = ConnectionPool(
            url,
            kwargs={**OPTIONS, "application_name": "lastyear-web"},
            min_size=0,
            max_size=8,
            max_idle=IDLE_SECONDS,
            timeout=BORROW_SECONDS,
            check=ConnectionPool.check_connection,
            open=False,
        )

    @contextmanager
    def connection(self) -> Iterator[Connection]:
        """Borrows a connection. Raises StoreAway when none can be had."""
        # Opened on first use: a pool that is opened before a fork is of no use to the child.
        self._pool.open()
        with _naming_absence(), self._pool.connection() as connection:
            yield connection

    def close(self) -> None:
        """Closes every connection."""
        self._pool.close()


MirrorStanding = Literal["serving", "empty", "away"]


def mirror_standing(url: str) -> MirrorStanding:
    """Whether the mirror at `url` has something to be asked for, nothing yet, or does not answer."""
    # An import renames its schema to this name when it is whole.
    query = "SELECT EXISTS (SELECT FROM pg_namespace WHERE nspname = 'musicbrainz')"
    try:
        with psycopg.connect(url, connect_timeout=2, application_name="lastyear-ready") as connection:
            row = connection.execute(query).fetchone()
    except psycopg.Error:
        return "away"
    return "serving" if row and row[0] else "empty"


def clock(connection: Connection) -> datetime:
    """What time it is at the database's server."""
    row = connection.execute("SELECT clock_timestamp()").fetchone()
    assert row is not None  # noqa: S101  without a table there is one row
    return cast("datetime", row[0])


@contextmanager
def _naming_absence() -> Iterator[None]:
    try:
        yield
    except (psycopg.OperationalError, PoolTimeout) as error:
        if isinstance(error, psycopg.errors.QueryCanceled | psycopg.errors.DeadlockDetected):
            raise
        raise StoreAway(f"The app database cannot be reached: {absence.reason(error)}") from None
