"""Scrobbles: the bytes that one takes, and how fast they are counted, against a table with a row for each play."""

import re
import time
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime
from itertools import pairwise
from typing import Any
from uuid import UUID

import psycopg

from app.listening_years import year_bounds
from app.store import Connection, albums, connect, listeners, stretches
from app.store.plays import top_albums
from app.store.plays.album_plays import list_albums
from app.store.plays.play_filter import PlayFilter
from app.store.plays.scrobbles import Scrobble, count_all_years, count_year
from app.store.stale_charts import take_stale_years
from app.store.upkeep.room import lastfm_bytes
from demo.lastfm.accounts import Account
from demo.lastfm.cast import ACCOUNTS
from demo.lastfm.habits import FavouritePeriod, Habit, Taste
from tests.bench.installation import Figure, Installation
from worker.fetching.enrich import albums_to_match, match_exact
from worker.fetching.mirror_client import MirrorClient

YEAR, YEARS = 2024, range(2019, 2026)
STRETCH = 1000  # plays of an answer
MOST_BYTES, MOST_RATIO = 60, 1.0
ROUNDS = 25

_TASTE = Taste("SixtySteve", (FavouritePeriod(1975, 5, 0.5), FavouritePeriod(1996, 4, 0.4)))
STEVE = Account(
    "SixtySteve", datetime(2024, 1, 1, tzinfo=UTC), Habit(_TASTE, date(2024, 1, 1), exact=((YEAR, 60_000),))
)

FLAT_TABLE = """
    CREATE SCHEMA flat;
    CREATE TABLE flat.stretches (
        starts timestamptz NOT NULL,
        user_id integer NOT NULL REFERENCES lastfm_users (id),
        track integer NOT NULL REFERENCES tracks (id),
        PRIMARY KEY (user_id, starts, track)
    );
    INSERT INTO flat.stretches (starts, user_id, track)
    SELECT starts + make_interval(secs => second), user_id, track
    FROM stretches
    CROSS JOIN LATERAL unnest(seconds, tracks) AS plays (second, track)
    ORDER BY user_id, 1
"""
AS_FLAT = {
    rb"EXISTS \(\s+SELECT FROM \(SELECT unnest\(tracks\).*?IS TRUE\s+\)": b"track IN (SELECT id FROM stale)",
    rb"unnest\(tracks\)": b"track",
    rb"FROM stretches": b"FROM flat.stretches",
}


class FlatCursor(psycopg.Cursor[Any]):
    """Asks the table with a row for each play what the store asks its stretches."""

    def execute(self, query: Any, *arguments: Any, **options: Any) -> "FlatCursor":
        query = query if isinstance(query, bytes) else query.encode()
        for stretch, flat in AS_FLAT.items():
            query = re.sub(stretch, flat, query, flags=re.DOTALL)
        return super().execute(query, *arguments, **options)


QUESTIONS: dict[str, Callable[[Connection, int], object]] = {
    "count_year": lambda connection, user: count_year(connection, user, YEAR),
    "count_all_years": lambda connection, user: count_all_years(connection, user),
    "top_albums": lambda connection, user: top_albums.by_release_year(connection, PlayFilter(user, YEAR), each=3),
    "list_albums": lambda connection, user: list_albums(connection, PlayFilter(user, YEAR), (0, 9999), limit=100),
    "take_stale_years": lambda connection, _: _stale_years(connection),
}


def measure(installation: Installation) -> Iterator[Figure]:
    """Store all years of the demo's listeners, then a year of 60,000 plays; ask both shapes in turns."""
    url = installation.environ["DATABASE_URL"]
    with connect(url) as ours, connect(url) as flat, MirrorClient(installation.environ["MIRROR_URL"]) as mirror:
        for account in ACCOUNTS:
            for year in YEARS:
                _store(ours, mirror, account, year)
        yield _bytes_of_one(ours, "the demo's listeners")
        _store(ours, mirror, STEVE, YEAR)
        yield _bytes_of_one(ours, "the same with a year of 60,000 plays")
        ours.execute("UPDATE albums SET charts_stale = CASE WHEN id %% 20 = 0 THEN TRUE END", [])
        ours.execute(FLAT_TABLE)
        ours.execute("VACUUM FULL ANALYZE")
        flat.cursor_factory = FlatCursor
        for account in (ACCOUNTS[0], STEVE):
            listener = listeners.find(ours, account.name)
            assert listener is not None
            yield _ratio(ours, flat, listener.id, f"{len(account.plays(YEAR)):,}")
        ours.execute("DROP SCHEMA flat CASCADE")


def _store(connection: Connection, mirror: MirrorClient, account: Account, year: int) -> None:
    user = listeners.save(
        connection, account.name, available_years=[], playcount=0, registered_at=account.registered
    ).id
    plays = [
        Scrobble(
            datetime.fromtimestamp(play.uts, UTC),
            play.artist,
            play.title,
            play.album,
            UUID(play.album_mbid) if play.album_mbid else None,
        )
        for play in account.plays(year)
    ]
    first, end = (int(moment.timestamp()) for moment in year_bounds(year))
    cuts = sorted({first, *(int(play.scrobbled_at.timestamp()) for play in plays[STRETCH::STRETCH]), end})
    for start, stop in pairwise(cuts):
        part = [play for play in plays if start <= play.scrobbled_at.timestamp() < stop]
        with connection.transaction():
            albums.save(connection, match_exact(mirror, albums_to_match(connection, part)))
            stretches.put(connection, user, start, stop, part, proven_at=datetime.now(UTC))


def _bytes_of_one(connection: Connection, whose: str) -> Figure:
    row = connection.execute("SELECT sum(cardinality(seconds)) FROM stretches").fetchone()
    assert row is not None
    each = lastfm_bytes(connection) / row[0]
    return Figure(
        f"a scrobble of {whose}, names and indexes included",
        f"<= {MOST_BYTES} bytes",
        f"{each:.1f} bytes ({row[0]:,} scrobbles)",
        each <= MOST_BYTES,
    )


def _ratio(ours: Connection, flat: Connection, user: int, plays: str) -> Figure:
    taken = {name: (_seconds(ask, ours, flat, user)) for name, ask in QUESTIONS.items()}
    ratio = sum(one for one, _ in taken.values()) / sum(other for _, other in taken.values())
    each = ", ".join(f"{name} {one / other:.2f}" for name, (one, other) in taken.items())
    return Figure(
        f"counts, lists and stale years, a year of {plays} plays, compared with a row for each play",
        f"<= {MOST_RATIO:g} x",
        f"{ratio:.2f} x ({each})",
        ratio <= MOST_RATIO,
    )


def _seconds(
    ask: Callable[[Connection, int], object], ours: Connection, flat: Connection, user: int
) -> tuple[float, float]:
    """Ask both in turns; return the shortest time of each."""
    taken: tuple[list[float], list[float]] = [], []
    for _ in range(ROUNDS):
        answers = []
        for connection, times in zip((ours, flat), taken, strict=True):
            began = time.perf_counter()
            answers.append(ask(connection, user))
            times.append(time.perf_counter() - began)
        if answers[0] != answers[1]:
            raise RuntimeError(f"the two shapes tell something else: {answers}")
    return min(taken[0]), min(taken[1])


def _stale_years(connection: Connection) -> list[tuple[str, int]]:
    with connection.transaction(force_rollback=True):
        return sorted(take_stale_years(connection))
