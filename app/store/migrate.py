"""Migrations: append-only SQL files, each applied with its own record in one transaction, under a lock."""

import hashlib
from importlib.resources import files

from psycopg import errors

from app.store.database import Connection

LOCK = 0x1A57EA2  # any number that no other program uses for an advisory lock


class MigrationChanged(Exception):
    """An applied migration was edited. Restore the file and put the change into a new one."""


class UnfitDatabase(Exception):
    """The app database cannot take our tables. Its server has to be told something else first."""


def migrate(connection: Connection) -> list[str]:
    """Apply the migrations that are not applied yet, in the order of their names, and return these names.

    May run twice, even at the same moment: the second finds nothing left to do.
    Raises MigrationChanged when an applied file was edited, and UnfitDatabase.
    """
    encoding = connection.info.parameter_status("server_encoding")
    if encoding and encoding != "UTF8":
        raise UnfitDatabase(
            f"The app database is encoded in {encoding}, which does not have every listener's letters: create it"
            " anew with createdb --template=template0 --encoding=UTF8"
        )
    try:
        return [name for name, text in migrations() if _apply(connection, name, text)]
    except errors.InsufficientPrivilege:
        raise UnfitDatabase(
            "The user of the app database may not create tables in it: make it the owner"
            " (ALTER DATABASE … OWNER TO …)"
        ) from None


def migrations() -> list[tuple[str, str]]:
    """Return name and text of each migration, in order."""
    folder = files("app.store") / "migrations"
    scripts = [entry for entry in folder.iterdir() if entry.name.endswith(".sql")]
    return [(entry.name, entry.read_text(encoding="utf-8")) for entry in sorted(scripts, key=lambda e: e.name)]


def outstanding(connection: Connection) -> list[str]:
    """Return the names of the migrations that are not applied yet."""
    table = connection.execute("SELECT to_regclass('migrations')").fetchone()
    done = connection.execute("SELECT name FROM migrations").fetchall() if table and table[0] else []
    return [name for name, _ in migrations() if (name,) not in done]


def _apply(connection: Connection, name: str, text: str) -> bool:
    digest = hashlib.sha256(text.encode()).hexdigest()
    with connection.transaction():
        # Taken per file and released with its transaction: a transaction pooler keeps no session lock.
        connection.execute("SELECT pg_advisory_xact_lock(%s)", [LOCK])
        connection.execute("SET LOCAL lock_timeout = '5s'")
        connection.execute(
            """
            CREATE TABLE IF NOT EXISTS migrations (
                name text PRIMARY KEY,
                sha256 text NOT NULL,
                applied_at timestamptz NOT NULL DEFAULT now()
            )
            """
        )
        found = connection.execute("SELECT sha256 FROM migrations WHERE name = %s", [name]).fetchone()
        if found is not None and found[0] != digest:
            raise MigrationChanged(
                f"{name} was edited after it was applied. Restore the file and put the change into a new one"
            )
        if found is None:
            connection.execute(text.encode())
            connection.execute("INSERT INTO migrations (name, sha256) VALUES (%s, %s)", [name, digest])
    return found is None
