"""rq-dashboard's pages: our jobs in them, read-only unless the operator says so, and never from elsewhere."""

import pickle
from collections.abc import Callable

import pytest
from flask.testing import FlaskClient
from redis import Redis
from rq.job import Job
from werkzeug.test import TestResponse

from app.jobs.queues import FETCHES, LOOKUPS, QUEUES, queue
from app.web.operator.queues import NAME, READS
from tests.integration.app.web.conftest import NO_REDIS
from tests.integration.app.web.operator.conftest import Pages

ROOT = "/operator/queues"
OURS = {"Sec-Fetch-Site": "same-origin"}


def changes(job: str) -> list[str]:
    """Every address by which rq-dashboard changes something."""
    return [
        f"{ROOT}/job/{job}/delete",
        f"{ROOT}/job/{job}/requeue",
        f"{ROOT}/requeue/{FETCHES}",
        f"{ROOT}/queue/{FETCHES}/failed/empty",
        f"{ROOT}/queue/{LOOKUPS}/queued/empty",
        f"{ROOT}/queue/{LOOKUPS}/compact",
    ]


def everything(redis: Redis) -> dict[bytes, bytes | None]:
    """All that RQ keeps."""
    return {key: redis.dump(key) for key in redis.scan_iter("rq:*")}


def test_jobs_that_wait_are_shown(operator: FlaskClient, waiting: Job) -> None:
    queues = operator.get(f"{ROOT}/0/data/queues.json").get_json()["queues"]
    assert [(one["name"], one["count"]) for one in queues] == [(LOOKUPS, 1)]
    jobs = operator.get(f"{ROOT}/0/data/jobs/{LOOKUPS}/queued/8/asc/1.json").get_json()["jobs"]
    assert [job["id"] for job in jobs] == [waiting.id]
    assert "HeavyHelen" in jobs[0]["description"]


def test_jobs_that_failed_are_shown_with_their_traceback(operator: FlaskClient, failed: Job) -> None:
    jobs = operator.get(f"{ROOT}/0/data/jobs/{FETCHES}/failed/8/asc/1.json").get_json()["jobs"]
    assert "RuntimeError" in jobs[0]["exc_info"]
    one = operator.get(f"{ROOT}/0/data/job/{failed.id}.json").get_json()
    assert (one["status"], one["origin"]) == ("failed", FETCHES)
    assert operator.get(f"{ROOT}/0/view/job/{failed.id}").status_code == 200


def test_workers_are_shown_with_what_they_do(
    operator: FlaskClient, during_a_fetch: Callable[[Callable[[], object]], None]
) -> None:
    answers: list[TestResponse] = []
    during_a_fetch(lambda: answers.append(operator.get(f"{ROOT}/0/data/workers.json")))
    (shown,) = answers[0].get_json()["workers"]
    assert (shown["name"], shown["state"], shown["queues"]) == ("0123456789ab", "busy", [*QUEUES])
    assert shown["current_job"]["call_string"].startswith("worker.jobs.fetch_year('HeavyHelen', 2024")


@pytest.mark.parametrize("view", ["", "/0/view/jobs", "/0/view/workers", f"/0/view/jobs/{LOOKUPS}/queued/8/asc/1"])
def test_every_page_is_served_without_another_sites_address_or_where_redis_is(
    operator: FlaskClient, redis: Redis, valkey: str, waiting: Job, view: str
) -> None:
    page = operator.get(f"{ROOT}{view}/" if not view else f"{ROOT}{view}").text
    assert "← Operator" in page
    assert "http" not in page.replace("http-equiv", "").replace("http://www.w3.org", "")
    assert valkey not in page


def test_what_is_not_there_is_not_found(operator: FlaskClient, redis: Redis) -> None:
    for path in (
        "/0/view/job/gone",
        "/0/data/job/gone.json",
        "/1/view/workers",
        "/1/data/queues.json",
        "/nowhere",
    ):
        assert operator.get(ROOT + path).status_code == 404, path


def test_without_redis_that_is_what_is_said(pages_with: Pages) -> None:
    answer = pages_with(redis_url=NO_REDIS).get(f"{ROOT}/0/data/workers.json")
    assert (answer.status_code, answer.get_json()["error"]) == (503, "Redis does not answer")


def test_every_endpoint_that_only_looks_is_known_by_name(operator: FlaskClient) -> None:
    rules = [rule for rule in operator.application.url_map.iter_rules() if rule.endpoint.startswith(f"{NAME}.")]
    changing = {rule.endpoint for rule in rules} - READS
    assert changing == {
        f"{NAME}.{view}"
        for view in ("delete_job_view", "requeue_job_view", "requeue_all", "empty_queue", "compact_queue")
    }
    assert {rule.endpoint for rule in rules} >= READS


def test_nothing_changes_unless_the_operator_has_said_so(
    operator: FlaskClient, redis: Redis, waiting: Job, failed: Job
) -> None:
    before = everything(redis)
    for path in changes(failed.id):
        answer = operator.post(path, headers=OURS)
        assert answer.status_code == 403, path
        assert "OPERATOR_MAY_CHANGE=true" in answer.text, path
    assert operator.get(f"{ROOT}/requeue/{FETCHES}", headers=OURS).status_code == 403
    assert operator.head(f"{ROOT}/requeue/{FETCHES}", headers=OURS).status_code == 403
    for method in ("PUT", "PATCH", "DELETE", "OPTIONS"):
        assert operator.open(f"{ROOT}/", method=method).status_code == 403
        assert operator.open("/operator/", method=method).status_code == 403
    assert everything(redis) == before


def test_an_operator_who_may_can_requeue_and_delete(
    pages_with: Pages, redis: Redis, waiting: Job, failed: Job
) -> None:
    client = pages_with(operator_may_change=True)
    fetches = queue(redis, FETCHES)
    assert client.post(f"{ROOT}/job/{failed.id}/requeue", headers=OURS).get_json() == {"status": "OK"}
    assert (fetches.get_job_ids(), fetches.failed_job_registry.get_job_ids()) == ([failed.id], [])
    again = fetches.fetch_job(failed.id)
    assert again is not None
    assert again.args == ["HeavyHelen", 2024, "x"], "it can still be read by our workers"
    assert client.post(f"{ROOT}/job/{failed.id}/delete", headers=OURS).get_json() == {"status": "OK"}
    assert client.post(f"{ROOT}/queue/{LOOKUPS}/queued/empty", headers=OURS).get_json() == {"status": "OK"}
    assert (fetches.count, queue(redis, LOOKUPS).count) == (0, 0)


@pytest.mark.parametrize(
    "headers",
    [{}, {"Sec-Fetch-Site": "cross-site"}, {"Sec-Fetch-Site": "same-site"}, {"Origin": "https://evil.example"}],
)
def test_even_then_no_other_site_can_have_it_done(
    pages_with: Pages, redis: Redis, waiting: Job, failed: Job, headers: dict[str, str]
) -> None:
    client = pages_with(operator_may_change=True)
    before = everything(redis)
    for path in changes(failed.id):
        assert client.post(path, headers=headers).status_code == 403, path
    for path in (f"{ROOT}/requeue/{FETCHES}",):
        assert client.get(path, headers={**OURS}).status_code == 403, "an image's address is enough for a GET"
    assert everything(redis) == before


def test_buttons_that_would_be_refused_are_hidden(operator: FlaskClient, pages_with: Pages, redis: Redis) -> None:
    path = f"{ROOT}/0/view/jobs/{FETCHES}/failed/8/asc/1"
    assert '<body class="reads">' in operator.get(path).text
    assert "OPERATOR_MAY_CHANGE=true" in operator.get(path).text
    assert "<body>" in pages_with(operator_may_change=True).get(path).text


class Bomb:
    """Runs when it is unpickled."""

    def __reduce__(self) -> tuple[object, tuple[str]]:
        return exec, ("raise SystemExit('unpickled')",)


def test_nothing_is_ever_unpickled(
    operator: FlaskClient, redis: Redis, waiting: Job, during_a_fetch: Callable[[Callable[[], object]], None]
) -> None:
    def look() -> None:
        for key in redis.scan_iter("rq:job:*"):
            if redis.type(key) == b"hash":
                redis.hset(key, "data", pickle.dumps(Bomb()))
        data = ("workers.json", f"job/{waiting.id}.json", f"jobs/{LOOKUPS}/queued/8/asc/1.json")
        paths = [*(f"{ROOT}/0/data/{name}" for name in data), "/operator/"]
        statuses.extend(operator.get(path).status_code for path in paths)

    statuses: list[int] = []
    queue(redis, LOOKUPS).remove(waiting)
    during_a_fetch(look)
    assert len(statuses) == 4, "it has come to its end"
    assert statuses[-1] == 200
