"""Asking for a year: however many ask, one worker is sent; and who could not be sent holds nothing back."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from redis import Redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from app import fetches
from app.fetches import FETCHES, LOOKUPS, QueueAway, ask_for_listener, ask_for_year
from app.progress import Event, Topic, latest
from app.store import Connection, Pool, jobs
from app.store.jobs import SILENCE, Overtaken
from app.store.scrobbles import Standing, year_bounds
from demo.lastfm import StandIn

NOTHING = Standing()


@pytest.fixture
def no_redis() -> Redis:
    """A Redis that is not there."""
    return Redis(port=1, retry=Retry(NoBackoff(), 0))


def claimed(connection: Connection, redis: Redis, name: str = "LightLuca", year: int = 2024) -> Event:
    event = ask_for_year(connection, redis, name, year, NOTHING)
    assert event is not None
    return event


def age(connection: Connection, by: timedelta) -> None:
    connection.execute("UPDATE fetch_jobs SET updated_at = updated_at - %s", [by])


def job_of(connection: Connection) -> jobs.FetchJob:
    job = jobs.look(connection, "LightLuca", 2024)
    assert job is not None
    return job


def test_a_hundred_visitors_at_once_make_one_job_and_one_run(
    database_url: str, connection: Connection, redis: Redis, lastfm: StandIn, run_jobs: Callable[[], None]
) -> None:
    pool = Pool(database_url)

    def visit(_: int) -> Event | None:
        with pool.connection() as borrowed:
            return ask_for_year(borrowed, redis, "LightLuca", 2024, NOTHING)

    with ThreadPoolExecutor(100) as visitors:
        events = [event for event in visitors.map(visit, range(100)) if event]
    pool.close()
    assert len(events) == 1
    assert fetches.queue(redis, FETCHES).get_job_ids() == [fetches.job_id(events[0].run)]
    assert job_of(connection).run == events[0].run
    run_jobs()
    pages = [call.params["page"] for call in lastfm.calls if call.method == "user.getRecentTracks"]
    assert sorted(pages) == ["1", "2", "3", "4"]
    assert job_of(connection).status == "completed"


def test_a_year_is_asked_for_by_what_is_stored_and_how_many_wait(connection: Connection, redis: Redis) -> None:
    claimed(connection, redis, "SingleSam", 2023)
    stored = Standing(scrobbles=5, matched=3, not_found=2, years={"1977": 3})
    event = ask_for_year(connection, redis, "LightLuca", 2024, stored)
    assert event is not None
    assert (event.phase, event.scrobbles, event.years, event.queued_ahead) == ("queued", 5, {"1977": 3}, 1)
    snapshot = latest(redis, Topic("lightluca", 2024))
    assert snapshot is not None
    assert snapshot.event == event
    assert fetches.ahead(redis, event.run) == 1


def test_a_window_ends_with_the_year_or_now(connection: Connection, redis: Redis) -> None:
    claimed(connection, redis)
    assert job_of(connection).window_end == year_bounds(2024)[1]
    now = datetime.now(UTC)
    claimed(connection, redis, "SingleSam", now.year)
    running = jobs.look(connection, "SingleSam", now.year)
    assert running is not None
    assert abs(running.window_end - now) < timedelta(minutes=1)
    assert running.window_end.microsecond == 0


def test_without_a_queue_the_claim_is_let_go(connection: Connection, redis: Redis, no_redis: Redis) -> None:
    with pytest.raises(QueueAway):
        ask_for_year(connection, no_redis, "LightLuca", 2024, NOTHING)
    assert job_of(connection).status == "failed"
    with pytest.raises(QueueAway):
        ask_for_year(connection, no_redis, "LightLuca", 2024, NOTHING)
    assert claimed(connection, redis)
    with pytest.raises(QueueAway):
        ask_for_listener(no_redis, "LightLuca")
    with pytest.raises(QueueAway):
        fetches.waiting(no_redis)
    with pytest.raises(QueueAway):
        fetches.ahead(no_redis, UUID(int=0))


def test_a_run_that_waits_its_turn_keeps_it_however_long_that_takes(connection: Connection, redis: Redis) -> None:
    """Who took it over would have to wait from the beginning, again and again."""
    claimed(connection, redis, "SingleSam", 2023)
    first = claimed(connection, redis)
    age(connection, 20 * SILENCE)
    assert ask_for_year(connection, redis, "LightLuca", 2024, NOTHING) is None
    assert job_of(connection).run == first.run
    assert fetches.queue(redis, FETCHES).count == 2


def test_a_run_that_fell_silent_is_taken_over(connection: Connection, redis: Redis) -> None:
    first = claimed(connection, redis)
    jobs.begin(connection, first.run)
    redis.flushdb()
    assert ask_for_year(connection, redis, "LightLuca", 2024, NOTHING) is None, "it may still be at work"
    age(connection, SILENCE)
    second = claimed(connection, redis)
    assert second.run != first.run
    with pytest.raises(Overtaken):
        jobs.begin(connection, first.run)


def test_a_run_can_be_taken_out_of_the_queue(connection: Connection, redis: Redis) -> None:
    event = claimed(connection, redis)
    fetches.cancel(redis, event.run)
    assert fetches.queue(redis, FETCHES).count == 0
    assert fetches.ahead(redis, event.run) == 0


def test_a_listener_is_looked_up_once_at_a_time(redis: Redis, run_jobs: Callable[[], None]) -> None:
    assert ask_for_listener(redis, "SingleSam")
    assert not ask_for_listener(redis, "singlesam")
    assert fetches.queue(redis, LOOKUPS).count == 1
    run_jobs()
    assert ask_for_listener(redis, "SINGLESAM"), "and again when that is done"


def test_lookups_go_before_fetches(
    connection: Connection, redis: Redis, lastfm: StandIn, run_jobs: Callable[[], None]
) -> None:
    claimed(connection, redis)
    ask_for_listener(redis, "SingleSam")
    run_jobs()
    assert lastfm.calls[0].params["user"] == "SingleSam"
