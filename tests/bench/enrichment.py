"""Release years by MBID among a million release groups: in batches of 200, against one query per album."""

import random
import time
from collections.abc import Iterator, Sequence
from uuid import UUID

import psycopg

from mirror.database import Connection, connect
from mirror.matching.lookup import years_by_mbid
from tests.bench.installation import Figure, Installation

RELEASE_GROUPS, BATCH_SIZE, BATCHES = 1_000_000, 200, 200
LEAST_ALBUMS_A_SECOND, LEAST_SPEEDUP = 50_000, 12

FILL = """
    INSERT INTO musicbrainz.artist_credit
        SELECT 9000000 + n, 'Artist ' || n FROM generate_series(1, 200000) AS n;
    INSERT INTO musicbrainz.release_group (id, gid, name, comment, artist_credit, type, first_release_date, year)
        SELECT 9000000 + n, md5('group ' || n)::uuid, 'Album ' || n, '', 9000001 + n %% 200000, 1,
            (1950 + n %% 75) * 10000 + 101, 1950 + n %% 75
        FROM generate_series(1, %(groups)s) AS n;
    INSERT INTO musicbrainz.release (id, gid, name, release_group, status)
        SELECT 9000000 + n, md5('release ' || n)::uuid, 'Album ' || n, 9000000 + n, 1
        FROM generate_series(1, %(groups)s) AS n;
"""


def measure(installation: Installation) -> Iterator[Figure]:
    """Look up MBIDs drawn at random, one in five of them unknown to the mirror."""
    with psycopg.connect(installation.environ["MIRROR_OWNER_URL"], autocommit=True) as owner:
        for statement in FILL.split(";")[:-1]:
            owner.execute(statement.encode(), {"groups": RELEASE_GROUPS})
        owner.execute("VACUUM ANALYZE")
    drawn = random.Random(1)
    names = [f"release {drawn.randint(1, RELEASE_GROUPS * 5 // 4)}" for _ in range(BATCH_SIZE * BATCHES)]
    with connect(installation.environ["MIRROR_URL"]) as connection:
        mbids = [_mbid(connection, names[at : at + BATCH_SIZE]) for at in range(0, len(names), BATCH_SIZE)]
        _rate(connection, mbids)  # reads the rows into memory, for both
        one_by_one = _rate(connection, [[mbid] for batch in mbids[:20] for mbid in batch])
        together = max(_rate(connection, mbids) for _ in range(3))
    yield Figure(
        f"enrichment by MBID, batches of {BATCH_SIZE}, {RELEASE_GROUPS:,} release groups",
        f">= {LEAST_ALBUMS_A_SECOND:,} albums a second",
        f"{together:,.0f} albums a second",
        together >= LEAST_ALBUMS_A_SECOND,
    )
    yield Figure(
        "the same, compared with one query per album",
        f">= {LEAST_SPEEDUP} x",
        f"{together / one_by_one:.1f} x ({one_by_one:,.0f} albums a second)",
        together / one_by_one >= LEAST_SPEEDUP,
    )


def _mbid(connection: Connection, names: list[str]) -> list[UUID]:
    rows = connection.execute("SELECT md5(name)::uuid FROM unnest(%s::text[]) AS name", [names])
    return [UUID(str(row[0])) for row in rows]


def _rate(connection: Connection, batches: Sequence[Sequence[UUID]]) -> float:
    began = time.perf_counter()
    for batch in batches:
        years_by_mbid(connection, batch)
    return sum(map(len, batches)) / (time.perf_counter() - began)
