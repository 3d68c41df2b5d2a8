"""What every figure is measured on: real services in a folder of their own, and our processes on top."""

import os
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import psutil
import psycopg
import requests
from psycopg import sql
from redis import Redis

from demo import services
from demo.lastfm.stand_in import LastfmStandIn
from demo.ports import free_port
from tests import processes
from tests.conftest import wait_until

SCALE = float(os.environ.get("SCALE") or 1)
"""The part of their full size at which loads run, to try them out; only at 1 do the figures mean anything."""
SHARED_BUFFERS = "1200MB"
"""Of PostgreSQL, as on the smallest machine that `make provision` is for: three tenths of 4 GB."""


def scaled(size: int) -> int:
    """Return the size of a load, or its length in seconds, at this run's scale."""
    return max(1, round(size * SCALE))


@dataclass(frozen=True)
class Figure:
    """One line of the report."""

    name: str
    target: str
    measured: str
    reached: bool


@dataclass(frozen=True)
class Installation:
    """Services and the settings that lead to them."""

    folder: Path
    admin: str
    environ: dict[str, str]
    lastfm: LastfmStandIn

    def reset(self) -> None:
        """Empty Redis and the app database, so that a figure does not depend on the one before."""
        with Redis.from_url(self.environ["REDIS_URL"]) as redis:
            redis.flushdb()
        self.forget_listeners()

    def forget_listeners(self) -> None:
        """Empty the app database only, which may be done while our processes run."""
        with psycopg.connect(self.environ["DATABASE_URL"]) as connection:
            connection.execute("TRUNCATE fetch_jobs, lastfm_users, albums CASCADE")

    def make_up(self, name: str) -> None:
        """Have the stand-in make up all that a listener ever played, which takes longer than any latency."""
        params = {"method": "user.getInfo", "user": name, "api_key": "bench"}
        requests.get(self.lastfm.api_url, params=params, timeout=30).raise_for_status()


@contextmanager
def installed(folder: Path) -> Iterator[Installation]:
    """Run PostgreSQL with the demo's mirror, Valkey and the stand-in for Last.fm."""
    with ExitStack() as stack:
        with services.postgres(folder / "postgres") as admin:
            _configure(admin)
        admin = stack.enter_context(services.postgres(folder / "postgres"))
        database, reader, owner = services.create_filled_databases(admin, folder / "fullexport")
        lastfm = stack.enter_context(LastfmStandIn())
        environ = {
            "DATABASE_URL": database,
            "MIRROR_URL": reader,
            "MIRROR_OWNER_URL": owner,
            "REDIS_URL": stack.enter_context(services.valkey(folder / "valkey")),
            "LASTFM_API_KEY": "bench",
            "LASTFM_API_URL": lastfm.api_url,
            "LASTFM_WEB_URL": lastfm.url,
            "CONTACT": "bench",
        }
        yield Installation(folder, admin, environ, lastfm)


@contextmanager
def running(installation: Installation, *command: str, **variables: str) -> Iterator[processes.Running]:
    """Run one of our commands until the end of the block."""
    environ = {**os.environ, **installation.environ, **variables}
    with processes.running(installation.folder / "log", environ, *command) as process:
        yield process


@contextmanager
def web(installation: Installation, application: str = "app.web:create_app()", **variables: str) -> Iterator[int]:
    """Run a web process as in production; yield its port once it answers."""
    port = free_port()
    command = ("gunicorn", "--config", "python:app.server", application)
    with running(installation, *command, PORT=str(port), **variables) as process:
        wait_until(lambda: processes.answers(port) or process.ended, otherwise=lambda: process.output)
        yield port


def processes_of(port: int) -> list[psutil.Process]:
    """Return the processes of the web process that listens there."""
    ours = []
    for process in psutil.Process().children(recursive=True):
        with suppress(psutil.NoSuchProcess):  # it has ended meanwhile
            if process.environ().get("PORT") == str(port):
                ours.append(process)
    return ours


def _configure(admin: str) -> None:
    """Give PostgreSQL the buffers that it has on a provisioned machine, and have it count all statements.

    Both from its next start on; the statements are in the view pg_stat_statements.
    """
    with psycopg.connect(admin, autocommit=True) as connection:
        connection.execute(sql.SQL("ALTER SYSTEM SET shared_buffers = {}").format(SHARED_BUFFERS))
        connection.execute("ALTER SYSTEM SET shared_preload_libraries = 'pg_stat_statements'")
        connection.execute("CREATE EXTENSION pg_stat_statements")
