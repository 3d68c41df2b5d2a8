"""The state of the mirror: which export it serves, how far it is replicated, and how large its tables are."""

from dataclasses import dataclass, fields
from datetime import UTC, datetime, timedelta

from psycopg import sql
from psycopg.rows import class_row

from mirror.database import Connection, readable_errors
from mirror.errors import MirrorEmpty, MirrorOutdated

MAX_LAG = timedelta(hours=6)
"""A mirror that follows MusicBrainz is not older than this: packets come hourly, with a pause now and then."""


@dataclass(frozen=True)
class MirrorState:
    """The import that the mirror serves, and the packets applied to it since."""

    profile: str
    export_stamp: str
    schema_sequence: int
    replication_sequence: int | None
    names_rules: str
    """The rules (derived/names.py) by which the keys in the name index were made."""
    release_groups: int
    imported_at: datetime
    packets: int
    drift: int
    """How many rows differed from MusicBrainz's when a packet changed them."""
    replicated_to: datetime | None
    """When MusicBrainz made the last packet."""
    last_error: str | None
    last_error_at: datetime | None

    @property
    def as_of(self) -> datetime | None:
        """The time at which MusicBrainz held the same data; None if the export's name does not tell."""
        if self.replicated_to:
            return self.replicated_to
        try:
            return datetime.strptime(self.export_stamp, "%Y%m%d-%H%M%S").replace(tzinfo=UTC)
        except ValueError:  # an export may lie in a folder of any name
            return None


@dataclass(frozen=True)
class TableSize:
    """A table's rows, as PostgreSQL estimates them, and its bytes including all its indexes."""

    table: str
    rows: int
    bytes: int


def mirror_state(connection: Connection, *, lock: bool = False) -> MirrorState | None:
    """Return the state of the mirror, with `lock` locked against changes; None before the first import.

    Raises MirrorOutdated.
    """
    columns = sql.SQL(", ").join(sql.Identifier(field.name) for field in fields(MirrorState))
    query = sql.SQL("SELECT {} FROM mirror_state {}").format(columns, sql.SQL("FOR UPDATE" if lock else ""))
    try:
        with readable_errors(), connection.cursor(row_factory=class_row(MirrorState)) as cursor:
            return cursor.execute(query).fetchone()
    except MirrorOutdated:
        raise
    except MirrorEmpty:
        return None


@readable_errors()
def has_recordings(connection: Connection) -> bool:
    """Tell whether the mirror has recordings, and so the release years of songs."""
    row = connection.execute("SELECT to_regclass('recording_name') IS NOT NULL").fetchone()
    return bool(row and row[0])


@readable_errors()
def table_sizes(connection: Connection) -> list[TableSize]:
    """Return the size of every table of the mirror but mirror_state, by name."""
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
    """Record which export the tables were filled from."""
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
    """Record that a packet was applied, in the same transaction."""
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
    """Record why replication failed, or with None that it works again. A new import starts without an error."""
    connection.execute(
        """
        UPDATE mirror_state
        SET last_error = %(error)s, last_error_at = CASE WHEN %(error)s::text IS NOT NULL THEN now() END
        WHERE last_error IS DISTINCT FROM %(error)s OR %(error)s::text IS NOT NULL
        """,
        {"error": error},
    )
