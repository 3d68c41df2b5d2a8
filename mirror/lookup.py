"""Release years by MBID, be it one of a release or of a release group, living or merged."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Literal
from uuid import UUID

from psycopg.rows import class_row

from mirror.database import Connection, readable_errors

Method = Literal["release", "release redirect", "release group", "release group redirect"]


@dataclass(frozen=True)
class Answer:
    """The release group that an MBID leads to, how, and the year of its first release where that is known."""

    mbid: UUID
    release_group: UUID
    year: int | None
    method: Method


@readable_errors()
def years_by_mbid(connection: Connection, mbids: Sequence[UUID]) -> dict[UUID, Answer]:
    """Answer all these MBIDs by one query; those that MusicBrainz does not know are left out."""
    # The branches below are indexed one-row lookups, run in turn until the first finds something: LIMIT keeps the
    # planner from joining whole tables, whatever its statistics say.
    query = """
        SELECT
            asked.mbid,
            release_group.gid AS release_group,
            CASE WHEN release_group.year <= %(last_year)s THEN release_group.year END AS year,
            found.method
        FROM unnest(%(mbids)b::uuid[]) AS asked (mbid)
        CROSS JOIN LATERAL (
            SELECT release.release_group, 'release' AS method
            FROM release
            WHERE release.gid = asked.mbid
            UNION ALL
            SELECT release.release_group, 'release redirect'
            FROM release_gid_redirect AS redirect
            JOIN release ON release.id = redirect.new_id
            WHERE redirect.gid = asked.mbid
            UNION ALL
            SELECT release_group.id, 'release group'
            FROM release_group
            WHERE release_group.gid = asked.mbid
            UNION ALL
            SELECT redirect.new_id, 'release group redirect'
            FROM release_group_gid_redirect AS redirect
            WHERE redirect.gid = asked.mbid
            LIMIT 1
        ) AS found
        JOIN release_group ON release_group.id = found.release_group
    """
    parameters = {"mbids": list(set(mbids)), "last_year": last_year()}
    with connection.cursor(binary=True, row_factory=class_row(Answer)) as cursor:
        return {answer.mbid: answer for answer in cursor.execute(query, parameters, prepare=True)}


def last_year() -> int:
    """The last year that an album can be from: some are announced for the next one."""
    return datetime.now(UTC).year + 1
