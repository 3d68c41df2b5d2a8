"""Connections: free of session state, as a pooled host demands, and gone when nobody needs them."""

import socket
from datetime import UTC, datetime
from uuid import uuid4

import psycopg
import pytest

from app.store import Connection, StoreAway, albums, connect, fetch_jobs, listeners, stretches
from app.store.albums import Album
from app.store.migrate import migrate
from app.store.plays import scrobbles
from app.store.plays.scrobbles import Scrobble
from tests.wire import socket_of, through, wire

START = datetime(2023, 1, 1, tzinfo=UTC)
END = datetime(2024, 1, 1, tzinfo=UTC)
BOUNDS = int(START.timestamp()), int(END.timestamp())
NOWHERE = "postgresql://somebody:hush-hush@127.0.0.1:1/nothing"


def everything(connection: Connection) -> None:
    """All that the worker and the pages do, some of it so often that a driver would prepare it."""
    migrate(connection)
    album, run = Album("Somebody", "Album", None), uuid4()
    play = Scrobble(START, "Somebody", "Title", "Album", None)
    user = listeners.save(connection, "SingleSam", available_years=[], playcount=0, registered_at=START).id
    fetch_jobs.claim(connection, "SingleSam", 2023, run, window_end=END)
    fetch_jobs.begin(connection, run)
    for _ in range(10):
        with connection.transaction(), connection.pipeline():
            albums.save(connection, [album])
            stretches.put(connection, user, *BOUNDS, [play], proven_at=END)
        albums.known(connection, [album.key])
        albums.pending(connection, user, START, END)
        scrobbles.count_year(connection, user, 2023)
        stretches.stored(connection, user, *BOUNDS)
        stretches.compare(connection, user, *BOUNDS, [play])
        stretches.proof(connection, user, *BOUNDS)
        fetch_jobs.find(connection, "SingleSam", 2023)
        listeners.find(connection, "SingleSam")
    fetch_jobs.augment(connection, run)
    fetch_jobs.complete(connection, run, expected=1)
    fetch_jobs.completed_years(connection, "SingleSam")
    fetch_jobs.final_years(connection, "SingleSam", END - START)
    stretches.years_with_gaps(connection, END - START)


STATE = {
    "prepared statements": "SELECT count(*) FROM pg_prepared_statements",
    "held cursors": "SELECT count(*) FROM pg_cursors WHERE is_holdable",
    "temporary tables": "SELECT count(*) FROM pg_class WHERE relpersistence = 't'",
    "session locks": "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory'",
    "subscriptions": "SELECT count(*) FROM pg_listening_channels()",
    "changed settings": "SELECT count(*) FROM pg_settings WHERE source = 'session'",
}


def test_nothing_is_left_on_a_connection_that_another_may_get_next(connection: Connection) -> None:
    def left() -> dict[str, object]:
        return {what: connection.execute(query.encode()).fetchone() for what, query in STATE.items()}

    before = left()
    assert before["prepared statements"] == (0,)
    everything(connection)
    assert left() == before
    assert connection.info.transaction_status == psycopg.pq.TransactionStatus.IDLE


def test_a_database_that_is_away_is_said_to_be_without_its_address() -> None:
    with pytest.raises(StoreAway) as away, connect(NOWHERE):
        pass
    assert "hush-hush" not in str(away.value)
    assert away.value.__cause__ is None
    assert away.value.__suppress_context__


def test_a_connection_that_is_lost_on_the_way_is_said_to_be(database_url: str, connection: Connection) -> None:
    def lose() -> None:
        with connect(database_url, "to be lost") as lost:
            backend = "FROM pg_stat_activity WHERE application_name = 'to be lost'"
            connection.execute(f"SELECT pg_terminate_backend(pid) {backend}".encode())
            lost.execute("SELECT 1")

    with pytest.raises(StoreAway):
        lose()


def test_what_the_url_says_wins_over_our_defaults(database_url: str) -> None:
    with connect(f"{database_url}&connect_timeout=7&application_name=theirs") as connection:
        assert connection.info.get_parameters()["connect_timeout"] == "7"
        assert connection.info.get_parameters()["application_name"] == "theirs"
    with connect(database_url, "ours") as connection:
        assert connection.info.get_parameters()["application_name"] == "ours"


def test_a_mistake_of_ours_is_not_taken_for_absence(database_url: str) -> None:
    with pytest.raises(psycopg.errors.UndefinedTable), connect(database_url) as connection:
        connection.execute("SELECT FROM nowhere")


def test_a_server_that_says_nothing_any_more_is_given_up(database_url: str) -> None:
    with wire(socket_of(database_url)) as line:

        def ask() -> None:
            with connect(through(database_url, line.port), silence=0.5) as connection:
                assert connection.execute("SELECT 1").fetchone() == (1,)
                line.silence()
                connection.execute("SELECT 1")

        with pytest.raises(StoreAway, match="does not answer in time"):
            ask()


def test_a_statement_that_takes_long_is_awaited_where_that_is_wanted(database_url: str) -> None:
    with connect(database_url, silence=None) as connection:
        connection.execute("SELECT pg_sleep(0.3)")


def test_the_kernel_is_told_to_notice_a_network_that_is_gone(database_url: str) -> None:
    with (
        wire(socket_of(database_url)) as line,
        connect(through(database_url, line.port)) as connection,
        socket.fromfd(connection.fileno(), socket.AF_INET, socket.SOCK_STREAM) as wired,
    ):
        assert wired.getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE)
        assert wired.getsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPIDLE) == 5
        assert wired.getsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT) == 15_000


def test_what_a_lost_connection_has_locked_the_server_frees(connection: Connection) -> None:
    query = "SELECT current_setting('statement_timeout'), current_setting('idle_in_transaction_session_timeout')"
    with connection.transaction():
        assert connection.execute(query).fetchone() == ("30s", "1min")
        with connection.transaction():
            assert connection.execute(query).fetchone() == ("30s", "1min")
    assert connection.execute(query).fetchone() == ("0", "0")
