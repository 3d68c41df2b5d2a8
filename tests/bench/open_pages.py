"""Open pages: what each of 2,000 websockets on one process costs, and how soon an event reaches all of them.

The latter also while another program has names matched, one list after another.
"""

import base64
import os
import resource
import selectors
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from statistics import median
from threading import Event as Flag
from threading import Thread

import psutil
import requests
from redis import Redis

from app.event_stream import Topic, publish
from app.events import Event, new_run
from tests.bench.installation import Figure, Installation, web

OPEN_PAGES = 2000
MOST_BYTES, MOST_SECONDS = 100_000, 0.25
MOST_BESIDE_MATCHING = 2.0  # x what it takes otherwise; in a thread of the same process it would be more
NAMES = [{"artist": f"Nobody {number} & the Unheard", "album": f"Songs ({number}) [CD]"} for number in range(200)]
PATH = "/user/HeavyHelen/2024/live"
RUN = new_run()


def measure(installation: Installation) -> Iterator[Figure]:
    """Compare the serving process's memory before and after; time the slowest page for each of five events."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(hard, 8192), hard))
    redis = Redis.from_url(installation.environ["REDIS_URL"])
    topic = Topic("HeavyHelen", 2024)
    publish(redis, topic, _event(0))
    with web(installation) as port:
        server = _serving_process(port)
        warm = [_open(port) for _ in range(20)]
        before = server.memory_info().rss
        pages = [_open(port) for _ in range(OPEN_PAGES)]
        bytes_each = (server.memory_info().rss - before) / OPEN_PAGES
        events = count(1)

        def delay() -> float:
            began = time.monotonic()
            publish(redis, topic, _event(next(events)))
            return _wait_until_all_heard(pages) - began

        delays = [delay() for _ in range(5)]
        with _names_matched(port):
            busy_delays = [delay() for _ in range(5)]
        for socket_ in (*pages, *warm):
            socket_.close()
    redis.close()
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    yield Figure(
        f"memory of an open page, {OPEN_PAGES:,} on one process",
        f"< {MOST_BYTES // 1000} KB",
        f"{bytes_each / 1000:.1f} KB",
        bytes_each < MOST_BYTES,
    )
    yield Figure(
        f"an event reaches all {OPEN_PAGES:,} pages",
        f"<= {MOST_SECONDS * 1000:.0f} ms",
        f"{max(delays) * 1000:.0f} ms at the slowest of 5, {min(delays) * 1000:.0f} at the fastest",
        max(delays) <= MOST_SECONDS,
    )
    ratio = median(busy_delays) / median(delays)
    yield Figure(
        "the same while lists of 200 unknown names are matched",
        f"<= {MOST_BESIDE_MATCHING:g} x",
        f"{ratio:.2f} x, {max(busy_delays) * 1000:.0f} ms at the slowest of 5",
        ratio <= MOST_BESIDE_MATCHING,
    )


@contextmanager
def _names_matched(port: int) -> Iterator[None]:
    """Have one list of names matched after another until the end of the block."""
    stop, answered = Flag(), Flag()

    def ask() -> None:
        for number in count():
            if stop.is_set():
                return
            address = {"X-Forwarded-For": f"10.0.{number // 250}.{number % 250}"}  # each with a budget of its own
            url = f"http://127.0.0.1:{port}/api/release-years"
            requests.post(url, json=NAMES, headers=address, timeout=60).raise_for_status()
            answered.set()

    thread = Thread(target=ask)
    thread.start()
    answered.wait(60)
    try:
        yield
    finally:
        stop.set()
        thread.join()


def _event(page: int) -> Event:
    years = {year: page + year % 90 for year in range(1960, 2025)}
    return Event(run=RUN, phase="fetching", done=page, scrobbles=page * 200, years=years)


def _open(port: int) -> socket.socket:
    """Open a websocket and read its first snapshot."""
    connection = socket.create_connection(("127.0.0.1", port))
    key = base64.b64encode(os.urandom(16)).decode()
    connection.sendall(
        f"GET {PATH} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        f"Sec-WebSocket-Key: {key}\r\nSec-WebSocket-Version: 13\r\n\r\n".encode()
    )
    data = b""
    while not data.endswith(b"}"):
        data += connection.recv(65536)
    connection.setblocking(False)
    return connection


def _wait_until_all_heard(pages: list[socket.socket]) -> float:
    with selectors.DefaultSelector() as selector:
        for page in pages:
            selector.register(page, selectors.EVENT_READ)
        waiting = set(pages)
        deadline = time.monotonic() + 20
        while waiting and time.monotonic() < deadline:
            for key, _ in selector.select(1):
                heard = key.fileobj
                if isinstance(heard, socket.socket) and heard.recv(65536).endswith(b"}"):
                    waiting.discard(heard)
    if waiting:
        raise RuntimeError(f"{len(waiting)} pages heard nothing")
    return time.monotonic()


def _serving_process(port: int) -> psutil.Process:
    """Return the process that holds the connections: the child of the one that was started."""
    ours = [p for p in psutil.Process().children(recursive=True) if p.environ().get("PORT") == str(port)]
    serving = [process for process in ours if not process.children()]
    if len(serving) != 1:
        raise RuntimeError(f"one serving process was expected, there are {len(serving)}")
    return serving[0]
