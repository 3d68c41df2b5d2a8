"""Looks up release years by MBID: of a release or of a release group, merged ones included."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal
from uuid import UUID

from psycopg.rows import class_row

from mirror.database import Connection, readable_errors
from mirror.plausible_years import latest_release_year

MbidKind = Literal["release", "release redirect", "release group", "release group redirect"]


@dataclass(frozen=True)
class LookupResult:
    """The release group that an MBID leads to, and the year of its first release if that is known."""

    mbid: UUID
    release_group: UUID
    year: int | None
    kind: MbidKind


@readable_errors()
def years_by_mbid(connection: Connection, mbids: Sequence[UUID]) -> dict[UUID, LookupResult]:
    """Look up all these MBIDs with one query. Those that MusicBrainz does not know are left out."""
    # The branches below are indexed one-row lookups, run in turn until the first finds something: LIMIT keeps the
    # planner from joining whole tables, whatever its statistics say.
    query = """
        SELECT
            wanted.mbid,
            release_group.gid AS release_group,
            CASE WHEN release_group.year <= %(latest)s THEN release_group.year END AS year,
            found.kind
        FROM unnest(%(mbids)b::uuid[]) AS wanted (mbid)
        CROSS JOIN LATERAL (
            SELECT release.release_group, 'release' AS kind
            FROM release
            WHERE release.gid = wanted.mbid
            UNION ALL
            SELECT release.release_group, 'release redirect'
            FROM release_gid_redirect AS redirect
            JOIN release ON release.id = redirect.new_id
            WHERE redirect.gid = wanted.mbid
            UNION ALL
            SELECT release_group.id, 'release group'
            FROM release_group
            WHERE release_group.gid = wanted.mbid
            UNION ALL
            SELECT redirect.new_id, 'release group redirect'
            FROM release_group_gid_redirect AS redirect
            WHERE redirect.gid = wanted.mbid
            LIMIT 1
        ) AS found
        JOIN release_group ON release_group.id = found.release_group
    """
    parameters = {"mbids": list(set(mbids)), "latest": latest_release_year()}
    with connection.cursor(binary=True, row_factory=class_row(LookupResult)) as cursor:
        return {result.mbid: result for result in cursor.execute(query, parameters, prepare=True)}
