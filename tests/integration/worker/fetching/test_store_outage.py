"""The app database away in the middle of a fetch: the run waits, says so, and goes on with what is not stored."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import psycopg
import pytest
from psycopg.errors import DeadlockDetected
from pydantic import SecretStr
from redis import Redis
from rq.job import Job
from rq.serializers import JSONSerializer

import worker.jobs
from app.events import Event
from app.jobs.job_status import job_id
from app.redis.event_stream import Topic, latest_snapshot
from app.settings import Settings
from app.store import StoreAway, fetch_jobs, stretches
from app.store.fetch_jobs import ABANDONED_AFTER
from app.web import create_app
from tests.conftest import PATIENCE, wait_until
from tests.integration.worker.conftest import Stage, some_plays
from tests.processes import workers
from tests.wire import Wire, socket_of, through, wire
from worker import shutdown
from worker.fetching import store_outage
from worker.fetching.year import complete

KIT = Topic("KilledKit", 2023)
COUNT = 1000


@pytest.fixture
def line(database_url: str) -> Iterator[Wire]:
    """A wire to the app database."""
    with wire(socket_of(database_url)) as made:
        yield made


@pytest.fixture
def at_the_end(stage: Stage, database_url: str, line: Wire) -> Stage:
    """The installation, with its database at the end of the wire."""
    url = SecretStr(through(database_url, line.port))
    settings = stage.context.settings.model_copy(update={"database_url": url})
    stage.context = replace(stage.context, settings=settings)
    stage.take_in("KilledKit", some_plays(COUNT))
    stage.grant(100)
    stage.without_preview()
    return stage


def with_outage(
    begin: Callable[[], None], end: Callable[[], None], times: int, heard: list[Event]
) -> Callable[[Event], None]:
    """What an outage does that begins in mid-fetch and ends when pages have been told of it so many times."""

    def watch(event: Event) -> None:
        heard.append(event)
        times_told = len([one for one in heard if one.waiting_for])
        if event.done == 198 and not times_told:
            begin()
        if times_told == times:
            end()

    return watch


@pytest.mark.parametrize(("how", "times"), [("cut", 2), ("silence", 1)])
def test_a_run_waits_for_its_database_and_goes_on_where_it_was(
    at_the_end: Stage, line: Wire, how: str, times: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(store_outage, "SILENCE_SECONDS", 3.0 if how == "silence" else PATIENCE)
    stage, heard = at_the_end, list[Event]()
    stage.watch(with_outage(getattr(line, how), line.mend, times, heard))
    stage.ask("KilledKit", 2023)
    stage.run_jobs()
    assert stage.rows("KilledKit", 2023) == stage.told("KilledKit", 2023)
    assert stage.job("KilledKit", 2023).status == "completed"
    waiting = [event for event in heard if event.waiting_for]
    assert [(one.phase, one.waiting_for, one.done) for one in waiting] == times * [("fetching", "database", 198)]
    assert heard[-1].waiting_for is None
    assert ABANDONED_AFTER.total_seconds() > store_outage.TELL_EVERY, "or a visit would have it fetched once more"


def test_pages_say_what_a_run_waits_for_and_rq_needs_no_other_try(
    at_the_end: Stage, line: Wire, redis: Redis, tmp_path: Path, settings: Settings
) -> None:
    stage = at_the_end
    run = stage.ask("KilledKit", 2023)
    line.cut()
    with workers(stage.context.settings, tmp_path / "log") as process:
        wait_until(lambda: stage.event("KilledKit", 2023).waiting_for, otherwise=lambda: process.output)
        app = create_app(settings)
        page = app.test_client().get("/user/KilledKit/2023")
        app.extensions["lastyear"].close()
        assert page.status_code == 200
        assert "Waiting for our own database" in page.text
        assert 'data-live="/user/KilledKit/2023"' in page.text
        line.mend()
        wait_until(lambda: stage.event("KilledKit", 2023).phase == "completed", otherwise=lambda: process.output)
        assert process.output.count("Waiting for the app database") == 1
    assert Job.fetch(job_id(run), redis, serializer=JSONSerializer).retries_left == 10
    assert stage.rows("KilledKit", 2023) == stage.told("KilledKit", 2023)


def test_a_database_that_takes_nothing_is_waited_for_with_ever_fewer_calls_to_last_fm(
    at_the_end: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    stage, put, full = at_the_end, stretches.put, iter([True] * 6 + [False] * COUNT)
    stage.one_call_at_a_time()

    def fill(*arguments: Any, **options: Any) -> None:
        if next(full):
            raise psycopg.errors.DiskFull("could not extend file: No space left on device")
        put(*arguments, **options)

    monkeypatch.setattr(stretches, "put", fill)
    heard = list[Event]()
    stage.watch(heard.append)
    began = stage.context.clock.now()
    assert stage.fetch("KilledKit", 2023).status == "completed"
    assert stage.rows("KilledKit", 2023) == stage.told("KilledKit", 2023)
    assert not [event for event in heard if event.error]
    assert stage.context.clock.now() - began >= 2 + 4 + 8 + 16 + 32 + 60


def test_the_count_of_a_listeners_years_waits_as_well(at_the_end: Stage, line: Wire) -> None:
    stage = at_the_end
    line.cut()
    heard = list[Event]()

    def watch(event: Event) -> None:
        heard.append(event)
        if event.waiting_for:
            line.mend()

    stage.watch(watch)
    assert stage.look_up("KilledKit").phase == "completed"
    assert heard[0].waiting_for == "database"


def test_a_commit_whose_answer_was_lost_leaves_no_page_waiting(
    at_the_end: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    stage = at_the_end

    def lost(*arguments: Any) -> None:
        complete(*arguments)
        raise StoreAway

    monkeypatch.setattr("worker.jobs.complete", lost)
    assert stage.fetch("KilledKit", 2023).status == "completed"
    assert latest_snapshot(stage.redis, KIT) is None, "the next look reads the database"


def test_a_worker_that_has_to_stop_does_not_wait(
    at_the_end: Stage, line: Wire, monkeypatch: pytest.MonkeyPatch
) -> None:
    stage = at_the_end
    run = stage.ask("KilledKit", 2023)
    line.cut()

    def requested() -> None:
        raise shutdown.ShutdownRequested

    monkeypatch.setattr(shutdown, "raise_if_requested", requested)
    assert worker.jobs.fetch_year("KilledKit", 2023, str(run)) is not None, "it goes back to the queue"


def test_nobody_waits_for_ever(at_the_end: Stage, line: Wire, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(store_outage, "GIVE_UP_AFTER", 60.0)
    stage = at_the_end
    stage.ask("KilledKit", 2023)
    line.cut()
    with pytest.raises(StoreAway):
        stage.run_jobs()


def test_a_completed_year_waits_for_nothing_while_room_is_made(
    at_the_end: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    stage, heard, tries = at_the_end, list[Event](), list[int]()

    def make_room(*_: object, **__: object) -> None:
        tries.append(1)
        if len(tries) == 1:
            raise StoreAway

    monkeypatch.setattr(worker.jobs, "make_room", make_room)
    stage.watch(heard.append)
    stage.ask("KilledKit", 2023)
    stage.run_jobs()
    assert len(tries) == 2
    assert heard[-1].phase == "completed"
    assert [event for event in heard if event.waiting_for] == []


def test_a_run_whose_rows_others_were_changing_is_no_fault_and_goes_on(
    at_the_end: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    stage, heard, lost = at_the_end, list[Event](), list[int]()

    advance = fetch_jobs.advance

    def interrupted(*arguments: Any, **more: Any) -> None:
        advance(*arguments, **more)
        if not lost:
            lost.append(1)
            raise DeadlockDetected

    monkeypatch.setattr(fetch_jobs, "advance", interrupted)
    stage.watch(heard.append)
    stage.ask("KilledKit", 2023)
    stage.run_jobs()
    assert lost == [1]
    assert {event.error for event in heard} == {None}
    assert {event.waiting_for for event in heard} == {None}
    assert stage.job("KilledKit", 2023).status == "completed"
    assert stage.rows("KilledKit", 2023) == stage.told("KilledKit", 2023)
