"""How far the mirror is, read from its own database for the operator's page. The app's may sleep meanwhile."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import psycopg
from psycopg.rows import class_row

LATE = timedelta(hours=6)
"""MusicBrainz publishes a packet an hour and has its pauses: no older than this is a mirror that follows it."""


class MirrorSilent(Exception):
    """The mirror's database does not answer, or not to this role: look at MIRROR_URL and at the database."""


@dataclass(frozen=True)
class Replication:
    """What was imported last, and the packets since."""

    profile: str
    export_stamp: str
    release_groups: int
    imported_at: datetime
    replication_sequence: int | None
    packets: int
    replicated_to: datetime | None
    """When the last packet was made at MusicBrainz."""
    last_error: str | None

    @property
    def as_of(self) -> datetime | None:
        """When MusicBrainz was as the mirror is; None if the export's name does not tell."""
        if self.replicated_to:
            return self.replicated_to
        try:
            return datetime.strptime(self.export_stamp, "%Y%m%d-%H%M%S").replace(tzinfo=UTC)
        except ValueError:
            return None


def replication(url: str) -> Replication | None:
    """How far the mirror at this URL is; None before its first import. Raises MirrorSilent."""
    query = """
        SELECT
            profile,
            export_stamp,
            release_groups,
            imported_at,
            replication_sequence,
            packets,
            replicated_to,
            last_error
        FROM musicbrainz.mirror_state
    """
    try:
        with (
            psycopg.connect(url, connect_timeout=2, application_name="lastyear-operator") as connection,
            connection.cursor(row_factory=class_row(Replication)) as cursor,
        ):
            cursor.execute("SET LOCAL statement_timeout = '2s'")
            return cursor.execute(query).fetchone()
    except (psycopg.errors.UndefinedTable, psycopg.errors.InvalidSchemaName, psycopg.errors.UndefinedColumn):
        return None
    except psycopg.Error as error:
        raise MirrorSilent(type(error).__name__) from None
