"""The site, both as a Flask client sees it and under its real server, and the means to bring it into a state."""

import json
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import requests
import websocket
from flask import Flask
from flask.testing import FlaskClient
from pydantic import SecretStr
from redis import Redis

from app.events import Event, new_run
from app.jobs.queues import QUEUES, count_waiting
from app.redis import event_stream
from app.redis.event_stream import Topic, latest_snapshot, save_snapshot
from app.settings import Settings, read_settings
from app.store import Connection, listeners
from app.web import create_app
from demo.lastfm.stand_in import LastfmStandIn
from demo.ports import free_port
from tests import processes
from tests.conftest import PATIENCE
from tests.integration.conftest import TOKEN, fresh_database, other_database
from tests.processes import Running

HELEN = Topic("HeavyHelen", 2024)
RUN = new_run()
# What fixtures below give.
Fetched = Callable[[str, int], None]
Jobs = Callable[[], int]
Known = Callable[[str], None]
Publish = Callable[[Event], None]
RunJobs = Callable[[], None]
SiteWith = Callable[..., FlaskClient]

UPGRADE = (
    b"Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
    b"Sec-WebSocket-Version: 13\r\n"
)
"""The headers of a handshake, after the host."""
SAME_ORIGIN = {"Sec-Fetch-Site": "same-origin"}
NO_DATABASE = SecretStr("postgresql://nobody@127.0.0.1:1/nothing")
NO_REDIS = SecretStr("redis://127.0.0.1:1/0")


def event(**fields: Any) -> Event:
    """An event of one and the same run."""
    return Event(**{"run": RUN, "phase": "fetching", **fields})


def page(number: int) -> Event:
    """The event after page `number` of 61."""
    return event(done=number, scrobbles=number * 200, matched=number * 200, years={1975: number * 200})


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
        self.open_pages.append(websocket.create_connection(url, timeout=PATIENCE))
        return self.open_pages[-1]

    def hang_up(self) -> None:
        """Ends the connections of all open pages."""
        for open_page in self.open_pages:
            hang_up(open_page)
        self.open_pages.clear()


def heard(open_page: websocket.WebSocket, *, after: int | None = None) -> Any:
    """The next message `after` that of a page: what was on its way when a websocket opened may come twice."""
    while (message := json.loads(open_page.recv())) and message["done"] == after:
        pass
    return message


def hang_up(open_page: websocket.WebSocket) -> None:
    """Ends a page's connection without a goodbye, as a lost network does."""
    if open_page.sock is not None:
        open_page.sock.close()


def open_pages(site: Site) -> float:
    """How many pages the site thinks are open."""
    metrics = requests.get(f"{site.url}/metrics", timeout=PATIENCE).text
    return next(float(line.split()[1]) for line in metrics.splitlines() if line.startswith("lastyear_open_pages"))


@contextmanager
def stream(site: Site, topic: Topic = HELEN) -> Iterator[Iterator[Any]]:
    """What Server-Sent Events say, without the heartbeats."""
    url = f"{site.url}/user/{topic.username}/{topic.year}/events"
    with requests.get(url, stream=True, timeout=PATIENCE) as answer:
        assert answer.headers["Content-Type"].startswith("text/event-stream")
        lines = (line for line in answer.iter_lines(chunk_size=1) if line.startswith(b"data: "))
        yield (json.loads(line.removeprefix(b"data: ")) for line in lines)


@pytest.fixture(scope="session")
def standing_site(
    postgres: str, migrated: str, mirror_url: str, valkey: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Site]:
    """The site under its real server, started once. Each test of it finds its Redis empty."""
    port = free_port()
    with fresh_database(postgres, migrated) as database:
        environ = {
            "DATABASE_URL": database,
            "MIRROR_URL": mirror_url,
            "REDIS_URL": other_database(valkey),
            "INTERNAL_TOKEN": TOKEN,
        }
        log = tmp_path_factory.mktemp("web") / "log"
        with processes.web(read_settings(environ), log, port) as process:
            yield Site(process, port)


@pytest.fixture
def served(standing_site: Site, redis: Redis) -> Iterator[Site]:
    """The site under its real server, for tests that leave it standing."""
    yield standing_site
    standing_site.hang_up()


@pytest.fixture
def own_site(settings: Settings, tmp_path: Path) -> Iterator[Site]:
    """A site under its real server that a test may end."""
    port = free_port()
    with processes.web(settings, tmp_path / "web.log", port) as process:
        site = Site(process, port)
        yield site
        site.hang_up()


@pytest.fixture
def site_with(settings: Settings) -> Iterator[SiteWith]:
    """A visitor of the site with some settings changed, for instance to a part that is not there."""
    with ExitStack() as stack:

        def visitor(**changes: Any) -> FlaskClient:
            app = create_app(settings.model_copy(update=changes))
            stack.callback(app.extensions["lastyear"].close)
            return app.test_client()

        yield visitor


@pytest.fixture
def broken(app: Flask, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    """Makes a function of ours raise, and the site answer as it does in production."""

    def raises(*_arguments: object) -> None:
        raise RuntimeError("hush")

    def break_down(path: str) -> None:
        monkeypatch.setattr(path, raises)
        app.config["PROPAGATE_EXCEPTIONS"] = False

    return break_down


@pytest.fixture
def grown_old(connection: Connection, redis: Redis) -> Callable[..., None]:
    """Makes a year that is whole one that was whole at an earlier time, or changes what else is known of it."""

    def age(name: str, year: int, fetched: datetime, **known: object) -> None:
        topic = Topic(name, year)
        snapshot = latest_snapshot(redis, topic)
        assert snapshot is not None
        event = snapshot.event.model_copy(update={"read_at": fetched.timestamp(), **known})
        save_snapshot(redis, topic, snapshot.model_copy(update={"at": fetched.timestamp(), "event": event}))
        connection.execute("UPDATE fetch_jobs SET completed_at = %s, updated_at = %s", [fetched, fetched])
        connection.execute("UPDATE stretches SET proven_at = %s", [fetched])

    return age


@pytest.fixture
def time_passes(connection: Connection, redis: Redis) -> Callable[[timedelta], None]:
    """Makes what was said and claimed of LightLuca so much older."""

    def pass_by(time: timedelta) -> None:
        for topic in (Topic("LightLuca", 2024), Topic("LightLuca")):
            if snapshot := latest_snapshot(redis, topic):
                at = snapshot.at - time.total_seconds()
                save_snapshot(redis, topic, snapshot.model_copy(update={"at": at}))
        connection.execute("UPDATE fetch_jobs SET updated_at = updated_at - %s", [time])

    return pass_by


@pytest.fixture
def publish(redis: Redis) -> Publish:
    """Says where HeavyHelen's 2024 stands, as a worker would."""
    return lambda event: event_stream.publish(redis, HELEN, event)


@pytest.fixture
def known(connection: Connection) -> Known:
    """Makes a listener be stored, before any visit, so that Last.fm is not asked about the name first."""

    def store(name: str) -> None:
        listeners.save(connection, name, available_years=[2024], playcount=1, registered_at=None)

    return store


@pytest.fixture
def jobs(redis: Redis) -> Jobs:
    """How many jobs wait."""
    return lambda: sum(count_waiting(redis, name) for name in QUEUES)


@pytest.fixture
def fetched(client: FlaskClient, run_jobs: RunJobs, lastfm: LastfmStandIn) -> Fetched:
    """Brings a listener's year in, as a first visit and a worker do, and forgets the calls made for it."""

    def fetch(name: str, year: int) -> None:
        client.get(f"/user/{name}/{year}")
        run_jobs()
        lastfm.call_log.clear()

    return fetch
