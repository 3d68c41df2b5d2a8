"""Backups: dump the app database, restore a dump, and count what there is, with PostgreSQL's own programs.

Programs get the connection in their environment, never as an argument, which everybody on the machine could read.
"""

import os
import re
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from psycopg import errors, pq, sql
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from app.store.database import Connection, connect

NAME = "lastyear-backup"
SCRATCH = "lastyear_verify"
"""The database into which a dump is restored to see whether it can be."""

_BEFORE = """
SET lock_timeout = '10s';
CREATE TEMPORARY TABLE kept_names AS {names};
CREATE TEMPORARY TABLE kept_key AS {key};
DROP SCHEMA public CASCADE;
CREATE SCHEMA public;
GRANT USAGE ON SCHEMA public TO PUBLIC;
"""
# Whoever was forgotten since the dump was made stays forgotten.
_AFTER = """
DO $$
BEGIN
    IF EXISTS (SELECT FROM kept_names WHERE for_good)
       AND NOT EXISTS (SELECT FROM kept_key JOIN public.forgotten_names_key USING (secret)) THEN
        RAISE EXCEPTION 'other key';
    END IF;
END $$;
INSERT INTO public.forgotten_names (name_hash, voids_runs_before, for_good, forgotten_at)
SELECT name_hash, voids_runs_before, for_good, forgotten_at FROM kept_names
ON CONFLICT (name_hash) DO UPDATE
SET voids_runs_before = GREATEST(forgotten_names.voids_runs_before, EXCLUDED.voids_runs_before),
    for_good = forgotten_names.for_good OR EXCLUDED.for_good,
    forgotten_at = GREATEST(forgotten_names.forgotten_at, EXCLUDED.forgotten_at);
"""


class BackupFailed(Exception):
    """A dump could not be made, read or restored. The message says why, and what to do."""


@dataclass(frozen=True)
class Contents:
    """What a database holds: the rows of each table, and the migrations that it has."""

    rows: dict[str, int]
    migrations: list[str]

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing in it but what migrations have put there."""
        return not any(count for name, count in self.rows.items() if name not in _OF_MIGRATIONS)

    def differences(self, other: "Contents") -> list[str]:
        """Say where they differ, this one named first."""
        names = sorted(self.rows.keys() | other.rows.keys())
        lines = [f"{name}: {self.rows.get(name)} rows, {other.rows.get(name)} restored" for name in names]
        unlike = [
            line for name, line in zip(names, lines, strict=True) if self.rows.get(name) != other.rows.get(name)
        ]
        return unlike + (["the migrations differ"] if self.migrations != other.migrations else [])


_OF_MIGRATIONS = ("migrations", "forgotten_names_key")


def read_contents(connection: Connection) -> Contents:
    """Count everything in the database."""
    tables = connection.execute(
        """
        SELECT relname
        FROM pg_class
        WHERE relnamespace = to_regnamespace('public') AND relkind IN ('r', 'p') AND NOT relispartition
        ORDER BY relname
        """
    ).fetchall()
    rows = {str(name): _count(connection, str(name)) for (name,) in tables}
    if "migrations" not in rows:
        return Contents(rows, [])
    done = connection.execute("SELECT name FROM public.migrations ORDER BY name")
    return Contents(rows, [str(row[0]) for row in done])


def _count(connection: Connection, table: str) -> int:
    row = connection.execute(sql.SQL("SELECT count(*) FROM public.{}").format(sql.Identifier(table))).fetchone()
    return int(row[0]) if row else 0


def dump(url: str, path: Path) -> Contents:
    """Write a dump into `path`, and return what it holds, counted in the same snapshot. Raises BackupFailed."""
    with connect(url, NAME, silence=None) as connection, connection.transaction():
        connection.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        _check_version("pg_dump", connection)
        row = connection.execute("SELECT pg_export_snapshot()").fetchone()
        found = read_contents(connection)
        snapshot = f"--snapshot={row[0] if row else ''}"
        options = ("--format=custom", "--no-owner", "--no-privileges", "--schema=public", snapshot)
        _run(["pg_dump", *options, f"--file={path}"], url)
    _run(["pg_restore", "--list", str(path)], url)
    return found


def restore(url: str, path: Path, *, replace: bool = False) -> Contents:
    """Restore a dump in one transaction, and return what is there then.

    Names that were forgotten since it was made stay forgotten: `opt_outs.voided_names` tells about whom something
    is stored again. Raises BackupFailed, also when the database is not empty and it is not to be replaced.
    """
    with connect(url, NAME, silence=None) as connection:
        _check_version("psql", connection)
        found = read_contents(connection)
        extensions = _extensions(connection)
    if extensions:
        raise BackupFailed(
            f"The schema public, which is replaced, has extensions that no dump contains: {', '.join(extensions)}."
            f" Take them elsewhere first: CREATE SCHEMA extensions; ALTER EXTENSION {extensions[0]} SET SCHEMA"
            " extensions"
        )
    if not (found.is_empty or replace):
        raise BackupFailed(
            f"The database is not empty: {sum(found.rows.values())} rows are in it. Restore into another one, or"
            " say --replace to delete them"
        )
    names, key = "SELECT NULL::bytea AS name_hash, NULL::uuid AS voids_runs_before", "SELECT ''::bytea AS secret"
    names += ", FALSE AS for_good, now() AS forgotten_at LIMIT 0"
    if "forgotten_names_key" in found.rows:
        names, key = "SELECT * FROM public.forgotten_names", "SELECT secret FROM public.forgotten_names_key"
    before = _BEFORE.format(names=names, key=key)
    script = _run(["pg_restore", "--no-owner", "--no-privileges", "--file=-", str(path)], url)
    # A dump of the schema has a line that creates it.
    script = re.sub(rb"(?m)^CREATE SCHEMA public;$", b"", script, count=1)
    whole = before.encode() + script + _AFTER.encode()
    _run(
        ["psql", "--no-psqlrc", "--quiet", "--single-transaction", "--set=ON_ERROR_STOP=1", "--file=-"], url, whole
    )
    with connect(url, NAME, silence=None) as connection:
        return read_contents(connection)


def _extensions(connection: Connection) -> list[str]:
    found = connection.execute(
        """
        SELECT extname
        FROM pg_extension
        WHERE extnamespace = to_regnamespace('public')
        ORDER BY extname
        """
    )
    return [str(name) for (name,) in found]


@contextmanager
def scratch_database(url: str) -> Iterator[str]:
    """Create an empty database on the same server, and drop it at the end. Raises BackupFailed."""
    name = sql.Identifier(SCRATCH)
    with connect(url, NAME, silence=None) as connection:
        try:
            connection.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(name))
            connection.execute(sql.SQL("CREATE DATABASE {} TEMPLATE template0").format(name))
        except errors.InsufficientPrivilege:
            raise BackupFailed(
                "The role of DATABASE_URL may not create databases: ALTER ROLE … CREATEDB, or set DATABASE_URL and"
                " DATABASE_DIRECT_URL to a server where it may"
            ) from None
        try:
            yield make_conninfo(url, dbname=SCRATCH)
        finally:
            connection.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(name))


def _check_version(program: str, connection: Connection) -> None:
    """Raise BackupFailed if the program is not there, or of a version that does not fit the server's."""
    said = _run([program, "--version"], "")
    found = re.search(rb"\) (\d+)", said)
    ours, servers = int(found[1]) if found else 0, connection.info.server_version // 10_000
    # What programs of 17 write, servers before it do not take.
    if ours < servers or (program == "psql" and ours >= 17 > servers):
        raise BackupFailed(
            f"{program} here is of PostgreSQL {ours}, and the server of {servers}: install"
            f" postgresql-client-{servers}, or put the folder of its programs first in PATH"
        )


def _run(command: Sequence[str], url: str, given: bytes = b"") -> bytes:
    """Run one of PostgreSQL's programs on the database, and return what it prints. Raises BackupFailed."""
    kept = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
    environ = {**kept, "LC_ALL": "C", **(_environment(url) if url else {})}
    try:
        done = subprocess.run(command, env=environ, input=given, capture_output=True, check=False)  # noqa: S603
    except FileNotFoundError:
        raise BackupFailed(f"{command[0]} is not installed: install postgresql-client, or set PATH") from None
    if done.returncode:
        raise BackupFailed(_reason(command[0], done.stderr.decode(errors="replace")))
    return done.stdout


def _reason(program: str, said: str) -> str:
    if "other key" in said:
        return (
            "The dump is of another installation, and names were forgotten for good in this one: restore into an"
            " empty database, and take these names there (`lastyear opt-outs`)"
        )
    if "lock timeout" in said:
        return "Somebody is using the database: stop the pages and the workers (`systemctl stop 'lastyear*'`)"
    lines = [line for line in said.splitlines() if "error" in line.casefold() or "FATAL" in line] or [said.strip()]
    return f"{program}: {lines[0][:300]}"


def _environment(url: str) -> dict[str, str]:
    variables = {
        option.keyword.decode(): option.envvar.decode() for option in pq.Conninfo.get_defaults() if option.envvar
    }
    given = conninfo_to_dict(url)
    return {
        variables[name]: str(value) for name, value in given.items() if name in variables and value is not None
    }
