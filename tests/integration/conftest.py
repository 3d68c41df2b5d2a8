"""Integration tests need a real PostgreSQL and Valkey, started once; each test has a database of its own."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from uuid import uuid4

import psycopg
import pytest
from flask import Flask
from flask.testing import FlaskClient
from psycopg import sql
from redis import Redis
from rq import SimpleWorker
from rq.serializers import JSONSerializer

from app.fetches import QUEUES, queue
from app.settings import WORKER_NEEDS, Settings, read
from app.store import Connection, connect
from app.store.migrate import migrate
from app.web import create_app
from demo import parts
from demo.lastfm import StandIn
from demo.musicbrainz import write_export
from mirror.load import import_export
from worker.tools import Tools

KEY, TOKEN = "key-that-nobody-may-see", "token-that-nobody-may-see"
PASSWORD = "password-that-nobody-may-see"


@pytest.fixture(scope="session")
def postgres() -> Iterator[str]:
    """The URL of a server's superuser."""
    # Not under pytest's own folder: started by root the server runs as another user, who may not enter that.
    with TemporaryDirectory() as folder:
        Path(folder).chmod(0o755)
        with parts.postgres(Path(folder) / "data") as url:
            yield url


@pytest.fixture(scope="session")
def valkey(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The URL of a Valkey."""
    with parts.valkey(tmp_path_factory.mktemp("valkey")) as url:
        yield url


@contextmanager
def fresh_database(postgres: str, template: str = "template0") -> Iterator[str]:
    """The name of a database that is a copy of `template`, dropped at the end."""
    name = f"test_{uuid4().hex}"
    with psycopg.connect(postgres, autocommit=True) as connection:
        identifiers = sql.Identifier(name), sql.Identifier(template)
        connection.execute(sql.SQL("CREATE DATABASE {} TEMPLATE {}").format(*identifiers))
    yield name
    with psycopg.connect(postgres, autocommit=True) as connection:
        connection.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))


@pytest.fixture
def empty_database(postgres: str) -> Iterator[str]:
    """The URL of a database with nothing in it."""
    with fresh_database(postgres) as name:
        yield parts.url_for(postgres, name, "postgres")


@pytest.fixture(scope="session")
def migrated(postgres: str) -> Iterator[str]:
    """The name of a database with the app's tables, to be copied."""
    with fresh_database(postgres) as name:
        with connect(parts.url_for(postgres, name, "postgres")) as connection:
            migrate(connection)
        yield name


@pytest.fixture
def database_url(postgres: str, migrated: str) -> Iterator[str]:
    """The URL of an app database with its tables and no rows."""
    with fresh_database(postgres, migrated) as name:
        yield parts.url_for(postgres, name, "postgres")


@pytest.fixture
def connection(database_url: str) -> Iterator[Connection]:
    """A connection to the app database."""
    with connect(database_url) as connection:
        yield connection


@pytest.fixture(scope="session")
def mirror_url(postgres: str, tmp_path_factory: pytest.TempPathFactory) -> str:
    """The URL of the demo's mirror, for its reader."""
    export = tmp_path_factory.mktemp("fullexport")
    write_export(export)
    reader, owner = parts.mirror_databases(postgres)
    import_export(owner, str(export), reader=parts.READER, report=lambda _: None)
    return reader


@pytest.fixture
def redis(valkey: str) -> Iterator[Redis]:
    """An empty Valkey."""
    with Redis.from_url(valkey) as client:
        client.flushdb()
        yield client


@pytest.fixture
def lastfm() -> Iterator[StandIn]:
    """A Last.fm that answers at once."""
    with StandIn(api_key=KEY) as stand_in:
        yield stand_in


@pytest.fixture
def settings(database_url: str, mirror_url: str, valkey: str, redis: Redis, lastfm: StandIn) -> Settings:
    """The settings of an installation made of these parts, fast enough for a test."""
    return read(
        {
            "DATABASE_URL": database_url,
            "MIRROR_URL": mirror_url,
            "REDIS_URL": valkey,
            "LASTFM_API_KEY": KEY,
            "LASTFM_API_URL": lastfm.api_url,
            "LASTFM_WEB_URL": lastfm.url,
            "LASTFM_REQUESTS_PER_SECOND": "100",
            "INTERNAL_TOKEN": TOKEN,
            "OPERATOR_PASSWORD": PASSWORD,
            "CONTACT": "tests",
        },
        WORKER_NEEDS,
    )


@pytest.fixture
def tools(settings: Settings) -> Tools:
    """What jobs work with; tries that fail are made again without a wait."""
    return Tools.make(settings, delays=(0.0, 0.0, 0.0, 0.0), pause=0.1)


@pytest.fixture
def run_jobs(tools: Tools, redis: Redis, monkeypatch: pytest.MonkeyPatch) -> Callable[[], None]:
    """Runs every job that waits, in this process."""
    monkeypatch.setattr("worker.jobs.from_environment", lambda: tools)

    def run() -> None:
        queues = [queue(redis, name) for name in QUEUES]
        SimpleWorker(queues, connection=redis, serializer=JSONSerializer).work(burst=True, logging_level="WARNING")

    return run


@pytest.fixture
def app(settings: Settings) -> Iterator[Flask]:
    """The web application."""
    app = create_app(settings)
    yield app
    site = app.extensions["lastyear"]
    site.hub.close()
    site.pool.close()
    site.redis.close()
    for thread in threading.enumerate():
        if thread.name == "hub":
            thread.join(5)


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    """A visitor."""
    return app.test_client()
