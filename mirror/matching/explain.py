"""Explains the year of an MBID: the release that it is taken from."""

from dataclasses import dataclass
from uuid import UUID

from psycopg.rows import class_row

from mirror.database import Connection, readable_errors
from mirror.matching.lookup import LookupResult, years_by_mbid


@dataclass(frozen=True)
class YearSource:
    """A release group, how many releases it has, and the first of them, which its year is taken from."""

    title: str
    artist: str
    releases: int
    cancelled: int
    first_release: UUID | None
    first_title: str | None
    year: int | None
    month: int | None
    day: int | None

    @property
    def date(self) -> str:
        """The date of the first release as far as it is known, such as 1977-02 or 1977-??-04."""
        parts = [
            f"{self.year:04}" if self.year else "????",
            *(f"{part:02}" if part else "??" for part in self._rest),
        ]
        return "-".join(parts)

    @property
    def _rest(self) -> list[int | None]:
        return [self.month, self.day] if self.day else [self.month] if self.month else []


@dataclass(frozen=True)
class Explanation:
    """What an MBID leads to, the release if it is one's MBID, and the source of the year."""

    result: LookupResult
    release: UUID | None
    source: YearSource


def explain(connection: Connection, mbid: UUID) -> Explanation | None:
    """Explain the year of an MBID; None if MusicBrainz does not know it."""
    result = years_by_mbid(connection, [mbid]).get(mbid)
    if result is None:
        return None
    source = _source(connection, result.release_group)
    return Explanation(result, _release(connection, mbid), source) if source else None


@readable_errors()
def _release(connection: Connection, mbid: UUID) -> UUID | None:
    query = """
        SELECT release.gid
        FROM release
        WHERE release.gid = %(mbid)s
        UNION ALL
        SELECT release.gid
        FROM release_gid_redirect AS redirect
        JOIN release ON release.id = redirect.new_id
        WHERE redirect.gid = %(mbid)s
    """
    row = connection.execute(query, {"mbid": mbid}).fetchone()
    return row[0] if row else None


@readable_errors()
def _source(connection: Connection, release_group: UUID) -> YearSource | None:
    query = """
        SELECT
            release_group.name AS title,
            artist_credit.name AS artist,
            counted.releases,
            counted.cancelled,
            first.gid AS first_release,
            first.name AS first_title,
            nullif(first.date / 10000, 9999) AS year,
            nullif(first.date / 100 %% 100, 99) AS month,
            nullif(first.date %% 100, 99) AS day
        FROM release_group
        JOIN artist_credit ON artist_credit.id = release_group.artist_credit
        CROSS JOIN LATERAL (
            SELECT count(*) AS releases, count(*) FILTER (WHERE release.status = 6) AS cancelled
            FROM release
            WHERE release.release_group = release_group.id
        ) AS counted
        LEFT JOIN LATERAL (
            SELECT release.gid, release.name, event.date
            FROM release
            JOIN release_event AS event ON event.release = release.id
            WHERE release.release_group = release_group.id AND release.status IS DISTINCT FROM 6
            ORDER BY event.date / 10000 IS DISTINCT FROM release_group.year, event.date, release.id
            LIMIT 1
        ) AS first ON true
        WHERE release_group.gid = %s
    """
    with connection.cursor(row_factory=class_row(YearSource)) as cursor:
        return cursor.execute(query, [release_group]).fetchone()
