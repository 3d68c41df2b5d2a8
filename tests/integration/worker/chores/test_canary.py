"""The canary goes the way of a fetch, says which step fails, and leaves nothing behind."""

import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from psycopg import sql
from redis import Redis

from app.jobs import canary
from app.jobs.canary import LASTFM, MIRROR, STEPS, STORE, WORKER, Step
from app.jobs.enqueue import enqueue_listener
from app.jobs.queues import queue
from app.redis.pause import pause
from app.settings import Settings
from app.store import Connection
from demo.lastfm.accounts import Account
from demo.lastfm.faults import Fault
from demo.lastfm.stand_in import LastfmStandIn
from tests.conftest import wait_until
from tests.integration.worker.conftest import JOINED
from tests.processes import Running, environment
from worker.cli import main
from worker.lastfm.limiter import Limiter

INFO = "user.getInfo"
FORM = LASTFM, "NotUnderstood"
OF_THE_SITE = (
    "lastyear:workers",
    "lastyear:count",
    "lastyear:lastfm",
    "lastyear:nothing-lost",
    "rq:worker",
    "rq:clean",
)
"""How the keys begin that workers and calls have in any case."""
QUEUES = ("rq:queues", "rq:queue:lookups", "rq:queue:chores")
"""The list of queues, and those for what a worker queues when Redis is new: a search for lost claims, a count."""


@pytest.fixture
def worker(settings: Settings, tmp_path: Path) -> Iterator[Callable[..., Running]]:
    """Starts a worker as systemd does, after these lines of Python."""
    started: list[Running] = []

    def start(*lines: str, **environ: str) -> Running:
        script = "; ".join(["import sys, worker.cli", *lines, "worker.cli.main(['work', '--workers', '1'])"])
        command = [sys.executable, "-c", script]
        started.append(Running(command, environment(settings, **environ), tmp_path / "log"))
        return started[-1]

    yield start
    for process in started:
        process.kill()


@pytest.fixture
def rj(lastfm: LastfmStandIn) -> LastfmStandIn:
    """A Last.fm that knows whom the canary asks for."""
    lastfm.add_account(Account("RJ", JOINED))
    return lastfm


def run(settings: Settings, *arguments: str) -> Result:
    environ = {name: text for name, text in environment(settings).items() if name.isupper()}
    return CliRunner().invoke(main, ["canary", *arguments], env=environ)


def told(result: Result) -> dict[str, tuple[str, str]]:
    """Step -> (its state, what was seen)."""
    lines = [line.split(": ", 2) for line in result.output.splitlines()]
    return {name: (state, seen) for name, state, seen in lines}


def contents(connection: Connection) -> dict[str, int]:
    """How many rows each table has."""
    tables = connection.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'").fetchall()
    found = {}
    for (name,) in tables:
        row = connection.execute(sql.SQL("SELECT count(*) FROM {}").format(sql.Identifier(name))).fetchone()
        found[name] = row[0] if row else -1
    return found


def left_behind(redis: Redis) -> list[str]:
    """The keys and queues that no worker and no call has in any case."""
    names = [name.decode() for name in (*redis.scan_iter("*"), *redis.smembers("rq:queues"))]
    return [name for name in names if not name.startswith(OF_THE_SITE) and name not in QUEUES]


def test_it_goes_the_whole_way_and_leaves_nothing_behind(
    settings: Settings, worker: Callable[..., Running], connection: Connection, redis: Redis, rj: LastfmStandIn
) -> None:
    before = contents(connection)
    process = worker()
    result = run(settings)
    assert result.exit_code == 0, result.output + process.output
    assert [*told(result)] == [*STEPS]
    assert {state for state, _ in told(result).values()} == {"well"}
    assert [call.method for call in rj.calls] == [INFO]
    assert contents(connection) == before
    wait_until(lambda: left_behind(redis) == [], otherwise=lambda: str(left_behind(redis)))


def test_it_is_the_first_that_a_worker_takes(
    settings: Settings, redis: Redis, worker: Callable[..., Running], rj: LastfmStandIn
) -> None:
    for number in range(20):
        assert enqueue_listener(redis, f"Nobody{number}")
    sent = run(settings, "--send").output.strip()
    process = worker()
    result = run(settings, sent)
    assert result.exit_code == 0, result.output + process.output
    assert rj.calls[0].params["user"] == "RJ"


@pytest.mark.parametrize("fault", ["error8", "500", "error29", "html"])
def test_that_lastfm_is_away_is_only_told(
    settings: Settings, worker: Callable[..., Running], rj: LastfmStandIn, fault: str
) -> None:
    rj.faults.add(Fault(fault, INFO, times=None))
    process = worker()
    result = run(settings)
    assert result.exit_code == 0, result.output + process.output
    assert told(result)[LASTFM][0] == "warning"
    assert told(result)[STORE][0] == "well"


def test_a_lastfm_that_cannot_be_reached_and_a_mirror_without_an_import_are_only_told(
    settings: Settings, worker: Callable[..., Running], empty_database: str
) -> None:
    process = worker(LASTFM_API_URL="http://127.0.0.1:1/", MIRROR_URL=empty_database)
    result = run(settings)
    assert result.exit_code == 0, result.output + process.output
    assert told(result)[LASTFM][0] == told(result)[MIRROR][0] == "warning"


def test_a_long_pause_that_lastfm_has_told_is_not_waited_for(
    settings: Settings, worker: Callable[..., Running], redis: Redis
) -> None:
    Limiter(redis, settings.lastfm_requests_per_second).pause(60)
    worker()
    assert told(run(settings))[LASTFM] == ("warning", "gave no usable answer (it has told us to wait)")


def test_it_comes_through_while_fetching_is_paused_and_asks_lastfm_for_nothing(
    settings: Settings, worker: Callable[..., Running], redis: Redis, rj: LastfmStandIn
) -> None:
    pause(redis)
    process = worker()
    result = run(settings)
    assert result.exit_code == 0, result.output + process.output
    assert told(result)[LASTFM] == ("warning", "was not asked: fetching is paused")
    assert told(result)[STORE][0] == "well"
    assert rj.calls == []


@pytest.mark.parametrize("fault", ["error10", "error3"])
def test_a_client_that_lastfm_refuses_has_failed(
    settings: Settings, worker: Callable[..., Running], rj: LastfmStandIn, fault: str
) -> None:
    rj.faults.add(Fault(fault, INFO, times=None))
    worker()
    result = run(settings)
    assert result.exit_code == 1
    assert told(result)[LASTFM][0] == "FAILED"
    assert told(result)[STORE][0] == "well", "the others are looked at all the same"


@pytest.mark.parametrize(
    ("broken", "step", "said"),
    [
        ("worker.jobs.from_environment = lambda: 1 // 0", WORKER, "the job failed: ZeroDivisionError"),
        ("worker.lastfm.client.read_profile = lambda _: 1 // 0", LASTFM, "ZeroDivisionError"),
        ("worker.lastfm.client.read_profile = lambda body: worker.lastfm.payloads._object(body, 'name')", *FORM),
        ("worker.chores.canary.match = lambda *_, **__: []", MIRROR, "0 answers about one album"),
        ("worker.chores.canary.stretches.put = lambda *_, **__: None", STORE, "was counted as {}"),
        ("sys.prefix = '/opt/lastyear/releases/older'", WORKER, "is one of another release (older)"),
    ],
)
def test_a_release_that_is_broken_has_failed(
    settings: Settings, worker: Callable[..., Running], rj: LastfmStandIn, broken: str, step: str, said: str
) -> None:
    worker("import worker.jobs, worker.chores.canary, worker.lastfm.payloads", broken)
    result = run(settings)
    assert result.exit_code == 1
    assert told(result)[step][0] == "FAILED"
    assert said in told(result)[step][1]


def test_an_app_database_that_refuses_is_named_without_its_password(
    settings: Settings, worker: Callable[..., Running]
) -> None:
    worker(DATABASE_URL="postgresql://nobody:secret-of-the-database@127.0.0.1:1/nothing")
    result = run(settings)
    assert result.exit_code == 1
    assert told(result)[STORE][0] == "FAILED"
    assert "DATABASE_URL" in told(result)[STORE][1]
    assert "secret-of-the-database" not in result.output


def test_where_no_worker_is_it_says_so_and_nothing_is_left(settings: Settings, redis: Redis) -> None:
    result = run(settings, "--seconds", "0")
    assert result.exit_code == 1
    assert told(result) == {WORKER: ("FAILED", "no worker of this machine has taken the job in 0 s")}
    assert left_behind(redis) == []


def test_one_canary_leaves_another_in_its_place(redis: Redis) -> None:
    first, second = canary.send(redis), canary.send(redis)
    for number, sent in enumerate((first, second)):
        assert queue(redis, canary.queue_name()).job_ids == [first, second][number:]
        (last,) = canary.follow(redis, sent, 0)
        assert not last.passed
    assert left_behind(redis) == []


def test_one_that_has_gone_twice_is_told_once(redis: Redis) -> None:
    steps = [Step(name=name, passed=True, seen="") for name in (WORKER, LASTFM, *STEPS)]
    for step in steps:
        canary.report(redis, "canary-of-a-killed-worker", step)
    told = list(canary.follow(redis, "canary-of-a-killed-worker", 60))
    assert sorted(told, key=lambda step: STEPS.index(step.name)) == steps[2:]


def test_one_that_is_gone_is_not_waited_for(settings: Settings) -> None:
    result = run(settings, "canary-of-yesterday")
    assert result.exit_code == 1
    assert "the job is gone" in told(result)[WORKER][1]
