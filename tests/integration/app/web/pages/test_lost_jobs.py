"""A year whose job Redis has lost goes on by itself; a site that takes nothing more on says so."""

import time
from collections.abc import Callable
from datetime import timedelta

import pytest
from flask.testing import FlaskClient
from redis import Redis

from app.events import Event, Failure, new_run
from app.jobs import queues
from app.jobs.job_status import LOST_AFTER
from app.jobs.queues import FETCHES, LOOKUPS, queue
from app.redis.event_stream import Topic, publish
from tests.integration.app.web.conftest import SAME_ORIGIN, Fetched, Jobs, RunJobs


@pytest.mark.parametrize("path", ["/user/LightLuca/2024", "/user/LightLuca"])
def test_the_next_visit_queues_what_was_lost_at_once(
    path: str,
    client: FlaskClient,
    redis: Redis,
    run_jobs: RunJobs,
    jobs: Jobs,
    time_passes: Callable[[timedelta], None],
) -> None:
    client.get(path)
    for name in (FETCHES, LOOKUPS):
        queue(redis, name).empty()
    client.get(path)
    assert jobs() == 0, "its job may be about to be queued"
    time_passes(LOST_AFTER)
    client.get(path)
    client.get(path)
    assert jobs() == 1
    run_jobs()
    assert "data-live" not in client.get(path).text


def test_what_was_said_before_the_clock_was_set_back_holds_nothing_up(
    client: FlaskClient, redis: Redis, run_jobs: RunJobs, time_passes: Callable[[timedelta], None]
) -> None:
    client.get("/user/LightLuca/2024")
    for name in (FETCHES, LOOKUPS):
        queue(redis, name).empty()
    time_passes(-timedelta(days=1))
    client.get("/user/LightLuca/2024")
    run_jobs()
    assert "data-live" not in client.get("/user/LightLuca/2024").text


def test_a_next_try_that_a_wrong_clock_has_put_off_to_tomorrow_is_made_now(
    client: FlaskClient, redis: Redis, run_jobs: RunJobs
) -> None:
    tomorrow = time.time() + 86_400
    event = Event(run=new_run(), phase="failed", error=Failure.LASTFM_AWAY, next_try_at=tomorrow)
    publish(redis, Topic("LightLuca", 2024), event)
    client.get("/user/LightLuca/2024")
    run_jobs()
    assert "data-live" not in client.get("/user/LightLuca/2024").text


def test_beyond_so_many_jobs_pages_and_api_say_when_to_come_back(
    client: FlaskClient, fetched: Fetched, jobs: Jobs, monkeypatch: pytest.MonkeyPatch
) -> None:
    fetched("LightLuca", 2024)
    monkeypatch.setattr(queues, "MAX_WAITING", 0)
    paths = ("/user/HeavyHelen/2024", "/user/HeavyHelen", "/api/v1/users/HeavyHelen/years/2024")
    for path in paths:
        answer = client.get(path)
        assert (answer.status_code, answer.headers["Retry-After"]) == (503, "300"), path
        assert "Too many years are waiting to be read" in answer.text
        assert "data-live" not in answer.text
    refused = client.post("/user/LightLuca/2024/refresh", headers=SAME_ORIGIN)
    assert (refused.status_code, refused.headers["Retry-After"]) == (503, "300")
    assert "<svg" in client.get("/user/LightLuca/2024").text
    assert jobs() == 0


def test_who_has_too_many_years_waiting_is_told_so_and_others_are_not(
    client: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(queues, "MAX_IN_LINE", 0)
    assert client.get("/user/HeavyHelen/2024").status_code == 200
    for path in ("/user/LightLuca/2024", "/api/v1/users/LightLuca/years/2024"):
        answer = client.get(path)
        assert (answer.status_code, answer.headers["Retry-After"]) == (503, "300"), path
        assert "You are waiting for many years already" in answer.text
    another = {"REMOTE_ADDR": "198.51.100.7"}
    assert client.get("/user/LightLuca/2024", environ_base=another).status_code == 200
