"""Connections to the app database: without session state, so that a pooled Neon host works, and bounded in time.

A pooler refuses time-outs in what we send when connecting, and those of the server do not help where a network
swallows everything. So each connection bounds its silence by itself, and each transaction tells the server for how
long it may hold locks for us.
"""

from collections.abc import Generator, Iterator
from contextlib import contextmanager, suppress
from datetime import datetime
from time import monotonic
from typing import Any, TypeVar, cast

import psycopg
from psycopg import errors
from psycopg.conninfo import conninfo_to_dict
from psycopg.pq import TransactionStatus

from app.store import outage

T = TypeVar("T")
Connection = psycopg.Connection[Any]

CONNECT_SECONDS = 15  # a suspended Neon compute takes some seconds to wake
SILENCE_SECONDS = 20.0
"""For how long nothing may come from the server before a connection counts as lost."""
CANCEL_SECONDS = 1.0  # to tell the server so, where the network lets us

NETWORK = {"keepalives": 1, "keepalives_idle": 5, "keepalives_interval": 5, "keepalives_count": 3}
"""Has the kernel notice when the other end is gone."""
UNACKNOWLEDGED_MS = 15_000

_LOCAL_LIMITS = "SELECT set_config('statement_timeout', '30s', true), "
_LOCAL_LIMITS += "set_config('idle_in_transaction_session_timeout', '60s', true)"
"""Longer than we wait ourselves: they free what a lost connection has locked, in this transaction only."""


class StoreAway(Exception):
    """The app database cannot be reached. Look at DATABASE_URL and at the database's own state, then try again."""


class StoreConflict(Exception):
    """Others were changing the same rows at the same time, and went first. Try again."""


class BoundedConnection(psycopg.Connection[Any]):
    """A connection that is given up when the server has been silent for `silence` seconds; None: never."""

    silence: float | None = SILENCE_SECONDS

    def wait(self, gen: Generator[Any, Any, T], *arguments: Any, **named: Any) -> T:
        """Drive an operation of the driver's. Raises psycopg.OperationalError after too long a silence."""
        if self.silence is None:
            return super().wait(gen, *arguments, **named)
        try:
            return super().wait(_until_silence(gen, self.silence), *arguments, **named)
        except _Silence:
            # Else the server would go on with the statement, or wait for a lock, with nobody to answer.
            with suppress(psycopg.Error):
                self.cancel_safe(timeout=CANCEL_SECONDS)
            self.close()
            raise psycopg.OperationalError("timeout: no answer to a statement") from None

    @contextmanager
    def transaction(self, *arguments: Any, **named: Any) -> Iterator[psycopg.Transaction]:
        """Open a transaction, or a savepoint in one, in which the server's own limits hold as well."""
        is_outermost = self.info.transaction_status == TransactionStatus.IDLE
        with super().transaction(*arguments, **named) as transaction:
            if is_outermost and self.silence is not None:
                self.execute(_LOCAL_LIMITS)
            yield transaction


class _Silence(Exception):
    """The server has said nothing for too long."""


@contextmanager
def connect(
    url: str, name: str = "lastyear", *, silence: float | None = SILENCE_SECONDS, seconds: int = CONNECT_SECONDS
) -> Iterator[Connection]:
    """Open a connection and close it at the end. A statement is a transaction of its own unless one is opened.

    It may take `seconds` to connect, and each answer `silence` seconds; None where statements run for long. Raises
    StoreAway when the database cannot be reached, or is lost meanwhile.
    """
    with translating_errors(), open_connection(url, name, seconds) as connection:
        connection.silence = silence
        yield connection


def open_connection(url: str, name: str, seconds: int = CONNECT_SECONDS) -> BoundedConnection:
    """Open a connection, which the caller closes. Raises StoreAway and psycopg.OperationalError."""
    if not outage.is_readable(url):
        raise StoreAway(f"The app database cannot be reached: {outage.UNREADABLE}")
    return BoundedConnection.connect(url, **_options(url, name, seconds))


@contextmanager
def patient(connection: Connection, seconds: float) -> Iterator[None]:
    """Let statements that run for long be silent for so many seconds."""
    if not isinstance(connection, BoundedConnection) or connection.silence is None:
        yield
        return
    before, connection.silence = connection.silence, seconds
    try:
        yield
    finally:
        connection.silence = before


def clock(connection: Connection) -> datetime:
    """Return the time at the database server."""
    row = connection.execute("SELECT clock_timestamp()").fetchone()
    assert row is not None  # noqa: S101  without a table there is one row
    return cast("datetime", row[0])


def means_conflict(error: Exception) -> bool:
    """Whether an error of the driver's means that others were changing the same rows, and went first."""
    return isinstance(error, errors.DeadlockDetected | errors.SerializationFailure)


def means_away(error: Exception) -> bool:
    """Whether an error of the driver's means that the database is away, or takes nothing, as with a full disk."""
    if isinstance(error, errors.QueryCanceled) or means_conflict(error):
        return False
    return isinstance(error, psycopg.OperationalError | errors.IdleInTransactionSessionTimeout)


@contextmanager
def translating_errors() -> Iterator[None]:
    """Raise StoreAway for every error of the driver's that means that the database is away, and StoreConflict."""
    try:
        yield
    except psycopg.Error as error:
        if means_conflict(error):
            raise StoreConflict from error
        if not means_away(error):
            raise
        raise StoreAway(f"The app database cannot be reached: {outage.reason(error)}") from None


def _options(url: str, name: str, seconds: int) -> dict[str, Any]:
    """Return how to connect; what the URL itself says wins over our defaults."""
    said = conninfo_to_dict(url)
    defaults = {
        "connect_timeout": seconds,
        "application_name": name,
        "tcp_user_timeout": UNACKNOWLEDGED_MS,
        **NETWORK,
    }
    # A transaction pooler may send every statement to another server connection, so nothing can be prepared.
    return {
        "autocommit": True,
        "prepare_threshold": None,
        **{key: said.get(key, defaults[key]) for key in defaults},
    }


def _until_silence(gen: Generator[Any, Any, T], seconds: float) -> Generator[Any, Any, T]:
    """Pass on what the driver's operation wants and gets. Raises _Silence when it gets nothing for so long."""
    heard_at = monotonic()
    try:
        wanted = next(gen)
        while True:
            ready = yield wanted
            if ready:
                heard_at = monotonic()
            elif monotonic() - heard_at > seconds:
                raise _Silence
            wanted = gen.send(ready)
    except StopIteration as ended:
        return cast("T", ended.value)
