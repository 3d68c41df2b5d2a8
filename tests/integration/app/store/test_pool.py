"""The pool: no connection while nobody asks, a quick answer during an outage, and service at once after."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from threading import Thread
from threading import enumerate as enumerate_threads

import pytest
from structlog.testing import capture_logs

from app.store import Connection, Pool, StoreAway, connect
from tests.conftest import PATIENCE, wait_until
from tests.wire import Wire, socket_of, through, wire

NOWHERE = "postgresql://somebody:hush-hush@127.0.0.1:1/nothing"


@pytest.fixture
def held(connection: Connection) -> Callable[[], int]:
    """How many connections a pool holds."""

    def count() -> int:
        query = "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'lastyear-web'"
        row = connection.execute(f"{query} AND datname = current_database()".encode()).fetchone()
        return int(row[0]) if row else 0

    return count


@pytest.fixture
def line(database_url: str) -> Iterator[Wire]:
    """A wire to the database."""
    with wire(socket_of(database_url)) as made:
        yield made


@contextmanager
def pool_of(url: str) -> Iterator[Pool]:
    pool = Pool(url)
    try:
        yield pool
    finally:
        pool.close()


@pytest.fixture
def pool(database_url: str, line: Wire, monkeypatch: pytest.MonkeyPatch) -> Iterator[Pool]:
    """A pool whose database is at the end of the wire. It is less patient than on a site."""
    for name, seconds in {
        "BORROW_SECONDS": 5.0,
        "CHECK_SECONDS": 1.0,
        "SILENCE_SECONDS": 1.0,
        "TRY_SECONDS": 5.0,
    }.items():
        monkeypatch.setattr(f"app.store.pool.{name}", seconds)
    with pool_of(through(database_url, line.port)) as made:
        yield made


def answers(pool: Pool) -> bool:
    try:
        with pool.connection() as connection:
            return connection.execute("SELECT 1").fetchone() == (1,)
    except StoreAway:
        return False


def test_a_pool_that_nobody_asks_holds_no_connection(
    database_url: str, held: Callable[[], int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.store.pool.IDLE_SECONDS", 0.2)
    with pool_of(database_url) as pool:
        assert held() == 0
        with pool.connection() as one:
            one.execute("SELECT 1")
            assert held() == 1
        wait_until(lambda: held() == 0)
        assert answers(pool)


def test_one_connection_serves_one_visitor_after_the_other(database_url: str, held: Callable[[], int]) -> None:
    with pool_of(database_url) as pool:
        for _ in range(5):
            assert answers(pool)
        assert held() == 1
    wait_until(lambda: held() == 0)


def test_more_visitors_than_connections_wait_for_their_turn(database_url: str, held: Callable[[], int]) -> None:
    seen = list[bool]()
    with pool_of(database_url) as pool:
        threads = [Thread(target=lambda: seen.append(answers(pool))) for _ in range(30)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(PATIENCE)
        assert seen == [True] * 30
        assert held() <= 8


def test_a_transaction_that_was_left_open_is_not_handed_on(database_url: str) -> None:
    with pool_of(database_url) as pool:
        with pool.connection() as connection:
            connection.execute("BEGIN")
        with pool.connection() as other:
            assert other is not connection


def test_a_pool_without_a_database_says_so_at_once_and_logs_it_once() -> None:
    with capture_logs() as lines, pool_of(NOWHERE) as pool:
        for _ in range(20):
            with pytest.raises(StoreAway, match="no server listens there"), pool.connection():
                pass
    assert [line["event"] for line in lines] == ["Pages go without the app database"]
    assert "hush-hush" not in str(lines)


def test_whoever_asks_first_after_an_outage_is_served(
    pool: Pool, line: Wire, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.store.pool.AWAY_SECONDS", PATIENCE)
    assert answers(pool)
    line.cut()
    with capture_logs() as lines:
        for _ in range(20):
            assert not answers(pool)
        line.mend()
        assert answers(pool)
    assert [line["log_level"] for line in lines] == ["warning", "info"]


def test_a_database_that_is_silent_is_asked_anew_by_everyone_who_comes(
    pool: Pool, line: Wire, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert answers(pool)
    line.silence()
    assert not answers(pool), "after as long as a compute may take to wake"
    monkeypatch.setattr("app.store.pool.BORROW_SECONDS", PATIENCE)
    before = line.connections
    assert not answers(pool), "and now without that"
    assert line.connections > before
    line.mend()
    with capture_logs() as lines:
        # A busy machine may need more than one try within AWAY_SECONDS.
        wait_until(lambda: answers(pool))
        wait_until(lambda: not any(thread.name == "store" for thread in enumerate_threads()))
    assert lines[-1]["log_level"] == "info", "attempts from before its return say nothing new"


def test_a_failure_of_long_ago_shortens_nobodys_wait(
    pool: Pool, line: Wire, monkeypatch: pytest.MonkeyPatch
) -> None:
    line.cut()
    assert not answers(pool)
    line.mend()
    monkeypatch.setattr("app.store.pool.AWAY_SECONDS", 0.0)
    assert not answers(pool), "who is known to be away is not waited for"
    monkeypatch.setattr("app.store.pool.KNOWN_SECONDS", 0.0)
    assert answers(pool)


def test_who_waits_gets_what_is_given_back_though_idle_ones_are_being_closed(
    database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.store.pool.MAX_CONNECTIONS", 2)
    monkeypatch.setattr("app.store.pool.BORROW_SECONDS", PATIENCE)
    with pool_of(database_url) as pool, ExitStack() as lent:
        lent.enter_context(pool.connection())
        with pool.connection():
            pass  # from now on a thread waits for the time to close it
        taken = ExitStack()
        taken.enter_context(pool.connection())
        served: list[bool] = []
        waiter = Thread(target=lambda: served.append(answers(pool)))
        waiter.start()
        wait_until(lambda: pool._waiting == 1)
        taken.close()
        waiter.join(PATIENCE / 4)
        assert served == [True]


def test_a_statement_that_is_given_up_ends_at_the_server_too(
    pool: Pool, database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.store.pool.SILENCE_SECONDS", 0.3)
    waiting = "SELECT count(*) FROM pg_stat_activity WHERE query = 'TABLE albums' AND wait_event_type = 'Lock'"
    with connect(database_url) as owner, connect(database_url) as watcher, owner.transaction():
        owner.execute("LOCK albums")
        with pytest.raises(StoreAway), pool.connection() as connection:
            connection.execute("TABLE albums")
        wait_until(lambda: watcher.execute(waiting).fetchone() == (0,))


def test_a_statement_on_a_line_that_went_silent_ends(pool: Pool, line: Wire) -> None:
    def ask() -> None:
        with pool.connection() as connection:
            line.silence()
            connection.execute("SELECT 1")

    with pytest.raises(StoreAway):
        ask()


def test_a_connection_that_broke_while_idle_is_replaced(pool: Pool, line: Wire) -> None:
    assert answers(pool)
    line.cut()
    line.mend()
    assert answers(pool)
