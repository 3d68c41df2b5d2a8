"""Forgetting a listener: nothing comes back, whatever is under way, and others lose nothing."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import cast

import pytest
from flask.testing import FlaskClient
from redis import Redis
from rq.executions import Execution
from rq.serializers import JSONSerializer

from app.events import Event, Failure, new_run
from app.jobs import backlog, enqueue, queues
from app.jobs.forget import forget_everyone, forget_listener
from app.jobs.stored_job import StoredJob
from app.redis.event_stream import Topic, latest_snapshot, publish
from app.store import Connection, StoreAway, connect, fetch_jobs, forgetting
from app.store.albums import Album
from app.store.upkeep import orphans
from demo.lastfm.accounts import Play
from tests.conftest import wait_until
from tests.integration.worker.conftest import Stage, some_plays
from worker.fetching.enrich import match_fuzzy

COUNT = 450
TABLES = ("lastfm_users", "fetch_jobs", "stretches", "tracks", "albums")


def rows(connection: Connection) -> dict[str, int]:
    """How many rows there are of what comes from Last.fm, without tables that have none."""
    counts = {name: connection.execute(f"SELECT FROM {name}".encode()).rowcount for name in TABLES}
    return {name: count for name, count in counts.items() if count}


def known_to(redis: Redis, name: str) -> list[bytes]:
    """The keys in Redis that name the listener and are more than a mark that older runs are void."""
    keys = [key for key in redis.scan_iter() if name.casefold().encode() in key.lower()]
    return [key for key in keys if redis.type(key) != b"string" or b"username" in (redis.get(key) or b"")]


def listed(redis: Redis) -> list[str]:
    """The topics that have a snapshot, or had one."""
    return [str(member, "utf-8") for member in cast("list[bytes]", redis.zrange("lastyear:saved", 0, -1))]


def tape(title: str) -> Play:
    return Play(1_680_000_000, "Kellerassel Quintett", "Take", title, "")


@pytest.mark.parametrize("done", [0, 199, 398])
def test_a_run_under_way_brings_nothing_back(stage: Stage, done: int) -> None:
    stage.take_in("LeavingLeo", some_plays(COUNT))
    stage.grant(200)
    backlog.add_years(stage.redis, "LeavingLeo", [2022])
    stage.ask("LeavingLeo", 2023)
    left: list[bool] = []

    def forget(event: Event) -> None:
        if event.done >= done and event.phase == "fetching" and not left:
            left.append(forget_listener(stage.connection, stage.redis, "leavingleo"))

    stage.watch(forget)
    stage.run_jobs()
    assert left == [True]
    assert rows(stage.connection) == {}
    assert known_to(stage.redis, "leavingleo") == []
    assert stage.fetch("LeavingLeo", 2023).status == "completed", "who asks anew gets the year"
    assert stage.rows("LeavingLeo", 2023) == stage.told("LeavingLeo", 2023)


def test_a_run_that_was_only_queued_or_looks_albums_up_brings_nothing_back(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    stage.take_in("LeavingLeo", some_plays(30))
    stage.ask("LeavingLeo", 2023)
    assert forget_listener(stage.connection, stage.redis, "LeavingLeo")
    assert queues.queue(stage.redis, queues.FETCHES).count == 0, "a job names its listener"
    stage.ask("LeavingLeo", 2023)

    def match(*arguments: object) -> list[Album] | None:
        forget_listener(stage.connection, stage.redis, "LeavingLeo")
        return match_fuzzy(*arguments)  # type: ignore[arg-type]

    monkeypatch.setattr("worker.fetching.year.match_fuzzy", match)
    stage.run_jobs()
    assert rows(stage.connection) == {}
    assert known_to(stage.redis, "leavingleo") == []


def test_a_year_that_waits_after_its_worker_has_died_is_forgotten_as_well(stage: Stage) -> None:
    stage.take_in("LeavingLeo", some_plays(3))
    stage.ask("LeavingLeo", 2023)
    fetches = queues.queue(stage.redis, queues.FETCHES)
    [job_id] = fetches.get_job_ids()
    job = StoredJob.fetch(job_id, connection=stage.redis, serializer=JSONSerializer)
    with stage.redis.pipeline() as pipeline:
        execution = Execution.create(job, 15, pipeline)
        pipeline.delete(execution.key)  # it expires before its entries in RQ's lists do
        pipeline.execute()
    assert forget_listener(stage.connection, stage.redis, "LeavingLeo")
    assert not stage.redis.exists(job.key)
    assert fetches.started_job_registry.get_job_ids(cleanup=False) == []
    assert known_to(stage.redis, "leavingleo") == []


def test_a_count_of_the_years_under_way_brings_nothing_back(stage: Stage) -> None:
    stage.take_in("LeavingLeo", some_plays(3))

    def forget() -> None:
        forget_listener(stage.connection, stage.redis, "LeavingLeo")

    stage.at_call(1, forget)
    enqueue.enqueue_listener(stage.redis, "LeavingLeo")
    stage.run_jobs()
    assert rows(stage.connection) == {}
    assert known_to(stage.redis, "leavingleo") == []
    assert stage.look_up("LeavingLeo").phase == "completed", "who asks anew gets the years"


def test_tracks_and_albums_go_unless_somebody_else_has_played_them(stage: Stage) -> None:
    stage.take_in("SingleSam", [tape("Attic Tapes"), tape("Cellar Tapes")])
    stage.take_in("LightLuca", [tape("Attic Tapes")])
    for name in ("SingleSam", "LightLuca"):
        stage.fetch(name, 2023)
    before = stage.event("LightLuca", 2023)
    assert forget_listener(stage.connection, stage.redis, "SingleSam")
    assert stage.connection.execute("SELECT album FROM albums").fetchall() == [("Attic Tapes",)]
    assert rows(stage.connection)["tracks"] == 1
    assert stage.event("LightLuca", 2023) == before
    assert stage.rows("LightLuca", 2023) == stage.told("LightLuca", 2023)


def test_an_album_that_goes_while_its_plays_are_on_their_way_is_stored_anew(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("SingleSam", "LightLuca"):
        stage.take_in(name, some_plays(5))
    stage.fetch("SingleSam", 2023)
    advance, happened = fetch_jobs.advance, list[bool]()

    def interfere(*arguments: object, **more: object) -> None:
        if not happened:
            happened.append(forget_listener(stage.connection, stage.redis, "SingleSam"))
        advance(*arguments, **more)  # type: ignore[arg-type]

    monkeypatch.setattr("worker.fetching.reading.fetch_jobs.advance", interfere)
    assert stage.fetch("LightLuca", 2023).status == "completed"
    assert happened == [True]
    assert stage.rows("LightLuca", 2023) == stage.told("LightLuca", 2023)


def test_who_is_forgotten_for_good_is_neither_asked_for_nor_stored(stage: Stage) -> None:
    stage.take_in("LeavingLeo", some_plays(5))
    stage.fetch("LeavingLeo", 2023)
    assert forget_listener(stage.connection, stage.redis, "leavingLEO", for_good=True)
    stored = str(stage.connection.execute("SELECT * FROM forgotten_names").fetchall())
    assert "leo" not in stored.casefold()
    calls = len(stage.lastfm.calls)
    event = enqueue.enqueue_year(stage.connection, stage.redis, "LeavingLeo", 2023)
    assert event is not None
    assert (event.phase, event.error) == ("failed", Failure.BARRED)
    assert stage.look_up("LeavingLeo").error is Failure.BARRED
    assert len(stage.lastfm.calls) == calls
    assert rows(stage.connection) == {}
    snapshot = stage.redis.ttl(Topic("LeavingLeo").channel)
    assert 0 < snapshot <= Failure.BARRED.retry_after.total_seconds()


def test_a_listener_may_come_back(stage: Stage) -> None:
    stage.take_in("LeavingLeo", some_plays(5))
    forget_listener(stage.connection, stage.redis, "LeavingLeo", for_good=True)
    assert not forgetting.admit(stage.connection, "SingleSam")
    assert forgetting.admit(stage.connection, "leavingleo")
    assert stage.fetch("LeavingLeo", 2023).status == "completed"


def test_hashes_of_two_installations_have_nothing_in_common(
    connection: Connection,
) -> None:
    found = connection.execute("SELECT secret, name_hash('rj'), sha256('rj') FROM forgotten_names_key").fetchone()
    assert found is not None
    secret, name_hash, plain = found
    assert len(secret) == 32
    assert name_hash != plain
    connection.execute("UPDATE forgotten_names_key SET secret = sha256(secret)")
    again = connection.execute("SELECT name_hash('rj')").fetchone()
    assert again is not None
    assert again[0] != name_hash


def test_everything_goes_at_once_and_no_run_under_way_brings_it_back(stage: Stage) -> None:
    stage.take_in("LeavingLeo", some_plays(COUNT))
    stage.grant(200)
    stage.fetch("LightLuca", 2023)
    stage.fetch("LeavingLeo", 2023)
    stage.ask("LightLuca", 2024)
    forget_listener(stage.connection, stage.redis, "RJ", for_good=True)
    happened: list[int] = []

    def forget(event: Event) -> None:
        if event.phase == "fetching" and event.done > 0 and not happened:
            happened.append(forget_everyone(stage.connection, stage.redis))

    stage.watch(forget)
    stage.run_jobs()
    assert happened == [2]
    assert rows(stage.connection) == {}
    assert known_to(stage.redis, "lightluca") == known_to(stage.redis, "leavingleo") == []
    assert forgetting.is_barred(stage.connection, "rj")
    assert stage.fetch("LightLuca", 2023).status == "completed", "who asks anew gets the year"


def test_everything_goes_beside_a_reader_who_is_neither_ended_nor_kept_waiting(
    stage: Stage, database_url: str
) -> None:
    stage.fetch("SingleSam", 2023)
    waiting = "SELECT FROM pg_locks JOIN pg_class ON oid = relation WHERE NOT granted AND relname = 'albums'"

    def forget() -> int:
        with connect(database_url) as connection:
            return forget_everyone(connection, stage.redis)

    with ThreadPoolExecutor(1) as pool, connect(database_url) as other:
        with stage.connection.transaction():
            stage.connection.execute("SELECT FROM albums")
            forgotten = pool.submit(forget)
            wait_until(lambda: forgotten.done() or other.execute(waiting).rowcount)
            # The other way round than whoever deletes them.
            assert rows(stage.connection)["lastfm_users"] == 1
        assert forgotten.result() == 1
    assert rows(stage.connection) == {}


def test_whoever_reads_for_ever_is_left_alone(
    stage: Stage, database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(forgetting, "LOCK_SECONDS", 0.0)
    with connect(database_url) as reader, reader.transaction():
        reader.execute("SELECT FROM albums")
        with pytest.raises(forgetting.TablesBusy):
            forget_everyone(stage.connection, stage.redis)


def test_what_nobody_needs_is_found_again_at_the_next_time(stage: Stage) -> None:
    stage.fetch("SingleSam", 2023)
    with stage.connection.transaction():
        assert orphans.remove(stage.connection) == (0, 0)
    stage.connection.execute("DELETE FROM stretches")
    with stage.connection.transaction():
        removed = orphans.remove(stage.connection)
    assert min(removed) > 0
    assert {"tracks", "albums"}.isdisjoint(rows(stage.connection))


def test_a_name_that_was_forgotten_for_good_gets_a_calm_page_and_a_clear_problem(
    stage: Stage, client: FlaskClient, run_jobs: Callable[[], None]
) -> None:
    forget_listener(stage.connection, stage.redis, "LightLuca", for_good=True)
    for address in ("/user/LightLuca/2023", "/user/LightLuca/2023.png", "/user/LightLuca"):
        client.get(address)
        run_jobs()
        page = client.get(address)
        assert page.status_code == 410, address
        assert "not shown here" in page.text
    for address in ("/api/v1/users/LightLuca", "/api/v1/users/LightLuca/years/2023"):
        answer = client.get(address)
        assert (answer.status_code, answer.get_json()["error"]["code"]) == (410, "listener_forgotten")
    assert latest_snapshot(stage.redis, Topic("LightLuca", 2023)) is not None


def test_what_is_in_redis_goes_also_when_the_search_for_orphans_fails(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    stage.take_in("LeavingLeo", some_plays(5))
    stage.fetch("LeavingLeo", 2023)
    backlog.add_years(stage.redis, "LeavingLeo", [2022])

    def fail(_: object) -> None:
        raise StoreAway

    with monkeypatch.context() as patch:
        patch.setattr(orphans, "remove", fail)
        with pytest.raises(StoreAway):
            forget_listener(stage.connection, stage.redis, "LeavingLeo")
    assert known_to(stage.redis, "leavingleo") == []
    assert not forget_listener(stage.connection, stage.redis, "LeavingLeo")
    assert rows(stage.connection) == {}


def test_what_was_dropped_before_is_forgotten_in_redis_as_well(stage: Stage) -> None:
    """The list of topics with a snapshot names them: also those whose snapshot has expired, or was evicted."""
    barred = Event(run=new_run(), phase="failed", error=Failure.BARRED)
    publish(stage.redis, Topic("LeavingLeo", 2022), barred)
    assert listed(stage.redis) == [], "this name is kept for some minutes only"
    for name in ("LeavingLeo", "SingleSam", "LightLuca"):
        publish(stage.redis, Topic(name, 2023), Event(run=new_run(), phase="completed"))
        stage.redis.delete(Topic(name, 2023).channel)
    forget_listener(stage.connection, stage.redis, "LEAVINGLEO")
    assert listed(stage.redis) == [Topic(name, 2023).channel for name in ("SingleSam", "LightLuca")]
    stage.redis.zadd("lastyear:saved", {Topic("SingleSam", 2023).channel: 1})
    publish(stage.redis, Topic("LightLuca", 2023), Event(run=new_run(), phase="completed"))
    assert listed(stage.redis) == [Topic("LightLuca", 2023).channel], "who was saved a month ago has expired"
    forget_everyone(stage.connection, stage.redis)
    assert listed(stage.redis) == []
