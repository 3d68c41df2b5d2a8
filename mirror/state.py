"""What the mirror holds: which import it is from, and how large its tables are."""

from dataclasses import dataclass
from datetime import datetime

from psycopg.rows import class_row

from mirror.database import Connection, readable_errors
from mirror.errors import MirrorEmpty


@dataclass(frozen=True)
class State:
    """The import that the mirror serves."""

    profile: str
    export_stamp: str
    schema_sequence: int
    replication_sequence: int | None
    release_groups: int
    imported_at: datetime


@dataclass(frozen=True)
class TableSize:
    """A table's rows, as PostgreSQL estimates them, and its bytes with all its indexes."""

    table: str
    rows: int
    bytes: int


def mirror_state(connection: Connection) -> State | None:
    """The import that the mirror serves; None before the first."""
    query = """
        SELECT profile, export_stamp, schema_sequence, replication_sequence, release_groups, imported_at
        FROM mirror_state
    """
    try:
        with readable_errors(), connection.cursor(row_factory=class_row(State)) as cursor:
            return cursor.execute(query).fetchone()
    except MirrorEmpty:
        return None


@readable_errors()
def table_sizes(connection: Connection) -> list[TableSize]:
    """Every table of music in the mirror, by name."""
    query = """
        SELECT
            relname AS table,
            greatest(reltuples, 0)::bigint AS rows,
            pg_total_relation_size(oid) AS bytes
        FROM pg_class
        WHERE relkind = 'r' AND relnamespace = to_regnamespace(current_schema()) AND relname <> 'mirror_state'
        ORDER BY relname
    """
    with connection.cursor(row_factory=class_row(TableSize)) as cursor:
        return cursor.execute(query).fetchall()


def write_state(
    connection: Connection,
    *,
    profile: str,
    export_stamp: str,
    schema_sequence: int,
    replication_sequence: int | None,
    release_groups: int,
) -> None:
    """Note beside the tables what they were filled from."""
    connection.execute(
        """
        INSERT INTO mirror_state (profile, export_stamp, schema_sequence, replication_sequence, release_groups)
        VALUES (%s, %s, %s, %s, %s)
        """,
        [profile, export_stamp, schema_sequence, replication_sequence, release_groups],
    )
