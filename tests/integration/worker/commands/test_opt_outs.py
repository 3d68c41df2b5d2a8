"""Opt-outs on their way to another database: whoever was kept out here is kept out there."""

import json
from collections.abc import Iterator

import pytest
from click.testing import CliRunner, Result

from app.events import new_run
from app.settings import Settings
from app.store import connect, forgetting
from tests.integration.conftest import fresh_database
from tests.integration.worker.conftest import Stage, some_plays
from tests.processes import environment
from worker.cli import main


@pytest.fixture
def elsewhere(postgres: str, migrated: str) -> Iterator[str]:
    """The URL of a new app database."""
    with fresh_database(postgres, migrated) as url:
        with connect(url) as connection:  # a copy has the key of its original
            connection.execute("UPDATE forgotten_names_key SET secret = sha256('another')")
        yield url


def lastyear(settings: Settings, *command: str, given: str = "", **extra: str) -> Result:
    environ = {name: value for name, value in environment(settings, **extra).items() if name.isupper()}
    return CliRunner().invoke(main, ["opt-outs", *command], env=environ, input=given)


def test_they_are_exported_without_names_and_imported_as_often_as_one_likes(
    stage: Stage, settings: Settings, elsewhere: str
) -> None:
    for name in ("LeavingLeo", "LeavingLea"):
        forgetting.forget(stage.connection, name, new_run(), for_good=True)
    forgetting.forget(stage.connection, "ComingBack", new_run())
    listed = lastyear(settings, "export").output
    assert "eaving" not in listed
    assert [line.partition(",")[0] for line in listed.splitlines()] == ["kind", "key", "hash", "hash"]
    assert len(json.loads(lastyear(settings, "export", "--json").output)["hashes"]) == 2
    for added in (2, 0):
        result = lastyear(settings, "import", "--json", given=listed, DATABASE_URL=elsewhere)
        assert (result.exit_code, json.loads(result.output)) == (0, {"added": added, "deleted": 0})
    assert lastyear(settings, "export", DATABASE_URL=elsewhere).output == listed
    with connect(elsewhere) as connection:
        barred = [
            name for name in ("leavingleo", "LeavingLea", "ComingBack") if forgetting.is_barred(connection, name)
        ]
    assert barred == ["leavingleo", "LeavingLea"]


def test_what_is_stored_about_whoever_is_listed_is_deleted(stage: Stage, settings: Settings) -> None:
    for name in ("LeavingLeo", "LeavingLea", "StayingSue"):
        stage.take_in(name, some_plays(3))
        stage.fetch(name, 2023)
    key = json.loads(lastyear(settings, "export", "--json").output)["key"]
    row = stage.connection.execute("SELECT encode(name_hash('leavinglea'), 'hex')").fetchone()
    given = f"LEAVINGLEO\nkey,{key}\nhash,{row[0] if row else ''}\n"
    result = lastyear(settings, "import", given=given)
    assert result.output == "Added: 2 names.\nDeleted what was stored about 2 listeners.\n"
    assert [len(stage.rows(name, 2023)) for name in ("LeavingLeo", "LeavingLea", "StayingSue")] == [0, 0, 3]
    assert lastyear(settings, "import", given=given).output == "Added: 0 names.\n"


def test_junk_changes_nothing_and_another_key_joins_no_names(
    stage: Stage, settings: Settings, elsewhere: str
) -> None:
    result = lastyear(settings, "import", given="LeavingLeo\nno name\n")
    assert result.exit_code == 1
    assert "Line 2 is neither" in result.output
    assert not forgetting.is_barred(stage.connection, "LeavingLeo")
    forgetting.forget(stage.connection, "LeavingLeo", new_run(), for_good=True)
    with connect(elsewhere) as connection:
        forgetting.forget(connection, "Other", new_run(), for_good=True)
    listed = lastyear(settings, "export").output
    result = lastyear(settings, "import", given=listed, DATABASE_URL=elsewhere)
    assert result.exit_code == 1
    assert "of its own" in result.output
    with connect(elsewhere) as connection:
        assert not forgetting.is_barred(connection, "LeavingLeo")
        assert forgetting.is_barred(connection, "Other")
