"""Released plays: what a listener ever played of some release years, by album and by listening year.

As in a list of one year, an album is one line however it is spelled, and a song that counts by another year than
its album has a line of its own.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from psycopg.rows import dict_row

from app.store.database import Connection
from app.store.plays.album_plays import (
    COUNTED,
    LINE,
    LIST_ORDER,
    LISTED,
    MOST_PLAYED,
    SUMMED_UP,
    AlbumCounts,
    AlbumPlays,
    read_album,
)


@dataclass(frozen=True)
class AlbumOverYears(AlbumPlays):
    """An album, or a song that is listed by itself, with its plays in each listening year."""

    listened: Mapping[int, int] = field(default_factory=dict)


@dataclass(frozen=True)
class ReleasedPlays:
    """A part of the list, and what all of it comes to."""

    rows: tuple[AlbumOverYears, ...] = ()
    totals: tuple[AlbumCounts, ...] = ()
    listened: Mapping[int, int] = field(default_factory=dict)
    """All plays by listening year."""


def list_released(
    connection: Connection, user: int, released: tuple[int, int], *, by_song: bool, limit: int, offset: int = 0
) -> ReleasedPlays:
    """List what of all stored plays counts for these release years, in the order of a year's list, in one query.

    Beyond the end of the list there are no rows and no totals.
    """
    with connection.cursor(row_factory=dict_row) as cursor:
        cursor.execute(
            f"""
            WITH counted AS MATERIALIZED (
                SELECT listening_year,
                       album,
                       listed_as,
                       song,
                       has_own_year,
                       is_pending,
                       artist_key,
                       artists_differ,
                       has_no_album,
                       sum(played.plays)::integer AS plays,
                       min(augmentation_status) AS augmentation_status,
                       min(counted.year) AS release_year,
                       min(release_year) AS album_year
                FROM (
                    SELECT EXTRACT(year FROM starts AT TIME ZONE 'UTC')::integer AS listening_year,
                           unnest(tracks) AS track,
                           count(*) AS plays
                    FROM stretches
                    WHERE user_id = %(user)s
                    GROUP BY listening_year, track
                ) AS played
                {COUNTED.replace("%s", "%(by_song)s")}
                WHERE counted.year BETWEEN %(first)s AND %(last)s
                GROUP BY listening_year, album, listed_as, song, has_own_year, is_pending, artist_key,
                         artists_differ, has_no_album
            ), spelled AS (
                SELECT album,
                       listed_as,
                       song,
                       has_own_year,
                       is_pending,
                       sum(plays)::integer AS plays,
                       min(augmentation_status) AS augmentation_status,
                       min(release_year) AS release_year,
                       min(album_year) AS album_year,
                       min(artist_key) AS artist_key,
                       bool_or(artists_differ) AS artists_differ,
                       bool_or(has_no_album) AS has_no_album
                FROM counted
                GROUP BY album, listed_as, song, has_own_year, is_pending
            ), lines AS (
                SELECT listed_as,
                       song,
                       has_own_year,
                       is_pending,
                       min(artist_key) AS artist_key,
                       {SUMMED_UP}
                FROM spelled
                GROUP BY is_pending, {LINE}
                WINDOW heading AS (PARTITION BY is_pending, listed_as, has_own_year)
            ), listed AS (
                SELECT *,
                       count(*) FILTER (WHERE NOT has_no_album AND NOT has_own_year) OVER () AS all_albums,
                       count(*) FILTER (WHERE has_no_album) OVER () AS all_songs,
                       count(*) FILTER (WHERE has_own_year) OVER () AS all_songs_with_own_year,
                       sum(plays) OVER ()::integer AS all_plays
                FROM lines
                ORDER BY {LIST_ORDER}
                LIMIT %(limit)s OFFSET %(offset)s
            ), listened AS (
                SELECT is_pending,
                       listed_as,
                       song,
                       has_own_year,
                       CASE WHEN has_own_year THEN artist_key END AS of_artist,
                       jsonb_object_agg(listening_year, plays) AS listened
                FROM (
                    SELECT is_pending, listed_as, song, has_own_year, listening_year,
                           CASE WHEN has_own_year THEN artist_key END AS artist_key,
                           sum(plays) AS plays
                    FROM counted
                    GROUP BY is_pending, {LINE}, listening_year
                ) AS each_year
                GROUP BY is_pending, listed_as, song, has_own_year, of_artist
            )
            SELECT {LISTED},
                   listened,
                   all_albums,
                   all_songs,
                   all_songs_with_own_year,
                   all_plays,
                   (
                       SELECT jsonb_object_agg(listening_year, plays)
                       FROM (
                           SELECT listening_year, sum(plays) AS plays
                           FROM counted
                           GROUP BY listening_year
                       ) AS sums
                   ) AS all_listened
            FROM listed
            JOIN listened USING (is_pending, listed_as, song, has_own_year)
            {MOST_PLAYED}
            WHERE of_artist IS NOT DISTINCT FROM CASE WHEN has_own_year THEN artist_key END
            ORDER BY {LIST_ORDER}
            """.encode(),  # noqa: S608  our own text
            {
                "user": user,
                "by_song": by_song,
                "first": released[0],
                "last": released[1],
                "limit": limit,
                "offset": offset,
            },
        )
        found = cursor.fetchall()
    if not found:
        return ReleasedPlays()
    names = ("albums", "songs", "plays", "songs_with_own_year")
    totals = AlbumCounts(is_pending=False, **{name: found[0][f"all_{name}"] for name in names})
    rows = tuple(_over_years(**columns) for columns in found)
    return ReleasedPlays(rows, (totals,), _by_year(found[0]["all_listened"]))


def _over_years(listened: Mapping[str, int], **columns: Any) -> AlbumOverYears:
    own = {name: value for name, value in columns.items() if not name.startswith("all_")}
    return read_album(AlbumOverYears, **own, listened=_by_year(listened))


def _by_year(plays: Mapping[str, int]) -> dict[int, int]:
    return {int(year): count for year, count in sorted(plays.items())}
