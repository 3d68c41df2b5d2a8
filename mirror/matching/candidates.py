"""Candidates: artists and release groups found in the name index, many with one query."""

import sys
from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, LiteralString, TypeVar
from uuid import UUID

from psycopg.rows import args_row

from mirror.database import Connection, readable_errors
from mirror.derived.names import artist_key
from mirror.plausible_years import latest_release_year

VARIOUS_ARTISTS_ID = 1  # MusicBrainz's own row for them
# Nothing is taken from a list that reaches its limit: the rest may hold candidates that are equally good.
MAX_NAMESAKES = 200  # artists of one name, or albums of one title by one artist
MAX_ALBUMS = 1_000  # of one artist
MAX_ARTISTS = 500  # with an album of one title, or sharing half a name

IdsByKey = dict[int, list[int]]
"""Ids by whatever was searched for: the hash of a key, or the number of a query."""


@dataclass(frozen=True)
class Candidate:
    """A release group, with everything that decides between it and others."""

    id: int
    release_group: UUID
    title: str
    credit: str
    year: int | None
    type: int | None
    secondary_types: Sequence[int]
    comment: str = ""
    releases: int = 1
    artists: Sequence[str] = ()
    """The names of the artists in the credit, if several candidates were found."""


@dataclass(frozen=True)
class Artist:
    """An artist with the name that MusicBrainz gives first."""

    id: int
    name: str

    @cached_property
    def key(self) -> str:
        """The key of the name."""
        return artist_key(self.name)


@dataclass(frozen=True)
class Album:
    """A release group as it is called, and MusicBrainz's comment that tells it from others."""

    id: int
    title: str
    comment: str = ""
    credit: str = ""
    artists: Sequence[str] = ()
    """The names of those in the credit, where it is the one of a classical work: "Bach; Glenn Gould"."""
    keys: Sequence[int] = ()
    """The hashes of the keys of all its names: aliases, and titles of its releases."""


T = TypeVar("T", Artist, Album)


def artists_by_key(connection: Connection, hashes: Collection[int]) -> IdsByKey:
    """Return the artists with these names: ids by the hash of the name's key."""
    query = """
        SELECT wanted.key, found.artist
        FROM unnest(%s::integer[]) AS wanted (key)
        CROSS JOIN LATERAL (SELECT artist FROM artist_name WHERE artist_name.key = wanted.key LIMIT %s) AS found
    """
    return _ids(_rows(connection, query, [hashes], MAX_NAMESAKES), MAX_NAMESAKES)


def groups_by_title(connection: Connection, wanted: Sequence[tuple[int, int, int]]) -> IdsByKey:
    """Return the release groups with a title by an artist: for (number, artist, hash of title), ids by number."""
    query = """
        SELECT wanted.number, found.release_group
        FROM unnest(%s::integer[], %s::integer[], %s::integer[]) AS wanted (number, artist, title)
        CROSS JOIN LATERAL (
            SELECT release_group
            FROM album_name
            WHERE album_name.artist = wanted.artist AND album_name.key = wanted.title
            LIMIT %s
        ) AS found
    """
    return _ids(_rows(connection, query, [*zip(*wanted, strict=True)], MAX_NAMESAKES), MAX_NAMESAKES)


def names_of_artists(connection: Connection, artists: Collection[int]) -> dict[int, str]:
    """Return the names of these artists."""
    return dict(_rows(connection, "SELECT id, name FROM artist WHERE id = ANY(%s)", [artists]))


def albums_by_artist(connection: Connection, artists: Collection[int]) -> dict[int, list[Album]]:
    """Return the albums of each artist."""
    query = """
        SELECT
            wanted.artist,
            release_group.id,
            release_group.name,
            release_group.comment,
            artist_credit.name,
            CASE
                WHEN artist_credit.name LIKE '%%;%%' THEN ARRAY(
                    SELECT artist.name
                    FROM artist_credit_name AS credited
                    JOIN artist ON artist.id = credited.artist
                    WHERE credited.artist_credit = artist_credit.id
                )
            END,
            found.keys
        FROM unnest(%s::integer[]) AS wanted (artist)
        CROSS JOIN LATERAL (
            SELECT release_group, array_agg(key) AS keys
            FROM album_name
            WHERE album_name.artist = wanted.artist
            GROUP BY release_group
            LIMIT %s
        ) AS found
        JOIN release_group ON release_group.id = found.release_group
        JOIN artist_credit ON artist_credit.id = release_group.artist_credit
    """
    rows = _rows(connection, query, [artists], MAX_ALBUMS)
    albums = (
        (artist, Album(id_, title, comment, credit, tuple(artists or ()), tuple(keys)))
        for artist, id_, title, comment, credit, artists, keys in rows
    )
    return _unless_too_many(albums, MAX_ALBUMS)


def artists_by_title(connection: Connection, titles: Collection[int]) -> dict[int, list[Artist]]:
    """Return the artists who have an album of a title, by the title's hash."""
    query = """
        SELECT wanted.key, artist.id, artist.name
        FROM unnest(%s::integer[]) AS wanted (key)
        CROSS JOIN LATERAL (SELECT artist FROM album_name WHERE album_name.key = wanted.key LIMIT %s) AS found
        JOIN artist ON artist.id = found.artist
    """
    return _artists(_rows(connection, query, [titles], MAX_ARTISTS), MAX_ARTISTS)


def artists_by_half_key(connection: Connection, wanted: Sequence[tuple[int, int, int]]) -> dict[int, list[Artist]]:
    """Return the artists who share half a name: for (number, hash of head, hash of tail), by number."""
    query = """
        SELECT wanted.number, artist.id, artist.name
        FROM unnest(%s::integer[], %s::integer[], %s::integer[]) AS wanted (number, head, tail)
        CROSS JOIN LATERAL (
            (SELECT artist FROM artist_name WHERE artist_name.head = wanted.head LIMIT %s)
            UNION ALL
            (SELECT artist FROM artist_name WHERE artist_name.tail = wanted.tail LIMIT %s)
        ) AS found
        JOIN artist ON artist.id = found.artist
    """
    rows = _rows(connection, query, [*zip(*wanted, strict=True)], MAX_ARTISTS, MAX_ARTISTS)
    return _artists(rows, MAX_ARTISTS)


def credited_artists(connection: Connection, groups: Collection[int]) -> IdsByKey:
    """Return the artists in the credits of these release groups, by release group."""
    query = """
        SELECT release_group.id, artist_credit_name.artist
        FROM release_group
        JOIN artist_credit_name USING (artist_credit)
        WHERE release_group.id = ANY(%s)
    """
    return _ids(_rows(connection, query, [groups]), sys.maxsize)


def count_releases(connection: Connection, groups: Collection[int]) -> dict[int, int]:
    """Return how many releases each of these release groups has."""
    query = """
        SELECT wanted.id, count(*)
        FROM unnest(%s::integer[]) AS wanted (id)
        JOIN release ON release.release_group = wanted.id
        GROUP BY wanted.id
    """
    return dict(_rows(connection, query, [groups]))


def names_of_credited_artists(connection: Connection, groups: Collection[int]) -> dict[int, list[str]]:
    """Return the names of the artists in the credits of these release groups."""
    query = """
        SELECT wanted.id, array_agg(artist.name)
        FROM unnest(%s::integer[]) AS wanted (id)
        JOIN release_group ON release_group.id = wanted.id
        JOIN artist_credit_name USING (artist_credit)
        JOIN artist ON artist.id = artist_credit_name.artist
        GROUP BY wanted.id
    """
    return dict(_rows(connection, query, [groups]))


def by_id(connection: Connection, groups: Collection[int]) -> dict[int, Candidate]:
    """Return these release groups as candidates, by id."""
    found = _candidates(connection, "JOIN release_group ON release_group.id = wanted.id", "integer", groups)
    return {candidate.id: candidate for candidate in found}


def by_mbid(connection: Connection, groups: Collection[UUID]) -> dict[UUID, Candidate]:
    """Return these release groups as candidates, by MBID."""
    found = _candidates(connection, "JOIN release_group ON release_group.gid = wanted.id", "uuid", groups)
    return {candidate.release_group: candidate for candidate in found}


@readable_errors()
def _candidates(
    connection: Connection, join: LiteralString, id_type: LiteralString, groups: Collection[int] | Collection[UUID]
) -> list[Candidate]:
    if not groups:
        return []
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
            ),
            release_group.comment
        FROM unnest(%s::{id_type}[]) AS wanted (id)
        {join}
        JOIN artist_credit ON artist_credit.id = release_group.artist_credit
    """  # noqa: S608 - both are ours
    with connection.cursor(binary=True, row_factory=args_row(Candidate)) as cursor:
        return cursor.execute(query, [latest_release_year(), _array(groups)], prepare=True).fetchall()


@readable_errors()
def _rows(
    connection: Connection, query: LiteralString, columns: Sequence[Collection[int]], *limits: int
) -> list[Any]:
    """Run a query that takes columns of numbers and limits; without any numbers there is nothing to find."""
    if not columns or not columns[0]:
        return []
    with connection.cursor(binary=True) as cursor:
        return cursor.execute(query, [*map(_array, columns), *limits], prepare=True).fetchall()


def _array(values: Iterable[int] | Iterable[UUID]) -> str:
    """Write an array as PostgreSQL's text, which is faster than passing a list."""
    return f"{{{','.join(map(str, values))}}}"


def _ids(rows: Iterable[tuple[int, int]], limit: int) -> IdsByKey:
    found: IdsByKey = defaultdict(list)
    for key, id_ in rows:
        found[key].append(id_)
    return {key: ids if len(ids) < limit else [] for key, ids in found.items()}


def _artists(rows: Iterable[tuple[int, int, str]], limit: int) -> dict[int, list[Artist]]:
    return _unless_too_many(((key, Artist(id_, name)) for key, id_, name in rows), limit)


def _unless_too_many(found: Iterable[tuple[int, T]], limit: int) -> dict[int, list[T]]:
    """Group what was found by its key, each of them once; none of what reaches the limit."""
    by_id: dict[int, dict[int, T]] = defaultdict(dict)
    for key, one in found:
        by_id[key][one.id] = one
    return {key: list(by_id[key].values()) if len(by_id[key]) < limit else [] for key in by_id}
