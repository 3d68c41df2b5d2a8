"""Albums: the cache of release years. An album is matched once and serves every listener."""

import hashlib
import json
from array import array
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, fields
from datetime import datetime
from functools import cached_property, partial
from uuid import UUID

from psycopg.rows import class_row
from psycopg.types.json import Jsonb

from app.events import MatchStatus
from app.store.database import Connection
from app.store.folded_names import fold
from app.store.tracks import PLAYED


@dataclass(frozen=True)
class Album:
    """An album as Last.fm names it, and what it was matched with at MusicBrainz, where that is known."""

    artist: str
    album: str
    album_mbid: UUID | None
    release_group: UUID | None = None
    release_year: int | None = None
    augmentation_status: MatchStatus = "pending"
    method: str | None = None
    score: float | None = None
    release_group_title: str | None = None
    songs_differ: bool = False
    """Whether its songs may have come out in other years: a compilation, a live album, a DJ mix."""
    artists_differ: bool = False
    """Whether its songs are by several artists: an album by Various Artists, a DJ mix."""
    looked_up_at: datetime | None = field(default=None, compare=False)

    @cached_property
    def key(self) -> UUID:
        """The key that the album is stored under."""
        return names_key(self.artist, self.album)

    @property
    def listed_as(self) -> UUID:
        """The same for all spellings of an album: its release group; without one, the key of its folded names.

        Songs without an album are listed by their artist, whatever the row that they share was matched with.
        """
        if self.album and self.release_group:
            return self.release_group
        return names_key(fold(self.artist), fold(self.album))

    @property
    def artist_key(self) -> int:
        """The same for all spellings of the artist."""
        return short_key(fold(self.artist))


def names_key(*names: str) -> UUID:
    """Hash names of any length, the same wherever it is done; `("a", "bc")` and `("ab", "c")` differ."""
    digest = hashlib.blake2b(digest_size=16)
    for name in names:
        encoded = name.encode()
        digest.update(len(encoded).to_bytes(8, "big") + encoded)
    return UUID(bytes=digest.digest())


def short_key(*names: str) -> int:
    """Hash names to eight bytes, for what there are many of."""
    return int.from_bytes(names_key(*names).bytes[:8], "big", signed=True)


_COLUMNS = [column.name for column in fields(Album)]
_SAVED = ["key", "artist_key", "listed_as", *(name for name in _COLUMNS if name != "looked_up_at")]
_REPLACED = [name for name in _SAVED if name not in ("key", "artist_key", "artist", "album", "album_mbid")]

LONGEST_WAIT_DAYS = 32
"""The longest wait until an album that was not found is looked up again."""


def known(connection: Connection, keys: Iterable[UUID]) -> dict[UUID, Album]:
    """Return what is stored of the albums with these keys."""
    with connection.cursor(row_factory=class_row(Album)) as cursor:
        query = f"SELECT {', '.join(_COLUMNS)} FROM albums WHERE key = ANY(%s)"  # noqa: S608  our own column names
        cursor.execute(query.encode(), [list(keys)])
        return {album.key: album for album in cursor}


def find(connection: Connection, key: UUID) -> Album | None:
    """Find the album with this key."""
    return known(connection, [key]).get(key)


def pending(connection: Connection, user: int, start: datetime, end: datetime) -> list[Album]:
    """Return albums played in the stretches between `start` and `end` that were not looked up yet."""
    with connection.cursor(row_factory=class_row(Album)) as cursor:
        cursor.execute(
            f"""
            SELECT {", ".join(_COLUMNS)}
            FROM albums
            WHERE augmentation_status = 'pending' AND id IN (
                SELECT tracks.album
                FROM ({PLAYED}) AS played
                JOIN tracks ON tracks.id = played.track
            )
            """.encode(),  # noqa: S608  our own column names
            [user, end, start],
        )
        return cursor.fetchall()


def save(connection: Connection, albums: Sequence[Album]) -> None:
    """Store new albums, and better answers for known ones; only a surer match replaces a match.

    A new MBID for an album without a year makes it pending again until it is looked up. Misses within an hour come
    from workers that looked it up at the same time, and count once.

    Two workers may save the same albums at once: both go by key order, so that neither waits for the other.
    """
    if not albums:
        return
    rows = [
        {name: getattr(album, name) for name in _SAVED} for album in sorted(albums, key=lambda album: album.key)
    ]
    connection.execute(
        f"""
        INSERT INTO albums ({", ".join(_SAVED)}, looked_up_at, misses)
        SELECT {", ".join(_SAVED)},
               CASE WHEN augmentation_status <> 'pending' THEN now() END,
               CASE WHEN augmentation_status = 'not_found' THEN 1 ELSE 0 END
        FROM jsonb_populate_recordset(NULL::albums, %s)
        ON CONFLICT (key) DO UPDATE
        SET album_mbid = COALESCE(EXCLUDED.album_mbid, albums.album_mbid),
            {", ".join(f"{name} = EXCLUDED.{name}" for name in _REPLACED)},
            looked_up_at = EXCLUDED.looked_up_at,
            charts_stale = albums.charts_stale
                OR EXCLUDED.augmentation_status NOT IN ('pending', albums.augmentation_status),
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
        """.encode(),  # noqa: S608  our own column names
        [Jsonb(rows, dumps=partial(json.dumps, default=str))],
    )


def save_stored(connection: Connection, albums: Sequence[Album]) -> None:
    """Save better answers for those of the albums that are still stored. Needs a transaction.

    What was forgotten while it was looked up does not come back.
    """
    found = connection.execute(
        "SELECT key FROM albums WHERE key = ANY(%s) ORDER BY key FOR UPDATE", [[album.key for album in albums]]
    )
    stored = {key for (key,) in found.fetchall()}
    save(connection, [album for album in albums if album.key in stored])


def unmatched_ids(connection: Connection) -> "array[int]":  # 3.11 cannot subscript it when it runs
    """Return the ids of all albums with a name and no year, or not looked up yet, the most played first.

    Reads every scrobble once. They may be a million, so only their ids are returned.
    """
    with connection.cursor() as cursor:
        rows = cursor.stream(
            """
            SELECT id
            FROM albums
            LEFT JOIN (
                SELECT tracks.album AS id, sum(plays) AS plays
                FROM (SELECT unnest(tracks) AS track, count(*) AS plays FROM stretches GROUP BY track) AS counted
                JOIN tracks ON tracks.id = counted.track
                GROUP BY tracks.album
            ) AS played USING (id)
            WHERE augmentation_status = 'pending' OR augmentation_status = 'not_found' AND album <> ''
            ORDER BY plays DESC NULLS LAST, id
            """
        )
        return array("q", (row[0] for row in rows))


@dataclass(frozen=True)
class UnmatchedAlbum(Album):
    """An album without a year, and whether it is time to look it up again."""

    is_due: bool = True


def still_unmatched(connection: Connection, ids: Sequence[int]) -> list[UnmatchedAlbum]:
    """Return those of the albums with these ids that still have no year, in the order of the ids."""
    with connection.cursor(row_factory=class_row(UnmatchedAlbum)) as cursor:
        cursor.execute(
            f"""
            SELECT {", ".join(_COLUMNS)},
                   augmentation_status = 'pending'
                   OR looked_up_at + make_interval(days => LEAST(2 ^ (misses - 1), %s)::integer) <= now() AS is_due
            FROM albums
            JOIN unnest(%s::bigint[]) WITH ORDINALITY AS wanted (id, rank) USING (id)
            WHERE augmentation_status IN ('pending', 'not_found')
            ORDER BY rank
            """.encode(),  # noqa: S608  our own column names
            [LONGEST_WAIT_DAYS, list(ids)],
        )
        return cursor.fetchall()


@dataclass(frozen=True)
class DatedAlbum:
    """An album with its year, and the MBID its year came from: its own, or that of its release group."""

    id: int
    source_mbid: UUID
    release_group: UUID | None
    release_year: int


def dated(connection: Connection, *, after_id: int, limit: int) -> list[DatedAlbum]:
    """Return up to `limit` albums with a release year, by id, starting after `after_id`."""
    with connection.cursor(row_factory=class_row(DatedAlbum)) as cursor:
        cursor.execute(
            """
            SELECT id, source_mbid, release_group, release_year
            FROM albums
            CROSS JOIN LATERAL (
                SELECT CASE WHEN method LIKE 'mbid%%' THEN album_mbid ELSE release_group END AS source_mbid
            ) AS source
            WHERE id > %s AND release_year IS NOT NULL AND source_mbid IS NOT NULL
            ORDER BY id
            LIMIT %s
            """,
            [after_id, limit],
        )
        return cursor.fetchall()


def update_years(connection: Connection, answers: Mapping[int, tuple[UUID, int]]) -> int:
    """Give the albums with these ids another release group and year; returns for how many one was different.

    An album that was matched again meanwhile, and has no year at the moment, is left alone.
    """
    return connection.execute(
        """
        UPDATE albums
        SET release_group = given.release_group,
            listed_as = CASE WHEN album = '' THEN listed_as ELSE given.release_group END,
            release_year = given.release_year,
            looked_up_at = now(),
            charts_stale = TRUE
        FROM unnest(%s::integer[], %s::uuid[], %s::smallint[]) AS given (id, release_group, release_year)
        WHERE albums.id = given.id
          AND albums.release_year IS NOT NULL
          AND (albums.release_group, albums.release_year)
              IS DISTINCT FROM (given.release_group, given.release_year)
        """,
        [list(answers), [group for group, _ in answers.values()], [year for _, year in answers.values()]],
    ).rowcount
