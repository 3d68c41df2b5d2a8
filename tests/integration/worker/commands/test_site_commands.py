"""The commands by which an operator runs the site, on a real database and Redis and, where it matters, workers."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from redis import Redis
from rq import SimpleWorker
from rq.serializers import JSONSerializer

from app.events import Event
from app.jobs import admin
from app.jobs.enqueue import enqueue_rematch, enqueue_year
from app.jobs.queues import CHORES, FETCHES, QUEUES, QueueFull, queue
from app.redis.event_stream import Snapshot, Topic, latest_snapshot
from app.redis.notice import MAX_CHARACTERS, read_notice
from app.redis.pause import is_paused, pause, resume
from app.settings import Settings
from app.store import forgetting
from tests.conftest import wait_until
from tests.integration.worker.conftest import RECENT, Stage
from tests.processes import environment, workers
from worker.cli import main
from worker.commands import site_commands
from worker.safe_queue import SafeQueue

Run = Callable[..., Result]


@pytest.fixture
def run(settings: Settings) -> Run:
    """Type a command, whose every setting is given."""
    environ = {name: value for name, value in environment(settings).items() if name.isupper()}
    return lambda *words: CliRunner().invoke(main, words, env=environ)


def told(result: Result) -> Any:
    assert result.exit_code == 0, result.output
    return json.loads(result.stdout)


def test_a_year_is_queued_once_and_fetched_anew_on_request(stage: Stage, run: Run) -> None:
    first, second = run("fetch", "SingleSam", "2023"), run("fetch", "singlesam", "2023")
    assert first.stdout == "SingleSam's 2023 is queued.\n"
    assert "No worker is running" in first.stderr
    assert second.stdout == "singlesam's 2023 is on its way already.\n"
    stage.run_jobs()
    calls = stage.calls(RECENT)
    assert told(run("fetch", "SINGLESAM", "2023", "--json"))["listener"] == "SingleSam"
    stage.run_jobs()
    assert stage.calls(RECENT) == calls, "all of it was proven"
    assert told(run("fetch", "SingleSam", "2023", "--anew", "--json"))["is_new"] is True
    stage.run_jobs()
    assert stage.calls(RECENT) > calls
    assert stage.event("SingleSam", 2023).phase == "completed"


def test_waiting_for_a_year_ends_with_it_and_says_how(
    stage: Stage, run: Run, settings: Settings, tmp_path: Path
) -> None:
    with workers(settings, tmp_path / "log"):
        done = run("fetch", "SingleSam", "2023", "--wait")
        nobody = run("fetch", "NobodyNed", "2023", "--wait", "--json")
    plays = len(stage.told("SingleSam", 2023))
    assert done.stdout.splitlines()[-1] == f"SingleSam's 2023 is here: {plays:,} play{'s' * (plays != 1)}."
    assert done.exit_code == 0
    assert nobody.exit_code == 1
    assert json.loads(nobody.stdout) | {"run": ""} == {
        "listener": "NobodyNed",
        "year": 2023,
        "run": "",
        "is_new": True,
        "state": "failed",
        "plays": 0,
        "error": "no such user",
    }


def test_nobody_waits_for_what_does_not_come(stage: Stage, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    def paused_meanwhile(redis: Redis, topic: Topic) -> Snapshot | None:
        pause(redis)
        return latest_snapshot(redis, topic)

    with monkeypatch.context() as later:
        later.setattr(site_commands, "latest_snapshot", paused_meanwhile)
        waited = run("fetch", "SingleSam", "2023", "--wait")
    assert (waited.exit_code, waited.stderr.splitlines()[-1]) == (1, site_commands.PAUSED)
    resume(stage.redis)
    monkeypatch.setattr(site_commands, "NO_WORKER_SECONDS", 0)
    waited = run("fetch", "SingleSam", "2023", "--wait", "--json")
    assert (waited.exit_code, json.loads(waited.stdout)["state"]) == (1, "queued")
    assert waited.stderr.splitlines()[-1] == "No worker is running, so nothing is waited for."


def test_what_cannot_be_fetched_is_said_before_anything_is_queued(stage: Stage, run: Run) -> None:
    for words in (
        ("a b", "2023"),
        ("SingleSam", "1999"),
        ("SingleSam", "2999"),
        ("SingleSam", "x"),
        ("SingleSam",),
    ):
        assert run("fetch", *words).exit_code == 2, words
    with stage.connection.transaction():
        forgetting.forget(stage.connection, "SingleSam", stage.ask("SingleSam", 2023), for_good=True)
    stage.run_jobs()
    barred = run("fetch", "SingleSam", "2023")
    assert (barred.exit_code, barred.stderr) == (
        1,
        "Error: SingleSam was forgotten for good. First: lastyear admit SingleSam\n",
    )
    assert admin.list_jobs(stage.redis) == []


def test_pausing_and_resuming_say_what_they_change(stage: Stage, run: Run) -> None:
    assert run("pause").stdout == "Fetching is paused. Go on with: lastyear resume\n"
    assert run("pause").stdout.startswith("Fetching was paused already, ")
    assert told(run("pause", "--json"))["paused"] is True
    waiting = run("fetch", "SingleSam", "2023", "--wait")
    assert waiting.exit_code == 1
    assert waiting.stderr == site_commands.PAUSED + "\n"
    doctor = {one["part"]: one for one in json.loads(run("doctor", "--json").stdout)["findings"]}["queue"]
    assert (doctor["state"], doctor["mend"]) == ("warning", "`lastyear resume`")
    assert doctor["seen"].startswith("fetching is paused for ")
    assert doctor["seen"].endswith("; 1 waiting")
    assert run("resume").stdout == "Fetching goes on.\n"
    assert run("resume").stdout == "Fetching was not paused.\n"
    assert told(run("resume", "--json")) == {"paused": False, "was_paused": False}


def work_as_workers_do(stage: Stage) -> None:
    """Run what our workers would take."""
    worker = SimpleWorker(list(QUEUES), connection=stage.redis, serializer=JSONSerializer, queue_class=SafeQueue)
    worker.work(burst=True, logging_level="WARNING")


def test_a_fetch_under_way_stops_at_a_stretch_and_loses_nothing(stage: Stage) -> None:
    stage.one_call_at_a_time()
    stage.without_preview()
    stage.grant(50)

    def pause_it(event: Event) -> None:
        if event.phase == "fetching" and event.done:
            pause(stage.redis)

    before = stage.context
    stage.watch(pause_it)
    run = stage.ask("LightLuca", 2023)
    work_as_workers_do(stage)
    event = stage.event("LightLuca", 2023)
    assert is_paused(stage.redis)
    assert event.phase == "fetching"
    assert 0 < event.done < len(stage.told("LightLuca", 2023))
    assert [(job.state, job.listener) for job in admin.list_jobs(stage.redis)] == [("waiting", "LightLuca")]
    stored = len(stage.rows("LightLuca", 2023))
    assert stored == event.done
    stage.context = before
    resume(stage.redis)
    work_as_workers_do(stage)
    assert stage.job("LightLuca", 2023).run == run, "no other one has begun"
    assert stage.event("LightLuca", 2023).phase == "completed"
    assert stage.rows("LightLuca", 2023) == stage.told("LightLuca", 2023)


def test_workers_take_no_fetch_while_it_is_paused_and_do_chores(
    stage: Stage, settings: Settings, tmp_path: Path
) -> None:
    pause(stage.redis)
    run = stage.ask("SingleSam", 2023)
    assert enqueue_rematch(stage.redis)
    log = tmp_path / "log"
    with workers(settings, log, count=2) as process:
        wait_until(lambda: "Compared release years" in process.output, otherwise=lambda: process.output)
        assert queue(stage.redis, CHORES).count == 0
        assert queue(stage.redis, FETCHES).job_ids == [f"fetch-{run.hex}"]
        assert stage.lastfm.calls == []
        resume(stage.redis)
        wait_until(lambda: stage.event("SingleSam", 2023).phase == "completed", otherwise=lambda: process.output)
    assert stage.rows("SingleSam", 2023) == stage.told("SingleSam", 2023)


def break_down(stage: Stage, year: int) -> None:
    def watch(event: Event) -> None:
        if event.phase == "fetching":
            raise RuntimeError("a fault of ours")

    before = stage.context
    stage.watch(watch)
    stage.ask("SingleSam", year)
    stage.work()
    stage.context = before


def full_after(times: int) -> Callable[..., Event | None]:
    """A queue in which there is room for so many years."""
    room = iter(range(times))

    def enqueue(*arguments: Any, **options: Any) -> Event | None:
        if next(room, None) is None:
            raise QueueFull
        return enqueue_year(*arguments, **options)

    return enqueue


def test_failed_jobs_are_listed_and_done_after_all(
    stage: Stage, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert run("jobs").stdout == "No job runs, waits or has failed.\n"
    assert run("jobs", "--failed").stdout == "No job has failed.\n"
    for year in (2021, 2022, 2023):
        break_down(stage, year)
    stage.ask("LightLuca", 2024)
    listed = told(run("jobs", "--json"))["jobs"]
    assert sorted((one["state"], one["listener"], one["year"], one["reason"]) for one in listed) == [
        ("failed", "SingleSam", 2021, "RuntimeError"),
        ("failed", "SingleSam", 2022, "RuntimeError"),
        ("failed", "SingleSam", 2023, "RuntimeError"),
        ("waiting", "LightLuca", 2024, ""),
    ]
    first, *others = told(run("jobs", "--failed", "--json"))["jobs"]
    assert f"a year SingleSam {first['year']}: RuntimeError  ({first['id']})" in run("jobs", "--failed").stdout
    assert run("jobs", "--retry", "fetch-of-nobody").stderr == (
        "Error: There is no failed job of that id. `lastyear jobs --failed` lists them.\n"
    )
    assert [one["id"] for one in told(run("jobs", "--retry", first["id"], "--json"))["retried"]] == [first["id"]]
    assert [one["id"] for one in told(run("jobs", "--failed", "--json"))["jobs"]] == [one["id"] for one in others]
    with monkeypatch.context() as full:
        full.setattr(admin, "enqueue_year", full_after(1))
        stopped = run("jobs", "--retry")
    assert (stopped.exit_code, stopped.stdout.count("queued again: failed")) == (1, 1)
    assert len(told(run("jobs", "--failed", "--json"))["jobs"]) == 1
    assert run("jobs", "--retry").stdout.startswith("queued again: failed")
    assert run("jobs", "--retry").stdout == "No job has failed.\n"
    stage.run_jobs()
    for year in (2021, 2022, 2023):
        assert stage.event("SingleSam", year).phase == "completed"


def test_a_notice_is_shown_bounded_and_cleared(stage: Stage, run: Run) -> None:
    assert run("notice").stdout == "There is no notice.\n"
    assert run("notice", "  Moving\n on  Sunday <b>").stdout == "Every page says: Moving on Sunday <b>\n"
    assert told(run("notice", "--json")) == {"notice": "Moving on Sunday <b>"}
    for bad in ("", " \n", "x" * (MAX_CHARACTERS + 1), "bell\a", "right to\u202e left"):
        result = run("notice", bad)
        assert result.exit_code == 1, bad
        assert result.stderr.startswith("Error: The notice ")
    assert read_notice(stage.redis) == "Moving on Sunday <b>"
    assert run("notice", "--clear", "text").exit_code == 2
    assert run("notice", "--clear").stdout == "There is no notice.\n"
    assert run("notice", "x" * MAX_CHARACTERS).exit_code == 0


def test_the_token_is_what_the_log_says_of_a_listener(run: Run) -> None:
    assert "DATABASE_URL has no password" in run("token", "SingleSam").stderr
    database = {"DATABASE_URL": "postgresql://me:secret@db.example.org/lastyear"}
    token = CliRunner().invoke(main, ["token", "SingleSam"], env=database).stdout
    assert token == CliRunner().invoke(main, ["token", "singlesam"], env=database).stdout
    assert token.startswith("user-")
