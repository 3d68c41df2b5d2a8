"""Room: how much of Last.fm's data is stored, and how the plays of years that nobody looks at give way.

Last.fm's terms limit it. What counts is what the tables take with their indexes, dead rows included: so tables are
rewritten after rows were removed, which takes some seconds for a hundred megabytes.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from time import sleep

from psycopg.rows import class_row

from app.listening_years import year_bounds
from app.store.database import Connection, patient
from app.store.plays import counted_years

TABLES = ("stretches", "tracks", "albums", "lastfm_users")
"""Those that hold Last.fm's data. What is kept of a year without its plays is our own."""

COMPACT_SECONDS = 300.0
"""For which a table may take to be rewritten on a slow disk."""

COMPACT_TRIES, COMPACT_PAUSE = 30, 0.2
"""How often a table that is being read is tried again, and the seconds between. Most queries take less in all."""

RUN_IS_DEAD = timedelta(days=1)
"""A run without a sign of life for so long writes nothing more."""


@dataclass(frozen=True)
class StoredYear:
    """A listener's year with plays, and how many bytes they take without names and indexes."""

    user_id: int
    username: str
    year: int
    job: int | None
    bytes: int


def lastfm_bytes(connection: Connection) -> int:
    """Return the bytes that Last.fm's data takes with its indexes; 0 where there are no tables yet."""
    row = connection.execute(
        """
        SELECT coalesce(sum(pg_total_relation_size(to_regclass(name))), 0)::bigint
        FROM unnest(%s::text[]) AS name
        """,
        [list(TABLES)],
    ).fetchone()
    assert row is not None  # noqa: S101  an aggregate without groups is one row
    return int(row[0])


def compact(connection: Connection) -> None:
    """Rewrite the tables without what was removed from them. Not in a transaction.

    A table that somebody is reading for long is left for the next time: everybody else would wait with us.
    """
    with patient(connection, COMPACT_SECONDS):
        for name in TABLES:
            for _ in range(COMPACT_TRIES):
                before = _file_of(connection, name)
                connection.execute(f"VACUUM (FULL, ANALYZE, SKIP_LOCKED) {name}".encode())
                if _file_of(connection, name) != before:
                    break
                sleep(COMPACT_PAUSE)


def _file_of(connection: Connection, table: str) -> object:
    """Return what names the table's file: another one after it was rewritten."""
    return connection.execute("SELECT pg_relation_filenode(to_regclass(%s))", [table]).fetchone()


def note_looks(connection: Connection, looks: Iterable[tuple[str, int, datetime]]) -> None:
    """Store when somebody looked at a year last, by the listener's key and the year."""
    keys, years, times = zip(*looks, strict=True) if (looks := list(looks)) else ((), (), ())
    connection.execute(
        """
        UPDATE fetch_jobs
        SET looked_at = given.at
        FROM unnest(%s::text[], %s::smallint[], %s::timestamptz[]) AS given (username_key, year, at)
        WHERE fetch_jobs.username_key = given.username_key
          AND fetch_jobs.year = given.year
          AND fetch_jobs.looked_at < given.at
        """,
        [list(keys), list(years), list(times)],
    )


def longest_unseen(connection: Connection) -> list[StoredYear]:
    """Return the years with plays that no run is reading, the one that nobody has looked at for longest first."""
    with connection.cursor(row_factory=class_row(StoredYear)) as cursor:
        cursor.execute(
            """
            SELECT stored.user_id, lastfm_users.username, stored.year, fetch_jobs.id AS job, stored.bytes
            FROM (
                SELECT user_id,
                       EXTRACT(year FROM starts AT TIME ZONE 'UTC')::smallint AS year,
                       sum(pg_column_size(stretches.*))::bigint AS bytes
                FROM stretches
                GROUP BY 1, 2
            ) AS stored
            JOIN lastfm_users ON lastfm_users.id = stored.user_id
            LEFT JOIN fetch_jobs
                ON fetch_jobs.username_key = lastfm_users.username_key AND fetch_jobs.year = stored.year
            WHERE fetch_jobs.id IS NULL
               OR fetch_jobs.status IN ('completed', 'failed')
               OR fetch_jobs.updated_at < now() - %s
            ORDER BY fetch_jobs.looked_at NULLS FIRST, stored.user_id, stored.year
            """,
            [RUN_IS_DEAD],
        )
        return cursor.fetchall()


def remove_plays(connection: Connection, stored: StoredYear) -> bool:
    """Remove the plays of a year, and keep what a year that was whole came to. Needs a transaction.

    False if a run has taken the year meanwhile, or is about to: then nothing is removed.
    """
    if stored.job is not None:
        job = connection.execute(
            """
            UPDATE fetch_jobs
            SET plays_removed_at = CASE WHEN completed_at IS NOT NULL THEN now() END
            WHERE id IN (SELECT id FROM fetch_jobs WHERE id = %s FOR UPDATE SKIP LOCKED)
              AND (status IN ('completed', 'failed') OR updated_at < now() - %s)
            RETURNING completed_at IS NOT NULL
            """,
            [stored.job, RUN_IS_DEAD],
        ).fetchone()
        if job is None:
            return False
        if job[0]:
            counted = counted_years.count(connection, stored.user_id, stored.year)
            counted_years.keep(connection, stored.job, counted)
    connection.execute(
        "DELETE FROM stretches WHERE user_id = %s AND starts >= %s AND starts < %s",
        [stored.user_id, *year_bounds(stored.year)],
    )
    return True
