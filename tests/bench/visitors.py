"""Visitors: many clients, each of which requests another page after each response. A process of its own.

`python -m tests.bench.visitors PORT SECONDS CLIENTS PATH...` prints how many were answered, and the 95th
percentile of the seconds that each took.
"""

import json
import selectors
import socket
import sys
import time
from dataclasses import dataclass
from statistics import quantiles


@dataclass
class Client:
    """A connection, and the request under way on it."""

    connection: socket.socket
    number: int
    asked_at: float = 0.0
    data: bytes = b""

    def ask(self, port: int, path: str) -> None:
        """Send a request."""
        self.asked_at, self.data = time.monotonic(), b""
        address = f"10.4.{self.number // 250}.{self.number % 250}"
        request = f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nX-Forwarded-For: {address}\r\n\r\n"
        self.connection.sendall(request.encode())

    def hear(self) -> bool:
        """Take what has come; return whether that is all. Raises RuntimeError if it is no page."""
        part = self.connection.recv(1 << 18)
        self.data += part
        head, ended, body = self.data.partition(b"\r\n\r\n")
        if not part or (ended and not head.startswith(b"HTTP/1.1 200")):
            raise RuntimeError(head.decode(errors="replace") or "the connection was closed")
        return bool(ended) and len(body) >= _length(head)


def _length(head: bytes) -> int:
    lines = (line.lower().partition(b":") for line in head.split(b"\r\n"))
    return next(int(value) for name, _, value in lines if name == b"content-length")


def visit(port: int, seconds: float, clients: int, paths: list[str]) -> list[float]:
    """Request one path after the other over so many connections; return how long each response took."""
    taken: list[float] = []
    asked = 0
    with selectors.DefaultSelector() as selector:
        for number in range(clients):
            client = Client(socket.create_connection(("127.0.0.1", port)), number)
            selector.register(client.connection, selectors.EVENT_READ, client)
            client.ask(port, paths[number % len(paths)])
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            for key, _ in selector.select(1):
                client = key.data
                if client.hear():
                    taken.append(time.monotonic() - client.asked_at)
                    asked += 1
                    client.ask(port, paths[asked % len(paths)])
        for key in list(selector.get_map().values()):
            key.data.connection.close()
    return taken


if __name__ == "__main__":
    port, seconds, clients, *paths = sys.argv[1:]
    taken = visit(int(port), float(seconds), int(clients), paths)
    # Little enough to wait in a pipe until somebody reads it.
    print(json.dumps({"answered": len(taken), "p95": quantiles(taken, n=20)[18]}))
