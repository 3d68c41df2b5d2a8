"""Each request has an id: a trusted proxy's, or our own. Its answer and the jobs that it queues have it."""

import re

import pytest
from flask.testing import FlaskClient
from redis import Redis
from rq.job import Job

from app.jobs.queues import FETCHES, LOOKUPS, queue
from tests.integration.app.web.conftest import Known, RunJobs, SiteWith

GIVEN = "by-the-proxy.0123"
OURS = re.compile(r"[0-9a-f]{32}")
PROXY, STRANGER = "203.0.113.7", "198.51.100.7"


def id_of(visitor: FlaskClient, path: str = "/about", given: str = GIVEN, peer: str = PROXY) -> str:
    answer = visitor.get(
        path, headers={"X-Request-ID": given}, environ_overrides={"REMOTE_ADDR": peer}, buffered=True
    )
    assert len(answer.headers.getlist("X-Request-ID")) == 1
    return answer.headers["X-Request-ID"]


def test_an_id_is_taken_of_this_machine_and_of_trusted_proxies_alone(site_with: SiteWith) -> None:
    visitor = site_with(trusted_proxies="203.0.113.0/24")
    assert id_of(visitor, peer=PROXY) == GIVEN
    assert id_of(visitor, peer="127.0.0.1") == GIVEN
    assert id_of(visitor, peer="") == GIVEN
    strangers = {id_of(visitor, peer=STRANGER) for _ in range(2)}
    assert len(strangers) == 2
    assert all(map(OURS.fullmatch, strangers))
    assert id_of(site_with(), peer=PROXY) != GIVEN


@pytest.mark.parametrize(
    "given", ["", "short", "x" * 65, "has spaces in it", "request=other", "ümlaut-0123", "a/b/c/d/e"]
)
def test_what_does_not_look_like_an_id_is_none(site_with: SiteWith, given: str) -> None:
    assert OURS.fullmatch(id_of(site_with(), given=given, peer="127.0.0.1"))


def test_every_kind_of_answer_has_one(site_with: SiteWith) -> None:
    visitor = site_with()
    for path in (
        "/",
        "/no-such-page",
        "/user/a b",
        "/static/style.css",
        "/api/v1/openapi.json",
        "/healthz",
        "/user",
    ):
        assert id_of(visitor, path, peer="127.0.0.1") == GIVEN, path


def test_jobs_carry_the_id_of_the_request_that_queued_them_on(
    client: FlaskClient, redis: Redis, known: Known, run_jobs: RunJobs
) -> None:
    def carried(name: str) -> list[str]:
        jobs: list[Job] = queue(redis, name).jobs
        return [job.meta["request"] for job in jobs]

    known("LightLuca")
    first, second = id_of(client, "/user/LightLuca/2024", "first-request"), id_of(client, "/user/SingleSam")
    assert carried(FETCHES) == [first]
    assert carried(LOOKUPS) == [second]
