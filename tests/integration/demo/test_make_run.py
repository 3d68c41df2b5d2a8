"""`make run`: what it starts, how it stops, and what it says where it cannot start."""

import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from socket import create_connection

import pytest
import requests

from app.settings import VARIABLES
from app.store import Connection
from demo.ports import free_port
from tests.conftest import PATIENCE, wait_until
from tests.processes import ROOT, answers, family, running

# In a process group of its own, and with its state in another folder than the checkout's.
RUN = """
import os, sys
from pathlib import Path
from demo import __main__ as make_run

os.setpgrp()
make_run.LOCAL = Path(sys.argv[1])
make_run.main()
"""
Environment = Callable[..., dict[str, str]]


@pytest.fixture
def environment(database_url: str, mirror_url: str) -> Environment:
    """Make an environment with databases. Every variable is set or empty, so that no .env fills one in."""

    def make(**variables: str) -> dict[str, str]:
        return {
            **dict.fromkeys(VARIABLES, ""),
            "PATH": os.environ["PATH"],
            "DATABASE_URL": database_url,
            "MIRROR_URL": mirror_url,
            "PORT": str(free_port()),
            **variables,
        }

    return make


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_workers_store_the_stretch_at_hand_before_last_fm_and_redis_stop(
    environment: Environment, connection: Connection, tmp_path: Path, number: signal.Signals
) -> None:
    def stored() -> int:
        row = connection.execute("SELECT count(*) FROM scrobbles_flat").fetchone()
        return int(row[0]) if row else 0

    variables = environment()
    port = int(variables["PORT"])
    with running(tmp_path / "log", variables, "python", "-c", RUN, str(tmp_path)) as site:
        wait_until(lambda: answers(port) or site.ended, seconds=60, otherwise=lambda: site.output)
        assert not site.ended, site.output
        requests.get(f"http://127.0.0.1:{port}/user/HeavyHelen/2024", timeout=PATIENCE).raise_for_status()
        wait_until(stored, seconds=60, otherwise=lambda: site.output)
        started = family(site.pid)
        os.killpg(site.pid, number)
        wait_until(lambda: site.ended, seconds=60, otherwise=lambda: site.output)
        assert site.exit_code == 0
        assert "Traceback" not in site.output
        assert "killed" not in site.output
    assert not [pid for pid in started if Path(f"/proc/{pid}").exists()]
    assert connection.execute("SELECT status FROM fetch_jobs").fetchone() == ("fetching",)


def test_nothing_stands_in_for_a_last_fm_that_is_set(
    environment: Environment, valkey: str, tmp_path: Path
) -> None:
    lastfm = free_port()
    variables = environment(
        REDIS_URL=valkey,
        LASTFM_API_KEY="a key of their own",
        LASTFM_WEB_URL=f"http://127.0.0.1:{lastfm}",
        CONTACT="operator@example.org",
    )
    port = int(variables["PORT"])
    with running(tmp_path / "log", variables, "python", "-c", RUN, str(tmp_path)) as site:
        wait_until(lambda: "Ctrl-C" in site.output or site.ended, seconds=60, otherwise=lambda: site.output)
        assert answers(port), site.output
        with pytest.raises(ConnectionRefusedError):
            create_connection(("127.0.0.1", lastfm))
        assert "HeavyHelen" not in site.output


@pytest.mark.parametrize(
    ("name", "url"),
    [
        ("DATABASE_URL", "postgresql://me:secret@127.0.0.1:1/lastyear?connect_timeout=1"),
        ("DATABASE_DIRECT_URL", "postgresql://me:secret@127.0.0.1:1/lastyear"),
        ("MIRROR_URL", "postgresql://me:secret@127.0.0.1:1/musicbrainz"),
        ("MIRROR_OWNER_URL", "postgresql://me:secret@127.0.0.1:1/musicbrainz"),
        ("REDIS_URL", "redis://:secret@127.0.0.1:1/0"),
    ],
)
def test_an_unreachable_service_is_one_line_that_names_its_setting(
    environment: Environment, valkey: str, tmp_path: Path, name: str, url: str
) -> None:
    variables = environment(**{"REDIS_URL": valkey, "LASTFM_API_KEY": "key", "CONTACT": "me", name: url})
    done = subprocess.run(
        [sys.executable, "-c", RUN, str(tmp_path)], env=variables, cwd=ROOT, capture_output=True, text=True
    )
    (line,) = [line for line in done.stdout.splitlines() if not line.endswith("...")]
    assert line.startswith(f"Cannot start. {name} (127.0.0.1:1) cannot be reached: ")
    assert (done.returncode, done.stderr) == (1, "")
    assert "secret" not in done.stdout
