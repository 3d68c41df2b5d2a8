"""What docs/operating.md tells to type when a site moves, or loses its database: typed here, on other servers."""

import os
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from pydantic import SecretStr
from redis import Redis

from app.jobs.forget import forget_listener
from app.settings import Settings
from app.store import connect, forgetting
from app.web import create_app
from demo import services
from tests.conftest import database_folder
from tests.integration.conftest import fresh_database
from tests.integration.worker.conftest import Stage
from tests.processes import environment
from worker.cli import main
from worker.commands.backups import dumps

LUCA = ("LightLuca", 2024)


@pytest.fixture
def new_servers(settings: Settings, demo_export: str) -> Iterator[Settings]:
    """The settings of another machine: a PostgreSQL, a Valkey and a mirror of its own, all empty."""
    with database_folder() as folder, ExitStack() as stack:
        admin = stack.enter_context(services.postgres(folder / "data"))
        (folder / "valkey").mkdir()
        redis = stack.enter_context(services.valkey(folder / "valkey"))
        reader, owner = services.create_mirror_database(admin)
        changes = {"mirror_url": reader, "mirror_owner_url": owner, "redis_url": redis}
        changes["database_url"] = services.create_database(admin, "lastyear")
        secret = {name: SecretStr(value) for name, value in changes.items()}
        yield settings.model_copy(update={**secret, "musicbrainz_dump_url": Path(demo_export).as_uri()})


def lastyear(settings: Settings, *command: str, given: str = "", **extra: str) -> str:
    path = f"{services.POSTGRES_PROGRAM.parent}:{os.environ['PATH']}"
    values = environment(settings, **{"PATH": path, **extra})
    environ = {name: value for name, value in values.items() if name.isupper()}
    result = CliRunner().invoke(main, command, env=environ, input=given)
    assert result.exit_code == 0, result.output
    return result.output


def year(settings: Settings) -> dict[str, Any]:
    """What the site's API says of a year."""
    app = create_app(settings)
    try:
        answer = app.test_client().get(f"/api/v1/users/{LUCA[0]}/years/{LUCA[1]}")
        return dict(answer.get_json())
    finally:
        app.extensions["lastyear"].close()


def test_a_site_moves_to_another_machine_with_all_that_it_has_read(
    stage: Stage, settings: Settings, new_servers: Settings, tmp_path: Path
) -> None:
    stage.fetch(*LUCA)
    forget_listener(stage.connection, stage.redis, "LeavingLeo", for_good=True)
    before = year(settings)
    assert (before["state"], before["plays"] > 0) == ("completed", True)
    lastyear(settings, "backup", BACKUP_FOLDER=str(tmp_path))
    (dump,) = dumps(tmp_path)
    lastyear(new_servers, "mirror", "import")
    assert "restored" in lastyear(new_servers, "restore", str(dump))
    assert lastyear(new_servers, "migrate") == "The tables are up to date.\n"
    calls = len(stage.lastfm.calls)
    assert year(new_servers) == before
    assert len(stage.lastfm.calls) == calls, "nothing has to be read again"
    with connect(new_servers.database_url.get_secret_value()) as connection:
        assert forgetting.is_barred(connection, "LeavingLeo")


def test_who_loses_the_app_database_loses_nothing_that_last_fm_does_not_have_and_keeps_out_whoever_was_listed(
    stage: Stage, settings: Settings, postgres: str
) -> None:
    stage.fetch(*LUCA)
    forget_listener(stage.connection, stage.redis, "LeavingLeo", for_good=True)
    before = year(settings)
    listed = lastyear(settings, "opt-outs", "export")  # as is done every night
    with fresh_database(postgres) as url:
        empty = settings.model_copy(update={"database_url": SecretStr(url)})
        lastyear(empty, "migrate")
        assert lastyear(empty, "opt-outs", "import", given=listed) == "Added: 1 name.\n"
        lastyear(empty, "forget", "--all", "--yes")
        assert not [key for key in Redis.keys(stage.redis) if b"lightluca" in key.lower()]
        with connect(url) as connection:
            assert forgetting.is_barred(connection, "LeavingLeo")
        after = year(empty)
        assert (after["state"], after["plays"]) == ("queued", 0), "it is read again"
    assert before["plays"]
