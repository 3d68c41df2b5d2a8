"""Forgetting: delete what is stored about listeners, void the runs under way, and keep out whoever wants that.

A run that was queued before finds its claim gone, and its listener barred from being stored again by it.
"""

from datetime import timedelta
from time import monotonic, sleep
from uuid import UUID

from psycopg import errors

from app.store import listeners
from app.store.database import Connection
from app.store.listeners import Listener, lock_name, username_key

VOIDED_FOR = timedelta(days=1)
"""How long a forgotten name voids older runs: longer than any job may take. Then its hash goes, too."""

LOCK_TRIES_MS, LOCK_PAUSE = 100, 0.1
"""For how many milliseconds a try to lock all tables waits for each, and the seconds between two tries.

In all less than PostgreSQL takes to look for a deadlock: so none is found, and no reader's query is ended for it.
"""

LOCK_SECONDS = 60.0
"""For how long it is tried."""

ALL_NAMES = b""
"""Stands in the place of a hash for all names."""


class TablesBusy(Exception):
    """Somebody has been reading what is to be deleted for a minute. Look at pg_stat_activity, then try again."""


def forget(connection: Connection, username: str, run: UUID, *, for_good: bool = False) -> bool:
    """Delete a listener with every scrobble and every job. False when there was nothing to delete.

    Runs older than `run` store nothing about them any more; with `for_good`, no run does. Needs a transaction.
    Tracks and albums stay for `orphans.remove`.
    """
    key = username_key(username)
    lock_name(connection, key)
    jobs = connection.execute("DELETE FROM fetch_jobs WHERE username_key = %s", [key]).rowcount
    people = connection.execute("DELETE FROM lastfm_users WHERE username_key = %s", [key]).rowcount
    _note(connection, "name_hash(%(key)s)", {"key": key, "run": run, "for_good": for_good})
    return jobs + people > 0


def forget_all(connection: Connection, run: UUID) -> int:
    """Delete everything that comes from Last.fm, and return of how many listeners. Needs a transaction.

    Runs older than `run` store nothing any more. Names that were forgotten for good stay so. Raises TablesBusy.
    """
    _lock_all(connection)
    row = connection.execute("SELECT count(*) FROM lastfm_users").fetchone()
    connection.execute(f"TRUNCATE {_ALL_TABLES}".encode())
    _note(connection, "%(all)s", {"all": ALL_NAMES, "run": run, "for_good": False})
    return row[0] if row else 0


_ALL_TABLES = "fetch_jobs, counted_years, lastfm_users, stretches, tracks, albums"


def _lock_all(connection: Connection) -> None:
    """Lock what is to be deleted for us alone, as soon as nobody is reading it."""
    until = monotonic() + LOCK_SECONDS
    while True:
        try:
            with connection.transaction():  # when it fails, others get at once what it has locked
                connection.execute(f"SET LOCAL lock_timeout = {LOCK_TRIES_MS}".encode())
                connection.execute(f"LOCK TABLE {_ALL_TABLES}".encode())
            return
        except errors.LockNotAvailable:
            if monotonic() > until:
                raise TablesBusy from None
        sleep(LOCK_PAUSE)


def rename(connection: Connection, listener: Listener, username: str, run: UUID) -> bool:
    """Give the listener another name. Needs a transaction.

    False if that name was forgotten for good: then everything about the listener is deleted, except the job of
    `run`, which is to say so.
    """
    for key in sorted({listener.username_key, username_key(username)}):
        lock_name(connection, key)
    if not is_barred(connection, username):
        listeners.rename(connection, listener, username)
        return True
    connection.execute(
        "DELETE FROM fetch_jobs WHERE username_key = %s AND run <> %s", [listener.username_key, run]
    )
    connection.execute("DELETE FROM lastfm_users WHERE id = %s", [listener.id])
    return False


def _note(connection: Connection, name_hash: str, values: dict[str, object]) -> None:
    connection.execute(
        "DELETE FROM forgotten_names WHERE NOT for_good AND forgotten_at < now() - %s", [VOIDED_FOR]
    )
    connection.execute(
        f"""
        INSERT INTO forgotten_names (name_hash, voids_runs_before, for_good)
        VALUES ({name_hash}, %(run)s, %(for_good)s)
        ON CONFLICT (name_hash) DO UPDATE
        SET voids_runs_before = EXCLUDED.voids_runs_before,
            for_good = forgotten_names.for_good OR EXCLUDED.for_good,
            forgotten_at = now()
        """.encode(),  # noqa: S608  our own text
        values,
    )


def is_barred(connection: Connection, username: str) -> bool:
    """Whether the listener was forgotten for good, so that nothing about them may be fetched."""
    found = connection.execute(
        "SELECT FROM forgotten_names WHERE name_hash = name_hash(%s) AND for_good", [username_key(username)]
    )
    return found.fetchone() is not None


def admit(connection: Connection, username: str) -> bool:
    """Let a listener be fetched again who was forgotten for good. False if they were not."""
    return (
        connection.execute(
            "DELETE FROM forgotten_names WHERE name_hash = name_hash(%s) AND for_good", [username_key(username)]
        ).rowcount
        > 0
    )
