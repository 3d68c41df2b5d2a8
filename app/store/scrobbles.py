"""Scrobbles: pages of them go in, counts by release year come out."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cached_property
from typing import Self
from uuid import UUID

from psycopg.rows import class_row

from app.store.albums import Status, names_key
from app.store.database import Connection


@dataclass(frozen=True)
class Scrobble:
    """One play as Last.fm tells it; `album` may be empty."""

    scrobbled_at: datetime
    artist: str
    title: str
    album: str
    album_mbid: UUID | None

    @cached_property
    def album_key(self) -> UUID:
        """What its album is stored under."""
        return names_key(self.artist, self.album)

    @cached_property
    def track_key(self) -> UUID:
        """What its track is stored under."""
        return names_key(self.artist, self.album, self.title)


@dataclass(frozen=True)
class Tally:
    """How many plays share a release year (None: unknown), that of the song, and a way of having found it."""

    release_year: int | None
    song_year: int | None
    augmentation_status: Status
    plays: int
    by_mbid: bool = False


@dataclass(frozen=True)
class Standing:
    """What is stored of a listener's year: plays in all, by how their album was found, by release year."""

    scrobbles: int = 0
    matched: int = 0
    fuzzy_matched: int = 0
    not_found: int = 0
    by_mbid: int = 0
    """Of those that were matched; the others were by their names."""
    years: dict[str, int] = field(default_factory=dict)
    song_years: dict[str, int] = field(default_factory=dict)
    """The same by the songs' own years; empty where that is no different."""

    def plus(self, tallies: Iterable[Tally]) -> Self:
        """How it stands after these plays came (or, counted below zero, went)."""
        found: Counter[str] = Counter(
            scrobbles=self.scrobbles,
            matched=self.matched,
            fuzzy_matched=self.fuzzy_matched,
            not_found=self.not_found,
            by_mbid=self.by_mbid,
        )
        years, song_years = Counter(self.years), Counter(self.song_years or self.years)
        for tally in tallies:
            found["scrobbles"] += tally.plays
            found[tally.augmentation_status] += tally.plays
            found["by_mbid"] += tally.plays * tally.by_mbid
            if tally.release_year is not None:
                years[str(tally.release_year)] += tally.plays
            if tally.song_year is not None:
                song_years[str(tally.song_year)] += tally.plays
        by_album, by_song = _in_order(years), _in_order(song_years)
        return type(self)(
            scrobbles=found["scrobbles"],
            matched=found["matched"],
            fuzzy_matched=found["fuzzy_matched"],
            not_found=found["not_found"],
            by_mbid=found["by_mbid"],
            years=by_album,
            song_years={} if by_song == by_album else by_song,
        )


def _in_order(years: Counter[str]) -> dict[str, int]:
    return {year: plays for year, plays in sorted(years.items()) if plays}


def year_bounds(year: int) -> tuple[datetime, datetime]:
    """First moment of the year and of the one after it, in UTC, as Last.fm counts."""
    return datetime(year, 1, 1, tzinfo=UTC), datetime(year + 1, 1, 1, tzinfo=UTC)


def replace(
    connection: Connection, user: int, scrobbles: Sequence[Scrobble], *, after: datetime, before: datetime
) -> list[Tally]:
    """Makes the time strictly between `after` and `before` hold these scrobbles and no others.

    Scrobbles at the two bounds are added but none there is deleted, since the page that follows may hold more of
    the same second. Their albums must have been kept before. Giving the same page twice changes nothing.
    Returns the difference it made, plays that went counted below zero.
    """
    tracks = {scrobble.track_key: scrobble for scrobble in scrobbles}
    ordered = sorted(tracks)
    connection.execute(
        """
        INSERT INTO tracks (key, album, title)
        SELECT given.key, albums.id, given.title
        FROM unnest(%s::uuid[], %s::uuid[], %s::text[]) AS given (key, album_key, title)
        JOIN albums ON albums.key = given.album_key
        WHERE NOT EXISTS (SELECT FROM tracks WHERE tracks.key = given.key)
        ORDER BY given.key
        ON CONFLICT (key) DO NOTHING
        """,
        [ordered, [tracks[key].album_key for key in ordered], [tracks[key].title for key in ordered]],
    )
    with connection.cursor(row_factory=class_row(Tally)) as cursor:
        cursor.execute(
            """
            WITH page AS (
                SELECT given.scrobbled_at, tracks.id AS track
                FROM unnest(%(times)s::timestamptz[], %(keys)s::uuid[]) AS given (scrobbled_at, key)
                JOIN tracks ON tracks.key = given.key
            ), gone AS (
                DELETE FROM scrobbles
                WHERE user_id = %(user)s AND scrobbled_at > %(after)s AND scrobbled_at < %(before)s
                  AND (scrobbled_at, track) NOT IN (SELECT scrobbled_at, track FROM page)
                RETURNING track
            ), come AS (
                INSERT INTO scrobbles (user_id, scrobbled_at, track)
                SELECT %(user)s, scrobbled_at, track FROM page
                ON CONFLICT DO NOTHING
                RETURNING track
            ), changes AS (
                SELECT track, 1 AS plays FROM come
                UNION ALL
                SELECT track, -1 FROM gone
            )
            SELECT placed_tracks.release_year, placed_tracks.song_release_year AS song_year,
                   placed_tracks.augmentation_status, placed_tracks.by_mbid, sum(changes.plays) AS plays
            FROM changes
            JOIN placed_tracks ON placed_tracks.id = changes.track
            GROUP BY placed_tracks.release_year, song_year, placed_tracks.augmentation_status,
                     placed_tracks.by_mbid
            """,
            {
                "user": user,
                "after": after,
                "before": before,
                "times": [scrobble.scrobbled_at for scrobble in scrobbles],
                "keys": [scrobble.track_key for scrobble in scrobbles],
            },
        )
        return cursor.fetchall()


def standing(connection: Connection, user: int, year: int) -> Standing:
    """How a listener's year stands. One indexed query."""
    with connection.cursor(row_factory=class_row(Tally)) as cursor:
        cursor.execute(
            """
            SELECT placed_tracks.release_year, placed_tracks.song_release_year AS song_year,
                   placed_tracks.augmentation_status, placed_tracks.by_mbid, count(*) AS plays
            FROM scrobbles
            JOIN placed_tracks ON placed_tracks.id = scrobbles.track
            WHERE scrobbles.user_id = %s AND scrobbles.scrobbled_at >= %s AND scrobbles.scrobbled_at < %s
            GROUP BY placed_tracks.release_year, song_year, placed_tracks.augmentation_status,
                     placed_tracks.by_mbid
            """,
            [user, *year_bounds(year)],
        )
        return Standing().plus(cursor.fetchall())


def by_years(connection: Connection, user: int) -> dict[int, dict[int | None, int]]:
    """All that is stored of a listener: listening year -> release year (None: unknown) -> plays."""
    rows = connection.execute(
        """
        SELECT EXTRACT(year FROM scrobbles.scrobbled_at AT TIME ZONE 'UTC')::integer AS listening_year,
               placed_tracks.release_year,
               count(*)::integer AS plays
        FROM scrobbles
        JOIN placed_tracks ON placed_tracks.id = scrobbles.track
        WHERE scrobbles.user_id = %s
        GROUP BY listening_year, placed_tracks.release_year
        """,
        [user],
    ).fetchall()
    years: dict[int, dict[int | None, int]] = {}
    for listening_year, release_year, plays in rows:
        years.setdefault(listening_year, {})[release_year] = plays
    return years


def count(connection: Connection, user: int, start: datetime, end: datetime) -> int:
    """How many scrobbles of a listener are stored from `start` up to `end`."""
    row = connection.execute(
        "SELECT count(*) FROM scrobbles WHERE user_id = %s AND scrobbled_at >= %s AND scrobbled_at < %s",
        [user, start, end],
    ).fetchone()
    return int(row[0]) if row else 0
