"""Lines: whoever asks for many years delays others by one, and each is told how many come before them."""

import random
from collections.abc import Callable
from itertools import count

import pytest
from redis import Redis
from rq.job import Job
from rq.serializers import JSONSerializer

from app.events import Event, new_run
from app.jobs import job_status, lines, queues
from app.jobs.enqueue import enqueue_introduction, enqueue_listener, enqueue_year
from app.jobs.job_status import count_ahead
from app.jobs.queues import FETCHES, LOOKUPS, LineFull, QueueFull, count_waiting
from app.redis.event_stream import Topic
from app.store import Connection, fetch_jobs

Ask = Callable[[str | None], Event]
Work = Callable[[], str]


@pytest.fixture
def ask(connection: Connection, redis: Redis) -> Ask:
    """Asks for a year of a listener for whom nobody has asked before."""
    numbers = count()

    def ask_for_year(requester: str | None) -> Event:
        event = enqueue_year(connection, redis, f"Listener{next(numbers)}", 2024, requester=requester)
        assert event is not None
        return event

    return ask_for_year


@pytest.fixture
def work(redis: Redis) -> Work:
    """Lets a worker do the next fetch, and gives the id of its job."""

    def work_once() -> str:
        job_id = redis.lpop(queues.queue(redis, FETCHES).key)
        assert isinstance(job_id, bytes)
        Job.fetch(job_id.decode(), connection=redis, serializer=JSONSerializer).delete()
        return job_id.decode()

    return work_once


def order(work: Work, events: list[Event]) -> list[Event]:
    """The order in which these fetches are done."""
    by_job = {job_status.job_id(event.run): event for event in events}
    return [by_job[work()] for _ in events]


def test_who_asks_for_a_hundred_years_delays_others_by_one(redis: Redis, ask: Ask, work: Work) -> None:
    crowd = [ask("crowd") for _ in range(100)]
    visitor = ask("visitor")
    assert (visitor.queued_ahead, count_ahead(redis, visitor.run)) == (1, 1)
    assert count_waiting(redis, FETCHES) == 101
    done = order(work, [*crowd, visitor])
    assert done.index(visitor) == 1
    assert [one for one in done if one != visitor] == crowd, "each line is first come, first served"


@pytest.mark.parametrize("seed", range(10))
def test_as_many_are_done_before_as_was_said(redis: Redis, ask: Ask, work: Work, seed: int) -> None:
    chance = random.Random(seed)
    events = [ask(chance.choice(["one", "two", "three", None])) for _ in range(15)]
    for _ in range(chance.randrange(4)):
        work()
    left = [event for event in events if Job.exists(job_status.job_id(event.run), connection=redis)]
    told = [count_ahead(redis, event.run) for event in left]
    done = order(work, left)
    assert told == [done.index(event) for event in left]


def test_many_who_ask_for_years_of_one_listener_are_like_one(
    connection: Connection, redis: Redis, ask: Ask, work: Work
) -> None:
    for number in range(20):
        enqueue_year(connection, redis, "FamousFay", 2005 + number, requester=f"fan {number}")
    visitor = ask("visitor")
    assert count_ahead(redis, visitor.run) == 2
    work(), work()
    assert work() == job_status.job_id(visitor.run)


def test_who_waits_in_a_line_is_not_queued_twice_and_counts(
    connection: Connection, redis: Redis, ask: Ask
) -> None:
    ask("crowd")
    held = ask("crowd")
    assert lines.waiting_ids(redis, fetches=True) == [job_status.job_id(held.run)]
    connection.execute("UPDATE fetch_jobs SET updated_at = updated_at - interval '1 day'")
    assert enqueue_year(connection, redis, "Listener1", 2024, requester="another") is None
    job = fetch_jobs.find(connection, "Listener1", 2024)
    assert job is not None
    assert job.run == held.run


def test_whose_line_is_full_is_told_so_and_others_are_let_in(
    connection: Connection, redis: Redis, ask: Ask, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(queues, "MAX_IN_LINE", 2)
    for _ in range(3):
        ask("crowd")
    with pytest.raises(LineFull):
        enqueue_year(connection, redis, "FamousFay", 2024, requester="crowd")
    assert fetch_jobs.find(connection, "FamousFay", 2024) is None
    for _ in range(5):
        ask(lines.GAPS)
    assert ask("visitor").queued_ahead == 2


def test_nobody_is_shut_out_by_the_lines_of_others(
    connection: Connection, redis: Redis, ask: Ask, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(queues, "MAX_WAITING", 12)
    for requester in ("one", "two", "three", "four"):
        for _ in range(3):
            ask(requester)
    with pytest.raises(QueueFull):
        enqueue_year(connection, redis, "FamousFay", 2024, requester="one")
    assert ask("visitor").queued_ahead == 4
    ask(None)


def introduce(redis: Redis, name: str, requester: str) -> bool:
    return enqueue_introduction(redis, Topic(name, 2024), new_run(), requester)


@pytest.mark.parametrize("look_up", [introduce, enqueue_listener])
def test_what_is_asked_about_listeners_waits_in_lines_too(
    redis: Redis, ask: Ask, monkeypatch: pytest.MonkeyPatch, look_up: Callable[[Redis, str, str], bool]
) -> None:
    monkeypatch.setattr(queues, "MAX_IN_LINE", 2)
    for name in ("Listener0", "Listener1", "Listener2"):
        assert look_up(redis, name, "crowd")
        assert not look_up(redis, name.lower(), "visitor"), "once"
    with pytest.raises(LineFull):
        look_up(redis, "Listener3", "crowd")
    assert look_up(redis, "Listener3", "visitor")
    assert (queues.queue(redis, LOOKUPS).count, count_waiting(redis, LOOKUPS)) == (2, 4)
    ask("visitor")
    assert ask("visitor").queued_ahead == 1, "they are no fetches"
