"""Top albums: the most played albums and songs of every release year, or of the oldest and the newest."""

from dataclasses import replace

from psycopg.rows import class_row

from app.events import OldestNewest, TopAlbum, YearCounts
from app.periods import Period
from app.store.database import Connection
from app.store.plays.album_plays import (
    BEST_FIRST,
    LINE,
    MAX_NAME_LENGTH,
    VARIOUS_ARTISTS,
    parameters,
    played,
)
from app.store.plays.play_filter import PlayFilter

_MOST_PLAYED_FIRST = "plays DESC, listed_as, song, spelled_as"
_NAMES = f"""
    CASE WHEN is_by_various THEN '{VARIOUS_ARTISTS}' ELSE artist END AS artist,
    CASE WHEN song = '' THEN album ELSE song END AS title
"""


def _by_year(plays: PlayFilter) -> str:
    """Return the query of all lines by release year; its parameters are `parameters`."""
    return f"""
        SELECT year AS release_year,
               listed_as,
               song,
               sum(plays)::integer AS plays,
               (array_agg(album ORDER BY {BEST_FIRST}))[1] AS spelled_as,
               bool_or(artists_differ) AND min(artist_key) <> max(artist_key) AS is_by_various
        FROM (
            SELECT counted.year,
                   album,
                   listed_as,
                   song,
                   has_own_year,
                   sum(played.plays)::integer AS plays,
                   min(augmentation_status) AS augmentation_status,
                   min(artist_key) AS artist_key,
                   bool_or(artists_differ) AS artists_differ
            {played(plays)}
            WHERE counted.year IS NOT NULL
            GROUP BY counted.year, album, listed_as, song, has_own_year
        ) AS spelled
        GROUP BY year, {LINE}
    """  # noqa: S608  our own text


def by_release_year(connection: Connection, plays: PlayFilter, *, each: int) -> list[TopAlbum]:
    """Return the `each` most played albums, or songs listed by themselves, of every release year."""
    with connection.cursor(row_factory=class_row(TopAlbum)) as cursor:
        cursor.execute(
            f"""
            SELECT listed.release_year,
                   plays,
                   CASE WHEN song = '' THEN release_group END AS release_group,
                   {_NAMES}
            FROM (
                SELECT *, row_number() OVER (PARTITION BY release_year ORDER BY {_MOST_PLAYED_FIRST}) AS rank
                FROM ({_by_year(plays)}) AS listed
            ) AS listed
            JOIN albums ON albums.id = spelled_as
            WHERE rank <= %s
            ORDER BY listed.release_year, rank
            """.encode(),  # noqa: S608  our own text
            [*parameters(plays), each],
        )
        return cursor.fetchall()


def oldest_and_newest(
    connection: Connection, user: int, year: int, counts: YearCounts, period: Period | None = None
) -> tuple[OldestNewest | None, OldestNewest | None]:
    """Return the top albums of the oldest and of the newest release year of a listener's year, or of a part of it.

    By the albums' years, and by the songs' own where that makes another chart.
    """
    plays = PlayFilter(user, year, period=period)
    of_albums = _oldest_and_newest(connection, plays) if counts.years else None
    of_songs = _oldest_and_newest(connection, replace(plays, by_song=True)) if counts.song_years else None
    return of_albums, of_songs


def _oldest_and_newest(connection: Connection, plays: PlayFilter) -> OldestNewest | None:
    with connection.cursor(row_factory=class_row(TopAlbum)) as cursor:
        cursor.execute(
            f"""
            SELECT release_year, plays, left(artist, %s) AS artist, left(title, %s) AS title
            FROM (
                SELECT listed.release_year, plays, {_NAMES}
                FROM (
                    SELECT DISTINCT ON (release_year) *
                    FROM (
                        SELECT *, min(release_year) OVER () AS oldest, max(release_year) OVER () AS newest
                        FROM ({_by_year(plays)}) AS listed
                    ) AS listed
                    WHERE release_year IN (oldest, newest)
                    ORDER BY release_year, {_MOST_PLAYED_FIRST}
                ) AS listed
                JOIN albums ON albums.id = spelled_as
            ) AS named
            ORDER BY release_year
            """.encode(),  # noqa: S608  our own text
            [MAX_NAME_LENGTH, MAX_NAME_LENGTH, *parameters(plays)],
        )
        found = cursor.fetchall()
    return (found[0], found[-1]) if found else None
