"""Upgrades: the present code reads what earlier versions have stored, and the one before works on new tables."""

import os
import subprocess
import sys
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from shutil import copy
from uuid import UUID

import pytest

import app.store.migrate
from app.events import Failure, new_run
from app.listening_years import year_bounds
from app.store import Connection, connect, fetch_jobs, forgetting, listeners
from app.store.albums import Album, known, names_key
from app.store.migrate import migrate, migrations, outstanding
from app.store.plays import counted_years, scrobbles
from app.store.plays.year_events import year_event
from app.store.upkeep import room
from worker.chores.canary import try_store

ROOT = Path(__file__).parents[4]
MIGRATIONS = "app/store/migrations"

STORED = Path(__file__).parent / "stored"
"""What was stored first with the tables of each migration, as the code of its time did it."""


@pytest.fixture(params=[name for name, _ in migrations()])
def of_then(
    request: pytest.FixtureRequest, empty_database: str, monkeypatch: pytest.MonkeyPatch
) -> Iterator[tuple[Connection, str]]:
    """A database as it was when this migration was the newest, with rows in every table."""
    with connect(empty_database) as connection:
        for number, (name, _) in enumerate(migrations(), start=1):
            monkeypatch.setattr(app.store.migrate, "migrations", partial(list, migrations()[:number]))
            assert migrate(connection) == [name]
            if (rows := STORED / name).exists():
                connection.execute(rows.read_bytes())
            if name == request.param:
                break
        monkeypatch.undo()
        yield connection, request.param


def test_the_present_code_reads_what_was_stored_before_each_migration(
    of_then: tuple[Connection, str], empty_database: str
) -> None:
    connection, newest = of_then
    assert empty_tables(connection) == [], f"stored/{newest} has no row of a table that it makes"
    after = [name for name, _ in migrations() if name > newest]
    assert migrate(connection) == after
    assert outstanding(connection) == []

    helen = listeners.find(connection, "heavyHELEN")
    assert helen
    assert (helen.username, helen.available_years, helen.first_year) == ("HeavyHelen", [2024, 2023], 2020)
    whole, failed = (fetch_jobs.find(connection, "HeavyHelen", year) for year in (2024, 2023))
    assert whole
    assert failed
    assert whole.was_whole(year_bounds(2024)[1])
    assert failed.failure is Failure.LASTFM_AWAY
    event = year_event(connection, whole, helen)
    assert (event.phase, event.scrobbles, event.matched, event.years) == ("completed", 3, 2, {1997: 2})
    assert scrobbles.count_all_years(connection, helen.id)[2024].years == {1997: 2}
    assert known(connection, [names_key("Radiohead", "OK Computer")])[
        UUID("e8437746-f574-75c0-5d13-587dde647186")
    ] == Album(
        *("Radiohead", "OK Computer", None, UUID("b1392450-e666-3926-a536-22c65f834433"), 1997, "matched", "name"),
        release_group_title="OK Computer",
    )
    assert forgetting.is_barred(connection, "GoneGreta") is (newest >= "0002")
    if newest >= "0003":
        counted = counted_years.of_listener(connection, "heavyhelen")
        assert counted[2022].years == {1973: 4}

    assert room.longest_unseen(connection), "what is stored can give way"
    assert fetch_jobs.claim(connection, "HeavyHelen", 2023, new_run(), window_end=year_bounds(2023)[1])
    assert try_store(empty_database), "and more can be stored"


def empty_tables(connection: Connection) -> list[str]:
    names = connection.execute(
        "SELECT tablename FROM pg_tables WHERE schemaname = 'public' ORDER BY tablename"
    ).fetchall()
    return [name for (name,) in names if not connection.execute(f"SELECT FROM {name} LIMIT 1".encode()).rowcount]


# ---- the version before on new tables


def git(*command: str) -> str:
    done = subprocess.run(["git", *command], cwd=ROOT, capture_output=True, text=True, check=False)
    return done.stdout.strip() if done.returncode == 0 else ""


def version_before() -> str:
    """What a rollback goes back to: the last release, else the code before the newest migration."""
    released = git("describe", "--tags", "--abbrev=0", "--match", "v[0-9]*", "HEAD^")
    newest = f"{MIGRATIONS}/{migrations()[-1][0]}"
    # One that is not committed yet comes after all that is.
    return released or git("log", "--diff-filter=A", "--format=%H^", "-1", "--", newest) or "HEAD"


def test_the_version_before_works_on_the_new_tables(tmp_path: Path) -> None:
    before = version_before()
    if not before or not git("rev-parse", "--verify", f"{before}^{{commit}}"):
        pytest.skip(
            "A ROLLBACK IS NOT TESTED: the version before is not in this clone (shallow, or no clone at all)."
        )
    folder = tmp_path / "before"
    folder.mkdir()
    packed = tmp_path / "before.tar"
    assert git("archive", "--output", str(packed), before) == ""
    subprocess.run(["tar", "-xf", str(packed), "-C", str(folder)], check=True)
    there = {path.name for path in (folder / MIGRATIONS).glob("*.sql")}
    new = [name for name, _ in migrations() if name not in there]
    assert new, "its tables are those of now"
    for name in new:
        copy(ROOT / MIGRATIONS / name, folder / MIGRATIONS / name)
    environ = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST")}
    own = [f"tests/integration/app/store/test_{name}.py" for name in ("fetch_jobs", "scrobbles", "albums")]
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *own],
        cwd=folder, env=environ, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, f"{before} does not work with {new}:\n{done.stdout[-4000:]}{done.stderr[-1000:]}"
