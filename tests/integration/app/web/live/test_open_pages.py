"""Many open pages on one process: none holds up another, a stop sends all away, and the database may sleep."""

import socket
from contextlib import ExitStack
from pathlib import Path

import psycopg
import requests
import websocket

from app.events import new_run
from app.settings import Settings
from tests import processes
from tests.conftest import PATIENCE, wait_until
from tests.integration.app.web.conftest import Publish, Site, event, hang_up, heard, page, stream


def open_pages(site: Site) -> float:
    """How many pages the site thinks are open."""
    metrics = requests.get(f"{site.url}/metrics", timeout=PATIENCE).text
    return next(float(line.split()[1]) for line in metrics.splitlines() if line.startswith("lastyear_open_pages"))


def test_pages_that_read_nothing_hold_up_nobody(served: Site, publish: Publish) -> None:
    before = open_pages(served)
    with ExitStack() as stack:
        for _ in range(5):
            deaf = stack.enter_context(socket.create_connection(("127.0.0.1", served.port)))
            deaf.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1024)
            deaf.sendall(
                b"GET /user/HeavyHelen/2024/live HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\n"
                b"Connection: Upgrade\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
                b"Sec-WebSocket-Version: 13\r\n\r\n"
            )
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


def test_fifty_open_pages_keep_no_connection_to_the_database(
    settings: Settings, postgres: str, tmp_path: Path, publish: Publish
) -> None:
    def connections() -> int:
        with psycopg.connect(postgres) as connection:
            query = "SELECT count(*) FROM pg_stat_activity WHERE application_name LIKE 'lastyear%'"
            row = connection.execute(query).fetchone()
        assert row is not None
        return int(row[0])

    port = processes.free_port()
    hurried = "tests.integration.app.web.hurried:create_app()"
    with processes.web(settings, tmp_path / "web.log", port, application=hurried) as process:
        site = Site(process, port)
        assert requests.get(f"{site.url}/user/HeavyHelen/2024", timeout=PATIENCE).ok
        assert connections() > 0, "a first visit asks the database"
        for _ in range(50):
            assert heard(site.websocket())["phase"] == "queued"
        wait_until(lambda: connections() == 0)
        # And it stays asleep while events come and the pages look at themselves.
        publish(page(1).model_copy(update={"run": new_run()}))
        for open_page in site.open_pages:
            assert heard(open_page)["done"] == 1
        assert requests.get(f"{site.url}/user/HeavyHelen/2024", timeout=PATIENCE).ok
        assert connections() == 0
        site.hang_up()
