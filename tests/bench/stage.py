"""The stage of every measurement: the real parts in a folder of their own, and our processes on top."""

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import psycopg
import requests
from redis import Redis

from app.settings import WORKER_NEEDS, Settings, read
from demo import parts
from demo.lastfm import StandIn

BIN = Path(sys.executable).parent


@dataclass(frozen=True)
class Row:
    """One line of the report."""

    figure: str
    must: str
    measured: str
    reached: bool


@dataclass(frozen=True)
class Stage:
    """Addresses of the parts."""

    admin: str
    environ: dict[str, str]
    lastfm: StandIn

    def forget(self) -> None:
        """Makes it an installation that nobody has visited yet: nothing of the figure before is left."""
        with Redis.from_url(self.environ["REDIS_URL"]) as redis:
            redis.flushdb()
        with psycopg.connect(self.environ["DATABASE_URL"]) as connection:
            connection.execute("TRUNCATE fetch_jobs, lastfm_users, albums CASCADE")

    def settings(self) -> Settings:
        """What the processes read."""
        return read(self.environ, WORKER_NEEDS)


@contextmanager
def stage(folder: Path) -> Iterator[Stage]:
    """PostgreSQL with the demo's mirror, Valkey, the stand-in Last.fm."""
    with ExitStack() as stack:
        with parts.postgres(folder / "postgres") as admin:
            _have_statements_counted(admin)
        admin = stack.enter_context(parts.postgres(folder / "postgres"))
        database, reader, owner = parts.filled(admin, folder / "fullexport")
        lastfm = stack.enter_context(StandIn())
        environ = {
            "DATABASE_URL": database,
            "MIRROR_URL": reader,
            "MIRROR_OWNER_URL": owner,
            "REDIS_URL": stack.enter_context(parts.valkey(folder / "valkey")),
            "LASTFM_API_KEY": "bench",
            "LASTFM_API_URL": lastfm.api_url,
            "LASTFM_WEB_URL": lastfm.url,
            "CONTACT": "bench",
            "PORT": str(free_port()),
        }
        yield Stage(admin, environ, lastfm)


def _have_statements_counted(admin: str) -> None:
    """Has PostgreSQL, once it is started anew, count every statement in the view pg_stat_statements."""
    with psycopg.connect(admin, autocommit=True) as connection:
        connection.execute("ALTER SYSTEM SET shared_preload_libraries = 'pg_stat_statements'")
        connection.execute("CREATE EXTENSION pg_stat_statements")


@contextmanager
def running(stage: Stage, *command: str, **extra: str) -> Iterator[subprocess.Popen[bytes]]:
    """One of our processes, ended at the end."""
    environ = {**os.environ, **stage.environ, **extra}
    process = subprocess.Popen([str(BIN / command[0]), *command[1:]], env=environ, stderr=subprocess.DEVNULL)
    try:
        yield process
    finally:
        process.terminate()
        process.wait(15)


@contextmanager
def web(stage: Stage, application: str = "app.web:create_app()") -> Iterator[int]:
    """A web process as it runs in production; gives the port."""
    port = free_port()
    command = ("gunicorn", "--config", "python:app.server", application)
    with running(stage, *command, PORT=str(port)):
        deadline = time.monotonic() + 20
        while True:
            try:
                requests.get(f"http://127.0.0.1:{port}/healthz", timeout=1)
                break
            except (requests.ConnectionError, requests.Timeout):
                if time.monotonic() > deadline:
                    raise
                time.sleep(0.05)
        yield port


def free_port() -> int:
    """A port that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
