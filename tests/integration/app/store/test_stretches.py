"""Stretches: whatever is put where, a stretch holds what was put there last, and nothing else is touched."""

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import psycopg
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.events import Gap
from app.store import Connection, albums, listeners, stretches
from app.store.albums import Album
from app.store.plays import scrobbles
from app.store.plays.scrobbles import Scrobble
from app.store.stretches import StoredStretch

YEAR = datetime(2023, 1, 1, tzinfo=UTC)
BEGIN = int(YEAR.timestamp())
PROVEN = datetime(2024, 2, 1, tzinfo=UTC)
SECONDS = 30
TITLES = ("One", "Two")

Stored = set[tuple[int, str]]
"""Plays: second of the year and title."""


def plays(stored: Iterable[tuple[int, str]]) -> list[Scrobble]:
    return [Scrobble(YEAR + timedelta(seconds=at), "Somebody", title, "Album", None) for at, title in stored]


def put(
    connection: Connection, user: int, start: int, end: int, given_plays: Iterable[tuple[int, str]], **options: Any
) -> None:
    options = {"proven_at": PROVEN, **options}
    stretches.put(connection, user, BEGIN + start, BEGIN + end, plays(given_plays), **options)


def stored_plays(connection: Connection, username: str) -> list[tuple[int, str]]:
    rows = connection.execute(
        """
        SELECT EXTRACT(epoch FROM scrobbled_at - %s)::integer, track_name
        FROM scrobbles_flat
        WHERE username = %s
        ORDER BY 1, 2
        """,
        [YEAR, username],
    )
    return rows.fetchall()


def stored_stretches(connection: Connection, user: int) -> list[StoredStretch]:
    """All of them, in seconds of the year."""
    found = stretches.stored(connection, user, 0, 2**31)
    return [replace(one, start=one.start - BEGIN, end=one.end - BEGIN) for one in found]


def listener(connection: Connection, name: str) -> int:
    return listeners.save(connection, name, available_years=[2023], playcount=0, registered_at=YEAR).id


@pytest.fixture
def user(connection: Connection) -> int:
    """A listener who has an album to play."""
    albums.save(connection, [Album("Somebody", "Album", None, augmentation_status="not_found")])
    return listener(connection, "SingleSam")


def test_putting_a_stretch_twice_changes_nothing(connection: Connection, user: int) -> None:
    for _ in range(2):
        put(connection, user, 0, 10, [(9, "One"), (1, "Two"), (1, "One")], missing=1, duplicates=2, undated=3)
        assert stored_plays(connection, "SingleSam") == [(1, "One"), (1, "Two"), (9, "One")]
        assert stored_stretches(connection, user) == [StoredStretch(0, 10, 3, PROVEN, 1, 2, 3, 0)]


def test_a_play_that_is_given_twice_is_stored_once(connection: Connection, user: int) -> None:
    put(connection, user, 0, 10, [(1, "One"), (1, "One")])
    assert stored_plays(connection, "SingleSam") == [(1, "One")]


def test_a_stretch_that_reaches_beyond_keeps_its_plays_there_and_is_to_be_proven_again(
    connection: Connection, user: int
) -> None:
    put(connection, user, 0, 30, [(at, "One") for at in range(0, 30, 5)], missing=1, undated=2)
    put(connection, user, 10, 20, [(12, "Two")], unreadable=4)
    assert stored_stretches(connection, user) == [
        StoredStretch(0, 10, 2, None, 0, 0, 0, 0),
        StoredStretch(10, 20, 1, PROVEN, 0, 0, 0, 4),
        StoredStretch(20, 30, 2, None, 0, 0, 0, 0),
    ]
    assert [at for at, _ in stored_plays(connection, "SingleSam")] == [0, 5, 12, 20, 25]


def test_stretches_beside_it_keep_their_proof(connection: Connection, user: int) -> None:
    put(connection, user, 0, 10, [(9, "One")])
    put(connection, user, 20, 30, [(20, "One")])
    put(connection, user, 10, 20, [])
    assert [one.proven_at for one in stored_stretches(connection, user)] == [PROVEN] * 3


def test_kept_plays_stay_beside_the_given_ones(connection: Connection, user: int) -> None:
    put(connection, user, 0, 10, [(1, "One"), (2, "One")])
    put(connection, user, 0, 10, [(2, "One"), (3, "One")], keep=True, proven_at=None)
    assert stored_plays(connection, "SingleSam") == [(1, "One"), (2, "One"), (3, "One")]
    assert stored_stretches(connection, user) == [StoredStretch(0, 10, 3, None, 0, 0, 0, 0)]


def test_what_is_stored_already_and_what_is_not_given_are_counted(connection: Connection, user: int) -> None:
    put(connection, user, 0, 10, [(1, "One"), (2, "One")])
    put(connection, user, 10, 20, [(11, "One"), (19, "One")])
    asked = [(2, "One"), (2, "Two"), (11, "One"), (12, "Never stored"), (12, "Never stored")]
    assert stretches.compare(connection, user, BEGIN + 1, BEGIN + 19, plays(asked)) == (2, 1)
    assert stretches.compare(connection, user, BEGIN, BEGIN + 20, []) == (0, 4)
    assert stretches.compare(connection, listener(connection, "LightLuca"), BEGIN, BEGIN + 20, []) == (0, 0)


@pytest.mark.parametrize(
    ("start", "end", "given_plays", "rule"),
    [
        (0, 10, plays([(10, "One")]), "plays_lie_in_their_stretch"),
        (5, 10, plays([(4, "One")]), "plays_lie_in_their_stretch"),
        (0, 10, [Scrobble(YEAR, "Somebody", "One", "Never saved", None)], "every_play_has_a_track"),
        (-1, 10, [], "stretches_lie_in_one_year"),
        (10, 10, [], "stretches_lie_in_one_year"),
    ],
)
def test_what_cannot_be_is_not_stored(
    connection: Connection, user: int, start: int, end: int, given_plays: list[Scrobble], rule: str
) -> None:
    with pytest.raises(psycopg.errors.CheckViolation, match=rule):
        stretches.put(connection, user, BEGIN + start, BEGIN + end, given_plays, proven_at=PROVEN)


def test_a_stretch_goes_up_to_the_last_second_of_its_year(connection: Connection, user: int) -> None:
    end = int(datetime(2024, 1, 1, tzinfo=UTC).timestamp()) - BEGIN
    put(connection, user, 0, end, [(0, "One"), (end - 1, "One")])
    assert [at for at, _ in stored_plays(connection, "SingleSam")] == [0, end - 1]


def test_names_of_every_length_and_script_are_told_apart(connection: Connection, user: int) -> None:
    titles = [
        "",
        "x" * 3000,
        "x" * 2999 + "y",
        "水曜日の冷蔵庫",
        "'; DROP TABLE tracks; --",
        "\ufffe\U0001f600",
        "{}",
    ]
    put(connection, user, 0, 10, [(1, title) for title in titles])
    assert sorted(stored_plays(connection, "SingleSam")) == sorted((1, title) for title in titles)


@dataclass
class Model:
    """What should be stored of a listener, by the plainest rules there are."""

    plays: Stored = field(default_factory=set)
    stretches: list[StoredStretch] = field(default_factory=list)

    def between(self, start: int, end: int) -> Stored:
        return {play for play in self.plays if start <= play[0] < end}

    def put(self, start: int, end: int, given_plays: Stored, missing: int | None, keep: bool) -> None:
        self.plays = self.plays - (set() if keep else self.between(start, end)) | given_plays
        pieces = [StoredStretch(start, end, 0, PROVEN, missing, 0, 0, 0)]
        for old in self.stretches:
            if old.end <= start or end <= old.start:
                pieces.append(old)
                continue
            pieces += [
                StoredStretch(first, last, 0, None, 0, 0, 0, 0)
                for first, last in ((old.start, start), (end, old.end))
                if first < last
            ]
        self.stretches = [
            replace(piece, plays=len(self.between(piece.start, piece.end)))
            for piece in sorted(pieces, key=lambda piece: piece.start)
        ]


@st.composite
def steps(draw: st.DrawFn) -> tuple[str, int, int, Stored, int | None, bool]:
    """Who, from where to where, what is played there, what is missing, whether the stored plays stay."""
    start = draw(st.integers(0, SECONDS - 1))
    end = draw(st.integers(start + 1, SECONDS))
    played = draw(st.sets(st.tuples(st.integers(start, end - 1), st.sampled_from(TITLES)), max_size=8))
    who = draw(st.sampled_from(["SingleSam", "SingleSam", "LightLuca"]))
    return who, start, end, played, draw(st.sampled_from([0, 1, None])), draw(st.booleans())


@settings(max_examples=60)
@given(st.lists(steps(), max_size=8))
def test_any_sequence_of_stretches_leaves_what_the_plainest_rules_leave(
    connection: Connection, user: int, sequence: list[tuple[str, int, int, Stored, int | None, bool]]
) -> None:
    connection.execute("DELETE FROM stretches")
    users = {"SingleSam": user, "LightLuca": listener(connection, "LightLuca")}
    models = {name: Model() for name in users}
    for who, start, end, played, missing, keep in sequence:
        before = models[who].between(start, end)
        told = stretches.compare(connection, users[who], BEGIN + start, BEGIN + end, plays(played))
        assert told == (len(played - before), len(before - played))
        put(connection, users[who], start, end, played, missing=missing, keep=keep)
        models[who].put(start, end, played, missing, keep)
        for name, model in models.items():
            assert stored_plays(connection, name) == sorted(model.plays)
            assert stored_stretches(connection, users[name]) == model.stretches


def test_stretches_that_have_a_part_of_a_time_are_found(connection: Connection, user: int) -> None:
    for start in (0, 10, 20):
        put(connection, user, start, start + 10, [])

    def found(start: int, end: int) -> list[int]:
        return [one.start - BEGIN for one in stretches.stored(connection, user, BEGIN + start, BEGIN + end)]

    assert found(0, 30) == [0, 10, 20]
    assert found(10, 20) == [10]
    assert found(9, 21) == [0, 10, 20]
    assert found(30, 40) == []


def test_neighbouring_gaps_are_told_as_one(connection: Connection, user: int) -> None:
    for start, missing in ((0, 2), (10, 3), (20, 0), (30, 1), (40, None), (60, 4)):
        put(connection, user, start, start + 10, [], missing=missing)
    assert stretches.proof(connection, user, BEGIN, BEGIN + 100).gaps == (
        Gap(start=BEGIN, end=BEGIN + 20, plays=5),
        Gap(start=BEGIN + 30, end=BEGIN + 50, plays=None),
        Gap(start=BEGIN + 60, end=BEGIN + 70, plays=4),
    )


def test_the_proof_of_a_year_is_that_of_its_parts(connection: Connection, user: int) -> None:
    nothing = stretches.proof(connection, user, BEGIN, BEGIN + 100)
    assert (nothing.gaps, nothing.read_at) == ((), None)
    put(connection, user, 0, 10, [], duplicates=1, undated=2, unreadable=3, proven_at=PROVEN + timedelta(days=1))
    put(connection, user, 10, 20, [], duplicates=10, undated=20, unreadable=30)
    put(connection, user, 20, 30, [], proven_at=None)
    found = stretches.proof(connection, user, BEGIN, BEGIN + 100)
    assert (found.duplicates, found.undated, found.unreadable) == (11, 22, 33)
    assert (found.gaps, found.read_at) == ((), PROVEN.timestamp())


def test_years_with_gaps_are_found_once_the_last_try_is_old_enough(connection: Connection, user: int) -> None:
    now, hour = datetime.now(UTC), timedelta(hours=1)
    put(connection, user, 0, 10, [], missing=1, proven_at=now - 3 * hour)
    put(connection, user, 10, 20, [], missing=None, proven_at=now - 3 * hour)
    put(connection, listener(connection, "LightLuca"), -20, -10, [], missing=None, proven_at=None)
    put(connection, listener(connection, "HeavyHelen"), 0, 10, [(1, "One")], proven_at=now - 3 * hour)
    assert stretches.years_with_gaps(connection, 2 * hour) == [("LightLuca", 2022), ("SingleSam", 2023)]
    assert stretches.years_with_gaps(connection, 4 * hour) == [("LightLuca", 2022)]


def test_a_year_of_sixty_thousand_plays_is_put_read_and_cut(connection: Connection, user: int) -> None:
    year = [(at * 500, f"Take {at % 3000}") for at in range(60_000)]
    end = 60_000 * 500
    put(connection, user, 0, end, year)
    assert stretches.compare(connection, user, BEGIN, BEGIN + end, plays(year)) == (0, 0)
    put(connection, user, 5_000_000, 5_000_500, [])
    assert [one.plays for one in stored_stretches(connection, user)] == [10_000, 0, 49_999]
    assert scrobbles.count_year(connection, user, 2023).scrobbles == 59_999


def test_a_play_takes_a_dozen_bytes(connection: Connection, user: int) -> None:
    for start in range(0, 50_000, 1000):
        titles = ((at * 500 + at % 97, f"Take {at % 700}") for at in range(start, start + 1000))
        put(connection, user, start * 500, (start + 1000) * 500, titles)
    size = connection.execute(
        "SELECT pg_total_relation_size('stretches'), sum(cardinality(seconds)) FROM stretches"
    ).fetchone()
    assert size is not None
    assert size[1] == 50_000
    assert size[0] / size[1] < 12
