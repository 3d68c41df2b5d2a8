"""Scrobbles: one as Last.fm gives it; those that are stored, counted by release year."""

from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from itertools import groupby
from operator import itemgetter
from uuid import UUID

from psycopg.rows import class_row

from app.events import Tally, YearCounts
from app.listening_years import year_bounds
from app.periods import Period
from app.store.albums import names_key, short_key
from app.store.database import Connection
from app.store.plays.play_filter import PlayFilter


@dataclass(frozen=True)
class Scrobble:
    """One scrobble as Last.fm gives it; `album` may be empty."""

    scrobbled_at: datetime
    artist: str
    title: str
    album: str
    album_mbid: UUID | None

    @cached_property
    def second(self) -> int:
        """When it was, in UNIX seconds."""
        return int(self.scrobbled_at.timestamp())

    @cached_property
    def album_key(self) -> UUID:
        """The key that its album is stored under."""
        return names_key(self.artist, self.album)

    @cached_property
    def track_key(self) -> int:
        """The key that its track is stored under: eight bytes, since there are many tracks."""
        return short_key(self.artist, self.album, self.title)


_TALLIED = "release_year, song_release_year, augmentation_status, by_mbid"


def count_year(connection: Connection, user: int, year: int, period: Period | None = None) -> YearCounts:
    """Count what is stored of a listener's year, or of a part of it, in one indexed query."""
    plays = PlayFilter(user, year, period=period)
    with connection.cursor(row_factory=class_row(Tally)) as cursor:
        cursor.execute(
            f"""
            SELECT {_TALLIED}, sum(plays)::integer AS plays
            FROM ({plays.played_tracks}) AS played
            JOIN placed_tracks ON placed_tracks.id = played.track
            GROUP BY {_TALLIED}
            """.encode(),  # noqa: S608  our own column names
            plays.parameters,
        )
        return YearCounts().plus(cursor.fetchall())


def count_months(connection: Connection, user: int, year: int) -> dict[int, YearCounts]:
    """Count what is stored of each month of a listener's year; months without plays are left out."""
    rows = connection.execute(
        f"""
        SELECT month, release_year, song_release_year, augmentation_status, sum(plays)::integer, by_mbid
        FROM (
            SELECT EXTRACT(month FROM moment AT TIME ZONE 'UTC')::integer AS month, play.track, count(*) AS plays
            FROM stretches
            CROSS JOIN LATERAL unnest(seconds, tracks) AS play (second, track)
            CROSS JOIN LATERAL (SELECT starts + make_interval(secs => play.second) AS moment) AS began
            WHERE user_id = %s AND starts >= %s AND starts < %s
            GROUP BY month, track
        ) AS played
        JOIN placed_tracks ON placed_tracks.id = played.track
        GROUP BY month, {_TALLIED}
        ORDER BY month
        """.encode(),  # noqa: S608  our own column names
        [user, *year_bounds(year)],
    ).fetchall()
    by_month = groupby(rows, key=itemgetter(0))
    return {month: YearCounts().plus(Tally(*tallied) for _, *tallied in found) for month, found in by_month}


def count_all_years(connection: Connection, user: int) -> dict[int, YearCounts]:
    """Count all that is stored of a listener, by listening year, in one indexed query."""
    rows = connection.execute(
        f"""
        SELECT listening_year, {_TALLIED}, sum(plays)::integer AS plays
        FROM (
            SELECT EXTRACT(year FROM starts AT TIME ZONE 'UTC')::integer AS listening_year,
                   unnest(tracks) AS track,
                   count(*) AS plays
            FROM stretches
            WHERE user_id = %s
            GROUP BY listening_year, track
        ) AS played
        JOIN placed_tracks ON placed_tracks.id = played.track
        GROUP BY listening_year, {_TALLIED}
        """.encode(),  # noqa: S608  our own column names
        [user],
    ).fetchall()
    years: dict[int, list[Tally]] = {}
    for year, released, song_released, status, by_mbid, plays in rows:
        years.setdefault(year, []).append(Tally(released, song_released, status, plays, by_mbid))
    return {year: YearCounts().plus(tallies) for year, tallies in years.items()}
