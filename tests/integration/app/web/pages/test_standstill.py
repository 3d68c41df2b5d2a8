"""Nobody is there to read a year, or Redis takes nothing: the page says so, and goes on by itself."""

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from uuid import UUID

import pytest
from flask.testing import FlaskClient
from pydantic import SecretStr
from redis import Redis

from app.events import Event, Phase
from app.jobs import job_status
from app.jobs.queues import FETCHES, queue
from app.jobs.workers import SILENT_SECONDS, give_sign_of_life
from app.redis.event_stream import Topic, publish
from app.store import Connection, fetch_jobs
from tests.integration.app.web.conftest import SAME_ORIGIN, Fetched, Known, RunJobs, SiteWith
from tests.valkey_disk import valkey_with_disk
from worker.pool import FetchWorker

NOTHING_READ = "This site reads nothing from Last.fm at the moment"
LUCA = Topic("LightLuca", 2024)
PassTime = Callable[[timedelta], None]


def run_of(connection: Connection, name: str) -> UUID:
    job = fetch_jobs.find(connection, name, 2024)
    assert job is not None
    return job.run


@pytest.mark.parametrize("phase", ["queued", "fetching"])
def test_without_a_worker_the_page_says_so_until_one_is_there(
    phase: Phase,
    client: FlaskClient,
    connection: Connection,
    redis: Redis,
    time_passes: PassTime,
    run_jobs: RunJobs,
    known: Known,
) -> None:
    known("LightLuca")
    client.get("/user/LightLuca/2024")
    event = Event(run=run_of(connection, "LightLuca"), phase=phase, done=400, expected=12_100, seconds_left=21)
    publish(redis, LUCA, event)
    assert NOTHING_READ not in client.get("/user/LightLuca/2024").text
    time_passes(timedelta(seconds=SILENT_SECONDS))
    page = client.get("/user/LightLuca/2024").text
    assert NOTHING_READ in page
    assert "left" not in page
    assert "Asking Last.fm" not in page
    assert ("400 of 12,100 plays" in page) == (phase == "fetching")
    assert "data-live" in page
    trouble = client.get("/api/v1/users/LightLuca/years/2024").get_json()["trouble"]
    assert trouble["code"] == "unavailable"
    worker = FetchWorker([FETCHES], connection=redis)
    worker.register_birth()
    worker.heartbeat()
    assert NOTHING_READ not in client.get("/user/LightLuca/2024").text
    run_jobs()
    assert "<svg" in client.get("/user/LightLuca/2024").text


def test_the_listeners_page_says_so_too(client: FlaskClient, redis: Redis, time_passes: PassTime) -> None:
    client.get("/user/LightLuca")
    assert NOTHING_READ not in client.get("/user/LightLuca").text
    time_passes(timedelta(seconds=SILENT_SECONDS))
    assert NOTHING_READ in client.get("/user/LightLuca").text
    give_sign_of_life(redis)
    assert NOTHING_READ not in client.get("/user/LightLuca").text


def test_who_waits_for_others_is_not_told_that_nobody_works(
    client: FlaskClient, redis: Redis, time_passes: PassTime, known: Known
) -> None:
    known("HeavyHelen")
    known("LightLuca")
    client.get("/user/HeavyHelen/2024")
    client.get("/user/LightLuca/2024")
    time_passes(timedelta(minutes=3))
    give_sign_of_life(redis)
    assert "In line, 1 fetch ahead" in client.get("/user/LightLuca/2024").text


def test_while_redis_takes_nothing_nothing_is_started_and_what_is_here_is_shown(
    fetched: Fetched, site_with: SiteWith, connection: Connection, tmp_path: Path, known: Known
) -> None:
    known("HeavyHelen")
    fetched("LightLuca", 2024)
    with valkey_with_disk(tmp_path) as disk:
        visitor = site_with(redis_url=SecretStr(disk.url))
        disk.fill()
        assert "<svg" in visitor.get("/user/LightLuca/2024").text
        assert visitor.get("/user/LightLuca/2024/top.json").status_code == 200
        assert "Nothing new can be read right now" in visitor.get("/user/HeavyHelen").text
        for path in ("/user/HeavyHelen/2024", "/user/Nobody", "/api/v1/users/HeavyHelen/years/2024"):
            answer = visitor.get(path)
            assert answer.status_code == 503, path
            assert "A part of this site does not answer" in answer.text
            assert "broke" not in answer.text
        assert visitor.post("/user/LightLuca/2024/refresh", headers=SAME_ORIGIN).status_code == 503
        assert fetch_jobs.find(connection, "HeavyHelen", 2024) is None
        disk.make_room()
        assert "data-live" in visitor.get("/user/HeavyHelen/2024").text
        assert queue(disk.redis, FETCHES).get_job_ids() == [job_status.job_id(run_of(connection, "HeavyHelen"))]
