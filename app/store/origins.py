"""Where an album's year comes from, read from the mirror for somebody who doubts it."""

from dataclasses import dataclass
from uuid import UUID

import psycopg
from psycopg.rows import class_row

from app.store.replication import MirrorSilent

SECONDS = 2


@dataclass(frozen=True)
class Origin:
    """A release group as the mirror has it now, and the release that its year is taken from."""

    release_group: UUID
    title: str
    artist: str
    release_year: int | None
    releases: int
    first_release: UUID | None
    first_title: str | None
    first_year: int | None
    first_month: int | None
    first_day: int | None


def origin(url: str, release_group: UUID) -> Origin | None:
    """What the mirror at this URL knows of the group, be it merged into another; None where it knows nothing.

    Raises MirrorSilent where it cannot be asked.
    """
    query = """
        SELECT
            release_group.gid AS release_group,
            release_group.name AS title,
            artist_credit.name AS artist,
            release_group.year AS release_year,
            (
                SELECT count(*)
                FROM musicbrainz.release
                WHERE release.release_group = release_group.id
            ) AS releases,
            first.gid AS first_release,
            first.name AS first_title,
            nullif(first.date / 10000, 9999) AS first_year,
            nullif(first.date / 100 %% 100, 99) AS first_month,
            nullif(first.date %% 100, 99) AS first_day
        FROM (
            SELECT id FROM musicbrainz.release_group WHERE gid = %(group)s
            UNION ALL
            SELECT new_id FROM musicbrainz.release_group_gid_redirect WHERE gid = %(group)s
            LIMIT 1
        ) AS asked
        JOIN musicbrainz.release_group USING (id)
        JOIN musicbrainz.artist_credit ON artist_credit.id = release_group.artist_credit
        LEFT JOIN LATERAL (
            SELECT release.gid, release.name, event.date
            FROM musicbrainz.release
            JOIN musicbrainz.release_event AS event ON event.release = release.id
            WHERE release.release_group = release_group.id AND release.status IS DISTINCT FROM 6
            ORDER BY event.date / 10000 IS DISTINCT FROM release_group.year, event.date, release.id
            LIMIT 1
        ) AS first ON true
    """
    try:
        with (
            psycopg.connect(url, connect_timeout=SECONDS, application_name="lastyear-web") as connection,
            connection.cursor(row_factory=class_row(Origin)) as cursor,
        ):
            cursor.execute(f"SET LOCAL statement_timeout = '{SECONDS}s'".encode())
            return cursor.execute(query, {"group": release_group}).fetchone()
    except (psycopg.errors.UndefinedTable, psycopg.errors.InvalidSchemaName, psycopg.errors.UndefinedColumn):
        return None
    except psycopg.Error as error:
        raise MirrorSilent(type(error).__name__) from None
