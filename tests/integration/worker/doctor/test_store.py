"""The doctor's check of the app database."""

import time
from datetime import UTC, datetime

import pytest

from app.store import Connection, connect
from app.store.migrate import migrate, migrations
from demo.server import Handler
from tests.integration.worker.doctor.conftest import Looked
from worker.doctor import State


def fill(connection: Connection, rows: int) -> None:
    """Store so many rows of a kilobyte."""
    connection.execute(
        """
        INSERT INTO albums (key, artist_key, listed_as, artist, album)
        SELECT gen_random_uuid(), 0, gen_random_uuid(), repeat('x', 1000), ''
        FROM generate_series(1, %s)
        """,
        [rows],
    )


def test_missing_migrations_are_named(findings: Looked, empty_database: str) -> None:
    found = findings(database_url=empty_database)
    assert found["app database"].state == State.ILL
    names = ", ".join(name for name, _ in migrations())
    assert found["app database"].seen == f"migrations are missing: {names}"
    assert found["app database"].mend == "`lastyear migrate`"
    assert found["Last.fm data"].seen == "0.0 MB of 100 MB"
    with connect(empty_database) as connection:
        migrate(connection)
    assert findings(database_url=empty_database)["app database"].state == State.WELL


def test_stored_data_is_held_against_the_limit(findings: Looked, connection: Connection) -> None:
    assert findings(lastfm_storage_mb=10)["Last.fm data"].state == State.WELL
    fill(connection, 9_000)
    over = findings(lastfm_storage_mb=10)["Last.fm data"]
    assert (over.state, over.seen) == (State.WARNING, "11 MB of 10 MB")
    assert "make room after the next fetch" in over.mend
    fill(connection, 3_000)
    assert findings(lastfm_storage_mb=10)["Last.fm data"].state == State.ILL
    assert findings()["Last.fm data"].seen.endswith(" MB of 100 MB")


def test_a_clock_that_is_wrong_is_told_by_last_fm(findings: Looked, monkeypatch: pytest.MonkeyPatch) -> None:
    assert findings()["clock"].seen == "agrees with Last.fm"
    later = datetime.fromtimestamp(time.time() + 3600, UTC)
    monkeypatch.setattr(Handler, "date_time_string", lambda _self: later.strftime("%a, %d %b %Y %H:%M:%S GMT"))
    clock = findings()["clock"]
    assert (clock.state, clock.mend) == (State.ILL, "`timedatectl set-ntp true`")
    assert clock.seen.startswith(("3599 s behind", "3600 s behind"))


def test_without_last_fm_the_clock_is_compared_with_the_databases(
    findings: Looked, monkeypatch: pytest.MonkeyPatch
) -> None:
    away = "http://127.0.0.1:1/"
    assert findings(lastfm_api_url=away)["clock"].seen == "agrees with the app database"
    monkeypatch.setattr("worker.doctor.store.clock", lambda _connection: datetime.fromtimestamp(0, UTC))
    assert "ahead of the app database" in findings(lastfm_api_url=away)["clock"].seen


def test_a_date_that_is_none_is_no_clock(findings: Looked, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Handler, "date_time_string", lambda _self: "yesterday")
    assert findings()["clock"].seen == "agrees with the app database"
