"""Tracks: the years in which songs themselves came out, where their albums do not say."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from psycopg.rows import class_row

from app.store.database import Connection

RETRY_DAYS = 32
"""Days until a song that was not found is looked up again."""


@dataclass(frozen=True)
class Track:
    """A track as Last.fm names it."""

    id: int
    artist: str
    title: str


PLAYED = """
    SELECT DISTINCT unnest(tracks) AS track
    FROM stretches
    WHERE user_id = %s AND starts < %s AND ends > %s
"""
"""A query for the tracks in stretches that touch a time; its parameters: the listener, its end and its start."""
_WANTED = """
    (albums.album = '' OR albums.songs_differ)
    AND tracks.song_year IS NULL
    AND coalesce(tracks.song_looked_up_at, '-infinity') < now() - make_interval(days => %s)
"""


def without_year(connection: Connection, user: int, start: datetime, end: datetime) -> list[Track]:
    """Return tracks played in the stretches between `start` and `end` whose own year is to be looked up."""
    with connection.cursor(row_factory=class_row(Track)) as cursor:
        cursor.execute(
            f"""
            SELECT tracks.id, albums.artist, tracks.title
            FROM ({PLAYED}) AS played
            JOIN tracks ON tracks.id = played.track
            JOIN albums ON albums.id = tracks.album
            WHERE {_WANTED}
            ORDER BY tracks.id
            """.encode(),  # noqa: S608  our own condition
            [user, end, start, RETRY_DAYS],
        )
        return cursor.fetchall()


def some_without_year(connection: Connection, *, after_id: int, limit: int) -> list[Track]:
    """Return the same for all listeners: up to `limit` tracks, by id, starting after `after_id`."""
    with connection.cursor(row_factory=class_row(Track)) as cursor:
        cursor.execute(
            f"""
            SELECT tracks.id, albums.artist, tracks.title
            FROM tracks
            JOIN albums ON albums.id = tracks.album
            WHERE tracks.id > %s AND {_WANTED}
            ORDER BY tracks.id
            LIMIT %s
            """.encode(),  # noqa: S608  our own condition
            [after_id, RETRY_DAYS, limit],
        )
        return cursor.fetchall()


def save_years(connection: Connection, tracks: Sequence[Track], years: Sequence[int | None]) -> None:
    """Store the songs' years, or that none was found."""
    connection.execute(
        """
        UPDATE tracks
        SET song_year = given.year, song_looked_up_at = now(),
            charts_stale = tracks.charts_stale OR given.year IS NOT NULL
        FROM unnest(%s::integer[], %s::smallint[]) AS given (id, year)
        WHERE tracks.id = given.id
        """,
        [[track.id for track in tracks], list(years)],
    )
