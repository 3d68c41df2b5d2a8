"""Row types and tables say the same, so that code and schema cannot drift apart."""

import types
from dataclasses import fields
from datetime import datetime
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints
from uuid import UUID

import pytest

from app.events import MatchStatus, Phase
from app.store import Connection
from app.store.albums import Album
from app.store.fetch_jobs import FetchJob
from app.store.listeners import Listener

TYPES: dict[str, object] = {
    "smallint": int,
    "integer": int,
    "bigint": int,
    "boolean": bool,
    "real": float,
    "text": str,
    "uuid": UUID,
    "timestamp with time zone": datetime,
    "smallint[]": list[int],
}


def columns(connection: Connection, table: str) -> dict[str, tuple[object, bool]]:
    """Column -> (the type it is read as, whether it may be NULL)."""
    rows = connection.execute(
        """
        SELECT attname, format_type(atttypid, atttypmod), NOT attnotnull
        FROM pg_attribute
        WHERE attrelid = %s::regclass AND attnum > 0 AND NOT attisdropped
        """,
        [table],
    )
    return {name: (TYPES[kind], nullable) for name, kind, nullable in rows.fetchall()}


def shape(row_type: type[Any]) -> dict[str, tuple[object, bool]]:
    """Field -> (its type, whether it may be None); of a Literal the type of its values."""
    hints = get_type_hints(row_type)
    return {field.name: plain(hints[field.name]) for field in fields(row_type)}


def plain(hint: object) -> tuple[object, bool]:
    if get_origin(hint) in (Union, types.UnionType):
        (inner,) = [part for part in get_args(hint) if part is not type(None)]
        return plain(inner)[0], True
    if get_origin(hint) is Literal:
        return type(get_args(hint)[0]), False
    return hint, False


@pytest.mark.parametrize(("row_type", "table"), [(Listener, "lastfm_users"), (FetchJob, "fetch_jobs")])
def test_a_row_type_has_the_tables_columns(connection: Connection, row_type: type[Any], table: str) -> None:
    assert shape(row_type) == columns(connection, table)


def test_an_album_has_the_tables_columns_but_for_those_the_store_keeps_to_itself(connection: Connection) -> None:
    table = columns(connection, "albums")
    own = {"id", "key", "artist_key", "listed_as", "misses", "charts_stale"}
    assert own < table.keys()
    assert {name: table[name] for name in table if name not in own} == shape(Album)


@pytest.mark.parametrize(
    ("status", "table", "column"),
    [(MatchStatus, "albums", "augmentation_status"), (Phase, "fetch_jobs", "status")],
)
def test_a_status_has_the_values_that_its_column_takes(
    connection: Connection, status: object, table: str, column: str
) -> None:
    row = connection.execute(
        """
        SELECT pg_get_constraintdef(oid)
        FROM pg_constraint
        WHERE conrelid = %s::regclass AND contype = 'c' AND pg_get_constraintdef(oid) LIKE %s
        """,
        [table, f"%{column}%"],
    ).fetchone()
    assert row is not None
    assert set(row[0].split("'")[1::2]) == set(get_args(status))


def test_the_view_shows_scrobbles_flat(connection: Connection) -> None:
    assert list(columns(connection, "scrobbles_flat")) == [
        "username",
        "scrobbled_at",
        "track_name",
        "artist_name",
        "album_name",
        "album_mbid",
        "release_year",
        "augmentation_status",
    ]
