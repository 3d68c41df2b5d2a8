"""A part that is away: what is stored is still shown, and the page says what is missing."""

import pytest
from flask.testing import FlaskClient
from psycopg.errors import DeadlockDetected
from pydantic import SecretStr
from redis import Redis
from structlog.testing import capture_logs

from app.jobs.queues import QueueAway
from tests.integration.app.web.conftest import (
    NO_DATABASE,
    NO_REDIS,
    SAME_ORIGIN,
    Fetched,
    Jobs,
    Known,
    RunJobs,
    SiteWith,
)


def test_without_redis_a_stored_year_is_shown_with_a_notice(fetched: Fetched, site_with: SiteWith) -> None:
    fetched("LightLuca", 2024)
    page = site_with(redis_url=NO_REDIS).get("/user/lightluca/2024")
    assert page.status_code == 200
    assert "LightLuca’s 2024" in page.text
    assert "<svg" in page.text
    assert "Nothing new can be read right now" in page.text


def test_without_redis_a_stored_listeners_years_can_be_opened(fetched: Fetched, site_with: SiteWith) -> None:
    fetched("LightLuca", 2024)
    page = site_with(redis_url=NO_REDIS).get("/user/LightLuca")
    assert page.status_code == 200
    assert 'href="/user/LightLuca/2024"' in page.text
    assert "Nothing new can be read right now" in page.text


def test_without_redis_what_is_not_stored_is_a_503_that_says_when_to_come_back(site_with: SiteWith) -> None:
    visitor = site_with(redis_url=NO_REDIS)
    for path in ("/user/LightLuca/2024", "/user/LightLuca", "/user/LightLuca/2024.json"):
        page = visitor.get(path)
        assert page.status_code == 503, path
        assert "ry again in a minute" in page.text or path.endswith(".json")
    assert visitor.post("/user/LightLuca/2024/refresh", headers=SAME_ORIGIN).status_code == 503


def test_redis_that_goes_away_in_the_middle_of_a_visit_is_no_fault_of_the_page(
    client: FlaskClient, known: Known, monkeypatch: pytest.MonkeyPatch
) -> None:
    known("LightLuca")

    def away(*_arguments: object, **_options: object) -> None:
        raise QueueAway

    monkeypatch.setattr("app.jobs.enqueue.enqueue_year", away)
    page = client.get("/user/LightLuca/2024")
    assert page.status_code == 503
    assert "This year cannot be shown right now" in page.text


def test_a_page_whose_rows_others_were_changing_can_be_tried_again(
    client: FlaskClient, known: Known, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(*_: object, **__: object) -> None:
        raise DeadlockDetected

    known("LightLuca")
    monkeypatch.setattr("app.store.fetch_jobs.claim", interrupted)
    answer = client.get("/user/LightLuca/2023")
    assert answer.status_code == 503
    assert int(answer.headers["Retry-After"]) > 0


def test_without_the_database_a_year_that_redis_knows_is_shown(
    fetched: Fetched, site_with: SiteWith, redis: Redis
) -> None:
    fetched("LightLuca", 2024)
    assert "<svg" in site_with(database_url=NO_DATABASE).get("/user/LightLuca/2024").text


def test_without_the_database_a_year_that_nobody_knows_is_a_503(site_with: SiteWith, jobs: Jobs) -> None:
    visitor = site_with(database_url=NO_DATABASE)
    page = visitor.get("/user/LightLuca/2024")
    assert page.status_code == 503
    assert "This year cannot be shown right now" in page.text
    assert "Asking for this year" not in page.text
    assert visitor.post("/user/LightLuca/2024/refresh", headers=SAME_ORIGIN).status_code == 503
    assert jobs() == 0


def test_an_outage_of_the_database_is_one_line_however_many_ask(site_with: SiteWith) -> None:
    visitor = site_with(database_url=NO_DATABASE)
    with capture_logs() as lines:
        for path in 10 * ["/user/LightLuca/2024", "/user/LightLuca/2024/1977", "/user/LightLuca/2023/unknown"]:
            assert visitor.get(path).status_code == 503
    assert [line["event"] for line in lines if line["log_level"] != "debug"] == [
        "Pages go without the app database"
    ]


def test_without_the_database_the_years_are_those_that_were_counted(
    client: FlaskClient, run_jobs: RunJobs, site_with: SiteWith
) -> None:
    client.get("/user/LightLuca")
    run_jobs()
    page = site_with(database_url=NO_DATABASE).get("/user/LightLuca")
    assert page.status_code == 200
    assert 'href="/user/LightLuca/2024"' in page.text


def test_without_anything_every_page_is_still_a_page(site_with: SiteWith) -> None:
    visitor = site_with(redis_url=NO_REDIS, database_url=NO_DATABASE)
    for path, status in {
        "/": 200,
        "/about": 200,
        "/healthz": 200,
        "/user/LightLuca": 503,
        "/user/LightLuca/2024": 503,
        "/nowhere": 404,
    }.items():
        assert visitor.get(path).status_code == status, path


def test_no_page_and_no_log_line_tells_where_the_parts_are(
    site_with: SiteWith, caplog: pytest.LogCaptureFixture
) -> None:
    secret = SecretStr("postgresql://nobody:hush-hush@127.0.0.1:1/nothing")
    page = site_with(database_url=secret).get("/user/LightLuca/2024")
    assert "hush-hush" not in page.text + caplog.text
    assert "127.0.0.1" not in page.text
