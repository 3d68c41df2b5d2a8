"""Fetch jobs: one per listener and year. Which run fetches it, how far it is, how it ended.

Races are settled here: a claim and every step are conditional updates, and a run that changes no row has lost.
"""

from dataclasses import dataclass, fields
from datetime import datetime, timedelta
from uuid import UUID

from psycopg.rows import class_row

from app.events import Failure, Phase
from app.listening_years import year_bounds
from app.store.database import Connection
from app.store.listeners import username_key
from app.store.upkeep import orphans

NEXT_TRIES = (timedelta(seconds=30), timedelta(minutes=1), timedelta(minutes=5), timedelta(minutes=15))
"""How long to wait after the first, second ... failure in a row of Last.fm's; the last one holds for all later."""

LONGEST_PAUSE = timedelta(hours=2)
"""Longer than any pause, that after a refused key included."""

ABANDONED_AFTER = timedelta(minutes=5)
"""A job without a sign of life for so long has no worker any more. Longer than any wait for Last.fm."""


@dataclass(frozen=True)
class FetchJob:
    """A row of `fetch_jobs`."""

    id: int
    username_key: str
    year: int
    run: UUID
    status: Phase
    window_end: datetime
    prove_since: datetime | None
    expected: int | None
    added: int
    removed: int
    tries: int
    next_try_at: datetime | None
    error_message: str | None
    created_at: datetime
    updated_at: datetime
    completed_at: datetime | None
    looked_at: datetime
    plays_removed_at: datetime | None

    def was_whole(self, at: datetime) -> bool:
        """Whether the year was completed: all of it, or until then, if it still goes on `at` this time."""
        end = year_bounds(self.year)[1]
        return self.completed_at is not None and not self.completed_at < end <= at

    def waits(self, at: datetime) -> bool:
        """Whether Last.fm is not to be asked again yet at this time."""
        return self.next_try_at is not None and timedelta() < self.next_try_at - at <= LONGEST_PAUSE

    @property
    def failure(self) -> Failure | None:
        """Why the latest run failed, if it did."""
        return Failure.of(self.error_message)


_COLUMNS = ", ".join(column.name for column in fields(FetchJob))
_RUNNING = "status IN ('queued', 'fetching', 'augmenting')"


class Overtaken(Exception):
    """Another run has this year now. Stop: what was committed is kept, and nothing is stored twice."""


def find(connection: Connection, username: str, year: int) -> FetchJob | None:
    """Find the job of a listener's year; None if that year was never queued."""
    with connection.cursor(row_factory=class_row(FetchJob)) as cursor:
        cursor.execute(
            f"SELECT {_COLUMNS} FROM fetch_jobs WHERE username_key = %s AND year = %s".encode(),  # noqa: S608
            [username_key(username), year],
        )
        return cursor.fetchone()


def running(connection: Connection) -> list[FetchJob]:
    """Return the jobs that a run has claimed and not ended, the oldest claim first."""
    with connection.cursor(row_factory=class_row(FetchJob)) as cursor:
        cursor.execute(f"SELECT {_COLUMNS} FROM fetch_jobs WHERE {_RUNNING} ORDER BY run".encode())  # noqa: S608
        return cursor.fetchall()


def is_any_running(connection: Connection, username: str) -> bool:
    """Whether a run has claimed any year of the listener, and not ended."""
    query = f"SELECT FROM fetch_jobs WHERE username_key = %s AND {_RUNNING} LIMIT 1"
    return connection.execute(query.encode(), [username_key(username)]).rowcount > 0


def claim(
    connection: Connection,
    username: str,
    year: int,
    run: UUID,
    *,
    window_end: datetime,
    prove_since: datetime | None = None,
    silent_for: timedelta = ABANDONED_AFTER,
) -> bool:
    """Make `run` the one that fetches the year. False when another run has it and is alive.

    One without a sign of life for longer than `silent_for` is not, nor one whose sign came from a clock so far
    ahead. `run` reads what is not proven yet; with `prove_since`, also what was proven before then.
    """
    return (
        connection.execute(
            """
            INSERT INTO fetch_jobs (username_key, year, run, status, window_end)
            VALUES (%(key)s, %(year)s, %(run)s, 'queued', %(end)s)
            ON CONFLICT (username_key, year) DO UPDATE
            SET run = EXCLUDED.run,
                status = 'queued',
                window_end = EXCLUDED.window_end,
                prove_since = COALESCE(%(since)s, fetch_jobs.prove_since),
                added = CASE WHEN fetch_jobs.status = 'completed' THEN 0 ELSE fetch_jobs.added END,
                removed = CASE WHEN fetch_jobs.status = 'completed' THEN 0 ELSE fetch_jobs.removed END,
                error_message = NULL,
                next_try_at = NULL,
                updated_at = now()
            WHERE fetch_jobs.status IN ('completed', 'failed')
               OR fetch_jobs.updated_at NOT BETWEEN now() - %(silent_for)s AND now() + %(silent_for)s
            """,
            {
                "key": username_key(username),
                "year": year,
                "run": run,
                "end": window_end,
                "since": prove_since,
                "silent_for": silent_for,
            },
        ).rowcount
        == 1
    )


def begin(connection: Connection, run: UUID) -> FetchJob:
    """Mark the run as fetching and return its row. Raises Overtaken when another run has the year."""
    with connection.cursor(row_factory=class_row(FetchJob)) as cursor:
        row = cursor.execute(
            f"""
            UPDATE fetch_jobs
            SET status = 'fetching', updated_at = now()
            WHERE run = %s AND {_RUNNING}
            RETURNING {_COLUMNS}
            """.encode(),  # noqa: S608  our own column names
            [run],
        ).fetchone()
    if row is None:
        raise Overtaken
    return row


def advance(
    connection: Connection, run: UUID, *, expected: int | None = None, added: int = 0, removed: int = 0
) -> None:
    """Note that a stretch is stored, in the transaction that stores it. Locks the job until the transaction ends,
    and keeps every track and album in its place.

    `expected` is Last.fm's count of the year, as far as it is known; `added` and `removed` are plays by which a
    year that was whole has changed. Raises Overtaken.
    """
    # In one statement with the lock, since a stretch's transaction waits for every answer.
    moved = connection.execute(
        """
        UPDATE fetch_jobs
        SET expected = COALESCE(%(expected)s, expected),
            added = added + %(added)s,
            removed = removed + %(removed)s,
            tries = 0,
            updated_at = now()
        WHERE run = %(run)s AND status = 'fetching'
        RETURNING pg_advisory_xact_lock_shared(%(lock)s)
        """,
        {"run": run, "expected": expected, "added": added, "removed": removed, "lock": orphans.LOCK},
    ).rowcount
    if not moved:
        raise Overtaken


def augment(connection: Connection, run: UUID) -> None:
    """Note that all plays are stored. Raises Overtaken."""
    if not _update(connection, run, "status = 'augmenting'", condition=_RUNNING):
        raise Overtaken


def complete(connection: Connection, run: UUID, *, expected: int) -> None:
    """Mark the year as completed; `expected` is Last.fm's count of it. Raises Overtaken."""
    assignments = """status = 'completed', expected = %(expected)s, error_message = NULL, completed_at = now(),
                     prove_since = NULL, tries = 0, plays_removed_at = NULL"""
    if not _update(connection, run, assignments, condition=_RUNNING, expected=expected):
        raise Overtaken
    connection.execute("DELETE FROM counted_years WHERE job IN (SELECT id FROM fetch_jobs WHERE run = %s)", [run])


def fail(
    connection: Connection, run: UUID, failure: Failure, now: datetime, again_in: timedelta | None = None
) -> FetchJob | None:
    """Record why the run failed, and return its row; stored scrobbles are kept.

    Where Last.fm gave no usable answer, the next run may start after a while, which grows with every failure
    without a stored stretch; for any other failure `again_in` says so. None when another run has taken over or it
    had ended.
    """
    is_away = failure is Failure.LASTFM_AWAY
    with connection.cursor(row_factory=class_row(FetchJob)) as cursor:
        return cursor.execute(
            f"""
            UPDATE fetch_jobs
            SET status = 'failed',
                error_message = %(failure)s,
                next_try_at = %(now)s + CASE WHEN %(is_away)s
                    THEN (%(pauses)s::interval[])[LEAST(tries, %(last)s) + 1]
                    ELSE %(again_in)s::interval END,
                tries = CASE WHEN %(is_away)s THEN LEAST(tries, 99) + 1 ELSE 0 END,
                updated_at = now()
            WHERE run = %(run)s AND {_RUNNING}
            RETURNING {_COLUMNS}
            """.encode(),  # noqa: S608  our own column names
            {
                "run": run,
                "failure": failure,
                "is_away": is_away,
                "now": now,
                "again_in": again_in,
                "pauses": list(NEXT_TRIES),
                "last": len(NEXT_TRIES) - 1,
            },
        ).fetchone()


def _update(
    connection: Connection, run: UUID, assignments: str, *, condition: str = "true", **parameters: object
) -> bool:
    query = f"UPDATE fetch_jobs SET {assignments}, updated_at = now() WHERE run = %(run)s AND {condition}"  # noqa: S608
    return connection.execute(query.encode(), {"run": run, **parameters}).rowcount == 1


def delete(connection: Connection, run: UUID) -> bool:
    """Delete the job of a name that Last.fm does not know. False when another run has taken over."""
    return connection.execute("DELETE FROM fetch_jobs WHERE run = %s", [run]).rowcount == 1


def completed_years(connection: Connection, username: str) -> dict[int, int]:
    """Return each completed year with Last.fm's count of its scrobbles.

    One that has ended since it was completed is none.
    """
    rows = connection.execute(
        """
        SELECT year, COALESCE(expected, 0)
        FROM fetch_jobs
        WHERE username_key = %s
          AND completed_at >= LEAST(
              make_timestamptz(year + 1, 1, 1, 0, 0, 0, 'UTC'),
              date_trunc('year', now(), 'UTC')
          )
        """,
        [username_key(username)],
    )
    return dict(rows.fetchall())


def final_years(connection: Connection, username: str, late: timedelta) -> dict[int, int]:
    """Return the same for years completed at least `late` after their end, which cannot change any more."""
    rows = connection.execute(
        """
        SELECT year, COALESCE(expected, 0)
        FROM fetch_jobs
        WHERE username_key = %s AND completed_at >= make_timestamptz(year + 1, 1, 1, 0, 0, 0, 'UTC') + %s
        """,
        [username_key(username), late],
    )
    return dict(rows.fetchall())
