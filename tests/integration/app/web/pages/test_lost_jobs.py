"""A year whose job Redis has lost goes on by itself; a site that takes nothing more on says so."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from flask.testing import FlaskClient
from redis import Redis

from app.jobs import enqueue
from app.jobs.enqueue import FETCHES, LOOKUPS, LOST_AFTER, queue
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
        queue(redis, name).empty()  # type: ignore[no-untyped-call]
    client.get(path)
    assert jobs() == 0, "its job may be about to be queued"
    time_passes(LOST_AFTER)
    client.get(path)
    client.get(path)
    assert jobs() == 1
    run_jobs()
    assert "data-live" not in client.get(path).text


def test_beyond_so_many_jobs_pages_and_api_say_when_to_come_back(
    client: FlaskClient, fetched: Fetched, jobs: Jobs, monkeypatch: pytest.MonkeyPatch
) -> None:
    fetched("LightLuca", 2024)
    monkeypatch.setattr(enqueue, "MOST_WAITING", 0)
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
