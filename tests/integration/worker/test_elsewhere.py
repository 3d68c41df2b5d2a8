"""Workers on another machine: Redis and the mirror over TLS, progress by HTTP, and a web that is down at times."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import requests
from flask import Flask
from psycopg.conninfo import conninfo_to_dict
from pydantic import SecretStr
from redis import Redis
from redis.exceptions import ConnectionError as RedisConnectionError

from app.events import JobUpdate
from app.settings import Settings
from app.web.rate_limits import RateLimits
from demo.ports import free_port
from mirror.database import connect
from mirror.errors import MirrorAway
from tests import processes
from tests.conftest import PATIENCE, wait_until
from tests.integration.conftest import TOKEN
from tests.integration.worker.conftest import Stage, some_plays
from tests.tls import Authority, Front, front
from worker import webhook
from worker.context import WorkerContext


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("tls"))


@pytest.fixture(scope="module")
def redis_front(authority: Authority, valkey: str) -> Iterator[Front]:
    with front(authority, urlsplit(valkey).port or 0) as made:
        yield made


@pytest.fixture(scope="module")
def mirror_front(authority: Authority, mirror_url: str) -> Iterator[Front]:
    socket = Path(str(conninfo_to_dict(mirror_url)["host"])) / ".s.PGSQL.5432"
    with front(authority, socket, asked_first=True) as made:
        yield made


@pytest.fixture
def redis_url(authority: Authority, redis_front: Front) -> str:
    return f"rediss://localhost:{redis_front.port}/0?ssl_ca_certs={authority.file}"


@pytest.fixture
def far_mirror_url(authority: Authority, mirror_front: Front) -> str:
    where = f"localhost:{mirror_front.port}/musicbrainz"
    return f"postgresql://mirror_reader@{where}?sslmode=verify-full&sslrootcert={authority.file}"


@contextmanager
def fickle_web(answers: Callable[[int], int]) -> Iterator[tuple[str, list[JobUpdate]]]:
    """A web that answers its calls, counted from 1, with these statuses (0: hangs up); and what it received."""
    taken: list[JobUpdate] = []
    calls = 0

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            nonlocal calls
            calls += 1
            status = answers(calls)
            body = self.rfile.read(int(self.headers["Content-Length"]))
            if status == 0:
                self.close_connection = True
                return
            if status == 204:
                taken.append(JobUpdate.model_validate_json(body))
            self.send_response(status)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}/internal/job-update", taken
        server.shutdown()
        thread.join()


def test_a_year_flows_over_tls_and_is_told_to_a_web_elsewhere(
    stage: Stage, settings: Settings, redis_url: str, far_mirror_url: str, tmp_path: Path, mirror_front: Front
) -> None:
    port = free_port()
    there = settings.model_copy(
        update={
            "redis_url": SecretStr(redis_url),
            "mirror_url": SecretStr(far_mirror_url),
            "progress_webhook_url": f"http://127.0.0.1:{port}/internal/job-update",
        }
    )
    with (
        processes.web(settings, tmp_path / "web.log", port) as site,
        processes.workers(there, tmp_path / "workers.log") as workers,
    ):
        address = f"http://127.0.0.1:{port}/user/HeavyHelen/2024"
        requests.get(address, timeout=PATIENCE)
        wait_until(
            lambda: (
                (requests.get(f"{address}.json", timeout=PATIENCE).json()["progress"] or {}).get("phase")
                == "completed"
            ),
            seconds=60,
            otherwise=lambda: workers.output + site.output,
        )
        told = requests.get(f"{address}.json", timeout=PATIENCE).json()["progress"]
        assert TOKEN not in workers.output + site.output
        assert "not taken" not in workers.output
    assert told["scrobbles"] == len(stage.lastfm.accounts["HeavyHelen"].plays(2024))
    assert told["matched"] > 0
    assert mirror_front.connections > 0
    assert stage.rows("HeavyHelen", 2024) == stage.told("HeavyHelen", 2024)


def test_rate_limits_are_counted_over_tls(redis: Redis, stage: Stage) -> None:
    rate_limits = RateLimits(redis)
    with Flask("test").test_request_context(environ_base={"REMOTE_ADDR": "203.0.113.9"}):
        rate_limits.hit("fetch")
    assert [key for key in redis.scan_iter() if b"203.0.113.9" in key]


@pytest.mark.parametrize("name", ["127.0.0.1", "localhost"])
def test_a_redis_that_nobody_vouches_for_is_not_talked_to(redis_url: str, name: str) -> None:
    address = redis_url.replace("localhost", name)
    if name == "localhost":
        address = address.partition("?")[0]  # right name, but signed by nobody known
    with Redis.from_url(address) as client, pytest.raises(RedisConnectionError, match="certificate verify failed"):
        client.ping()


@pytest.mark.parametrize("name", ["127.0.0.1", "localhost"])
def test_a_mirror_that_nobody_vouches_for_is_not_talked_to(
    far_mirror_url: str, name: str, authority: Authority, tmp_path: Path
) -> None:
    stranger = authority.file if name == "127.0.0.1" else Authority(tmp_path).file
    address = far_mirror_url.replace("localhost", name).replace(str(authority.file), str(stranger))
    with pytest.raises(MirrorAway), connect(address):
        pass


def test_a_web_that_fails_for_a_while_holds_up_no_fetch_and_hears_the_end(
    stage: Stage, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(webhook, "PAUSE_AFTER_FAILURE", 0.0)
    monkeypatch.setattr(webhook, "LAST_EVENT_DELAYS", (0.01, 0.01, 0.01))
    stage.take_in("FarFay", some_plays(1000))
    with fickle_web(lambda call: (500, 0, 204, 502)[call % 4] if call < 9 else 204) as (url, taken):
        stage.context = WorkerContext.make(settings.model_copy(update={"progress_webhook_url": url}), delays=())
        assert stage.fetch("FarFay", 2023).status == "completed"
    assert stage.rows("FarFay", 2023) == stage.told("FarFay", 2023)
    assert taken[-1].event.phase == "completed"
    assert taken[-1].event.scrobbles == 1000


def test_the_last_event_is_said_until_it_is_taken(
    stage: Stage, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(webhook, "LAST_EVENT_DELAYS", (0.01, 0.01, 0.01))
    stage.take_in("FarFay", some_plays(300))
    with fickle_web(lambda call: 503 if call < 4 else 204) as (url, taken):
        stage.context = WorkerContext.make(settings.model_copy(update={"progress_webhook_url": url}), delays=())
        stage.fetch("FarFay", 2023)
    assert [update.event.phase for update in taken] == ["completed"], (
        "the first was refused, then it was left alone"
    )


def test_a_web_that_is_gone_holds_up_no_fetch(
    stage: Stage, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(webhook, "LAST_EVENT_DELAYS", (0.01, 0.01, 0.01))
    stage.take_in("FarFay", some_plays(1000))
    nowhere = settings.model_copy(update={"progress_webhook_url": "http://127.0.0.1:1/internal/job-update"})
    stage.context = WorkerContext.make(nowhere, delays=())
    assert stage.fetch("FarFay", 2023).status == "completed"
    assert stage.rows("FarFay", 2023) == stage.told("FarFay", 2023)
