"""Open pages: 2,000 websockets on one process, what each costs, and how soon an event reaches all of them."""

import base64
import os
import resource
import selectors
import socket
import time
from collections.abc import Iterator
from uuid import uuid4

import psutil
from redis import Redis

from app.progress import Event, RedisPublisher, Topic
from tests.bench.stage import Row, Stage, web

SOCKETS = 2000
MOST_BYTES, MOST_SECONDS = 100_000, 0.25
PATH = "/user/HeavyHelen/2024/live"


def measure(stage: Stage) -> Iterator[Row]:
    """Memory of the serving process before and after; the slowest of all pages for each of five events."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(hard, 8192), hard))
    redis = Redis.from_url(stage.environ["REDIS_URL"])
    publisher, topic = RedisPublisher(redis), Topic("HeavyHelen", 2024)
    publisher.publish(topic, _event(0))
    with web(stage) as port:
        server = _serving_process(port)
        warm = [_open(port) for _ in range(20)]
        before = server.memory_info().rss
        pages = [_open(port) for _ in range(SOCKETS)]
        bytes_each = (server.memory_info().rss - before) / SOCKETS
        delays = []
        for page in range(1, 6):
            began = time.monotonic()
            publisher.publish(topic, _event(page))
            delays.append(_all_heard(pages) - began)
        for socket_ in (*pages, *warm):
            socket_.close()
    redis.close()
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    yield Row(
        f"memory of an open page, {SOCKETS:,} on one process",
        f"< {MOST_BYTES // 1000} KB",
        f"{bytes_each / 1000:.1f} KB",
        bytes_each < MOST_BYTES,
    )
    yield Row(
        f"an event reaches all {SOCKETS:,} pages",
        f"<= {MOST_SECONDS * 1000:.0f} ms",
        f"{max(delays) * 1000:.0f} ms at the slowest of 5, {min(delays) * 1000:.0f} at the fastest",
        max(delays) <= MOST_SECONDS,
    )


def _event(page: int) -> Event:
    years = {str(year): page + year % 90 for year in range(1960, 2025)}
    return Event(run=uuid4(), phase="fetching", page=page, pages=61, scrobbles=page * 200, years=years)


def _open(port: int) -> socket.socket:
    """A websocket with its first snapshot already read."""
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


def _all_heard(pages: list[socket.socket]) -> float:
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
    """The process that holds the connections: the child of the one that was started."""
    ours = [p for p in psutil.Process().children(recursive=True) if p.environ().get("PORT") == str(port)]
    serving = [process for process in ours if not process.children()]
    if len(serving) != 1:
        raise RuntimeError(f"one serving process was expected, there are {len(serving)}")
    return serving[0]
