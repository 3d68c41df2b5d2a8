"""Tracks: the years in which songs themselves came out, where their albums do not tell."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from psycopg.rows import class_row

from app.store.database import Connection

WAIT = 32
"""Days until a song that was not found is asked for again."""


@dataclass(frozen=True)
class Track:
    """A track as Last.fm names it."""

    id: int
    artist: str
    title: str


_WANTED = """
    (albums.album = '' OR albums.songs_differ)
    AND tracks.song_year IS NULL
    AND coalesce(tracks.song_looked_up_at, '-infinity') < now() - make_interval(days => %s)
"""


def unplaced(connection: Connection, user: int, start: datetime, end: datetime) -> list[Track]:
    """What a listener scrobbled from `start` up to `end` whose own year is wanted, and not known yet."""
    with connection.cursor(row_factory=class_row(Track)) as cursor:
        cursor.execute(
            f"""
            SELECT DISTINCT tracks.id, albums.artist, tracks.title
            FROM scrobbles
            JOIN tracks ON tracks.id = scrobbles.track
            JOIN albums ON albums.id = tracks.album
            WHERE scrobbles.user_id = %s AND scrobbles.scrobbled_at >= %s AND scrobbles.scrobbled_at < %s
              AND {_WANTED}
            ORDER BY tracks.id
            """.encode(),  # noqa: S608  our own condition
            [user, start, end, WAIT],
        )
        return cursor.fetchall()


def some_unplaced(connection: Connection, *, behind: int, limit: int) -> list[Track]:
    """The same of everybody: so many at most, in the order of their ids, the first one `behind` that id."""
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
            [behind, WAIT, limit],
        )
        return cursor.fetchall()


def keep_years(connection: Connection, tracks: Sequence[Track], years: Sequence[int | None]) -> None:
    """Stores the songs' years, or that none was found."""
    connection.execute(
        """
        UPDATE tracks
        SET song_year = given.year, song_looked_up_at = now()
        FROM unnest(%s::integer[], %s::smallint[]) AS given (id, year)
        WHERE tracks.id = given.id
        """,
        [[track.id for track in tracks], list(years)],
    )


def years_with(connection: Connection, ids: Sequence[int]) -> set[tuple[str, int]]:
    """The listeners and years in which any of the tracks with these ids was scrobbled."""
    rows = connection.execute(
        """
        SELECT DISTINCT lastfm_users.username, EXTRACT(year FROM scrobbled_at AT TIME ZONE 'UTC')::integer
        FROM scrobbles
        JOIN lastfm_users ON lastfm_users.id = scrobbles.user_id
        WHERE scrobbles.track = ANY(%s)
        """,
        [list(ids)],
    )
    return {(str(name), int(str(year))) for name, year in rows}
