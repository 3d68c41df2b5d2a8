"""An HTTP/1.1 server with a thread per connection that closes every socket when it stops.

Clients keep their connections, as they do at Last.fm. Werkzeug's server closes each one after a single response.
"""

import socket
import sys
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Event, Thread
from typing import Any, Self

STOP_CHECK_SECONDS = 0.02
DRAIN_SECONDS = 5.0  # that clients have to read the responses being written when the server stops


@dataclass(frozen=True)
class HttpResponse:
    """An HTTP response, which comes after `delay` seconds and whose bytes are `pace` seconds apart.

    `announced_length` is a Content-Length that the body falls short of.
    """

    status: int
    body: bytes
    content_type: str = "application/json"
    announced_length: int | None = None
    more_headers: Mapping[str, str] = field(default_factory=dict)
    delay: float = 0.0
    pace: float = 0.0

    @property
    def headers(self) -> dict[str, str]:
        length = self.announced_length or len(self.body)
        return {"Content-Type": self.content_type, "Content-Length": str(length), **self.more_headers}


def html_response(html: str, status: int) -> HttpResponse:
    return HttpResponse(status, html.encode(), "text/html; charset=utf-8")


Respond = Callable[[str, str], HttpResponse]
"""Path with query, User-Agent -> response."""


class Server(ThreadingHTTPServer):
    """Listens as soon as it is created, so that early clients wait and are not refused."""

    request_queue_size = 1024
    daemon_threads = False  # so that closing waits for the responses being written

    def __init__(self, port: int, respond: Respond, host: str = "127.0.0.1") -> None:
        self.respond = respond
        self.closing = Event()
        self._open: set[socket.socket] = set()
        super().__init__((host, port), Handler)

    def get_request(self) -> tuple[socket.socket, Any]:
        connection, address = super().get_request()
        self._open.add(connection)
        return connection, address

    def shutdown_request(self, request: Any) -> None:
        self._open.discard(request)
        super().shutdown_request(request)

    @property
    def url(self) -> str:
        host, port = self.server_address[:2]
        return f"http://{host!s}:{port}"

    def start(self, name: str) -> None:
        """Serve in a thread of this name, until `stop`."""
        self._thread = Thread(target=self.serve_forever, args=(STOP_CHECK_SECONDS,), name=name)
        self._thread.start()

    def stop(self) -> None:
        """Stop serving: end idle connections at once, the others after their response or after DRAIN_SECONDS."""
        self.closing.set()
        self.shutdown()
        self._thread.join()
        self._shut_down(socket.SHUT_RD)
        deadline = time.monotonic() + DRAIN_SECONDS
        while self._open and time.monotonic() < deadline:
            time.sleep(0.01)
        self._shut_down(socket.SHUT_RDWR)
        self.server_close()

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Show errors, except for those of clients that hung up."""
        if not isinstance(sys.exception(), ConnectionError):
            super().handle_error(request, client_address)

    def _shut_down(self, how: int) -> None:
        for connection in list(self._open):
            with suppress(OSError):
                connection.shutdown(how)


class StandIn:
    """Answers through a server of its own while the `with` block lasts."""

    _server: Server

    def __enter__(self) -> Self:
        self._server.start(type(self).__name__)
        return self

    def __exit__(self, *_: object) -> None:
        self._server.stop()

    @property
    def url(self) -> str:
        return self._server.url


class Handler(BaseHTTPRequestHandler):
    """Writes the server's responses to a connection."""

    protocol_version = "HTTP/1.1"
    server_version = "openresty"
    sys_version = ""
    disable_nagle_algorithm = True
    wbufsize = -1  # head and body leave in one packet
    server: Server

    def do_GET(self) -> None:
        response = self.server.respond(self.path, self.headers.get("User-Agent", ""))
        self.send_response_only(response.status)
        own = {"Server": self.server_version, "Date": self.date_time_string()}
        for name, value in {**own, **response.headers}.items():
            self.send_header(name, value)
        if response.announced_length:
            self.send_header("Connection", "close")
        self.end_headers()
        if self.command != "HEAD":
            self._send(response)

    do_HEAD = do_GET  # noqa: N815 - the name that http.server calls

    def _send(self, response: HttpResponse) -> None:
        if not response.pace:
            self.wfile.write(response.body)
            return
        for byte in response.body:
            self.wfile.write(bytes([byte]))
            self.wfile.flush()
            if self.server.closing.wait(response.pace):
                self.close_connection = True
                return

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the name in http.server
        """Print nothing: the stand-in keeps its own log of calls."""
