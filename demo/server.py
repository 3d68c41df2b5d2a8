"""An HTTP/1.1 server with a thread per connection, which ends without leaving a socket behind."""

import socket
import sys
import time
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Protocol

from demo.wire import Answer

GRACE = 5.0
"""Seconds that answers under way have to be taken."""


class Site(Protocol):
    """Who answers: paths come with their query."""

    def get(self, target: str, agent: str) -> Answer: ...

    def post(self, target: str, body: bytes) -> Answer: ...


class Server(ThreadingHTTPServer):
    """Listens from the moment it is made, so that early clients wait instead of being refused."""

    request_queue_size = 1024
    daemon_threads = False  # so that closing waits for the answers under way

    def __init__(self, port: int, site: Site, host: str = "127.0.0.1") -> None:
        self.site = site
        self._open: set[socket.socket] = set()
        super().__init__((host, port), Handler)

    def get_request(self) -> tuple[socket.socket, Any]:
        connection, address = super().get_request()
        self._open.add(connection)
        return connection, address

    def shutdown_request(self, request: Any) -> None:
        self._open.discard(request)
        super().shutdown_request(request)

    def close(self) -> None:
        """End the connections that clients keep alive and wait for answers, but not for clients that vanished."""
        self._shut(socket.SHUT_RD)
        end = time.monotonic() + GRACE
        while self._open and time.monotonic() < end:
            time.sleep(0.01)
        self._shut(socket.SHUT_RDWR)
        self.server_close()

    def _shut(self, how: int) -> None:
        for connection in list(self._open):
            with suppress(OSError):
                connection.shutdown(how)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that gave up waiting is no error of ours; anything else is shown."""
        if not isinstance(sys.exception(), ConnectionError):
            super().handle_error(request, client_address)


class Handler(BaseHTTPRequestHandler):
    """Hands requests to the site and writes its answers."""

    protocol_version = "HTTP/1.1"
    server_version = "openresty"
    sys_version = ""
    disable_nagle_algorithm = True
    wbufsize = -1  # head and body leave in one packet
    server: Server

    def do_GET(self) -> None:
        self._send(self.server.site.get(self.path, self.headers.get("User-Agent", "")))

    do_HEAD = do_GET  # noqa: N815 - the name that http.server calls

    def do_POST(self) -> None:
        length = int(self.headers.get("Content-Length", 0))
        self._send(self.server.site.post(self.path, self.rfile.read(length)))

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the name in http.server
        """Say nothing: the stand-in keeps its own log of calls."""

    def _send(self, answer: Answer) -> None:
        self.send_response(answer.status)
        self.send_header("Content-Type", answer.kind)
        self.send_header("Content-Length", str(answer.promised or len(answer.body)))
        if answer.promised:
            self.send_header("Connection", "close")
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(answer.body)
