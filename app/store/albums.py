"""Albums: the cache of release years. One is resolved once and serves every listener."""

import hashlib
from array import array
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Literal
from uuid import UUID

from psycopg.rows import class_row

from app.store.database import Connection

Status = Literal["pending", "matched", "fuzzy_matched", "not_found"]


@dataclass(frozen=True)
class Album:
    """An album as Last.fm names it, with the year it was first released in, where that is known."""

    artist: str
    album: str
    album_mbid: UUID | None
    release_group: UUID | None = None
    release_year: int | None = None
    augmentation_status: Status = "pending"
    method: str | None = None
    score: float | None = None
    release_group_title: str | None = None
    songs_differ: bool = False
    """Whether its songs may have come out in other years: a compilation, a live album, a DJ mix."""

    @cached_property
    def key(self) -> UUID:
        """What the album is stored under."""
        return names_key(self.artist, self.album)


def names_key(*names: str) -> UUID:
    """A hash of names of any length, the same wherever it is computed; `("a", "bc")` and `("ab", "c")` differ."""
    digest = hashlib.blake2b(digest_size=16)
    for name in names:
        encoded = name.encode()
        digest.update(len(encoded).to_bytes(8, "big") + encoded)
    return UUID(bytes=digest.digest())


_COLUMNS = """
    artist, album, album_mbid, release_group, release_group_title, songs_differ, release_year, augmentation_status,
    method, score
"""
MOST_WAIT = 32
"""Days after which at the latest an album that was not found is asked for again."""


def known(connection: Connection, keys: Iterable[UUID]) -> dict[UUID, Album]:
    """What is stored of the albums with these keys."""
    with connection.cursor(row_factory=class_row(Album)) as cursor:
        cursor.execute(f"SELECT {_COLUMNS} FROM albums WHERE key = ANY(%s)".encode(), [list(keys)])  # noqa: S608
        return {album.key: album for album in cursor}


@dataclass(frozen=True)
class Answered(Album):
    """An album, and when the mirror was last asked about it."""

    looked_up_at: datetime | None = None


def find(connection: Connection, key: UUID) -> Answered | None:
    """The album with this key."""
    with connection.cursor(row_factory=class_row(Answered)) as cursor:
        cursor.execute(f"SELECT {_COLUMNS}, looked_up_at FROM albums WHERE key = %s".encode(), [key])  # noqa: S608
        return cursor.fetchone()


def pending(connection: Connection, user: int, start: datetime, end: datetime) -> list[Album]:
    """Albums that a listener scrobbled from `start` up to `end` and that the mirror was not asked about yet."""
    with connection.cursor(row_factory=class_row(Album)) as cursor:
        cursor.execute(
            f"""
            SELECT DISTINCT {", ".join("albums." + name.strip() for name in _COLUMNS.split(","))}
            FROM scrobbles
            JOIN tracks ON tracks.id = scrobbles.track
            JOIN albums ON albums.id = tracks.album
            WHERE scrobbles.user_id = %s
              AND scrobbles.scrobbled_at >= %s
              AND scrobbles.scrobbled_at < %s
              AND albums.augmentation_status = 'pending'
            """.encode(),  # noqa: S608  our own column names
            [user, start, end],
        )
        return cursor.fetchall()


def keep(connection: Connection, albums: Sequence[Album]) -> None:
    """Stores new albums and better answers for known ones; a match is replaced by a surer one only.

    A new MBID for an album that has no year yet makes it pending again until it is looked up. Misses within an
    hour are of workers that asked at the same time, and count once.

    Two workers may keep the same albums at once: both go by key order, so that neither waits for the other.
    """
    albums = sorted(albums, key=lambda album: album.key)
    if not albums:
        return
    connection.execute(
        """
        INSERT INTO albums (key, artist, album, album_mbid, release_group, release_year,
                            augmentation_status, method, score, release_group_title, songs_differ,
                            looked_up_at, misses)
        SELECT *, CASE WHEN augmentation_status <> 'pending' THEN now() END,
               CASE WHEN augmentation_status = 'not_found' THEN 1 ELSE 0 END
        FROM unnest(%s::uuid[], %s::text[], %s::text[], %s::uuid[], %s::uuid[], %s::smallint[],
                    %s::text[], %s::text[], %s::real[], %s::text[], %s::boolean[])
          AS given (key, artist, album, album_mbid, release_group, release_year,
                    augmentation_status, method, score, release_group_title, songs_differ)
        ON CONFLICT (key) DO UPDATE
        SET album_mbid = COALESCE(EXCLUDED.album_mbid, albums.album_mbid),
            release_group = EXCLUDED.release_group,
            release_year = EXCLUDED.release_year,
            augmentation_status = EXCLUDED.augmentation_status,
            method = EXCLUDED.method,
            score = EXCLUDED.score,
            release_group_title = EXCLUDED.release_group_title,
            songs_differ = EXCLUDED.songs_differ,
            looked_up_at = EXCLUDED.looked_up_at,
            misses = CASE
                WHEN EXCLUDED.augmentation_status = 'pending' AND albums.album_mbid IS NOT NULL THEN albums.misses
                WHEN EXCLUDED.misses = 0 THEN 0
                WHEN albums.looked_up_at > now() - interval '1 hour' THEN albums.misses
                ELSE LEAST(albums.misses, 99) + 1
            END
        WHERE albums.augmentation_status IN ('pending', 'not_found')
          AND (EXCLUDED.augmentation_status <> 'pending' OR EXCLUDED.album_mbid <> albums.album_mbid
               OR EXCLUDED.album_mbid IS NOT NULL AND albums.album_mbid IS NULL)
          OR albums.augmentation_status = 'fuzzy_matched' AND EXCLUDED.augmentation_status = 'matched'
        """,
        [
            [album.key for album in albums],
            [album.artist for album in albums],
            [album.album for album in albums],
            [album.album_mbid for album in albums],
            [album.release_group for album in albums],
            [album.release_year for album in albums],
            [album.augmentation_status for album in albums],
            [album.method for album in albums],
            [album.score for album in albums],
            [album.release_group_title for album in albums],
            [album.songs_differ for album in albums],
        ],
    )


@dataclass(frozen=True)
class Open(Album):
    """An album without a year: when the mirror was last asked about it, and whether it is time to ask again."""

    looked_up_at: datetime | None = None
    is_due: bool = True


def open_ids(connection: Connection) -> "array[int]":  # 3.11 cannot subscript it when it runs
    """The ids of all albums that have a name and no year, and of those that nobody was asked about yet, the most
    played first. Reads every scrobble once. They may be a million, so that nothing else of them is kept."""
    with connection.cursor() as cursor:
        rows = cursor.stream(
            """
            SELECT id
            FROM albums
            LEFT JOIN (
                SELECT tracks.album AS id, count(*) AS plays
                FROM scrobbles
                JOIN tracks ON tracks.id = scrobbles.track
                GROUP BY tracks.album
            ) AS played USING (id)
            WHERE augmentation_status = 'pending' OR augmentation_status = 'not_found' AND album <> ''
            ORDER BY plays DESC NULLS LAST, id
            """
        )
        return array("q", (row[0] for row in rows))


def still_open(connection: Connection, ids: Sequence[int]) -> list[Open]:
    """The albums with these ids that have no year by now, in the order of the ids."""
    with connection.cursor(row_factory=class_row(Open)) as cursor:
        cursor.execute(
            f"""
            SELECT {_COLUMNS}, looked_up_at,
                   augmentation_status = 'pending'
                   OR looked_up_at + make_interval(days => LEAST(2 ^ (misses - 1), %s)::integer) <= now() AS is_due
            FROM albums
            JOIN unnest(%s::bigint[]) WITH ORDINALITY AS wanted (id, rank) USING (id)
            WHERE augmentation_status IN ('pending', 'not_found')
            ORDER BY rank
            """.encode(),  # noqa: S608  our own column names
            [MOST_WAIT, list(ids)],
        )
        return cursor.fetchall()


def tracks_of(connection: Connection, keys: Iterable[UUID]) -> list[int]:
    """The ids of the tracks on the albums with these keys."""
    query = "SELECT tracks.id FROM albums JOIN tracks ON tracks.album = albums.id WHERE albums.key = ANY(%s)"
    return [int(str(row[0])) for row in connection.execute(query, [list(keys)])]


@dataclass(frozen=True)
class Dated:
    """An album with its year, and the MBID that led to it: its own, or that of what it was taken for by name."""

    id: int
    key: UUID
    asked_by: UUID
    release_year: int


def dated(connection: Connection, *, behind: int, limit: int) -> list[Dated]:
    """So many albums that have a year, in the order of their ids, the first one `behind` that id."""
    with connection.cursor(row_factory=class_row(Dated)) as cursor:
        cursor.execute(
            """
            SELECT id, key, asked_by, release_year
            FROM albums
            CROSS JOIN LATERAL (
                SELECT CASE WHEN method LIKE 'mbid%%' THEN album_mbid ELSE release_group END AS asked_by
            ) AS way
            WHERE id > %s AND release_year IS NOT NULL AND asked_by IS NOT NULL
            ORDER BY id
            LIMIT %s
            """,
            [behind, limit],
        )
        return cursor.fetchall()


def correct(connection: Connection, answers: Mapping[int, tuple[UUID, int]]) -> int:
    """Gives the albums with these ids another release group and year; returns how many had others.

    One that was matched anew meanwhile, and has no year just now, is left alone.
    """
    return connection.execute(
        """
        UPDATE albums
        SET release_group = given.release_group, release_year = given.release_year, looked_up_at = now()
        FROM unnest(%s::integer[], %s::uuid[], %s::smallint[]) AS given (id, release_group, release_year)
        WHERE albums.id = given.id AND albums.release_year <> given.release_year
        """,
        [list(answers), [group for group, _ in answers.values()], [year for _, year in answers.values()]],
    ).rowcount
