"""A returning visit: how many requests a second for a finished year, compared with an empty Flask view."""

import socket
import time
from collections.abc import Iterator
from contextlib import closing
from uuid import uuid4

import psycopg
import requests
from flask import Flask
from redis import Redis

from app.events import Event
from app.redis.event_stream import Topic, publish
from app.settings import read_settings
from app.web import create_app
from app.web.sharing.options import Look
from app.web.sharing.picture import Known, picture
from app.web.words.chart_options import DEFAULT_OPTIONS
from tests.bench.installation import Figure, Installation, web

ROUND_SECONDS = 2.0
CONNECTIONS = 4
LEAST_PAGE_RATIO, LEAST_PICTURE_RATIO = 0.5, 0.25
DRAWINGS, MOST_VIEWS_A_DRAWING = 30, 12.0  # a drawing may take as long as so many empty views
PAGE = "/user/HeavyHelen/2024"
EMPTY = "tests.bench.returning_visit:empty()"


def empty() -> Flask:
    """Create a Flask application with one empty view."""
    app = Flask(__name__)
    app.add_url_rule("/healthz", view_func=lambda: "")
    return app


def measure(installation: Installation) -> Iterator[Figure]:
    """Measure both under the same server, in turns, so that both meet the same load."""
    years = {year: 1 + (year * 37) % 400 for year in range(1955, 2025)}
    plays = sum(years.values())
    event = Event(run=uuid4(), phase="completed", scrobbles=plays, expected=plays, matched=plays, years=years)
    with Redis.from_url(installation.environ["REDIS_URL"]) as redis:
        publish(redis, Topic("HeavyHelen", 2024), event)
    with web(installation, EMPTY) as empty_site, web(installation) as ours:
        etag = requests.get(f"http://127.0.0.1:{ours}{PAGE}.png", timeout=10).headers["ETag"]
        requested = {
            "empty": (empty_site, "/healthz", ""),
            "page": (ours, PAGE, ""),
            "picture": (ours, f"{PAGE}.png", ""),
            "known picture": (ours, f"{PAGE}.png", f"If-None-Match: {etag}\r\n"),
        }
        rates = dict.fromkeys(requested, 0.0)
        _reset_statements(installation)
        for _ in range(3):
            for name, (port, path, header) in requested.items():
                rates[name] = max(rates[name], rate(port, path, header))
        statements = _statements(installation)
        requests.get(f"http://127.0.0.1:{ours}{PAGE}/1977", timeout=10).raise_for_status()
        if not _statements(installation):
            raise RuntimeError("no statements are counted")
    shares = {name: rate / rates["empty"] for name, rate in rates.items()}
    for figure, name, least in (
        ("returning visit, compared with an empty Flask view", "page", LEAST_PAGE_RATIO),
        ("PNG that was drawn before, compared with the same", "picture", LEAST_PICTURE_RATIO),
        ("PNG that the visitor has already, compared with the same", "known picture", LEAST_PICTURE_RATIO),
    ):
        yield Figure(
            figure,
            f">= {least:g} x",
            f"{shares[name]:.2f} x ({rates[name]:.0f} of {rates['empty']:.0f} a second)",
            shares[name] >= least,
        )
    seconds = _seconds_of_a_drawing(installation, event)
    yield Figure(
        "drawing the SVG, compared with an empty Flask view",
        f"<= {MOST_VIEWS_A_DRAWING:g} x",
        f"{seconds * rates['empty']:.1f} x ({1000 * seconds:.1f} ms)",
        seconds * rates["empty"] <= MOST_VIEWS_A_DRAWING,
    )
    yield Figure("statements sent to the app database by these visits", "0", str(statements), statements == 0)


def _seconds_of_a_drawing(installation: Installation, event: Event) -> float:
    """Time the drawing of a picture that was not drawn before; return the shortest time."""
    taken = []
    with create_app(read_settings(installation.environ)).test_request_context(PAGE):
        for number in range(DRAWINGS):
            told = event.model_copy(update={"done": number}).model_dump_json()
            began = time.perf_counter()
            picture((Known("HeavyHelen", told, 0.0),), 2024, DEFAULT_OPTIONS, Look())
            taken.append(time.perf_counter() - began)
    return min(taken)


def _reset_statements(installation: Installation) -> None:
    with psycopg.connect(installation.admin) as connection:
        connection.execute("SELECT pg_stat_statements_reset()")


def _statements(installation: Installation) -> int:
    """Return how many statements were sent to the app database since the last reset."""
    with psycopg.connect(installation.admin) as connection:
        row = connection.execute(
            """
            SELECT coalesce(sum(calls), 0)
            FROM pg_stat_statements
            WHERE dbid = (SELECT oid FROM pg_database WHERE datname = 'lastyear')
            """
        ).fetchone()
    return int(row[0]) if row else -1


def rate(port: int, path: str, header: str = "") -> float:
    """Return the requests a second over a few connections, each of which requests again after each response."""
    request = f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\n{header}\r\n".encode()
    sockets = [socket.create_connection(("127.0.0.1", port)) for _ in range(CONNECTIONS)]
    answered, end = 0, time.monotonic() + ROUND_SECONDS
    while time.monotonic() < end:
        for connection in sockets:
            connection.sendall(request)
        for connection in sockets:
            _read_response(connection)
        answered += len(sockets)
    for connection in sockets:
        with closing(connection):
            pass
    return answered / ROUND_SECONDS


def _read_response(connection: socket.socket) -> None:
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
