"""Live pages: the browser's end of many websockets, which notes when each of them has heard an event."""

import base64
import os
import re
import resource
import selectors
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager

PAGES_OF_AN_ADDRESS = 30  # one address may have 100 open, and more than one LivePages begin with the first
FILES = 8192
PING, PONG = b"\x89\x00", b"\x8a\x80\x00\x00\x00\x00"
DONE = re.compile(rb'"done":(\d+)')

Heard = dict[int, list[float]]
"""The `done` of an event -> when each page heard it, by the monotonic clock."""


class LivePages:
    """Websockets that follow one year, as many as are opened. They answer pings, so that nobody cuts them off."""

    def __init__(self, port: int, path: str) -> None:
        self._port, self._path = port, path
        self._selector = selectors.DefaultSelector()
        self._opened = 0
        self.heard: Heard = {}

    def __len__(self) -> int:
        return self._opened

    def open(self, count: int) -> None:
        """Open so many more, each with its first snapshot."""
        for _ in range(count):
            self._selector.register(self._open(), selectors.EVENT_READ)
            self._opened += 1
            self.listen(0)

    def listen(self, seconds: float) -> None:
        """Note what comes within this time, or what is there already."""
        end = time.monotonic() + seconds
        while True:
            ready = self._selector.select(max(0.0, end - time.monotonic()))
            for key, _ in ready:
                assert isinstance(key.fileobj, socket.socket)
                self._read(key.fileobj)
            if not ready or time.monotonic() >= end:
                return

    def wait_until_all_heard(self, done: int, seconds: float = 20.0) -> float:
        """Return when the last page heard the event. Raises RuntimeError if one does not hear it."""
        deadline = time.monotonic() + seconds
        while len(self.heard.get(done, ())) < self._opened:
            if time.monotonic() > deadline:
                raise RuntimeError(f"{self._opened - len(self.heard.get(done, ()))} pages heard nothing")
            self.listen(0.02)
        return max(self.heard[done])

    def close(self) -> None:
        """Close all of them."""
        for key in list(self._selector.get_map().values()):
            assert isinstance(key.fileobj, socket.socket)
            key.fileobj.close()
        self._selector.close()

    def _open(self) -> socket.socket:
        connection = socket.create_connection(("127.0.0.1", self._port))
        connection.settimeout(20)
        key = base64.b64encode(os.urandom(16)).decode()
        number = self._opened // PAGES_OF_AN_ADDRESS
        connection.sendall(
            f"GET {self._path} HTTP/1.1\r\nHost: 127.0.0.1:{self._port}\r\nUpgrade: websocket\r\n"
            f"Connection: Upgrade\r\nSec-WebSocket-Key: {key}\r\nSec-WebSocket-Version: 13\r\n"
            f"X-Forwarded-For: 10.3.{number // 250}.{number % 250}\r\n\r\n".encode()
        )
        data = b""
        while not data.endswith((b"}", b"null")):
            data += (part := connection.recv(65536))
            if not part or not data.startswith(b"HTTP/1.1 101"[: len(data)]):
                raise RuntimeError(data.decode(errors="replace"))
        connection.setblocking(False)
        return connection

    def _read(self, page: socket.socket) -> None:
        data = page.recv(65536)
        now = time.monotonic()
        if not data:
            raise RuntimeError("a page was cut off")
        if PING in data:
            page.sendall(PONG)
        for done in DONE.findall(data):
            self.heard.setdefault(int(done), []).append(now)


@contextmanager
def live_pages(port: int, path: str) -> Iterator[LivePages]:
    """Follow a year until the end of the block."""
    pages = LivePages(port, path)
    try:
        yield pages
    finally:
        pages.close()


@contextmanager
def many_files() -> Iterator[None]:
    """Let this process, and those that it starts, have many files open until the end of the block."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(hard, FILES), hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
