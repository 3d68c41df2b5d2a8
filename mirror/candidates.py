"""What may be the album asked for: artists and release groups found in the index of names, many by one query."""

from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import LiteralString
from uuid import UUID

from psycopg.rows import args_row, class_row

from mirror.database import Connection, readable_errors
from mirror.lookup import last_year

VARIOUS_ARTISTS = 1  # the row that MusicBrainz keeps for them
MOST_NAMESAKES = 50  # artists of one name, albums of one title under one artist
MOST_ALBUMS = 2_000  # titles of one artist that are looked through
MOST_ARTISTS = 500  # artists with an album of one title, or with half a name in common

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
    releases: int


@dataclass(frozen=True)
class Named:
    """An artist or a release group by its own name."""

    id: int
    name: str


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
        [list(names), MOST_NAMESAKES],
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
    )


@readable_errors()
def artists_by_id(connection: Connection, artists: Collection[int]) -> dict[int, str]:
    """The names of these artists."""
    query = "SELECT id, name FROM artist WHERE id = ANY(%s)"
    with connection.cursor(binary=True, row_factory=class_row(Named)) as cursor:
        return {artist.id: artist.name for artist in cursor.execute(query, [list(artists)], prepare=True)}


@readable_errors()
def albums_of(connection: Connection, artists: Collection[int]) -> dict[int, list[Named]]:
    """The albums of these artists, by artist; what has a comment once more, with that behind its title."""
    return _named(
        connection,
        """
        SELECT asked.artist, release_group.id, called.name
        FROM unnest(%s::integer[]) AS asked (artist)
        CROSS JOIN LATERAL (
            SELECT release_group
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
        [list(artists), MOST_ALBUMS],
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
        [list(titles), MOST_ARTISTS],
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
        [list(groups)],
    )


def details(connection: Connection, groups: Collection[int]) -> dict[int, Candidate]:
    """All that decides about these release groups, by their ids."""
    found = _details(connection, "JOIN release_group ON release_group.id = asked.id", "integer", list(groups))
    return {candidate.id: candidate for candidate in found}


def details_by_mbid(connection: Connection, groups: Collection[UUID]) -> dict[UUID, Candidate]:
    """The same by their MBIDs."""
    found = _details(connection, "JOIN release_group ON release_group.gid = asked.id", "uuid", list(groups))
    return {candidate.release_group: candidate for candidate in found}


@readable_errors()
def _details(
    connection: Connection, join: LiteralString, kind: LiteralString, groups: Sequence[object]
) -> list[Candidate]:
    query: LiteralString = f"""
        SELECT
            release_group.id,
            release_group.gid AS release_group,
            release_group.name AS title,
            artist_credit.name AS credit,
            CASE WHEN release_group.year <= %s THEN release_group.year END AS year,
            release_group.type,
            ARRAY(
                SELECT secondary_type
                FROM release_group_secondary_type_join AS kind
                WHERE kind.release_group = release_group.id
            ) AS secondary_types,
            (SELECT count(*) FROM release WHERE release.release_group = release_group.id) AS releases
        FROM unnest(%s::{kind}[]) AS asked (id)
        {join}
        JOIN artist_credit ON artist_credit.id = release_group.artist_credit
    """  # noqa: S608 - both are ours
    with connection.cursor(binary=True, row_factory=class_row(Candidate)) as cursor:
        return cursor.execute(query, [last_year(), groups], prepare=True).fetchall()


def _columns(rows: Sequence[tuple[int, ...]], count: int) -> list[list[int]]:
    return [[row[column] for row in rows] for column in range(count)]


def _ids(connection: Connection, query: LiteralString, parameters: Sequence[object]) -> Ids:
    found: Ids = defaultdict(list)
    with connection.cursor(binary=True, row_factory=args_row(_pair)) as cursor:
        for key, id_ in cursor.execute(query, parameters, prepare=True):
            found[key].append(id_)
    return found


def _named(connection: Connection, query: LiteralString, parameters: Sequence[object]) -> dict[int, list[Named]]:
    found: dict[int, list[Named]] = defaultdict(list)
    with connection.cursor(binary=True, row_factory=args_row(_keyed)) as cursor:
        for key, named in cursor.execute(query, parameters, prepare=True):
            found[key].append(named)
    return found


def _pair(key: int, id_: int) -> tuple[int, int]:
    return key, id_


def _keyed(key: int, id_: int, name: str) -> tuple[int, Named]:
    return key, Named(id_, name)
