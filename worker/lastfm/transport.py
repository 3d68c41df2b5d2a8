"""HTTP with bounds, to a server that may send without end: an answer's time in all, and its size."""

import io
import time
from http.client import HTTPResponse
from socket import socket
from typing import Any

import requests
from requests.adapters import HTTPAdapter
from urllib3 import HTTPConnectionPool, HTTPSConnectionPool, PoolManager
from urllib3.connection import HTTPConnection, HTTPSConnection

MAX_BYTES = 16 << 20
"""What an answer of Last.fm may come to, decompressed. A thousand plays are about one megabyte."""
_CHUNK = 64 << 10


class TooLarge(Exception):
    """The answer is larger than it may be."""


def new_session(connections: int) -> requests.Session:
    """Return a session whose calls may take their read time-out in all, not for each byte."""
    session = requests.Session()
    for scheme in ("http://", "https://"):
        session.mount(scheme, _BoundedAdapter(pool_maxsize=connections))
    return session


def read_body(answer: requests.Response, most: int = MAX_BYTES) -> bytes:
    """Read an answer of at most so many bytes that was asked for with `stream=True`.

    Raises TooLarge and requests.RequestException.
    """
    body = bytearray()
    with answer:
        for chunk in answer.iter_content(_CHUNK):
            body += chunk
            if len(body) > most:
                raise TooLarge
    return bytes(body)


class _BoundedReader(io.RawIOBase):
    """What a socket receives, until its time-out has passed since the call was sent."""

    def __init__(self, connection: socket) -> None:
        self._socket = connection
        self._received = connection.makefile("rb", buffering=0)
        self._until = time.monotonic() + (connection.gettimeout() or float("inf"))

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int | None:
        left = self._until - time.monotonic()
        if left <= 0:
            raise TimeoutError("timed out")
        self._socket.settimeout(left if left < float("inf") else None)
        return self._received.readinto(buffer)

    def close(self) -> None:
        self._received.close()
        super().close()


class _BoundedResponse(HTTPResponse):
    def __init__(self, sock: socket, *arguments: Any, **options: Any) -> None:
        super().__init__(sock, *arguments, **options)
        self.fp.close()
        self.fp = io.BufferedReader(_BoundedReader(sock))


class _Connection(HTTPConnection):
    response_class = _BoundedResponse


class _TlsConnection(HTTPSConnection):
    response_class = _BoundedResponse


class _Pool(HTTPConnectionPool):
    ConnectionCls = _Connection


class _TlsPool(HTTPSConnectionPool):
    ConnectionCls = _TlsConnection


class _BoundedAdapter(HTTPAdapter):
    def init_poolmanager(self, *arguments: Any, **options: Any) -> None:
        super().init_poolmanager(*arguments, **options)
        _bound(self.poolmanager)

    def proxy_manager_for(self, proxy: str, **options: Any) -> PoolManager:
        manager: PoolManager = super().proxy_manager_for(proxy, **options)
        if not proxy.startswith("socks"):  # which has connections of its own kind
            _bound(manager)
        return manager


def _bound(manager: PoolManager) -> None:
    manager.pool_classes_by_scheme = {"http": _Pool, "https": _TlsPool}
