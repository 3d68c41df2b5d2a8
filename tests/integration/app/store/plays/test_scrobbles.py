"""Scrobbles: a listener's year and all years, counted by release year."""

from datetime import UTC, datetime, timedelta

import pytest

from app.events import MatchStatus, YearCounts
from app.store import Connection, albums, listeners
from app.store.albums import Album
from app.store.plays import scrobbles
from app.store.plays.scrobbles import Scrobble
from tests.stored_years import store_year

START = datetime(2023, 1, 1, tzinfo=UTC)
END = datetime(2024, 1, 1, tzinfo=UTC)


def at(second: int) -> datetime:
    return START + timedelta(seconds=second)


@pytest.fixture
def user(connection: Connection) -> int:
    """A listener whose albums are stored by each test."""
    return listeners.save(connection, "SingleSam", available_years=[2023], playcount=0, registered_at=START).id


def test_a_year_stands_as_the_sum_of_its_plays(connection: Connection, user: int) -> None:
    answers = [
        Album("A", "matched", None, release_year=1977, augmentation_status="matched"),
        Album("A", "fuzzy", None, release_year=1977, augmentation_status="fuzzy_matched"),
        Album("A", "older", None, release_year=1959, augmentation_status="matched"),
        Album("A", "missed", None, augmentation_status="not_found"),
        Album("A", "pending", None),
    ]
    albums.save(connection, answers)
    plays = [Scrobble(at(s), "A", "T", answer.album, None) for s, answer in enumerate([*answers, *answers[:1]])]
    store_year(connection, user, 2023, plays)
    store_year(connection, user, 2022, [Scrobble(at(-1), "A", "T", "matched", None)])
    store_year(connection, user, 2024, [Scrobble(END, "A", "T", "missed", None)])
    assert scrobbles.count_year(connection, user, 2023) == YearCounts(
        scrobbles=6, matched=3, fuzzy_matched=1, not_found=1, years={1959: 1, 1977: 3}
    )
    assert list(scrobbles.count_year(connection, user, 2023).years) == [1959, 1977]
    assert scrobbles.count_all_years(connection, user) == {
        year: scrobbles.count_year(connection, user, year) for year in (2022, 2023, 2024)
    }


@pytest.mark.parametrize(("status", "counted"), [("matched", "not_found"), ("pending", "pending")])
def test_what_an_artists_plays_without_an_album_were_taken_for_says_nothing_of_a_song(
    connection: Connection, user: int, status: MatchStatus, counted: str
) -> None:
    year = None if status == "pending" else 1977
    albums.save(connection, [Album("A", "", None, release_year=year, augmentation_status=status)])
    plays = [Scrobble(at(0), "A", "known", "", None), Scrobble(at(1), "A", "unknown", "", None)]
    store_year(connection, user, 2023, plays)
    connection.execute("UPDATE tracks SET song_year = 1959 WHERE title = 'known'")
    rows = connection.execute("SELECT track_name, release_year, augmentation_status FROM scrobbles_flat")
    assert sorted(rows.fetchall()) == [("known", 1959, "matched"), ("unknown", None, counted)]


def test_a_year_that_nobody_stored_stands_at_nothing(connection: Connection, user: int) -> None:
    assert scrobbles.count_year(connection, user, 1990) == YearCounts()
