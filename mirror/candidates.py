"""What may be the album asked for: artists and release groups found in the index of names, many by one query."""

import sys
from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import LiteralString
from uuid import UUID

from psycopg.rows import args_row, class_row

from mirror.database import Connection, readable_errors
from mirror.lookup import last_year
from mirror.names import artist_key

VARIOUS_ARTISTS = 1  # the row that MusicBrainz keeps for them
# Of a list that reaches its limit nothing is taken: what is equally good may be behind it.
MOST_NAMESAKES = 200  # artists of one name, albums of one title under one artist
MOST_ALBUMS = 1_000  # of one artist
MOST_ARTISTS = 500  # with an album of one title, or with half a name in common

Ids = dict[int, list[int]]


@dataclass(frozen=True)
class Candidate:
    """A release group with what decides between it and others."""

    id: int
    release_group: UUID
    title: str
    credit: str
    year: int | None
    type: int | None
    secondary_types: Sequence[int]
    releases: int = 1


@dataclass(frozen=True)
class Named:
    """An artist or a release group by its own name."""

    id: int
    name: str

    @cached_property
    def as_artist(self) -> str:
        """The key of an artist's name."""
        return artist_key(self.name)


@readable_errors()
def artists_named(connection: Connection, names: Collection[int]) -> Ids:
    """The artists called so: ids by the hash of their name's key."""
    return _ids(
        connection,
        """
        SELECT asked.key, found.artist
        FROM unnest(%s::integer[]) AS asked (key)
        CROSS JOIN LATERAL (SELECT artist FROM artist_name WHERE artist_name.key = asked.key LIMIT %s) AS found
        """,
        [_array(names), MOST_NAMESAKES],
        MOST_NAMESAKES,
    )


@readable_errors()
def groups_titled(connection: Connection, asked: Sequence[tuple[int, int, int]]) -> Ids:
    """The release groups with this title under this artist: for (number, artist, hash of title), by number."""
    return _ids(
        connection,
        """
        SELECT asked.number, found.release_group
        FROM unnest(%s::integer[], %s::integer[], %s::integer[]) AS asked (number, artist, title)
        CROSS JOIN LATERAL (
            SELECT release_group
            FROM album_name
            WHERE album_name.artist = asked.artist AND album_name.key = asked.title
            LIMIT %s
        ) AS found
        """,
        [*_columns(asked, 3), MOST_NAMESAKES],
        MOST_NAMESAKES,
    )


@readable_errors()
def artists_by_id(connection: Connection, artists: Collection[int]) -> dict[int, str]:
    """The names of these artists."""
    query = "SELECT id, name FROM artist WHERE id = ANY(%s)"
    with connection.cursor(binary=True, row_factory=class_row(Named)) as cursor:
        return {artist.id: artist.name for artist in cursor.execute(query, [_array(artists)], prepare=True)}


@readable_errors()
def albums_of(connection: Connection, artists: Collection[int]) -> dict[int, list[Named]]:
    """The albums of these artists, by artist; what has a comment once more, with that behind its title."""
    return _named(
        connection,
        """
        SELECT asked.artist, release_group.id, called.name
        FROM unnest(%s::integer[]) AS asked (artist)
        CROSS JOIN LATERAL (
            SELECT DISTINCT release_group
            FROM album_name
            WHERE album_name.artist = asked.artist
            LIMIT %s
        ) AS found
        JOIN release_group ON release_group.id = found.release_group
        CROSS JOIN LATERAL (
            VALUES (release_group.name), (release_group.name || ' ' || nullif(release_group.comment, ''))
        ) AS called (name)
        WHERE called.name IS NOT NULL
        """,
        [_array(artists), MOST_ALBUMS],
        MOST_ALBUMS,
    )


@readable_errors()
def artists_titled(connection: Connection, titles: Collection[int]) -> dict[int, list[Named]]:
    """The artists who have an album of this title, by the title's hash."""
    return _named(
        connection,
        """
        SELECT asked.key, artist.id, artist.name
        FROM unnest(%s::integer[]) AS asked (key)
        CROSS JOIN LATERAL (SELECT artist FROM album_name WHERE album_name.key = asked.key LIMIT %s) AS found
        JOIN artist ON artist.id = found.artist
        """,
        [_array(titles), MOST_ARTISTS],
        MOST_ARTISTS,
    )


@readable_errors()
def artists_like(connection: Connection, asked: Sequence[tuple[int, int, int]]) -> dict[int, list[Named]]:
    """The artists who have half a name in common: for (number, hash of head, hash of tail), by number."""
    return _named(
        connection,
        """
        SELECT asked.number, artist.id, artist.name
        FROM unnest(%s::integer[], %s::integer[], %s::integer[]) AS asked (number, head, tail)
        CROSS JOIN LATERAL (
            (SELECT artist FROM artist_name WHERE artist_name.head = asked.head LIMIT %s)
            UNION ALL
            (SELECT artist FROM artist_name WHERE artist_name.tail = asked.tail LIMIT %s)
        ) AS found
        JOIN artist ON artist.id = found.artist
        """,
        [*_columns(asked, 3), MOST_ARTISTS, MOST_ARTISTS],
        MOST_ARTISTS,
    )


@readable_errors()
def artists_behind(connection: Connection, groups: Collection[int]) -> Ids:
    """The artists in these release groups' credits, by release group."""
    return _ids(
        connection,
        """
        SELECT DISTINCT album_name.release_group, album_name.artist
        FROM album_name
        WHERE album_name.release_group = ANY(%s)
        """,
        [_array(groups)],
        sys.maxsize,
    )


def details(connection: Connection, groups: Collection[int]) -> dict[int, Candidate]:
    """All that decides about these release groups, by their ids."""
    found = _details(connection, "JOIN release_group ON release_group.id = asked.id", "integer", _array(groups))
    return {candidate.id: candidate for candidate in found}


def details_by_mbid(connection: Connection, groups: Collection[UUID]) -> dict[UUID, Candidate]:
    """The same by their MBIDs."""
    found = _details(connection, "JOIN release_group ON release_group.gid = asked.id", "uuid", list(groups))
    return {candidate.release_group: candidate for candidate in found}


@readable_errors()
def _details(connection: Connection, join: LiteralString, kind: LiteralString, groups: object) -> list[Candidate]:
    query: LiteralString = f"""
        SELECT
            release_group.id,
            release_group.gid,
            release_group.name,
            artist_credit.name,
            CASE WHEN release_group.year <= %s THEN release_group.year END,
            release_group.type,
            ARRAY(
                SELECT secondary_type
                FROM release_group_secondary_type_join AS kind
                WHERE kind.release_group = release_group.id
            )
        FROM unnest(%s::{kind}[]) AS asked (id)
        {join}
        JOIN artist_credit ON artist_credit.id = release_group.artist_credit
    """  # noqa: S608 - both are ours
    with connection.cursor(binary=True, row_factory=args_row(Candidate)) as cursor:
        return cursor.execute(query, [last_year(), groups], prepare=True).fetchall()


@readable_errors()
def count_releases(connection: Connection, groups: Collection[int]) -> dict[int, int]:
    """How many releases these release groups have, by their ids."""
    query = """
        SELECT asked.id, count(*)
        FROM unnest(%s::integer[]) AS asked (id)
        JOIN release ON release.release_group = asked.id
        GROUP BY asked.id
    """
    with connection.cursor(binary=True, row_factory=args_row(_pair)) as cursor:
        return dict(cursor.execute(query, [_array(groups)], prepare=True))


def _array(numbers: Iterable[int]) -> str:
    """Numbers as PostgreSQL writes an array of them, which is faster than a list."""
    return f"{{{','.join(map(str, numbers))}}}"


def _columns(rows: Sequence[tuple[int, ...]], count: int) -> list[str]:
    return [_array(row[column] for row in rows) for column in range(count)]


def _ids(connection: Connection, query: LiteralString, parameters: Sequence[object], most: int) -> Ids:
    found: Ids = defaultdict(list)
    with connection.cursor(binary=True, row_factory=args_row(_pair)) as cursor:
        for key, id_ in cursor.execute(query, parameters, prepare=True):
            found[key].append(id_)
    return {key: ids if len(ids) < most else [] for key, ids in found.items()}


def _named(
    connection: Connection, query: LiteralString, parameters: Sequence[object], most: int
) -> dict[int, list[Named]]:
    found: dict[int, list[Named]] = defaultdict(list)
    with connection.cursor(binary=True, row_factory=args_row(_keyed)) as cursor:
        for key, named in cursor.execute(query, parameters, prepare=True):
            found[key].append(named)
    return {key: all_ if len({one.id for one in all_}) < most else [] for key, all_ in found.items()}


def _pair(key: int, id_: int) -> tuple[int, int]:
    return key, id_


def _keyed(key: int, id_: int, name: str) -> tuple[int, Named]:
    return key, Named(id_, name)
