"""What a site and its worker log about a year, at the level `debug`: its whole story, and nobody's name."""

import json
import re
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
import requests
from pydantic import SecretStr
from redis import Redis

from app.jobs.queues import FETCHES, LOOKUPS, queue
from app.logs.setup import name_hider
from app.settings import Settings
from demo.ports import free_port
from tests.conftest import PATIENCE, wait_until
from tests.processes import environment, running, web, workers

NAME, OTHER, NOBODY = "SingleSam", "LightLuca", "NobodyNed"


@dataclass(frozen=True)
class Site:
    """A site and its worker, and what both have logged."""

    address: str
    log: Path

    @property
    def output(self) -> str:
        return self.log.read_text(encoding="utf-8")

    def get(self, path: str, **headers: str) -> requests.Response:
        return requests.get(self.address + path, headers=headers, timeout=PATIENCE)

    def lines(self, *parts: str) -> list[str]:
        return [line for line in self.output.splitlines() if all(part in line for part in parts)]

    def wait_for(self, *parts: str) -> None:
        wait_until(lambda: self.lines(*parts), otherwise=lambda: self.output)


@contextmanager
def site(settings: Settings, folder: Path) -> Iterator[Site]:
    log, port = folder / "log", free_port()
    with web(settings, log, port), workers(settings, log):
        yield Site(f"http://127.0.0.1:{port}", log)


def live_through_a_day(there: Site, settings: Settings, redis: Redis) -> str:
    """A fetch, two failures, nonsense, a listener to forget. Returns the id of the first request."""
    first = there.get(f"/user/{NAME}/2023", **{"X-Request-ID": "asked-by-our-proxy"})
    there.wait_for('event="Completed a year"')
    there.get(f"/user/{NAME}?with={NOBODY},{OTHER}")
    there.get(f"/user/{NOBODY}/2022")
    there.wait_for('event="Nothing was fetched"')
    # A bug of ours, whose traceback RQ writes.
    for name in (FETCHES, LOOKUPS):
        queue(redis, name).enqueue(
            "worker.jobs.look_up_listener",
            NAME,
            f"{NAME} is no run",
            job_id=f"listener-{NAME.lower().encode().hex()}",
        )
    there.wait_for("level=error", "is no run")
    with socket.create_connection(("127.0.0.1", int(there.address.rpartition(":")[2]))) as raw:
        raw.sendall(f"GET /user/{NAME} HTTP/9.9\r\n\r\n".encode())
        raw.settimeout(PATIENCE)
        raw.recv(100)
    environ = environment(settings)
    with running(there.log, environ, "lastyear", "forget", "--yes", "--for-good", OTHER) as forget:
        wait_until(lambda: forget.ended, otherwise=lambda: forget.output)
    for path in ("/user/{}/2023", "/api/v1/users/{}", "/api/v1/users/{}/years/2023/albums?released=unknown"):
        assert there.get(path.format(OTHER)).status_code
    return first.headers["X-Request-ID"]


def test_no_line_names_a_listener_and_one_search_tells_the_story_of_a_year(
    settings: Settings, redis: Redis, tmp_path: Path
) -> None:
    database = SecretStr(f"{settings.database_url.get_secret_value()}&password=not-asked-for")
    settings = settings.model_copy(update={"log_level": "debug", "database_url": database})
    hider = name_hider(settings)
    assert hider is not None
    with site(settings, tmp_path) as there:
        request = live_through_a_day(there, settings, redis)
        assert request == "asked-by-our-proxy"
        story = there.lines(f"request={request}")
        for event in (
            "Queued the question to Last.fm whether the listener exists",
            "Queued the fetch of a year",
            "Fetching a year",
            "Stored a stretch",
            "Completed a year",
            "Answered",
        ):
            assert any(event in line for line in story), (event, story)
        ours = [line for line in story if " run=" in line]
        assert len({re.search(r" run=(\S+)", line)[1] for line in ours}) == 2, "who it is, and the fetch"  # type: ignore[index]
        assert all(f"listener={hider.token(NAME)}" in line for line in ours)
        output = there.output
    # The command answers whoever has typed the name.
    told = [
        line for line in output.splitlines() if not line.startswith(("Deleted", "Nothing about", "Nothing was"))
    ]
    for name in (NAME, OTHER, NOBODY):
        for spelling in (name.lower(), name.lower().encode().hex()):
            assert [line for line in told if spelling in line.lower()] == []
    assert len([line for line in told if hider.token(NAME) in line]) > 20
    assert "level=debug" in output


def test_a_request_that_joins_a_run_says_which(settings: Settings, tmp_path: Path) -> None:
    log, port = tmp_path / "log", free_port()
    with web(settings, log, port):
        there = Site(f"http://127.0.0.1:{port}", log)
        for _ in range(2):
            there.get(f"/user/{NAME}/2023")
        there.wait_for("Joined a run")
    (asked,) = there.lines("Queued the question")
    (joined,) = there.lines("Joined a run")
    run = re.compile(r" run=(\S+)")
    assert run.findall(asked) == run.findall(joined)
    request = re.compile(r" request=(\S+)")
    assert request.findall(asked) != request.findall(joined)


def test_the_operator_may_have_listeners_named_and_lines_be_json(settings: Settings, tmp_path: Path) -> None:
    settings = settings.model_copy(update={"log_names": True, "log_format": "json"})
    with site(settings, tmp_path) as there:
        there.get(f"/user/{NAME}/2023")
        there.wait_for("Completed a year")
        lines = [json.loads(line) for line in there.output.splitlines()]
    assert {line.get("listener") for line in lines if line["event"] == "Completed a year"} == {NAME}


@pytest.mark.parametrize(
    ("variable", "value", "told"),
    [
        ("LOG_LEVEL", "loud", "LOG_LEVEL: should be 'debug', 'info', 'warning' or 'error'"),
        ("LOG_FORMAT", "xml", "LOG_FORMAT: should be 'logfmt' or 'json'"),
        ("LOG_NAMES", "perhaps", "LOG_NAMES: should be a valid boolean"),
    ],
)
@pytest.mark.parametrize(
    "command",
    [
        ("gunicorn", "--config", "python:app.server", "app.web:create_app()"),
        ("lastyear", "work"),
        ("lastyear", "mirror", "replicate"),
    ],
    ids=["site", "worker", "mirror"],
)
def test_what_cannot_be_a_setting_of_the_log_stops_the_start(
    settings: Settings, tmp_path: Path, command: tuple[str, ...], variable: str, value: str, told: str
) -> None:
    environ = environment(settings, PORT=str(free_port()), **{variable: value})
    with running(tmp_path / "log", environ, *command) as process:
        wait_until(lambda: process.ended, otherwise=lambda: process.output)
        assert told in process.output.strip().splitlines()[-1]
        assert process.exit_code
