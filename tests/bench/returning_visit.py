"""A returning visit: requests a second of a finished year's page and picture against an empty Flask view's."""

import socket
import time
from collections.abc import Iterator
from contextlib import closing
from uuid import uuid4

import psycopg
import requests
from flask import Flask
from redis import Redis

from app.progress import Event, RedisPublisher, Topic
from app.settings import read
from app.web import create_app
from app.web.choice import AS_IT_IS
from app.web.pictures import picture
from tests.bench.stage import Row, Stage, web

SECONDS = 2.0
CONNECTIONS = 4
LEAST = 0.5
LEAST_PICTURES = 0.25
DRAWINGS, MOST_DRAWING = 30, 12.0
"""Of how many empty views a drawing of the SVG takes the time."""
PAGE = "/user/HeavyHelen/2024"
EMPTY = "tests.bench.returning_visit:empty()"


def empty() -> Flask:
    """A Flask application with one view that says nothing."""
    app = Flask(__name__)
    app.add_url_rule("/healthz", view_func=lambda: "")
    return app


def measure(stage: Stage) -> Iterator[Row]:
    """Both under the same server, in turns, so that both meet the same machine."""
    years = {str(year): 1 + (year * 37) % 400 for year in range(1955, 2025)}
    plays = sum(years.values())
    event = Event(run=uuid4(), phase="completed", scrobbles=plays, expected=plays, matched=plays, years=years)
    with Redis.from_url(stage.environ["REDIS_URL"]) as redis:
        RedisPublisher(redis).publish(Topic("HeavyHelen", 2024), event)
    with web(stage, EMPTY) as bare, web(stage) as ours:
        etag = requests.get(f"http://127.0.0.1:{ours}{PAGE}.png", timeout=10).headers["ETag"]
        asked = {
            "empty": (bare, "/healthz", ""),
            "page": (ours, PAGE, ""),
            "picture": (ours, f"{PAGE}.png", ""),
            "known picture": (ours, f"{PAGE}.png", f"If-None-Match: {etag}\r\n"),
        }
        rates = dict.fromkeys(asked, 0.0)
        _statements(stage, anew=True)
        for _ in range(3):
            for name, (port, path, header) in asked.items():
                rates[name] = max(rates[name], _rate(port, path, header))
        statements = _statements(stage)
        requests.get(f"http://127.0.0.1:{ours}{PAGE}/1977", timeout=10).raise_for_status()
        if not _statements(stage):
            raise RuntimeError("no statements are counted")
    shares = {name: rate / rates["empty"] for name, rate in rates.items()}
    for figure, name, least in (
        ("returning visit against an empty Flask view", "page", LEAST),
        ("PNG that was drawn before, against the same", "picture", LEAST_PICTURES),
        ("PNG that a visitor has already, against the same", "known picture", LEAST_PICTURES),
    ):
        yield Row(
            figure,
            f">= {least:g} x",
            f"{shares[name]:.2f} x ({rates[name]:.0f} of {rates['empty']:.0f} a second)",
            shares[name] >= least,
        )
    seconds = _drawing(stage, event)
    yield Row(
        "drawing the SVG, in empty Flask views",
        f"<= {MOST_DRAWING:g} x",
        f"{seconds * rates['empty']:.1f} x ({1000 * seconds:.1f} ms)",
        seconds * rates["empty"] <= MOST_DRAWING,
    )
    yield Row("statements at the app database in these visits", "0", str(statements), statements == 0)


def _drawing(stage: Stage, event: Event) -> float:
    """Seconds for one picture that was not drawn before; the best of some."""
    taken = []
    with create_app(read(stage.environ)).test_request_context(PAGE):
        for number in range(DRAWINGS):
            told = event.model_copy(update={"page": number}).model_dump_json()
            began = time.perf_counter()
            picture((("HeavyHelen", told, 0.0),), 2024, AS_IT_IS)
            taken.append(time.perf_counter() - began)
    return min(taken)


def _statements(stage: Stage, *, anew: bool = False) -> int:
    """How many statements the app database was sent since the last call that counted `anew`."""
    with psycopg.connect(stage.admin) as connection:
        if anew:
            connection.execute("SELECT pg_stat_statements_reset()")
        row = connection.execute(
            """
            SELECT coalesce(sum(calls), 0)
            FROM pg_stat_statements
            WHERE dbid = (SELECT oid FROM pg_database WHERE datname = 'lastyear')
            """
        ).fetchone()
    return int(row[0]) if row else -1


def _rate(port: int, path: str, header: str = "") -> float:
    """Requests a second over a few kept connections that each ask again when answered."""
    request = f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\n{header}\r\n".encode()
    sockets = [socket.create_connection(("127.0.0.1", port)) for _ in range(CONNECTIONS)]
    answered, end = 0, time.monotonic() + SECONDS
    while time.monotonic() < end:
        for connection in sockets:
            connection.sendall(request)
        for connection in sockets:
            _read_answer(connection)
        answered += len(sockets)
    for connection in sockets:
        with closing(connection):
            pass
    return answered / SECONDS


def _read_answer(connection: socket.socket) -> None:
    data = connection.recv(65536)
    while b"\r\n\r\n" not in data:
        data += connection.recv(65536)
    head, _, body = data.partition(b"\r\n\r\n")
    if head.startswith(b"HTTP/1.1 304"):
        return
    if not head.startswith(b"HTTP/1.1 200"):
        raise RuntimeError(head.decode())
    length = next(int(line[16:]) for line in head.split(b"\r\n") if line.lower().startswith(b"content-length: "))
    left = length - len(body)
    while left > 0:
        left -= len(connection.recv(65536))
