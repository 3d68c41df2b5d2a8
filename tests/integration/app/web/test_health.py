"""Health: alive, ready, and numbers, the last two for this machine only."""

import re
import threading
from collections.abc import Callable

import pytest
from flask.testing import FlaskClient
from prometheus_client.parser import text_string_to_metric_families
from pydantic import SecretStr

from app.fetches import FETCHES, LOOKUPS
from app.progress import Topic
from demo.faults import Fault
from demo.lastfm import StandIn
from tests.conftest import wait_until
from tests.integration.app.web.conftest import NO_DATABASE, NO_REDIS

Visitor = Callable[..., FlaskClient]
ELSEWHERE = {"REMOTE_ADDR": "203.0.113.9"}


def numbers(client: FlaskClient) -> dict[tuple[str, str], float]:
    """What /metrics says: (name, its label's value) -> number."""
    answer = client.get("/metrics")
    assert answer.content_type.startswith("text/plain")
    return {
        (sample.name, ",".join(sample.labels.values())): sample.value
        for family in text_string_to_metric_families(answer.text)
        for sample in family.samples
    }


def test_alive_touches_nothing(site_with: Visitor) -> None:
    visitor = site_with(redis_url=NO_REDIS, database_url=NO_DATABASE, mirror_url=NO_DATABASE)
    answer = visitor.get("/healthz", environ_overrides=ELSEWHERE)
    assert (answer.status_code, answer.text) == (200, "ok\n")


def test_ready_when_redis_and_the_mirror_answer(client: FlaskClient) -> None:
    answer = client.get("/readyz")
    assert (answer.status_code, answer.get_json()) == (200, {"redis": True, "mirror": "serving"})


def test_ready_does_not_wake_the_app_database(site_with: Visitor) -> None:
    assert site_with(database_url=NO_DATABASE).get("/readyz").status_code == 200


def test_not_ready_without_redis(site_with: Visitor) -> None:
    answer = site_with(redis_url=NO_REDIS).get("/readyz")
    assert (answer.status_code, answer.get_json()) == (503, {"redis": False, "mirror": "serving"})


def test_ready_without_the_mirror_since_the_site_serves_and_fetches_without_it(
    site_with: Visitor, empty_database: str
) -> None:
    away = site_with(mirror_url=NO_DATABASE).get("/readyz")
    assert (away.status_code, away.get_json()) == (200, {"redis": True, "mirror": "away"})
    not_imported = site_with(mirror_url=SecretStr(empty_database)).get("/readyz")
    assert (not_imported.status_code, not_imported.get_json()) == (200, {"redis": True, "mirror": "empty"})


@pytest.mark.parametrize("path", ["/readyz", "/metrics"])
def test_the_inside_is_shown_to_this_machine_only(client: FlaskClient, path: str) -> None:
    assert client.get(path).status_code == 200
    assert client.get(path, environ_overrides={"REMOTE_ADDR": "::1"}).status_code == 200
    assert client.get(path, environ_overrides={"REMOTE_ADDR": ""}).status_code == 200  # a Unix socket
    assert client.get(path, environ_overrides=ELSEWHERE).status_code == 404
    for forwarded in ("203.0.113.9", "127.0.0.1, 203.0.113.9", ",", " ", "unknown", "203.0.113.9:1234"):
        assert client.get(path, headers={"X-Forwarded-For": forwarded}).status_code == 404, forwarded
    pretending = client.get(path, headers={"X-Forwarded-For": "127.0.0.1"}, environ_overrides=ELSEWHERE)
    assert pretending.status_code == 404


def test_the_numbers_of_a_fetch(
    client: FlaskClient, run_jobs: Callable[[], None], lastfm: StandIn, redis: object
) -> None:
    client.get("/user/LightLuca/2024")
    client.get("/user/HiddenHana/2024")
    client.get("/user/NobodyNoel/2024")
    lastfm.faults.add(Fault("503"), Fault("error8"))
    before = numbers(client)
    assert before["lastyear_queue_depth", FETCHES] == 3
    assert before["lastyear_queue_depth", LOOKUPS] == 0
    run_jobs()
    wait_until(lambda: all(thread.name != "preview" for thread in threading.enumerate()))
    after = numbers(client)
    assert after["lastyear_queue_depth", FETCHES] == 0
    assert after["lastyear_fetches_total", "completed"] == 1
    assert after["lastyear_fetches_total", "listening_hidden"] == 1
    assert after["lastyear_fetches_total", "no_such_user"] == 1
    plays = len(lastfm.listeners["LightLuca"].plays(2024))
    assert after["lastyear_pages_total", ""] == -(-plays // 200)
    api = [call.method for call in lastfm.calls if call.method != "profile"]
    for method in set(api):
        calls = {name: value for (metric, name), value in after.items() if metric == "lastyear_lastfm_calls_total"}
        assert {name.casefold(): value for name, value in calls.items()}[method.casefold()] == api.count(method)
    assert after["lastyear_lastfm_errors_total", "not_json"] == 1
    assert after["lastyear_lastfm_errors_total", "8"] == 1
    assert after["lastyear_lastfm_errors_total", "17"] == 2, "for a page and for the preview"


def test_requests_are_counted_by_what_was_asked_and_answered(client: FlaskClient) -> None:
    before = numbers(client)
    client.get("/")
    client.get("/user/HeavyHelen/1999")
    client.get("/nowhere")
    after = numbers(client)
    for label in ("pages.landing,200", "pages.year,404", "none,404"):
        key = ("lastyear_requests_total", label)
        assert after[key] - before.get(key, 0) == 1, label
    assert not re.search("HeavyHelen|nowhere", client.get("/metrics").text)


def test_open_pages_are_counted(client: FlaskClient) -> None:
    hub = client.application.extensions["lastyear"].hub
    assert numbers(client)["lastyear_open_pages", ""] == 0
    with hub.seat(Topic("HeavyHelen", 2024)), hub.seat(Topic("HeavyHelen", 2023)):
        assert numbers(client)["lastyear_open_pages", ""] == 2
    assert numbers(client)["lastyear_open_pages", ""] == 0


def test_the_numbers_are_there_without_redis(site_with: Visitor) -> None:
    found = numbers(site_with(redis_url=NO_REDIS))
    assert found["lastyear_open_pages", ""] == 0
