"""The operator's commands; the doctor's tests have a folder of their own."""

import subprocess
import sys

import pytest
from click.testing import CliRunner, Result

from app.redis.event_stream import Topic, latest_snapshot
from app.settings import Settings
from app.store import albums, connect, forgetting, tracks
from app.store.migrate import migrations
from tests.integration.worker.conftest import Stage
from tests.processes import ROOT, environment
from worker.cli import main


@pytest.fixture
def environ(settings: Settings) -> dict[str, str]:
    """All variables, so that none is read from a file."""
    return environment(settings)


def run(environ: dict[str, str], *command: str) -> Result:
    return CliRunner().invoke(
        main, command, env={name: value for name, value in environ.items() if name.isupper()}
    )


def test_migrate_says_what_it_applied(environ: dict[str, str], empty_database: str) -> None:
    there = {**environ, "DATABASE_URL": empty_database}
    first, second = run(there, "migrate"), run(there, "migrate")
    assert first.output.split() == [word for name, _ in migrations() for word in ("applied", name)]
    assert (second.exit_code, second.output) == (0, "The tables are up to date.\n")


def test_workers_load_the_jobs_before_there_is_one(environ: dict[str, str]) -> None:
    script = """
import sys
from worker import cli
cli.run_workers = lambda *_: sys.exit("worker.jobs" not in sys.modules)
cli.main(["work"])
"""
    assert subprocess.run([sys.executable, "-c", script], env=environ, cwd=ROOT, check=False).returncode == 0


def test_rematch_tells_when_albums_and_songs_are_due(environ: dict[str, str]) -> None:
    told = " ".join(run(environ, "rematch", "--help").output.split())
    assert f"after twice as long each time, up to {albums.LONGEST_WAIT_DAYS} days" in told
    assert f"A song is due {tracks.RETRY_DAYS} days after" in told


def test_migrations_go_past_the_pooler_where_there_is_one(environ: dict[str, str], empty_database: str) -> None:
    result = run({**environ, "DATABASE_DIRECT_URL": empty_database}, "migrate")
    assert result.exit_code == 0
    with connect(empty_database) as connection:
        assert connection.execute("SELECT count(*) FROM migrations").fetchone() == (len(migrations()),)


def test_forget_leaves_nothing_of_a_listener_and_everything_of_others(
    stage: Stage, environ: dict[str, str]
) -> None:
    for name in ("SingleSam", "LightLuca"):
        stage.fetch(name, 2023)
    assert run(environ, "forget", "--yes", "singlesam").output == "Deleted everything about singlesam.\n"
    assert stage.connection.execute("SELECT username FROM lastfm_users").fetchall() == [("LightLuca",)]
    assert stage.rows("SingleSam", 2023) == []
    assert latest_snapshot(stage.redis, Topic("SingleSam", 2023)) is None
    assert stage.event("LightLuca", 2023).phase == "completed"
    assert run(environ, "forget", "--yes", "SingleSam").output == "Nothing was stored about SingleSam.\n"


def test_forgetting_for_good_and_admitting_again_say_what_they_do(stage: Stage, environ: dict[str, str]) -> None:
    stage.fetch("SingleSam", 2023)
    said = run(environ, "forget", "--for-good", "--yes", "SingleSam").output.splitlines()
    assert said == [
        "Deleted everything about SingleSam.",
        "Nothing about SingleSam is read again, until `lastyear admit SingleSam`.",
    ]
    assert forgetting.is_barred(stage.connection, "singlesam")
    assert run(environ, "admit", "singlesam").output == "singlesam can be shown again.\n"
    assert run(environ, "admit", "singlesam").output == "singlesam was not kept out.\n"


def test_forgetting_everyone_asks_first(stage: Stage, environ: dict[str, str]) -> None:
    stage.fetch("SingleSam", 2023)
    refused = run(environ, "forget", "--all")
    assert refused.exit_code == 1
    assert "every listener" in refused.output
    assert stage.rows("SingleSam", 2023)
    assert run(environ, "forget", "--all", "--yes").output == "Deleted everything about 1 listener.\n"
    assert stage.connection.execute("SELECT FROM tracks UNION ALL SELECT FROM albums").rowcount == 0


@pytest.mark.parametrize("command", [[], ["--all", "SingleSam"], ["--all", "--for-good"]])
def test_forget_wants_one_listener_or_all(environ: dict[str, str], command: list[str]) -> None:
    result = run(environ, "forget", "--yes", *command)
    assert result.exit_code == 2
    assert "Give the name of one listener, or --all" in result.output


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"DATABASE_URL": ""}, "DATABASE_URL: missing"),
        ({"DATABASE_URL": "postgresql://me:hush-hush@127.0.0.1:1/x"}, "The app database cannot be reached"),
        ({"PORT": "many"}, "PORT: should be a valid integer"),
    ],
)
def test_what_an_operator_can_mend_is_a_sentence(
    environ: dict[str, str], change: dict[str, str], words: str
) -> None:
    result = run({**environ, **change}, "migrate")
    assert result.exit_code == 1
    assert words in result.output
    assert "Traceback" not in result.output
    assert "hush-hush" not in result.output
