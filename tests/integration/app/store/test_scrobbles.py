"""Scrobbles: a page takes the place of what was there between its bounds, and a row stays small."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from app.store import Connection, albums, listeners, scrobbles
from app.store.albums import Album, Status
from app.store.scrobbles import Scrobble, Standing, year_bounds

START = datetime(2023, 1, 1, tzinfo=UTC)
END = datetime(2024, 1, 1, tzinfo=UTC)
YEAR = START - timedelta(seconds=1), END


def at(second: int) -> datetime:
    return START + timedelta(seconds=second)


def play(second: int, title: str = "Title") -> Scrobble:
    return Scrobble(at(second), "Somebody", title, "Album", None)


@pytest.fixture
def user(connection: Connection) -> int:
    """A listener who has an album to play."""
    albums.keep(connection, [Album("Somebody", "Album", None, augmentation_status="not_found")])
    return listener(connection, "SingleSam")


def listener(connection: Connection, name: str) -> int:
    return listeners.save(connection, name, available_years=[2023], playcount=0, registered_at=START).id


def stored(connection: Connection, user: int) -> list[tuple[int, str]]:
    rows = connection.execute(
        """
        SELECT extract(epoch FROM scrobbles.scrobbled_at - %s)::int, tracks.title
        FROM scrobbles JOIN tracks ON tracks.id = scrobbles.track
        WHERE user_id = %s
        """,
        [START, user],
    )
    return sorted(rows.fetchall())


def put(connection: Connection, user: int, seconds: list[int], *, after: int = -1, before: int = 1000) -> None:
    scrobbles.replace(connection, user, [play(s) for s in seconds], after=at(after), before=at(before))


def test_giving_a_page_twice_changes_nothing(connection: Connection, user: int) -> None:
    pages = [play(1), play(1, "Other"), play(2)]
    changes = scrobbles.replace(connection, user, pages, after=YEAR[0], before=YEAR[1])
    assert sum(tally.plays for tally in changes) == 3
    assert scrobbles.replace(connection, user, pages, after=YEAR[0], before=YEAR[1]) == []
    assert stored(connection, user) == [(1, "Other"), (1, "Title"), (2, "Title")]


def test_what_lies_between_the_bounds_and_is_not_given_goes(connection: Connection, user: int) -> None:
    put(connection, user, [1, 2, 3, 4, 5])
    put(connection, user, [3], after=1, before=5)
    assert [second for second, _ in stored(connection, user)] == [1, 3, 5]


def test_at_the_bounds_nothing_goes_but_what_is_given_comes(connection: Connection, user: int) -> None:
    put(connection, user, [1, 5])
    given_at_bounds = [play(1, "New"), play(5, "New")]
    scrobbles.replace(connection, user, given_at_bounds, after=at(1), before=at(5))
    assert stored(connection, user) == [(1, "New"), (1, "Title"), (5, "New"), (5, "Title")]


def test_an_empty_page_clears_what_lies_between(connection: Connection, user: int) -> None:
    put(connection, user, [1, 2, 3])
    changes = scrobbles.replace(connection, user, [], after=at(0), before=at(3))
    assert [tally.plays for tally in changes] == [-2]
    assert stored(connection, user) == [(3, "Title")]


def test_another_listener_and_another_year_are_left_alone(connection: Connection, user: int) -> None:
    other = listener(connection, "LightLuca")
    put(connection, other, [1, 2])
    scrobbles.replace(connection, user, [play(-100)], after=at(-200), before=at(0))
    put(connection, user, [3])
    assert [second for second, _ in stored(connection, user)] == [-100, 3]
    assert [second for second, _ in stored(connection, other)] == [1, 2]


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    before=st.sets(st.integers(1, 30)),
    page=st.sets(st.integers(1, 30)),
    low=st.integers(0, 31),
    high=st.integers(0, 31),
)
def test_replacing_is_as_simple_as_it_says(
    connection: Connection, user: int, before: set[int], page: set[int], low: int, high: int
) -> None:
    put(connection, user, sorted(before))
    standing = scrobbles.standing(connection, user, 2023)
    given_page = [play(second) for second in page]
    changes = scrobbles.replace(connection, user, given_page, after=at(low), before=at(high))
    outside = {second for second in before if not low < second < high}
    assert {second for second, _ in stored(connection, user)} == outside | page
    assert standing.plus(changes) == scrobbles.standing(connection, user, 2023)


def test_a_year_stands_as_the_sum_of_its_plays(connection: Connection, user: int) -> None:
    answers = [
        Album("A", "matched", None, release_year=1977, augmentation_status="matched"),
        Album("A", "fuzzy", None, release_year=1977, augmentation_status="fuzzy_matched"),
        Album("A", "older", None, release_year=1959, augmentation_status="matched"),
        Album("A", "pending", None),
    ]
    albums.keep(connection, answers)
    plays = [Scrobble(at(s), "A", "T", answer.album, None) for s, answer in enumerate([*answers, *answers[:1]])]
    scrobbles.replace(connection, user, [*plays, play(99)], after=YEAR[0], before=YEAR[1])
    outside = [Scrobble(END, "A", "T", "matched", None), Scrobble(at(-1), "A", "T", "matched", None)]
    scrobbles.replace(connection, user, outside, after=END, before=END)
    assert scrobbles.standing(connection, user, 2023) == Standing(
        scrobbles=6, matched=3, fuzzy_matched=1, not_found=1, years={"1959": 1, "1977": 3}
    )
    assert list(scrobbles.standing(connection, user, 2023).years) == ["1959", "1977"]
    assert scrobbles.count(connection, user, *year_bounds(2023)) == 6


@pytest.mark.parametrize(("status", "counted"), [("matched", "not_found"), ("pending", "pending")])
def test_what_an_artists_plays_without_an_album_were_taken_for_says_nothing_of_a_song(
    connection: Connection, user: int, status: Status, counted: str
) -> None:
    year = None if status == "pending" else 1977
    albums.keep(connection, [Album("A", "", None, release_year=year, augmentation_status=status)])
    plays = [Scrobble(at(0), "A", "known", "", None), Scrobble(at(1), "A", "unknown", "", None)]
    scrobbles.replace(connection, user, plays, after=YEAR[0], before=YEAR[1])
    connection.execute("UPDATE tracks SET song_year = 1959 WHERE title = 'known'")
    rows = connection.execute("SELECT track_name, release_year, augmentation_status FROM scrobbles_flat")
    assert sorted(rows.fetchall()) == [("known", 1959, "matched"), ("unknown", None, counted)]


def test_a_year_that_nobody_stored_stands_at_nothing(connection: Connection, user: int) -> None:
    assert scrobbles.standing(connection, user, 1990) == Standing()


def test_a_row_with_its_index_takes_under_a_hundred_bytes(connection: Connection, user: int) -> None:
    rows = 50_000
    scrobbles.replace(connection, user, [play(0, f"Take {n}") for n in range(500)], after=at(0), before=at(0))
    # As pages come: a hundred or two rows a statement, each newer than those before.
    for page in range(0, rows, 200):
        connection.execute(
            """
            INSERT INTO scrobbles (user_id, scrobbled_at, track)
            SELECT %s, %s + number * interval '3 minutes', min.id + number %% 500
            FROM generate_series(%s::int, %s::int) AS number, (SELECT min(id) AS id FROM tracks) AS min
            """,
            [user, at(1), page, page + 199],
        )
    size = connection.execute("SELECT pg_total_relation_size('scrobbles'), count(*) FROM scrobbles").fetchone()
    assert size is not None
    assert size[1] == rows + 500
    assert size[0] / size[1] < 100


def test_a_page_is_looked_up_by_index(connection: Connection, user: int) -> None:
    connection.execute("SET enable_seqscan = off")
    plan = connection.execute(
        "EXPLAIN SELECT FROM scrobbles WHERE user_id = %s AND scrobbled_at >= %s AND scrobbled_at < %s",
        [user, START, END],
    ).fetchall()
    assert "scrobbles_pkey" in str(plan)
