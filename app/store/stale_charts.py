"""Stale charts: listening years whose counts changed after their charts were drawn.

An album or a song got another release year. Its own row says so (`charts_stale`), so that no answer is stored
without it.
"""

from typing import NamedTuple

from app.store.database import Connection


class NewestRows(NamedTuple):
    """The highest ids at a moment: rows up to them were there before."""

    album: int
    track: int


ALL_ROWS = NewestRows(album=2**31 - 1, track=2**31 - 1)


def newest_rows(connection: Connection) -> NewestRows:
    """Return the newest album and track. Read at the start of a run, they tell what it has added itself."""
    row = connection.execute(
        "SELECT (SELECT coalesce(max(id), 0) FROM albums), (SELECT coalesce(max(id), 0) FROM tracks)"
    ).fetchone()
    return NewestRows(*row) if row else ALL_ROWS


def take_stale_years(connection: Connection, before: NewestRows = ALL_ROWS) -> list[tuple[str, int]]:
    """Return the listeners and years with plays of albums and songs that are marked, and clear the marks.

    Rows newer than `before` are in no chart that was drawn before them: their marks are cleared, no more. Drop the
    charts in the same transaction: if that fails, the marks stay. Rows that another worker is storing are skipped:
    that worker takes them at its own end. Reads all tracks and stretches, unless nothing is found.
    """
    # Without IS TRUE the planner makes a hash of every stretch's tracks instead of one of those that are stale.
    return connection.execute(
        """
        WITH albums_taken AS (
            UPDATE albums
            SET charts_stale = NULL
            WHERE id IN (SELECT id FROM albums WHERE charts_stale FOR NO KEY UPDATE SKIP LOCKED)
            RETURNING id
        ), tracks_taken AS (
            UPDATE tracks
            SET charts_stale = NULL
            WHERE id IN (SELECT id FROM tracks WHERE charts_stale FOR NO KEY UPDATE SKIP LOCKED)
            RETURNING id
        ), stale AS (
            SELECT id
            FROM tracks_taken
            WHERE id <= %(track)s
            UNION
            SELECT tracks.id
            FROM tracks
            JOIN albums_taken ON albums_taken.id = tracks.album
            WHERE albums_taken.id <= %(album)s
        )
        SELECT DISTINCT lastfm_users.username, EXTRACT(year FROM stretches.starts AT TIME ZONE 'UTC')::integer
        FROM stretches
        JOIN lastfm_users ON lastfm_users.id = stretches.user_id
        WHERE EXISTS (SELECT FROM stale)
          AND EXISTS (
              SELECT FROM (SELECT unnest(tracks) AS track) AS played
              WHERE (track IN (SELECT id FROM stale)) IS TRUE
          )
        """,
        before._asdict(),
    ).fetchall()
