"""Dumps of the app database: whole or not there, restored as they were made, and nobody comes back with them."""

import fcntl
import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from redis.exceptions import ConnectionError as RedisConnectionError

from app.jobs import forget
from app.jobs.forget import forget_listener
from app.redis.event_stream import Topic, latest_snapshot
from app.settings import Settings
from app.store import connect, forgetting
from app.store.upkeep import backup
from app.store.upkeep.backup import SCRATCH, read_contents
from demo.services import POSTGRES_PROGRAM, database_url
from tests.integration.conftest import fresh_database
from tests.integration.worker.conftest import Stage, some_plays
from tests.processes import environment
from worker.cli import main
from worker.commands.backups import dumps

Lastyear = Callable[..., Result]
NAMES = ("LeavingLeo", "LeavingLea", "StayingSue")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "dumps"


@pytest.fixture
def lastyear(settings: Settings, folder: Path, monkeypatch: pytest.MonkeyPatch) -> Lastyear:
    """Runs a command, with the programs of the server's version in PATH."""
    monkeypatch.setenv("PATH", f"{POSTGRES_PROGRAM.parent}:{os.environ['PATH']}")

    def run(*command: str, **extra: str) -> Result:
        values = environment(settings, **{"BACKUP_FOLDER": str(folder), "PATH": os.environ["PATH"], **extra})
        return CliRunner().invoke(
            main, command, env={name: value for name, value in values.items() if name.isupper()}
        )

    return run


@pytest.fixture
def fetched(stage: Stage) -> Stage:
    """An installation with three listeners, of whom one was forgotten for good."""
    for name in NAMES:
        stage.take_in(name, some_plays(5))
        stage.fetch(name, 2023)
    return stage


@pytest.fixture
def elsewhere(postgres: str) -> Iterator[str]:
    with fresh_database(postgres) as url:
        yield url


def test_a_dump_is_verified_and_restored_with_everything_in_it(
    fetched: Stage, lastyear: Lastyear, folder: Path, elsewhere: str
) -> None:
    there = read_contents(fetched.connection)
    result = lastyear("backup")
    assert (result.exit_code, result.output.count("Kept: 1 dump.")) == (0, 1), result.output
    (path,) = dumps(folder)
    assert {one.stat().st_mode & 0o077 for one in (folder, *folder.glob("*.dump*"))} == {0}
    result = lastyear("restore", "--verify")
    assert (result.exit_code, "restored" in result.output) == (0, True), result.output
    query = "SELECT FROM pg_database WHERE datname = %s"
    assert fetched.connection.execute(query, [SCRATCH]).rowcount == 0, "it is dropped again"
    result = lastyear("restore", str(path), DATABASE_URL=elsewhere)
    assert result.exit_code == 0, result.output
    with connect(elsewhere) as connection:
        assert read_contents(connection) == there
    result = lastyear("migrate", DATABASE_URL=elsewhere)
    assert result.output == "The tables are up to date.\n"


def test_what_is_there_is_replaced_only_if_told_and_whoever_has_left_meanwhile_does_not_come_back(
    fetched: Stage, lastyear: Lastyear, folder: Path
) -> None:
    fetched.fetch("SingleSam", 2024)
    assert lastyear("backup").exit_code == 0
    (path,) = dumps(folder)
    forget_listener(fetched.connection, fetched.redis, "LeavingLeo", for_good=True)
    forget_listener(fetched.connection, fetched.redis, "LeavingLea")
    fetched.connection.execute("CREATE TABLE of_a_newer_version (id int)")
    fetched.connection.execute("INSERT INTO migrations (name, sha256) VALUES ('9999_newer.sql', '')")
    before = read_contents(fetched.connection)
    result = lastyear("restore", str(path))
    assert (result.exit_code, "not empty" in result.output) == (1, True)
    assert "Aborted" in lastyear("restore", str(path), "--replace").output
    assert read_contents(fetched.connection) == before
    result = lastyear("restore", str(path), "--replace", "--yes")
    assert (result.exit_code, "Forgot 2 listeners again." in result.output) == (0, True), result.output
    rows = read_contents(fetched.connection).rows
    assert (rows["lastfm_users"], rows["forgotten_names"]) == (2, 2)
    assert "of_a_newer_version" not in rows
    assert forgetting.is_barred(fetched.connection, "leavingleo")
    assert fetched.rows("StayingSue", 2023) == fetched.told("StayingSue", 2023)
    assert fetched.rows("SingleSam", 2024) == fetched.told("SingleSam", 2024)
    assert latest_snapshot(fetched.redis, Topic("StayingSue", 2023)) is None, "pages read the database again"


def test_nobody_comes_back_with_a_dump_because_redis_is_away(
    fetched: Stage, lastyear: Lastyear, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert lastyear("backup").exit_code == 0
    (path,) = dumps(folder)
    for name in ("LeavingLeo", "LeavingLea"):
        forget_listener(fetched.connection, fetched.redis, name, for_good=True)
    before = read_contents(fetched.connection)
    restore = ("restore", str(path), "--replace", "--yes")
    assert lastyear(*restore, REDIS_URL="redis://127.0.0.1:1").exit_code == 1
    assert read_contents(fetched.connection) == before, "nothing was replaced"

    def goes_away(*_: object, **__: object) -> None:
        raise RedisConnectionError

    with monkeypatch.context() as away:
        away.setattr(forget, "forget_in_redis", goes_away)
        assert lastyear(*restore).exit_code == 1
    rows = read_contents(fetched.connection).rows
    assert (rows["lastfm_users"], rows["forgotten_names"]) == (1, 2), "both are gone from the database"
    assert lastyear(*restore).exit_code == 0


def test_an_extension_that_no_dump_contains_is_not_dropped_in_silence(
    fetched: Stage, lastyear: Lastyear, folder: Path
) -> None:
    fetched.connection.execute("CREATE EXTENSION pg_trgm SCHEMA public")
    assert lastyear("backup").exit_code == 0
    (path,) = dumps(folder)
    result = lastyear("restore", str(path), "--replace", "--yes")
    assert (result.exit_code, "extensions that no dump contains: pg_trgm." in result.output) == (1, True)
    fetched.connection.execute("CREATE SCHEMA extensions")
    fetched.connection.execute("ALTER EXTENSION pg_trgm SET SCHEMA extensions")
    result = lastyear("restore", str(path), "--replace", "--yes")
    assert result.exit_code == 0, result.output
    assert fetched.connection.execute("SELECT FROM pg_extension WHERE extname = 'pg_trgm'").rowcount == 1


def test_a_dump_that_is_torn_or_changed_is_none_and_the_last_few_are_kept(
    fetched: Stage, lastyear: Lastyear, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for _ in range(4):
        assert lastyear("backup", BACKUP_KEEP="2").exit_code == 0
    whole = dumps(folder)
    (folder / f".{whole[0].name}.partial").write_bytes(b"half")
    with monkeypatch.context() as away:
        away.setattr(backup, "_run", killed)
        assert lastyear("backup", BACKUP_KEEP="2").exit_code == 1
    assert dumps(folder) == whole
    assert {path.name for path in folder.iterdir()} == {
        ".lock",
        *(path.name for path in whole),
        *(f"{path.name}.json" for path in whole),
    }
    content = whole[1].read_bytes()
    whole[1].write_bytes(content[:-100])
    result = lastyear("restore", "--verify")
    assert (result.exit_code, "its checksum differs" in result.output) == (1, True)
    (folder / f"{whole[1].name}.json").unlink()
    result = lastyear("restore", "--verify")
    assert result.exit_code == 1, "PostgreSQL notices as well"
    whole[1].write_bytes(content)
    result = lastyear("restore", "--verify")
    assert "nothing beside it says how many" in result.output
    with (folder / ".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        assert "Another backup is running" in lastyear("backup").output


def killed(*_: object) -> bytes:
    raise backup.BackupFailed("pg_dump: killed")


def test_what_is_missing_is_said(
    fetched: Stage, lastyear: Lastyear, tmp_path: Path, postgres: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    programs = tmp_path / "programs"
    programs.mkdir()
    assert "BACKUP_FOLDER: missing" in lastyear("backup", BACKUP_FOLDER="").output
    assert "There is no dump in" in lastyear("restore", "--verify").output
    with monkeypatch.context() as away:
        away.setenv("PATH", str(programs))
        assert "pg_dump is not installed" in lastyear("backup", PATH=str(programs)).output
        old = programs / "pg_dump"
        old.write_text("#!/bin/sh\necho 'pg_dump (PostgreSQL) 9.6.24'\n")
        old.chmod(0o755)
        said = lastyear("backup", PATH=str(programs)).output
    assert "pg_dump here is of PostgreSQL 9, and the server of 18" in said
    (tmp_path / "file").touch()
    assert "BACKUP_FOLDER" in lastyear("backup", BACKUP_FOLDER=str(tmp_path / "file")).output
    assert lastyear("backup").exit_code == 0
    fetched.connection.execute("CREATE ROLE modest LOGIN")
    modest = database_url(postgres, "postgres", "modest")
    said = lastyear("restore", "--verify", DATABASE_URL=modest, DATABASE_DIRECT_URL=modest).output
    fetched.connection.execute("DROP ROLE modest")
    assert "may not create databases" in said


def test_no_password_is_an_argument_of_a_program(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[tuple[str, str]] = []

    def run(command: list[str], *, env: dict[str, str], **_: object) -> None:
        seen.append((" ".join(command), env["PGPASSWORD"]))
        raise FileNotFoundError

    monkeypatch.setattr("subprocess.run", run)
    with pytest.raises(backup.BackupFailed, match="not installed"):
        backup._run(["pg_dump"], "postgresql://user:p%2Fw@host.example/name?sslmode=require")
    assert seen == [("pg_dump", "p/w")]
