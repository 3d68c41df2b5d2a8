"""Asking for a year: however many ask, one worker is sent; and who could not be sent holds nothing back."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from redis import Redis
from redis.backoff import NoBackoff
from redis.exceptions import ResponseError
from redis.retry import Retry

from app.events import Event, new_run
from app.jobs import enqueue, job_status, queues
from app.jobs.enqueue import enqueue_listener, enqueue_year
from app.jobs.job_status import LOST_AFTER
from app.jobs.queues import FETCHES, LOOKUPS, QueueAway
from app.listening_years import year_bounds
from app.redis.event_stream import Topic, latest_snapshot, publish
from app.store import Connection, Pool, albums, fetch_jobs, listeners
from app.store.albums import Album
from app.store.fetch_jobs import ABANDONED_AFTER, Overtaken
from app.store.plays.scrobbles import Scrobble
from demo.lastfm.stand_in import LastfmStandIn
from tests.stored_years import store_year


@pytest.fixture
def no_redis() -> Redis:
    """A Redis that is not there."""
    return Redis(port=1, retry=Retry(NoBackoff(), 0))


def claimed(connection: Connection, redis: Redis, name: str = "LightLuca", year: int = 2024) -> Event:
    event = enqueue_year(connection, redis, name, year)
    assert event is not None
    return event


def age(connection: Connection, by: timedelta) -> None:
    connection.execute("UPDATE fetch_jobs SET updated_at = updated_at - %s", [by])


def job_of(connection: Connection) -> fetch_jobs.FetchJob:
    job = fetch_jobs.find(connection, "LightLuca", 2024)
    assert job is not None
    return job


def store_luca(connection: Connection) -> None:
    """Store three plays as LightLuca's whole 2024."""
    start, _ = year_bounds(2024)
    album = Album("Pink Floyd", "Animals", None, None, 1977, "matched")
    albums.save(connection, [album])
    user = listeners.save(connection, "LightLuca", available_years=[2024], playcount=3, registered_at=start).id
    plays = [Scrobble(start, album.artist, title, album.album, None) for title in ("Dogs", "Sheep", "Pigs")]
    store_year(connection, user, 2024, plays)
    run = new_run()
    fetch_jobs.claim(connection, "LightLuca", 2024, run, window_end=year_bounds(2024)[1])
    fetch_jobs.begin(connection, run)
    fetch_jobs.complete(connection, run, expected=3)


def test_a_hundred_visitors_at_once_make_one_job_and_one_run(
    database_url: str, connection: Connection, redis: Redis, lastfm: LastfmStandIn, run_jobs: Callable[[], None]
) -> None:
    pool = Pool(database_url)

    def visit(_: int) -> Event | None:
        with pool.connection() as borrowed:
            return enqueue_year(borrowed, redis, "LightLuca", 2024)

    with ThreadPoolExecutor(100) as visitors:
        events = [event for event in visitors.map(visit, range(100)) if event]
    pool.close()
    assert len(events) == 1
    assert queues.queue(redis, FETCHES).get_job_ids() == [job_status.job_id(events[0].run)]
    assert job_of(connection).run == events[0].run
    run_jobs()
    assert sum(call.method == "user.getRecentTracks" for call in lastfm.calls) == 1
    assert job_of(connection).status == "completed"


def test_a_year_is_asked_for_by_what_is_stored_and_how_many_wait(connection: Connection, redis: Redis) -> None:
    claimed(connection, redis, "SingleSam", 2023)
    store_luca(connection)
    event = enqueue_year(connection, redis, "LightLuca", 2024)
    assert event is not None
    assert (event.phase, event.scrobbles, event.years, event.queued_ahead) == ("queued", 3, {1977: 3}, 1)
    assert (event.is_whole, event.expected) == (True, 3)
    snapshot = latest_snapshot(redis, Topic("lightluca", 2024))
    assert snapshot is not None
    assert snapshot.event == event
    assert job_status.count_ahead(redis, event.run) == 1


def test_a_window_ends_with_the_year_or_now(connection: Connection, redis: Redis) -> None:
    claimed(connection, redis)
    assert job_of(connection).window_end == year_bounds(2024)[1]
    now = datetime.now(UTC)
    claimed(connection, redis, "SingleSam", now.year)
    running = fetch_jobs.find(connection, "SingleSam", now.year)
    assert running is not None
    assert abs(running.window_end - now) < timedelta(minutes=1)
    assert running.window_end.microsecond == 0


def test_without_a_queue_nothing_is_claimed(connection: Connection, redis: Redis, no_redis: Redis) -> None:
    with pytest.raises(QueueAway):
        enqueue_year(connection, no_redis, "LightLuca", 2024)
    assert fetch_jobs.find(connection, "LightLuca", 2024) is None
    with pytest.raises(QueueAway):
        enqueue_year(connection, no_redis, "LightLuca", 2024)
    assert claimed(connection, redis)
    with pytest.raises(QueueAway):
        enqueue_listener(no_redis, "LightLuca")
    with pytest.raises(QueueAway):
        job_status.count_ahead(no_redis, UUID(int=0))


def test_a_claim_whose_job_cannot_be_queued_is_let_go(
    connection: Connection, redis: Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_arguments: object) -> None:
        raise ResponseError("MISCONF Errors writing to the AOF file: No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr(enqueue, "publish", refuse)
        with pytest.raises(QueueAway):
            enqueue_year(connection, redis, "LightLuca", 2024)
    assert job_of(connection).status == "failed"
    assert claimed(connection, redis)


def test_a_claim_whose_job_is_gone_is_queued_anew(connection: Connection, redis: Redis) -> None:
    first = claimed(connection, redis)
    redis.flushdb()
    assert enqueue_year(connection, redis, "LightLuca", 2024) is None, "its job may be about to be queued"
    age(connection, LOST_AFTER)
    second = claimed(connection, redis)
    assert queues.queue(redis, FETCHES).get_job_ids() == [job_status.job_id(second.run)]
    assert second.run != first.run


def test_a_run_that_waits_its_turn_keeps_it_however_long_that_takes(connection: Connection, redis: Redis) -> None:
    """Who took it over would have to wait from the beginning, again and again."""
    claimed(connection, redis, "SingleSam", 2023)
    first = claimed(connection, redis)
    age(connection, 20 * ABANDONED_AFTER)
    assert enqueue_year(connection, redis, "LightLuca", 2024) is None
    assert job_of(connection).run == first.run
    assert queues.queue(redis, FETCHES).count == 2


def test_a_run_that_fell_silent_is_taken_over(connection: Connection, redis: Redis) -> None:
    first = claimed(connection, redis)
    fetch_jobs.begin(connection, first.run)
    redis.flushdb()
    assert enqueue_year(connection, redis, "LightLuca", 2024) is None, "it may still be at work"
    age(connection, ABANDONED_AFTER)
    second = claimed(connection, redis)
    assert second.run != first.run
    with pytest.raises(Overtaken):
        fetch_jobs.begin(connection, first.run)


def test_a_claim_from_before_the_clock_was_set_back_is_queued_anew_as_the_newer_run(
    connection: Connection, redis: Redis
) -> None:
    first = claimed(connection, redis)
    ahead = UUID(int=first.run.int + (86_400_000_000_000 << 64))
    connection.execute("UPDATE fetch_jobs SET run = %s, updated_at = now() + interval '1 day'", [ahead])
    publish(redis, Topic("LightLuca", 2024), first.model_copy(update={"run": ahead}))
    second = claimed(connection, redis)
    assert second.run > ahead
    latest = latest_snapshot(redis, Topic("LightLuca", 2024))
    assert latest is not None
    assert latest.event.run == second.run


def test_a_lookup_is_newer_than_one_from_before_the_clock_was_set_back(
    redis: Redis, run_jobs: Callable[[], None]
) -> None:
    topic = Topic("LightLuca")
    ahead = UUID(int=new_run().int + (86_400_000_000_000 << 64))
    publish(redis, topic, Event(run=ahead, phase="completed"))
    enqueue_listener(redis, "LightLuca")
    run_jobs()
    latest = latest_snapshot(redis, topic)
    assert latest is not None
    assert latest.event.run > ahead


def test_a_listener_is_looked_up_once_at_a_time(redis: Redis, run_jobs: Callable[[], None]) -> None:
    assert enqueue_listener(redis, "SingleSam")
    assert not enqueue_listener(redis, "singlesam")
    assert queues.queue(redis, LOOKUPS).count == 1
    run_jobs()
    assert enqueue_listener(redis, "SINGLESAM"), "and again when that is done"


def test_lookups_go_before_fetches(
    connection: Connection, redis: Redis, lastfm: LastfmStandIn, run_jobs: Callable[[], None]
) -> None:
    claimed(connection, redis)
    enqueue_listener(redis, "SingleSam")
    run_jobs()
    assert lastfm.calls[0].params["user"] == "SingleSam"
