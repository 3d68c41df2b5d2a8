"""Albums: the cache of release years. One is resolved once and serves every listener."""

import hashlib
from collections.abc import Iterable, Sequence
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


_COLUMNS = "artist, album, album_mbid, release_group, release_year, augmentation_status, method, score"


def known(connection: Connection, keys: Iterable[UUID]) -> dict[UUID, Album]:
    """What is stored of the albums with these keys."""
    with connection.cursor(row_factory=class_row(Album)) as cursor:
        cursor.execute(f"SELECT {_COLUMNS} FROM albums WHERE key = ANY(%s)".encode(), [list(keys)])  # noqa: S608
        return {album.key: album for album in cursor}


def pending(connection: Connection, user: int, start: datetime, end: datetime) -> list[Album]:
    """Albums that a listener scrobbled from `start` up to `end` and that the mirror was not asked about yet."""
    with connection.cursor(row_factory=class_row(Album)) as cursor:
        cursor.execute(
            f"""
            SELECT DISTINCT {", ".join("albums." + name for name in _COLUMNS.split(", "))}
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
    """Stores new albums and better answers for known ones; a match is never replaced by a miss.

    A new MBID for an album that has no year yet makes it pending again until it is looked up.

    Two workers may keep the same albums at once: both go by key order, so that neither waits for the other.
    """
    albums = sorted(albums, key=lambda album: album.key)
    if not albums:
        return
    connection.execute(
        """
        INSERT INTO albums (key, artist, album, album_mbid, release_group, release_year,
                            augmentation_status, method, score, looked_up_at)
        SELECT *, CASE WHEN augmentation_status <> 'pending' THEN now() END
        FROM unnest(%s::uuid[], %s::text[], %s::text[], %s::uuid[], %s::uuid[], %s::smallint[],
                    %s::text[], %s::text[], %s::real[])
          AS given (key, artist, album, album_mbid, release_group, release_year,
                    augmentation_status, method, score)
        ON CONFLICT (key) DO UPDATE
        SET album_mbid = COALESCE(EXCLUDED.album_mbid, albums.album_mbid),
            release_group = EXCLUDED.release_group,
            release_year = EXCLUDED.release_year,
            augmentation_status = EXCLUDED.augmentation_status,
            method = EXCLUDED.method,
            score = EXCLUDED.score,
            looked_up_at = EXCLUDED.looked_up_at
        WHERE albums.augmentation_status IN ('pending', 'not_found')
          AND (EXCLUDED.augmentation_status <> 'pending' OR EXCLUDED.album_mbid <> albums.album_mbid
               OR EXCLUDED.album_mbid IS NOT NULL AND albums.album_mbid IS NULL)
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
        ],
    )
