"""Fetch jobs: one per listener and year. Who may fetch it, how far it is, how it ended.

Races are settled here: a claim and every step are conditional updates, and who changed no row has lost.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal
from uuid import UUID

from psycopg.rows import class_row

from app.store.database import Connection
from app.store.listeners import key

Status = Literal["pending", "fetching", "augmenting", "completed", "failed"]

SILENCE = timedelta(minutes=5)
"""A job that has said nothing for so long has no worker any more; longer than any wait for Last.fm."""


@dataclass(frozen=True)
class FetchJob:
    """A row of `fetch_jobs`."""

    id: int
    username_key: str
    year: int
    run: UUID
    status: Status
    window_end: datetime
    resume_from: datetime | None
    progress: int
    total_pages: int
    expected: int | None
    error_message: str | None
    created_at: datetime
    updated_at: datetime
    completed_at: datetime | None


class Overtaken(Exception):
    """Another worker has this year now. Leave it: what this one committed is kept and nothing is doubled."""


def look(connection: Connection, username: str, year: int) -> FetchJob | None:
    """How the year of a listener stands, or None if nobody ever asked for it."""
    with connection.cursor(row_factory=class_row(FetchJob)) as cursor:
        cursor.execute(
            """
            SELECT id, username_key, year, run, status, window_end, resume_from, progress, total_pages,
                   expected, error_message, created_at, updated_at, completed_at
            FROM fetch_jobs
            WHERE username_key = %s AND year = %s
            """,
            [key(username), year],
        )
        return cursor.fetchone()


def claim(
    connection: Connection, username: str, year: int, run: UUID, *, window_end: datetime, anew: bool = False
) -> bool:
    """Makes `run` the one that fetches the year; False when another run is at it and still speaks.

    A finished year goes on from its newest scrobble; with `anew` it begins from its first day.
    """
    return (
        connection.execute(
            """
            INSERT INTO fetch_jobs (username_key, year, run, status, window_end)
            VALUES (%(key)s, %(year)s, %(run)s, 'pending', %(end)s)
            ON CONFLICT (username_key, year) DO UPDATE
            SET run = EXCLUDED.run,
                status = 'pending',
                window_end = EXCLUDED.window_end,
                resume_from = CASE WHEN %(anew)s THEN NULL ELSE fetch_jobs.resume_from END,
                progress = 0,
                total_pages = 0,
                error_message = NULL,
                updated_at = now()
            WHERE fetch_jobs.status IN ('completed', 'failed') OR fetch_jobs.updated_at < now() - %(silence)s
            """,
            {
                "key": key(username),
                "year": year,
                "run": run,
                "end": window_end,
                "anew": anew,
                "silence": SILENCE,
            },
        ).rowcount
        == 1
    )


def begin(connection: Connection, run: UUID) -> FetchJob:
    """Marks the run as fetching and returns its row. Raises Overtaken when it is not this run's any more."""
    with connection.cursor(row_factory=class_row(FetchJob)) as cursor:
        row = cursor.execute(
            """
            UPDATE fetch_jobs
            SET status = 'fetching', updated_at = now()
            WHERE run = %s AND status IN ('pending', 'fetching', 'augmenting')
            RETURNING id, username_key, year, run, status, window_end, resume_from, progress, total_pages,
                      expected, error_message, created_at, updated_at, completed_at
            """,
            [run],
        ).fetchone()
    if row is None:
        raise Overtaken
    return row


def advance(
    connection: Connection,
    run: UUID,
    *,
    behind: datetime | None,
    to: datetime | None,
    progress: int,
    total_pages: int,
) -> None:
    """Moves the resume point from `behind` to `to`, in the transaction that stores the page between them.

    None is the year's beginning.

    Raises Overtaken when the point is not at `behind`: the page is then another worker's.
    """
    moved = connection.execute(
        """
        UPDATE fetch_jobs
        SET resume_from = %s, progress = %s, total_pages = %s, updated_at = now()
        WHERE run = %s AND status = 'fetching' AND resume_from IS NOT DISTINCT FROM %s
        """,
        [to, progress, total_pages, run, behind],
    ).rowcount
    if moved != 1:
        raise Overtaken


def augment(connection: Connection, run: UUID, *, expected: int) -> None:
    """All pages are in: `expected` is what Last.fm counts. Raises Overtaken."""
    _must_move(
        connection,
        "UPDATE fetch_jobs SET status = 'augmenting', expected = %s, updated_at = now() WHERE run = %s",
        [expected, run],
    )


def complete(connection: Connection, run: UUID) -> None:
    """The year is whole. Raises Overtaken."""
    _must_move(
        connection,
        """
        UPDATE fetch_jobs
        SET status = 'completed', error_message = NULL, updated_at = now(), completed_at = now()
        WHERE run = %s
        """,
        [run],
    )


def fail(connection: Connection, run: UUID, message: str) -> bool:
    """The run has ended without the whole year; what it stored stays. False when it was overtaken or had ended."""
    return (
        connection.execute(
            """
            UPDATE fetch_jobs
            SET status = 'failed', error_message = %s, updated_at = now()
            WHERE run = %s AND status IN ('pending', 'fetching', 'augmenting')
            """,
            [message, run],
        ).rowcount
        == 1
    )


def drop(connection: Connection, run: UUID) -> bool:
    """Removes the job of a name that Last.fm does not know. False when it was overtaken."""
    return connection.execute("DELETE FROM fetch_jobs WHERE run = %s", [run]).rowcount == 1


def whole_years(connection: Connection, username: str) -> dict[int, int]:
    """Listening year -> Last.fm's count, for each year that is stored whole."""
    rows = connection.execute(
        """
        SELECT year, COALESCE(expected, 0)
        FROM fetch_jobs
        WHERE username_key = %s AND completed_at IS NOT NULL
        """,
        [key(username)],
    )
    return dict(rows.fetchall())


def final_years(connection: Connection, username: str, late: timedelta) -> dict[int, int]:
    """The same for the years whose count was taken `late` after their end, so that it holds for ever."""
    rows = connection.execute(
        """
        SELECT year, COALESCE(expected, 0)
        FROM fetch_jobs
        WHERE username_key = %s AND completed_at >= make_timestamptz(year + 1, 1, 1, 0, 0, 0, 'UTC') + %s
        """,
        [key(username), late],
    )
    return dict(rows.fetchall())


def _must_move(connection: Connection, query: str, parameters: list[object]) -> None:
    if connection.execute(query.encode(), parameters).rowcount != 1:
        raise Overtaken
