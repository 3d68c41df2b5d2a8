"""A Valkey that is full: what can be made again goes, what waits stays. What is kept has a bound."""

import os
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from redis import Redis
from rq.job import Job

from app.events import Event, new_run
from app.jobs import backlog, job_status, queues
from app.jobs.enqueue import enqueue_listener, enqueue_year
from app.jobs.queues import FETCHES, LOOKUPS, QueueFull
from app.redis import event_stream
from app.redis.event_stream import Topic, latest_snapshot, publish
from app.store import Connection, fetch_jobs
from demo import services

JOBS = 40


@pytest.fixture
def small_valkey(tmp_path: Path) -> Iterator[Redis]:
    """A Valkey of 4 MB that is set up as a provisioned one."""
    config: dict[str, Any] = {"maxmemory": "4mb", "maxmemory-policy": "volatile-lru"}
    with services.valkey(tmp_path, **config) as url, Redis.from_url(url) as client:
        yield client


def fill(redis: Redis) -> int:
    """Publish years until some are evicted, and as many again.

    :returns: how many were published. Which of them go is chance: Valkey evicts the oldest of a few that it draws.
    """
    events = 0
    while redis.info("stats")["evicted_keys"] < max(100, events / 2):
        for _ in range(100):
            events += 1
            known = {year: int.from_bytes(os.urandom(3)) for year in range(1900, 2000)}
            publish(redis, Topic(f"Filler{events}", 2024), Event(run=new_run(), phase="completed", years=known))
    return events


def test_no_job_claim_or_backlog_is_lost_when_valkey_is_full(connection: Connection, small_valkey: Redis) -> None:
    names = [f"Waiting{number}" for number in range(JOBS)]
    runs = [claimed.run for name in names if (claimed := enqueue_year(connection, small_valkey, name, 2024))]
    for name in names:
        enqueue_listener(small_valkey, name)
        backlog.add_years(small_valkey, name, [2022, 2023])
    published = fill(small_valkey)
    assert queues.queue(small_valkey, FETCHES).get_job_ids() == [job_status.job_id(run) for run in runs]
    for name in (FETCHES, LOOKUPS):
        waiting = queues.queue(small_valkey, name)
        assert waiting.count == JOBS
        assert all(small_valkey.exists(Job.key_for(job_id)) for job_id in waiting.get_job_ids())
    assert all(backlog.pending_years(small_valkey, name) == [2023, 2022] for name in names)
    fillers = [latest_snapshot(small_valkey, Topic(f"Filler{number}", 2024)) for number in range(1, published + 1)]
    assert None in fillers, "which the database has"
    enqueue_year(connection, small_valkey, "OneMore", 2024)
    assert queues.queue(small_valkey, FETCHES).count == JOBS + 1


def test_only_so_many_years_and_listeners_are_remembered(redis: Redis, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(event_stream, "MAX_SNAPSHOTS", 10)
    event = Event(run=new_run(), phase="completed")
    for number in range(25):
        for topic in (Topic(f"Visitor{number}"), Topic(f"Visitor{number}", 2024)):
            redis.set(topic.history, "{}")
            publish(redis, topic, event)
            event_stream.save_derived(redis, topic, event, "top", "[]")
    left = {key.decode() for key in redis.scan_iter("lastyear:progress:*")}
    newest = {Topic(f"Visitor{number}", year).channel for number in range(20, 25) for year in (None, 2024)}
    assert left == newest | {f"{channel}/derived" for channel in newest}
    assert not redis.exists(Topic("Visitor19").history)
    assert redis.exists(Topic("Visitor20").history)


def test_beyond_so_many_jobs_none_is_taken_on_and_none_claimed(
    connection: Connection, redis: Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(queues, "MAX_WAITING", 2)
    for name in ("SingleSam", "LightLuca"):
        assert enqueue_year(connection, redis, name, 2024)
        assert enqueue_listener(redis, name)
    with pytest.raises(QueueFull):
        enqueue_year(connection, redis, "HeavyHelen", 2024)
    with pytest.raises(QueueFull):
        enqueue_listener(redis, "HeavyHelen")
    assert fetch_jobs.find(connection, "HeavyHelen", 2024) is None
    assert enqueue_year(connection, redis, "LightLuca", 2024) is None, "who waits goes on waiting"


def test_only_so_many_listeners_have_a_backlog_and_each_for_a_week(
    redis: Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(backlog, "MAX_BACKLOGS", 2)
    backlog.add_years(redis, "SingleSam", [2023])
    backlog.add_years(redis, "LightLuca", [2023, 2024])
    with pytest.raises(QueueFull):
        backlog.add_years(redis, "HeavyHelen", [2023])
    backlog.add_years(redis, "lightluca", [2022])
    backlog.clear(redis, "SingleSam")
    backlog.add_years(redis, "HeavyHelen", [2023])
    later = time.time() + backlog.KEPT_FOR.total_seconds() + 1
    monkeypatch.setattr(time, "time", lambda: later)
    backlog.add_years(redis, "SingleSam", [2023])
    assert [backlog.pending_years(redis, name) for name in ("LightLuca", "HeavyHelen", "SingleSam")] == [
        [],
        [],
        [2023],
    ]
