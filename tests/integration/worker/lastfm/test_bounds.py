"""A server that sends without end costs neither time nor memory."""

import gzip
import json
import socket
import ssl
import threading
import time
import tracemalloc
import zlib
from collections.abc import Callable, Iterator
from contextlib import ExitStack, suppress
from functools import cache
from pathlib import Path

import pytest
from redis import Redis

from tests.conftest import PATIENCE
from tests.tls import Authority
from worker.lastfm.client import LastFm
from worker.lastfm.errors import TooMuch, TryAgain, Unreachable
from worker.lastfm.limiter import Limiter
from worker.lastfm.transport import MAX_BYTES

BODY = json.dumps({"user": {"name": "SingleSam"}}).encode()
OK = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
SENT_FOR = 5.0
"""Seconds that a slow answer takes: ten times as many as its client grants it."""

Serve = Callable[[socket.socket], None]


@pytest.fixture
def server() -> Iterator[Callable[[Serve], int]]:
    """Serve one connection after the other in this way, on the port that is returned."""
    with ExitStack() as open_ones:

        def start(serve: Serve) -> int:
            listener = open_ones.enter_context(socket.create_server(("127.0.0.1", 0)))
            thread = threading.Thread(target=run, args=(listener, serve))
            thread.start()
            open_ones.callback(thread.join)
            open_ones.callback(listener.shutdown, socket.SHUT_RDWR)
            return int(listener.getsockname()[1])

        def run(listener: socket.socket, serve: Serve) -> None:
            with suppress(OSError):
                while True:
                    connection, _ = listener.accept()
                    with connection, suppress(OSError):
                        serve(connection)

        yield start


def client(redis: Redis, port: int, *, scheme: str = "http", patience: float = PATIENCE) -> LastFm:
    url = f"{scheme}://localhost:{port}/"
    limiter, timeout = Limiter(redis, 1000), (PATIENCE, patience)
    return LastFm(api_url=url, web_url=url, key="k", contact="us", limiter=limiter, delays=(), timeout=timeout)


def drip(connection: socket.socket, content: bytes) -> None:
    """Send content so that it takes SENT_FOR seconds, and never long between two bytes."""
    connection.recv(4096)
    for byte in content:
        connection.sendall(bytes([byte]))
        time.sleep(SENT_FOR / len(content))


HEADERS = OK + b"Connection: close\r\n\r\n"


@pytest.mark.parametrize("head", [b"", HEADERS], ids=["the headers", "the body"])
def test_an_answer_that_drips_in_is_given_up(redis: Redis, server: Callable[[Serve], int], head: bytes) -> None:
    """Without a bound in all it would come whole in the end, and no error would be raised."""

    def serve(connection: socket.socket) -> None:
        connection.sendall(head)
        drip(connection, HEADERS.removeprefix(head) + BODY)

    with pytest.raises(TooMuch, match=r"ReadTimeout|ConnectionError"):
        client(redis, server(serve), patience=SENT_FOR / 10).profile("SingleSam")


def test_an_encrypted_answer_that_drips_in_is_given_up_too(
    redis: Redis, server: Callable[[Serve], int], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    authority = Authority(tmp_path)
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(authority.file))

    def serve(connection: socket.socket) -> None:
        with suppress(ssl.SSLError), authority.context.wrap_socket(connection, server_side=True) as encrypted:
            drip(encrypted, HEADERS + BODY)

    with pytest.raises(TooMuch, match="ReadTimeout"):
        client(redis, server(serve), scheme="https", patience=SENT_FOR / 10).profile("SingleSam")


def test_an_answer_in_time_is_read_and_its_connection_used_again(
    redis: Redis, server: Callable[[Serve], int]
) -> None:
    connections: list[socket.socket] = []

    def serve(connection: socket.socket) -> None:
        connections.append(connection)
        connection.settimeout(SENT_FOR)
        while connection.recv(4096):
            connection.sendall(OK + b"Content-Length: %d\r\n\r\n%b" % (len(BODY), BODY))

    lastfm = client(redis, server(serve))
    for _ in range(3):
        assert lastfm.profile("SingleSam").username == "SingleSam"
    assert len(connections) == 1


@cache
def packed(size: int) -> bytes:
    """Pack so many bytes without ever having them."""
    packer = zlib.compressobj(wbits=31)
    zeros = bytes(1 << 20)
    return b"".join(packer.compress(zeros) for _ in range(size >> 20)) + packer.flush()


@pytest.mark.parametrize("form", ["at once", "in chunks", "packed twice", "not packed"])
def test_a_bomb_does_not_grow(redis: Redis, server: Callable[[Serve], int], form: str) -> None:
    size = 256 << 20
    bomb = packed(size) if form != "not packed" else b""
    encoding = {"packed twice": b"Content-Encoding: gzip, gzip\r\n", "not packed": b""}.get(
        form, b"Content-Encoding: gzip\r\n"
    )
    if form == "packed twice":
        bomb = gzip.compress(bomb)

    def serve(connection: socket.socket) -> None:
        connection.recv(4096)
        if form == "in chunks":
            chunk = b"%x\r\n%b\r\n0\r\n\r\n" % (len(bomb), bomb)
            connection.sendall(OK + encoding + b"Transfer-Encoding: chunked\r\n\r\n" + chunk)
        elif form == "not packed":
            connection.sendall(OK + b"Content-Length: %d\r\n\r\n" % size)
            zeros = bytes(1 << 20)
            for _ in range(size >> 20):
                connection.sendall(zeros)
        else:
            connection.sendall(OK + encoding + b"Content-Length: %d\r\n\r\n%b" % (len(bomb), bomb))

    lastfm = client(redis, server(serve))
    tracemalloc.start()
    try:
        with pytest.raises(TooMuch, match="TooLarge"):
            lastfm.profile("SingleSam")
        most = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert most < 3 * MAX_BYTES


def test_a_large_answer_within_the_bound_is_read(redis: Redis, server: Callable[[Serve], int]) -> None:
    body = gzip.compress(BODY + b" " * (MAX_BYTES - len(BODY)))

    def serve(connection: socket.socket) -> None:
        connection.recv(4096)
        connection.sendall(OK + b"Content-Encoding: gzip\r\nContent-Length: %d\r\n\r\n%b" % (len(body), body))

    assert client(redis, server(serve)).profile("SingleSam").username == "SingleSam"


@pytest.mark.parametrize(
    "answer",
    [
        b"Content-Length: 999\r\n\r\n" + BODY,
        b"Content-Encoding: gzip\r\nContent-Length: 4\r\n\r\nnope",
        b"Transfer-Encoding: chunked\r\n\r\nzz\r\n",
    ],
    ids=["cut off", "not what it says", "no chunks"],
)
def test_a_body_that_cannot_be_read_may_be_too_much(
    redis: Redis, server: Callable[[Serve], int], answer: bytes
) -> None:
    def serve(connection: socket.socket) -> None:
        connection.recv(4096)
        connection.sendall(OK + answer)

    with pytest.raises(TooMuch):
        client(redis, server(serve)).profile("SingleSam")


def test_the_key_is_not_taken_elsewhere(redis: Redis, server: Callable[[Serve], int]) -> None:
    seen: list[bytes] = []
    elsewhere = server(lambda connection: seen.append(connection.recv(4096)))

    def serve(connection: socket.socket) -> None:
        connection.recv(4096)
        location = f"Location: http://localhost:{elsewhere}/?api_key=k\r\nContent-Length: 0\r\n\r\n"
        connection.sendall(b"HTTP/1.1 302 Found\r\n" + location.encode())

    with pytest.raises(TryAgain, match="HTTP 302"):
        client(redis, server(serve)).profile("SingleSam")
    assert seen == []


def test_a_server_that_hangs_up_is_unreachable(redis: Redis, server: Callable[[Serve], int]) -> None:
    with pytest.raises(Unreachable):
        client(redis, server(lambda connection: connection.shutdown(socket.SHUT_RDWR))).profile("SingleSam")
