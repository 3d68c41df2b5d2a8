"""Enrichment by MBID: albums a second in batches of 200, against one query each, at a million release groups."""

import random
import time
from collections.abc import Iterator, Sequence
from uuid import UUID

import psycopg

from mirror.database import Connection, connect
from mirror.lookup import years_by_mbid
from tests.bench.stage import Row, Stage

GROUPS, BATCH, BATCHES = 1_000_000, 200, 200
LEAST_PER_SECOND, LEAST_RATIO = 50_000, 12

FILL = """
    INSERT INTO musicbrainz.artist_credit
        SELECT 9000000 + n, 'Artist ' || n FROM generate_series(1, 200000) AS n;
    INSERT INTO musicbrainz.release_group (id, gid, name, comment, artist_credit, type, first_release_date, year)
        SELECT 9000000 + n, md5('group ' || n)::uuid, 'Album ' || n, '', 9000001 + n %% 200000, 1,
            (1950 + n %% 75) * 10000 + 101, 1950 + n %% 75
        FROM generate_series(1, %(groups)s) AS n;
    INSERT INTO musicbrainz.release (id, gid, name, artist_credit, release_group, status)
        SELECT 9000000 + n, md5('release ' || n)::uuid, 'Album ' || n, 9000001 + n %% 200000, 9000000 + n, 1
        FROM generate_series(1, %(groups)s) AS n;
"""


def measure(stage: Stage) -> Iterator[Row]:
    """MBIDs drawn at random, one in five unknown to the mirror."""
    with psycopg.connect(stage.environ["MIRROR_OWNER_URL"], autocommit=True) as owner:
        for statement in FILL.split(";")[:-1]:
            owner.execute(statement.encode(), {"groups": GROUPS})
        owner.execute("VACUUM ANALYZE")
    drawn = random.Random(1)
    names = [f"release {drawn.randint(1, GROUPS * 5 // 4)}" for _ in range(BATCH * BATCHES)]
    with connect(stage.environ["MIRROR_URL"]) as connection:
        mbids = [_mbid(connection, names[at : at + BATCH]) for at in range(0, len(names), BATCH)]
        _rate(connection, mbids)  # reads what will be asked for into memory, for both
        one_by_one = _rate(connection, [[mbid] for batch in mbids[:20] for mbid in batch])
        together = max(_rate(connection, mbids) for _ in range(3))
    yield Row(
        f"enrichment by MBID, batches of {BATCH}, {GROUPS:,} release groups",
        f">= {LEAST_PER_SECOND:,} albums a second",
        f"{together:,.0f} albums a second",
        together >= LEAST_PER_SECOND,
    )
    yield Row(
        "the same against one query per album",
        f">= {LEAST_RATIO} x",
        f"{together / one_by_one:.1f} x ({one_by_one:,.0f} albums a second)",
        together / one_by_one >= LEAST_RATIO,
    )


def _mbid(connection: Connection, names: list[str]) -> list[UUID]:
    rows = connection.execute("SELECT md5(name)::uuid FROM unnest(%s::text[]) AS name", [names])
    return [UUID(str(row[0])) for row in rows]


def _rate(connection: Connection, batches: Sequence[Sequence[UUID]]) -> float:
    began = time.perf_counter()
    for batch in batches:
        years_by_mbid(connection, batch)
    return sum(map(len, batches)) / (time.perf_counter() - began)
