"""What the mirror holds: which import it is from, how far it was replicated, and how large its tables are."""

from dataclasses import dataclass
from datetime import datetime
from typing import LiteralString

from psycopg.rows import class_row

from mirror.database import Connection, readable_errors
from mirror.errors import MirrorEmpty, MirrorOutdated


@dataclass(frozen=True)
class State:
    """The import that the mirror serves, and the packets that were applied to it since."""

    profile: str
    export_stamp: str
    schema_sequence: int
    replication_sequence: int | None
    names_rules: str
    """By which rules (names.py) the index of names was made."""
    release_groups: int
    imported_at: datetime
    packets: int
    drift: int
    """Rows that packets found otherwise than they were at the master."""
    replicated_to: datetime | None
    """When the last packet was made at the master."""
    last_error: str | None
    last_error_at: datetime | None


@dataclass(frozen=True)
class TableSize:
    """A table's rows, as PostgreSQL estimates them, and its bytes with all its indexes."""

    table: str
    rows: int
    bytes: int


def mirror_state(connection: Connection, *, lock: bool = False) -> State | None:
    """The import that the mirror serves; None before the first. With `lock` nobody else changes it meanwhile.

    Raises MirrorOutdated.
    """
    query: LiteralString = """
        SELECT
            profile,
            export_stamp,
            schema_sequence,
            replication_sequence,
            names_rules,
            release_groups,
            imported_at,
            packets,
            drift,
            replicated_to,
            last_error,
            last_error_at
        FROM mirror_state
    """
    try:
        with readable_errors(), connection.cursor(row_factory=class_row(State)) as cursor:
            return cursor.execute(query + " FOR UPDATE" if lock else query).fetchone()
    except MirrorOutdated:
        raise
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
    names_rules: str,
    release_groups: int,
) -> None:
    """Note beside the tables what they were filled from."""
    connection.execute(
        """
        INSERT INTO mirror_state (
            profile, export_stamp, schema_sequence, replication_sequence, names_rules, release_groups
        )
        VALUES (%s, %s, %s, %s, %s, %s)
        """,
        [profile, export_stamp, schema_sequence, replication_sequence, names_rules, release_groups],
    )


def note_packet(
    connection: Connection, sequence: int, timestamp: datetime, drift: int, new_release_groups: int
) -> None:
    """Note that a packet was applied, in the transaction that has applied it."""
    connection.execute(
        """
        UPDATE mirror_state
        SET
            replication_sequence = %s,
            replicated_to = %s,
            packets = packets + 1,
            drift = drift + %s,
            release_groups = release_groups + %s,
            last_error = NULL,
            last_error_at = NULL
        """,
        [sequence, timestamp, drift, new_release_groups],
    )


@readable_errors()
def note_error(connection: Connection, error: str | None) -> None:
    """Note what a replication has met, or that nothing is wrong any more. A new import forgets it."""
    connection.execute(
        """
        UPDATE mirror_state
        SET last_error = %(error)s, last_error_at = CASE WHEN %(error)s::text IS NOT NULL THEN now() END
        WHERE last_error IS DISTINCT FROM %(error)s OR %(error)s::text IS NOT NULL
        """,
        {"error": error},
    )
