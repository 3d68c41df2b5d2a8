"""The doctor as a command: what it prints, how it exits, and that parts that hang or are away do not stop it."""

import json
import socket
import time
from collections.abc import Iterator

import pytest
from click.testing import CliRunner, Result
from pydantic import SecretStr

from app.settings import Settings
from tests.conftest import PATIENCE
from tests.integration.conftest import KEY
from tests.processes import environment
from worker.cli import main
from worker.doctor import State, examine
from worker.pool import FetchWorker

NOWHERE = "postgresql://me:hush-hush@127.0.0.1:1/x"
PARTS = [
    "settings",
    "app database",
    "Last.fm data",
    "redis",
    "queue",
    "workers",
    "failed jobs",
    "mirror",
    "disk",
    "Last.fm key",
    "covers",
    "clock",
]


@pytest.fixture
def environ(settings: Settings) -> dict[str, str]:
    """All variables, so that none is read from a file."""
    return environment(settings)


@pytest.fixture
def deaf() -> Iterator[int]:
    """The port of a server that accepts every connection and never answers."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server.getsockname()[1]


def doctor(environ: dict[str, str], *options: str) -> Result:
    return CliRunner().invoke(main, ["doctor", *options], env={n: v for n, v in environ.items() if n.isupper()})


def test_all_is_well_where_it_is(environ: dict[str, str], hand: FetchWorker) -> None:
    result = doctor(environ)
    assert (result.exit_code, [line[:4] for line in result.output.splitlines()]) == (0, ["well"] * len(PARTS))


def test_programs_get_every_part_in_a_shape_that_stays(environ: dict[str, str], hand: FetchWorker) -> None:
    told = json.loads(doctor(environ, "--json").output)
    assert sorted(told) == ["findings", "state"]
    assert told["state"] == "well"
    assert [finding["part"] for finding in told["findings"]] == PARTS
    assert all(
        sorted(finding) == ["about", "mend", "part", "seen", "state", "unknown"] for finding in told["findings"]
    )


def test_warnings_alone_end_with_1(environ: dict[str, str], hand: FetchWorker) -> None:
    result = doctor({**environ, "LASTFM_API_URL": "http://127.0.0.1:1/"}, "--json")
    assert (result.exit_code, json.loads(result.output)["state"]) == (1, "warning")


def test_what_is_ill_ends_with_2_and_a_command_that_mends_it(environ: dict[str, str]) -> None:
    result = doctor(environ)
    assert result.exit_code == 2
    assert "ill      workers       none is running" in result.output
    assert "→ `lastyear work`" in result.output


def test_parts_that_are_away_are_told_each_for_itself_and_without_secrets(environ: dict[str, str]) -> None:
    away = {
        **environ,
        "DATABASE_URL": NOWHERE,
        "MIRROR_URL": NOWHERE,
        "REDIS_URL": "redis://:hush-hush@127.0.0.1:1/0",
    }
    for options in ([], ["--json"]):
        result = doctor(away, *options)
        assert result.exit_code == 2
        assert "hush-hush" not in result.output
        assert KEY not in result.output
    states = {finding["part"]: finding["state"] for finding in json.loads(result.output)["findings"]}
    assert list(states) == PARTS
    assert [part for part, state in states.items() if state == State.ILL] == ["app database", "redis", "mirror"]


def test_nothing_is_set_is_told_part_by_part(environ: dict[str, str]) -> None:
    result = doctor(dict.fromkeys(environ, ""), "--json")
    seen = {finding["part"]: finding["seen"] for finding in json.loads(result.output)["findings"]}
    assert result.exit_code == 2
    assert seen["settings"] == "DATABASE_URL, MIRROR_URL, REDIS_URL, LASTFM_API_KEY, CONTACT not set"
    assert {seen[part] for part in ("app database", "redis", "mirror", "Last.fm key")} == {"not set"}


def test_settings_that_cannot_be_read_are_a_finding_as_well(environ: dict[str, str]) -> None:
    result = doctor({**environ, "PORT": "many", "REDIS_URL": "http://x"}, "--json")
    assert result.exit_code == 2
    seen = [finding["seen"] for finding in json.loads(result.output)["findings"]]
    assert sorted(line.partition(":")[0] for line in seen) == ["PORT", "REDIS_URL"]


def test_parts_that_hang_do_not_hang_the_doctor(settings: Settings, deaf: int, hand: FetchWorker) -> None:
    silent = f"postgresql://me@127.0.0.1:{deaf}/x?connect_timeout={10 * PATIENCE:.0f}"
    update = {"database_url": SecretStr(silent), "lastfm_api_url": f"http://127.0.0.1:{deaf}/2.0/"}
    began = time.monotonic()
    found = {finding.part: finding for finding in examine(settings.model_copy(update=update), timeout=4)}
    assert time.monotonic() - began < 4 + PATIENCE, "they are not waited for until they give up themselves"
    assert found["app database"].state == State.ILL
    assert "not answered in time" in found["app database"].seen
    assert "not answered in time" in found["Last.fm key"].seen
    assert found["app database"].unknown
    assert found["mirror"].state == found["queue"].state == State.WELL


def test_a_check_that_stumbles_is_told_and_the_others_are_made(
    settings: Settings, hand: FetchWorker, monkeypatch: pytest.MonkeyPatch
) -> None:
    def stumble(*_arguments: object) -> None:
        raise RuntimeError("hush")

    monkeypatch.setattr("worker.doctor.store.outstanding", stumble)
    found = {finding.part: finding for finding in examine(settings)}
    assert found["app database"].seen == "cannot be checked (RuntimeError)"
    assert found["app database"].unknown
    assert found["mirror"].state == State.WELL
