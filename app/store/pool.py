"""The pool: connections to the app database that the requests of one process share.

While the database is away, whoever asks is told so within a second, and has it tried anew: no pause between two
tries grows, so that the first who asks after its return is served.
"""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from time import monotonic

import psycopg
import structlog
from psycopg.pq import TransactionStatus

from app.store import outage
from app.store.database import BoundedConnection, Connection, StoreAway, open_connection, translating_errors

log = structlog.get_logger()

MAX_CONNECTIONS = 8
IDLE_SECONDS = 20.0  # then a connection is closed, and Neon's compute can sleep
BORROW_SECONDS = 10.0  # a suspended Neon compute takes some seconds to wake
AWAY_SECONDS = 0.7  # for how long a visitor waits for a database that is known to be away
KNOWN_SECONDS = 30.0  # for how long a failure tells so; later the compute may just be suspended
TRY_SECONDS = 5.0  # for an attempt to reach it; several may be under way
CHECK_SECONDS = 2.0  # that a connection which was idle may take to answer
SILENCE_SECONDS = 8.0  # that a statement may take to answer: a visitor is waiting
LOG_SECONDS = 60.0  # between two lines about the same outage


@dataclass(frozen=True)
class _Idle:
    """A connection that nobody uses, and since when; `is_new` while nobody ever did."""

    connection: BoundedConnection
    since: float
    is_new: bool = False


class Pool:
    """Connections shared by the requests of one process. It holds none while there are no requests.

    `on_open` and `on_close` are called whenever it has opened, or closed, some.
    """

    def __init__(
        self, url: str, on_open: Callable[[], None] = lambda: None, on_close: Callable[[], None] = lambda: None
    ) -> None:
        self._url = url
        self._on_open, self._on_close = on_open, on_close
        self._changed = threading.Condition()
        self._idle: list[_Idle] = []  # the latest is last
        self._lent = self._waiting = 0
        self._attempts: list[float] = []  # when each of those under way began
        self._failure: StoreAway | None = None  # the latest; None once an attempt has succeeded
        self._failures = 0
        self._failed_at = float("-inf")
        self._answered = float("-inf")  # when the latest attempt began that has succeeded
        self._logged_at = float("-inf")
        self._has_closer = self._is_closed = False

    @contextmanager
    def connection(self) -> Iterator[Connection]:
        """Borrow a connection. Raises StoreAway when there is none, or when it is lost."""
        connection = self._borrow()
        connection.silence = SILENCE_SECONDS
        try:
            with translating_errors():
                yield connection
        except StoreAway as failure:
            self._note_failure(failure)
            raise
        finally:
            self._give_back(connection)

    def close(self) -> None:
        """Close every connection; those that are lent, when they come back."""
        with self._changed:
            self._is_closed = True
            self._changed.notify_all()
        self._close_idle(0)

    def _borrow(self) -> BoundedConnection:
        until = monotonic() + (AWAY_SECONDS if self._is_known_away() else BORROW_SECONDS)
        while found := self._take(until):
            if found.is_new or _answers(found.connection):
                return found.connection
            self._give_back(found.connection)
            # The others have been idle for longer, and would have to be waited for as well.
            self._close_idle(0)
        if self._lent or self._is_closed:
            raise StoreAway("The app database cannot be reached: all our connections to it are in use")
        raise self._failure or self._note_failure(
            StoreAway(f"The app database cannot be reached: {outage.SILENT}")
        )

    def _is_known_away(self) -> bool:
        return self._failure is not None and monotonic() - self._failed_at < KNOWN_SECONDS

    def _take(self, until: float) -> _Idle | None:
        """Wait for a connection, and have one made if that is of use. None when there is none in time."""
        with self._changed:
            failures = self._failures
            self._waiting += 1
            try:
                while not self._idle:
                    left = until - monotonic()
                    has_failed = self._failures > failures and not self._lent
                    if left <= 0 or has_failed or self._is_closed:
                        return None
                    self._try_to_connect()
                    self._changed.wait(left)
                self._lent += 1
                return self._idle.pop()
            finally:
                self._waiting -= 1

    def _try_to_connect(self) -> None:
        # An attempt that has been silent for long says nothing about a new one.
        hopeful = [at for at in self._attempts if not self._is_known_away() or monotonic() - at < AWAY_SECONDS]
        if len(hopeful) < self._waiting and self._lent + len(self._attempts) < MAX_CONNECTIONS:
            self._attempts.append(monotonic())
            threading.Thread(target=self._attempt, args=[self._attempts[-1]], name="store", daemon=True).start()

    def _attempt(self, began: float) -> None:
        made = None
        try:
            with translating_errors():
                made = _connected(self._url, TRY_SECONDS if self._is_known_away() else BORROW_SECONDS)
        except StoreAway as failure:
            if began > self._answered:  # or it tells of a time before the database was back
                self._note_failure(failure)
        finally:
            with self._changed:
                self._attempts.remove(began)
                if made:
                    self._note_success(began)
                    self._idle.append(_Idle(made, monotonic(), is_new=True))
                self._changed.notify_all()
        if made:
            self._on_open()
        self._start_closer()

    def _give_back(self, connection: BoundedConnection) -> None:
        is_usable = not connection.closed and connection.info.transaction_status == TransactionStatus.IDLE
        with self._changed:
            self._lent -= 1
            if is_usable and not self._is_closed:
                self._idle.append(_Idle(connection, monotonic()))
            else:
                connection.close()
            # All of them: the one that closes idle connections waits here as well.
            self._changed.notify_all()
        self._start_closer()

    def _note_failure(self, failure: StoreAway) -> StoreAway:
        with self._changed:
            self._failure, self._failures = failure, self._failures + 1
            self._failed_at = monotonic()
            if is_due := monotonic() - self._logged_at >= LOG_SECONDS:
                self._logged_at = monotonic()
            self._changed.notify_all()
        if is_due:
            log.warning("Pages go without the app database", reason=str(failure))
        return failure

    def _note_success(self, began: float) -> None:
        self._answered = max(self._answered, began)
        if self._failure:
            log.info("The app database answers again")
            self._failure, self._logged_at = None, float("-inf")

    def _start_closer(self) -> None:
        """Have idle connections closed in time, in a thread that ends when there are none."""
        with self._changed:
            if not self._idle or self._has_closer:
                return
            self._has_closer = True
        threading.Thread(target=self._keep_closing, name="store-closer", daemon=True).start()

    def _keep_closing(self) -> None:
        while True:
            self._close_idle(IDLE_SECONDS)
            with self._changed:
                if not self._idle:
                    self._has_closer = False
                    return
                self._changed.wait(max(0.01, self._idle[0].since + IDLE_SECONDS - monotonic()))

    def _close_idle(self, seconds: float) -> None:
        """Close what has been idle for so long."""
        with self._changed:
            at = monotonic()
            old = [idle for idle in self._idle if at - idle.since >= seconds]
            self._idle = [idle for idle in self._idle if at - idle.since < seconds]
        for idle in old:
            idle.connection.close()
        if old:
            self._on_close()


def _connected(url: str, seconds: float) -> BoundedConnection:
    """Return a connection that has answered: a pooler welcomes us also without a database behind it."""
    connection = open_connection(url, "lastyear-web", round(seconds))
    try:
        connection.silence = seconds
        connection.execute("SELECT 1")
    except psycopg.Error:
        connection.close()
        raise
    return connection


def _answers(connection: BoundedConnection) -> bool:
    connection.silence = CHECK_SECONDS
    try:
        connection.execute("SELECT 1")
    except psycopg.Error:
        connection.close()
        return False
    return True
