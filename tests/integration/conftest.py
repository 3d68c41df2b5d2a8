"""Integration tests need a real PostgreSQL and Valkey, started once; each test has a database of its own."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from urllib.parse import urlsplit
from uuid import uuid4

import psycopg
import pytest
from flask import Flask
from flask.testing import FlaskClient
from psycopg import sql
from psycopg.conninfo import conninfo_to_dict
from redis import Redis
from rq import SimpleWorker
from rq.serializers import JSONSerializer

from app.jobs.queues import QUEUES, queue
from app.settings import WORKER_NEEDS, Settings, read_settings
from app.store import Connection, connect
from app.store.migrate import migrate
from app.web import create_app
from demo import services
from demo.cover_art.stand_in import CoverArtStandIn
from demo.lastfm.stand_in import LastfmStandIn
from demo.musicbrainz.export import write_demo_export
from mirror.importing.load import ImportOptions, import_export
from tests.conftest import PATIENCE, database_folder
from worker.context import WorkerContext

KEY, TOKEN = "key-that-nobody-may-see", "token-that-nobody-may-see"
PASSWORD = "password-that-nobody-may-see"


@pytest.fixture(scope="session")
def postgres() -> Iterator[str]:
    """The URL of a server's superuser."""
    with database_folder() as folder, services.postgres(folder / "data") as url:
        yield url


@pytest.fixture(scope="session")
def valkey() -> Iterator[str]:
    """The URL of a Valkey."""
    with database_folder() as folder, services.valkey(folder) as url:
        yield url


@contextmanager
def fresh_database(postgres: str, copy_of: str = "") -> Iterator[str]:
    """The URL of a database that is empty, or a copy of the one at another URL; it is dropped at the end."""
    name, template = f"test_{uuid4().hex}", conninfo_to_dict(copy_of).get("dbname", "template0")
    with psycopg.connect(postgres, autocommit=True) as connection:
        identifiers = sql.Identifier(name), sql.Identifier(str(template))
        connection.execute(sql.SQL("CREATE DATABASE {} TEMPLATE {}").format(*identifiers))
    yield services.database_url(postgres, name, "postgres")
    with psycopg.connect(postgres, autocommit=True) as connection:
        connection.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))


@pytest.fixture
def empty_database(postgres: str) -> Iterator[str]:
    """The URL of a database with nothing in it."""
    with fresh_database(postgres) as url:
        yield url


@pytest.fixture(scope="session")
def migrated(postgres: str) -> Iterator[str]:
    """The URL of a database with the app's tables, to be copied."""
    with fresh_database(postgres) as url:
        with connect(url) as connection:
            migrate(connection)
        yield url


@pytest.fixture
def database_url(postgres: str, migrated: str) -> Iterator[str]:
    """The URL of an app database with its tables and no rows."""
    with fresh_database(postgres, migrated) as url:
        yield url


@pytest.fixture
def connection(database_url: str) -> Iterator[Connection]:
    """A connection to the app database."""
    with connect(database_url) as connection:
        yield connection


@pytest.fixture(scope="session")
def demo_export(tmp_path_factory: pytest.TempPathFactory) -> str:
    """The folder of the demo's export of MusicBrainz."""
    folder = tmp_path_factory.mktemp("fullexport")
    write_demo_export(folder)
    return str(folder)


@pytest.fixture(scope="session")
def mirror_url(postgres: str, demo_export: str) -> str:
    """The URL of the demo's mirror, for its reader."""
    reader, owner = services.create_mirror_database(postgres)
    import_export(owner, demo_export, reader=services.MIRROR_READER, report=lambda _: None)
    return reader


@pytest.fixture(scope="session")
def recordings_url(postgres: str, demo_export: str) -> Iterator[str]:
    """The URL of the demo's mirror with recordings."""
    with fresh_database(postgres) as url:
        import_export(url, demo_export, options=ImportOptions(profile="recordings"), report=lambda _: None)
        yield url


@pytest.fixture
def redis_url(valkey: str, request: pytest.FixtureRequest) -> str:
    """The URL of the Valkey's database in which a test works.

    Tests of a site that stands for the next ones too have one of their own: it adds what it has counted up to five
    seconds later.
    """
    return other_database(valkey) if "standing_site" in request.fixturenames else valkey


def other_database(valkey: str) -> str:
    """The URL of another database in the same Valkey."""
    return urlsplit(valkey)._replace(path="/1").geturl()


@pytest.fixture
def redis(redis_url: str) -> Iterator[Redis]:
    """An empty database of a Valkey."""
    with Redis.from_url(redis_url) as client:
        client.flushdb()
        yield client


@pytest.fixture
def lastfm() -> Iterator[LastfmStandIn]:
    """A Last.fm that answers at once."""
    with LastfmStandIn(api_key=KEY) as stand_in:
        yield stand_in


@pytest.fixture
def archive() -> Iterator[CoverArtStandIn]:
    """A Cover Art Archive that answers at once."""
    with CoverArtStandIn() as stand_in:
        yield stand_in


@pytest.fixture
def settings(database_url: str, mirror_url: str, redis_url: str, redis: Redis, lastfm: LastfmStandIn) -> Settings:
    """The settings of an installation made of these parts, fast enough for a test."""
    return read_settings(
        {
            "DATABASE_URL": database_url,
            "MIRROR_URL": mirror_url,
            "REDIS_URL": redis_url,
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
def context(settings: Settings) -> WorkerContext:
    """What jobs work with; tries that fail are made again without a wait."""
    return WorkerContext.make(settings, delays=(0.0, 0.0, 0.0, 0.0), pause=0.1)


@pytest.fixture
def run_jobs(context: WorkerContext, redis: Redis, monkeypatch: pytest.MonkeyPatch) -> Callable[[], None]:
    """Runs every job that waits, in this process."""
    monkeypatch.setattr("worker.jobs.from_environment", lambda: context)

    def run() -> None:
        queues = [queue(redis, name) for name in QUEUES]
        SimpleWorker(queues, connection=redis, serializer=JSONSerializer).work(burst=True, logging_level="WARNING")

    return run


@pytest.fixture
def app(settings: Settings) -> Iterator[Flask]:
    """The web application."""
    app = create_app(settings)
    yield app
    app.extensions["lastyear"].close()
    for thread in threading.enumerate():
        if thread.name == "subscriptions":
            thread.join(PATIENCE)


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    """A visitor."""
    return app.test_client()
