"""The site, both as a Flask client sees it and under its real server, and the means to bring it into a state."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
import websocket
from flask.testing import FlaskClient
from redis import Redis

from app.fetches import QUEUES, queue
from app.progress import Event, RedisPublisher, Topic
from app.settings import Settings
from demo.lastfm import StandIn
from tests import processes
from tests.processes import Running

HELEN = Topic("HeavyHelen", 2024)


def event(**fields: Any) -> Event:
    """An event of a run of its own."""
    return Event(**{"run": uuid4(), "phase": "fetching", **fields})


def page(number: int) -> Event:
    """The event after page `number` of 61."""
    return event(page=number, pages=61, scrobbles=number * 200, matched=number * 200, years={"1975": number * 200})


@dataclass(frozen=True)
class Site:
    """A site under gunicorn."""

    process: Running
    port: int
    open_pages: list[websocket.WebSocket] = field(default_factory=list)

    @property
    def url(self) -> str:
        """Where it answers."""
        return f"http://127.0.0.1:{self.port}"

    def websocket(self, topic: Topic = HELEN) -> websocket.WebSocket:
        """An open page's websocket."""
        year = f"/{topic.year}" if topic.year else ""
        url = f"ws://127.0.0.1:{self.port}/user/{topic.username}{year}/live"
        self.open_pages.append(websocket.create_connection(url, timeout=10))
        return self.open_pages[-1]


@pytest.fixture
def served(settings: Settings, tmp_path: Path) -> Iterator[Site]:
    """The site under its real server."""
    port = processes.free_port()
    with processes.web(settings, tmp_path / "web.log", port) as process:
        site = Site(process, port)
        yield site
        for page in site.open_pages:
            page.shutdown()


@pytest.fixture
def publish(redis: Redis) -> Callable[[Event], None]:
    """Says where HeavyHelen's 2024 stands, as a worker would."""
    return lambda event: RedisPublisher(redis).publish(HELEN, event)


@pytest.fixture
def jobs(redis: Redis) -> Callable[[], int]:
    """How many jobs wait."""
    return lambda: sum(queue(redis, name).count for name in QUEUES)


@pytest.fixture
def fetched(client: FlaskClient, run_jobs: Callable[[], None], lastfm: StandIn) -> Callable[[str, int], None]:
    """Brings a listener's year in, as a first visit and a worker do, and forgets the calls made for it."""

    def fetch(name: str, year: int) -> None:
        client.get(f"/user/{name}/{year}")
        run_jobs()
        lastfm.traffic.forget()

    return fetch
