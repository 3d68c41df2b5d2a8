"""Scrobbles: pages of them go in, counts by release year come out."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
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

    @property
    def album_key(self) -> UUID:
        """What its album is stored under."""
        return names_key(self.artist, self.album)

    @property
    def track_key(self) -> UUID:
        """What its track is stored under."""
        return names_key(self.artist, self.album, self.title)


@dataclass(frozen=True)
class Tally:
    """How many plays share a release year (None: unknown) and a way of having found it."""

    release_year: int | None
    augmentation_status: Status
    plays: int


@dataclass(frozen=True)
class Standing:
    """What is stored of a listener's year: plays in all, by how their album was found, by release year."""

    scrobbles: int = 0
    matched: int = 0
    fuzzy_matched: int = 0
    not_found: int = 0
    years: dict[str, int] = field(default_factory=dict)


def year_bounds(year: int) -> tuple[datetime, datetime]:
    """First moment of the year and of the one after it, in UTC, as Last.fm counts."""
    return datetime(year, 1, 1, tzinfo=UTC), datetime(year + 1, 1, 1, tzinfo=UTC)


def replace(
    connection: Connection, user: int, scrobbles: Sequence[Scrobble], *, after: datetime, before: datetime
) -> None:
    """Makes the time strictly between `after` and `before` hold these scrobbles and no others.

    Scrobbles at the two bounds are added but none there is deleted, since the neighbouring page may hold more of
    the same second. Their albums must have been kept before. Giving the same page twice changes nothing.
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
    times, keys = [s.scrobbled_at for s in scrobbles], [s.track_key for s in scrobbles]
    connection.execute(
        """
        DELETE FROM scrobbles
        WHERE user_id = %s AND scrobbled_at > %s AND scrobbled_at < %s
          AND (scrobbled_at, track) NOT IN (
              SELECT given.scrobbled_at, tracks.id
              FROM unnest(%s::timestamptz[], %s::uuid[]) AS given (scrobbled_at, key)
              JOIN tracks ON tracks.key = given.key
          )
        """,
        [user, after, before, times, keys],
    )
    connection.execute(
        """
        INSERT INTO scrobbles (user_id, scrobbled_at, track)
        SELECT %s, given.scrobbled_at, tracks.id
        FROM unnest(%s::timestamptz[], %s::uuid[]) AS given (scrobbled_at, key)
        JOIN tracks ON tracks.key = given.key
        ON CONFLICT DO NOTHING
        """,
        [user, times, keys],
    )


def standing(connection: Connection, user: int, year: int) -> Standing:
    """How a listener's year stands. One indexed query."""
    with connection.cursor(row_factory=class_row(Tally)) as cursor:
        cursor.execute(
            """
            SELECT albums.release_year, albums.augmentation_status, count(*) AS plays
            FROM scrobbles
            JOIN tracks ON tracks.id = scrobbles.track
            JOIN albums ON albums.id = tracks.album
            WHERE scrobbles.user_id = %s AND scrobbles.scrobbled_at >= %s AND scrobbles.scrobbled_at < %s
            GROUP BY albums.release_year, albums.augmentation_status
            """,
            [user, *year_bounds(year)],
        )
        return _sum(cursor.fetchall())


def _sum(tallies: Iterable[Tally]) -> Standing:
    years: Counter[str] = Counter()
    found: Counter[str] = Counter()
    for tally in tallies:
        found[tally.augmentation_status] += tally.plays
        if tally.release_year is not None:
            years[str(tally.release_year)] += tally.plays
    return Standing(
        scrobbles=found.total(),
        matched=found["matched"],
        fuzzy_matched=found["fuzzy_matched"],
        not_found=found["not_found"],
        years=dict(sorted(years.items())),
    )


def count(connection: Connection, user: int, start: datetime, end: datetime) -> int:
    """How many scrobbles of a listener are stored from `start` up to `end`."""
    row = connection.execute(
        "SELECT count(*) FROM scrobbles WHERE user_id = %s AND scrobbled_at >= %s AND scrobbled_at < %s",
        [user, start, end],
    ).fetchone()
    return int(row[0]) if row else 0
