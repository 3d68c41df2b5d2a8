"""Counted years: what a listener's year came to, kept when its plays are removed to make room.

It is a statistic of our own and takes some kilobytes: what the pages of the year show without its plays.
"""

from dataclasses import replace
from typing import Any

from psycopg.types.json import Jsonb
from pydantic import ConfigDict, Field

from app.events import Count, Gap, OldestNewest, PlaysByYear, TopAlbum, YearCounts
from app.listening_years import year_bounds, year_seconds
from app.store import album_plays, scrobbles, stretches
from app.store.album_plays import PlayFilter
from app.store.database import Connection

TOP_ALBUMS = 20


class CountedYear(YearCounts):
    """The counts of a year, and what else an event says of it."""

    model_config = ConfigDict(frozen=True, extra="ignore")  # written by another version, perhaps

    gaps: tuple[Gap, ...] = ()
    duplicates: Count = 0
    undated: Count = 0
    unreadable: Count = 0
    read_at: float | None = None
    oldest_and_newest: OldestNewest | None = None
    song_oldest_and_newest: OldestNewest | None = None
    months: dict[int, PlaysByYear] = Field(default_factory=dict)
    """Month -> release year -> plays; those without a release year are the rest."""
    top_albums: tuple[TopAlbum, ...] = ()
    """The most played albums of the year, by the year they count for."""
    top_songs: tuple[TopAlbum, ...] = ()
    """The same counted by song; empty where that makes no difference."""

    def of_event(self) -> dict[str, Any]:
        """Return what an event has of it, by name."""
        names = set(CountedYear.model_fields) - {"months", "top_albums", "top_songs"}
        return {name: getattr(self, name) for name in names}


def count(connection: Connection, user: int, year: int) -> CountedYear:
    """Count a year whose plays are stored."""
    counts = scrobbles.count_year(connection, user, year)
    ends = album_plays.oldest_and_newest(connection, user, year, counts)
    plays = PlayFilter(user, year)
    songs = _top(connection, replace(plays, by_song=True)) if counts.song_years else ()
    return CountedYear(
        **vars(stretches.proof(connection, user, *year_seconds(year))),
        **counts.numbers,
        oldest_and_newest=ends[0],
        song_oldest_and_newest=ends[1],
        months=_count_months(connection, user, year),
        top_albums=_top(connection, plays),
        top_songs=songs,
    )


def keep(connection: Connection, job: int, counted: CountedYear) -> None:
    """Keep it, unless the year was counted before and has not been read again since."""
    connection.execute(
        "INSERT INTO counted_years (job, counted) VALUES (%s, %s) ON CONFLICT (job) DO NOTHING",
        [job, Jsonb(counted.model_dump(mode="json"))],
    )


def find(connection: Connection, job: int) -> CountedYear:
    """Return what was kept of a job's year; nothing where that was a part of a year."""
    row = connection.execute("SELECT counted FROM counted_years WHERE job = %s", [job]).fetchone()
    return CountedYear.model_validate(row[0]) if row else CountedYear()


def of_listener(connection: Connection, username_key: str) -> dict[int, CountedYear]:
    """Return the listener's years of which only that is kept."""
    rows = connection.execute(
        """
        SELECT year, counted
        FROM fetch_jobs
        JOIN counted_years ON counted_years.job = fetch_jobs.id
        WHERE username_key = %s
        """,
        [username_key],
    )
    return {year: CountedYear.model_validate(counted) for year, counted in rows.fetchall()}


def _top(connection: Connection, plays: PlayFilter) -> tuple[TopAlbum, ...]:
    found = album_plays.top_albums(connection, plays, each=TOP_ALBUMS)
    return tuple(sorted(found, key=lambda album: -album.plays)[:TOP_ALBUMS])


def _count_months(connection: Connection, user: int, year: int) -> dict[int, PlaysByYear]:
    rows = connection.execute(
        """
        SELECT month, release_year, sum(plays)::integer
        FROM (
            SELECT EXTRACT(month FROM began AT TIME ZONE 'UTC')::integer AS month, play.track, count(*) AS plays
            FROM stretches
            CROSS JOIN LATERAL unnest(seconds, tracks) AS play (second, track)
            CROSS JOIN LATERAL (SELECT starts + make_interval(secs => play.second) AS began) AS timed
            WHERE user_id = %s AND starts >= %s AND starts < %s
            GROUP BY month, track
        ) AS played
        JOIN placed_tracks ON placed_tracks.id = played.track
        WHERE release_year IS NOT NULL
        GROUP BY month, release_year
        ORDER BY month, release_year
        """,
        [user, *year_bounds(year)],
    )
    months: dict[int, PlaysByYear] = {}
    for month, release_year, plays in rows.fetchall():
        months.setdefault(month, {})[release_year] = plays
    return months
