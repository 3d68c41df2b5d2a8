"""Many open pages on one process: none holds up another, a stop sends all away, and the database may sleep."""

import socket
from collections.abc import Iterator
from contextlib import ExitStack
from itertools import count
from pathlib import Path

import psycopg
import pytest
import requests
import websocket

from app.events import new_run
from app.settings import Settings
from app.store import Connection, fetch_jobs
from demo.ports import free_port
from tests import processes
from tests.conftest import PATIENCE, wait_until
from tests.integration.app.web.conftest import (
    UPGRADE,
    Known,
    Publish,
    Site,
    event,
    hang_up,
    heard,
    open_pages,
    page,
    stream,
)

MOST_OF_ONE = 8
"""As hurried.py says."""


@pytest.fixture
def hurried_site(settings: Settings, tmp_path: Path) -> Iterator[Site]:
    """A site that lets an address have few pages, and cuts off soon who reads nothing."""
    port = free_port()
    hurried = "tests.integration.app.web.hurried:create_app()"
    with processes.web(settings, tmp_path / "web.log", port, application=hurried) as process:
        site = Site(process, port)
        yield site
        site.hang_up()


def test_pages_that_read_nothing_hold_up_nobody(served: Site, publish: Publish) -> None:
    before = open_pages(served)
    with ExitStack() as stack:
        for _ in range(5):
            deaf = stack.enter_context(socket.create_connection(("127.0.0.1", served.port)))
            deaf.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1024)
            deaf.sendall(b"GET /user/HeavyHelen/2024/live HTTP/1.1\r\nHost: x\r\n" + UPGRADE + b"\r\n")
        hang_up(served.websocket())
        open_page = served.websocket()
        assert heard(open_page) is None
        many = dict.fromkeys(range(1000, 1900), 10**17)
        for number in range(1, 151):
            publish(event(done=number, years=many))
            if number % 50 == 0:
                wait_until(lambda number=number: heard(open_page)["done"] == number)  # type: ignore[misc]
    assert requests.get(f"{served.url}/", timeout=PATIENCE).ok

    def only_one_is_left() -> bool:
        publish(page(1))  # a page that has gone is noticed when something is said to it
        return open_pages(served) <= before + 1

    wait_until(only_one_is_left)
    assert "Traceback" not in served.process.output


def test_a_stop_sends_fifty_open_pages_away_at_once(own_site: Site, publish: Publish) -> None:
    publish(page(1))
    with ExitStack() as stack:
        visitor = stack.enter_context(requests.Session())
        assert visitor.get(f"{own_site.url}/", timeout=PATIENCE).ok  # its connection is kept alive
        events = stack.enter_context(stream(own_site))
        assert next(events)["done"] == 1
        pages = [own_site.websocket() for _ in range(50)]
        for open_page in pages:
            assert heard(open_page)["done"] == 1
        own_site.process.terminate()
        wait_until(lambda: own_site.process.ended, otherwise=lambda: own_site.process.output)
        for open_page in pages:
            opcode, payload = open_page.recv_data()
            assert (opcode, payload[:2]) == (websocket.ABNF.OPCODE_CLOSE, (1001).to_bytes(2, "big"))
        assert list(events) == []
    for noise in ("Traceback", "StopIteration", "Exception", "graceful timeout"):
        assert noise not in own_site.process.output


def test_pages_that_come_and_go_leave_nothing_in_the_log(served: Site, publish: Publish) -> None:
    for _ in range(3):
        open_page = served.websocket()
        heard(open_page)
        open_page.close()
        hang_up(served.websocket())
    with stream(served) as events:
        assert next(events) is None
    publish(page(1))
    publish(page(2))
    assert requests.get(f"{served.url}/healthz", timeout=PATIENCE).ok
    for noise in ("Traceback", "StopIteration", "level=error"):
        assert noise not in served.process.output, served.process.output


def visitor(number: int) -> dict[str, str]:
    """Somebody who comes through our proxy."""
    return {"X-Forwarded-For": f"203.0.113.{number}"}


def test_one_address_has_so_many_pages_and_disturbs_nobody(hurried_site: Site, publish: Publish) -> None:
    site, pages = hurried_site, hurried_site.open_pages
    address = f"ws://127.0.0.1:{site.port}/user/HeavyHelen/2024/live"
    publish(page(1))
    for _ in range(MOST_OF_ONE):
        pages.append(websocket.create_connection(address, timeout=PATIENCE, header=visitor(7)))
    with pytest.raises(websocket.WebSocketBadStatusException) as refused:
        websocket.create_connection(address, timeout=PATIENCE, header=visitor(7))
    assert refused.value.status_code == 429
    events = f"{site.url}/user/HeavyHelen/2024/events"
    assert requests.get(events, headers=visitor(7), timeout=PATIENCE).status_code == 429
    pages.append(websocket.create_connection(address, timeout=PATIENCE, header=visitor(8)))
    for open_page in pages:
        assert heard(open_page)["done"] == 1
    publish(page(2))
    for open_page in pages:
        assert heard(open_page, after=1)["done"] == 2
    pages.pop(0).close()

    def one_more_is_let_in() -> bool:
        try:
            pages.append(websocket.create_connection(address, timeout=PATIENCE, header=visitor(7)))
        except websocket.WebSocketBadStatusException:
            return False
        return True

    wait_until(one_more_is_let_in)


def test_server_sent_events_count_until_their_page_is_gone(hurried_site: Site, publish: Publish) -> None:
    publish(page(1))
    address = f"{hurried_site.url}/user/HeavyHelen/2024/events"
    with ExitStack() as stack:
        for _ in range(MOST_OF_ONE):
            answer = requests.get(address, headers=visitor(9), stream=True, timeout=PATIENCE)
            assert stack.enter_context(answer).status_code == 200
        assert requests.get(address, headers=visitor(9), timeout=PATIENCE).status_code == 429

    def is_let_in() -> bool:
        publish(page(2))  # a page that has gone is noticed when something is said to it
        with requests.get(address, headers=visitor(9), stream=True, timeout=PATIENCE) as answer:
            return answer.status_code == 200

    wait_until(is_let_in)


def test_pages_that_read_nothing_are_cut_off(hurried_site: Site, publish: Publish) -> None:
    many, numbers = dict.fromkeys(range(1000, 1900), 10**17), count(step=2)
    reader = hurried_site.websocket()
    assert heard(reader) is None
    with ExitStack() as stack:
        for path, more in (("live", UPGRADE), ("events", b"")):
            deaf = stack.enter_context(socket.create_connection(("127.0.0.1", hurried_site.port)))
            deaf.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1024)
            deaf.sendall(f"GET /user/HeavyHelen/2024/{path} HTTP/1.1\r\nHost: x\r\n".encode() + more + b"\r\n")
        wait_until(lambda: open_pages(hurried_site) >= 3)

        def only_the_reader_is_left() -> bool:
            last = next(numbers)
            for _ in range(30):
                publish(event(done=last, years=many, song_years=many))
            publish(event(done=last + 1))
            while heard(reader)["done"] <= last:
                pass
            return open_pages(hurried_site) == 1

        wait_until(only_the_reader_is_left)
    assert "Traceback" not in hurried_site.process.output


@pytest.mark.parametrize("path", ["live", "events"])
def test_pages_of_other_sites_are_refused(served: Site, path: str) -> None:
    address = f"{served.url}/user/HeavyHelen/2024/{path}"
    upgrade = {"Connection": "Upgrade", "Upgrade": "websocket"} if path == "live" else {}
    for foreign in (
        {"Origin": "https://elsewhere.example"},
        {"Origin": "null"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site", "Origin": served.url},
    ):
        answer = requests.get(address, headers={**upgrade, **foreign}, timeout=PATIENCE)
        assert answer.status_code == 403, foreign


def test_a_page_of_our_own_is_let_in(served: Site) -> None:
    address = f"ws://127.0.0.1:{served.port}/user/HeavyHelen/2024/live"
    for origin in (
        served.url,
        served.url.replace("http", "https"),
    ):  # which a proxy may not say
        served.open_pages.append(websocket.create_connection(address, timeout=PATIENCE, origin=origin))
        assert heard(served.open_pages[-1]) is None


def test_fifty_open_pages_keep_no_connection_to_the_database(
    hurried_site: Site, known: Known, connection: Connection, postgres: str, publish: Publish
) -> None:
    def connections() -> int:
        with psycopg.connect(postgres) as connection:
            query = "SELECT count(*) FROM pg_stat_activity WHERE application_name LIKE 'lastyear-web%'"
            row = connection.execute(query).fetchone()
        assert row is not None
        return int(row[0])

    site = hurried_site
    known("HeavyHelen")
    assert requests.get(f"{site.url}/user/HeavyHelen/2024", timeout=PATIENCE).ok
    assert fetch_jobs.find(connection, "HeavyHelen", 2024), "a first visit asks the database"
    for _ in range(50):
        assert heard(site.websocket())["phase"] == "queued"
    wait_until(lambda: connections() == 0)
    # And it stays asleep while events come and the pages look at themselves.
    publish(page(1).model_copy(update={"run": new_run()}))
    for open_page in site.open_pages:
        assert heard(open_page)["done"] == 1
    assert requests.get(f"{site.url}/user/HeavyHelen/2024", timeout=PATIENCE).ok
    assert connections() == 0
