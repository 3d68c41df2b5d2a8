"""Health: liveness for everyone, readiness and metrics for this machine only."""

import re
import socket
import threading
import time
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from flask.testing import FlaskClient
from prometheus_client.parser import text_string_to_metric_families
from pydantic import SecretStr
from redis import Redis
from rq.job import Job
from rq.serializers import JSONSerializer
from rq.utils import utcformat

from app import VERSION
from app.counters import buffer
from app.jobs import queues
from app.jobs.enqueue import enqueue_rematch
from app.jobs.queues import CHORES, COVERS, FETCHES, LOOKUPS, QUEUES, queue
from app.redis import cover_archive, covers
from app.redis.allowance import PACE_KEY
from app.redis.covers import FolderSize
from app.redis.event_stream import Topic
from app.redis.pause import pause
from app.settings import Settings
from demo.lastfm.faults import Fault
from demo.lastfm.stand_in import LastfmStandIn
from tests.conftest import PATIENCE, wait_until
from tests.integration.app.web.conftest import NO_DATABASE, NO_REDIS, SAME_ORIGIN, RunJobs, SiteWith
from worker.lastfm.limiter import Limiter
from worker.pool import FetchWorker

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


def test_alive_touches_nothing(site_with: SiteWith) -> None:
    visitor = site_with(redis_url=NO_REDIS, database_url=NO_DATABASE, mirror_url=NO_DATABASE)
    answer = visitor.get("/healthz", environ_overrides=ELSEWHERE)
    assert (answer.status_code, answer.text) == (200, f"ok {VERSION}\n")


def test_ready_when_redis_and_the_mirror_answer(client: FlaskClient) -> None:
    answer = client.get("/readyz")
    assert (answer.status_code, answer.get_json()) == (200, {"redis": True, "mirror": "serving"})


def test_ready_does_not_wake_the_app_database(site_with: SiteWith) -> None:
    assert site_with(database_url=NO_DATABASE).get("/readyz").status_code == 200


def test_not_ready_without_redis(site_with: SiteWith) -> None:
    answer = site_with(redis_url=NO_REDIS).get("/readyz")
    assert (answer.status_code, answer.get_json()) == (503, {"redis": False, "mirror": "serving"})


def test_ready_without_the_mirror_since_the_site_serves_and_fetches_without_it(
    site_with: SiteWith, empty_database: str
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
    for forwarded in (
        "203.0.113.9",
        "127.0.0.1, 203.0.113.9",
        "127.0.0.1",
        "",
        ",",
        "unknown",
        "203.0.113.9:1234",
    ):
        assert client.get(path, headers={"X-Forwarded-For": forwarded}).status_code == 404, forwarded
    pretending = client.get(path, headers={"X-Forwarded-For": "127.0.0.1"}, environ_overrides=ELSEWHERE)
    assert pretending.status_code == 404


def test_the_numbers_of_a_fetch(
    client: FlaskClient, run_jobs: RunJobs, lastfm: LastfmStandIn, redis: object
) -> None:
    client.get("/user/LightLuca/2024")
    client.get("/user/HiddenHana/2024")
    client.get("/user/NobodyNoel/2024")
    lastfm.faults.add(Fault("503"), Fault("error8"))
    before = numbers(client)
    assert before["lastyear_queue_depth", FETCHES] == 0
    assert before["lastyear_queue_depth", LOOKUPS] == 3, "strangers, of whom Last.fm is asked first"
    run_jobs()
    wait_until(lambda: all(thread.name != "preview" for thread in threading.enumerate()))
    after = numbers(client)
    assert after["lastyear_queue_depth", FETCHES] == 0
    assert after["lastyear_fetches_total", "completed"] == 1
    assert after["lastyear_fetches_total", "listening_hidden"] == 1
    assert after["lastyear_fetches_total", "no_such_user"] == 1
    assert after["lastyear_stretches_total", "proven"] == 1
    assert after["lastyear_stretches_total", "gap"] == 0
    assert after["lastyear_plays_completed_total", "known"] > 0
    assert after["lastyear_first_bars_seconds_count", ""] == after["lastyear_whole_year_seconds_count", ""] == 1
    assert 0 < after["lastyear_first_bars_seconds_sum", ""] <= after["lastyear_whole_year_seconds_sum", ""]
    assert 0 < after["lastyear_storage_bytes", ""] < after["lastyear_storage_limit_bytes", ""]
    assert after["lastyear_database_wakeups_total", ""] == 1
    api = [call.method for call in lastfm.calls if call.method != "profile"]
    for method in set(api):
        calls = {name: value for (metric, name), value in after.items() if metric == "lastyear_lastfm_calls_total"}
        assert {name.casefold(): value for name, value in calls.items()}[method.casefold()] == api.count(method)
    assert after["lastyear_lastfm_errors_total", "not_json"] == 1
    assert after["lastyear_lastfm_errors_total", "8"] == 1
    assert after["lastyear_lastfm_errors_total", "17"] == 3, "twice for a page, once for the preview"


def test_a_strangers_wait_begins_with_their_visit(client: FlaskClient, run_jobs: RunJobs, redis: Redis) -> None:
    before = time.time()
    client.get("/user/LightLuca/2024")
    asked = time.time()
    # As if the question to Last.fm had waited for a minute.
    [introduction] = queue(redis, LOOKUPS).jobs
    run = UUID(int=UUID(introduction.args[2]).int - (60 * 10**9 << 64))
    introduction.args = (*introduction.args[:2], str(run), *introduction.args[3:])
    introduction.save()
    run_jobs()
    found = numbers(client)
    for name in ("first_bars", "whole_year"):
        seconds = found[f"lastyear_{name}_seconds_sum", ""]
        assert 60 - (asked - before) <= seconds <= 60 + time.time() - before, name
    run_jobs()
    client.post("/user/LightLuca/2024/refresh", headers=SAME_ORIGIN)
    run_jobs()
    again = numbers(client)
    assert again["lastyear_fetches_total", "completed"] == 2
    assert again["lastyear_whole_year_seconds_count", ""] == 1, "of what is here nobody waits for bars"


def test_the_rate_that_last_fm_allows_is_a_number(client: FlaskClient, redis: Redis, settings: Settings) -> None:
    rate = settings.lastfm_requests_per_second
    assert numbers(client)["lastyear_lastfm_allowed_calls_per_second", ""] == rate
    Limiter(redis, rate).pause(60)
    assert numbers(client)["lastyear_lastfm_allowed_calls_per_second", ""] == 0
    redis.hincrbyfloat(PACE_KEY, "grows_from", -120)
    assert numbers(client)["lastyear_lastfm_allowed_calls_per_second", ""] == pytest.approx(0.6 * rate, rel=0.01)


def test_requests_are_counted_by_what_was_asked_and_answered(client: FlaskClient) -> None:
    before = numbers(client)
    client.get("/")
    client.get("/user/HeavyHelen/1999")
    client.get("/nowhere")
    after = numbers(client)
    for label in ("/,200", "/user/<name>/<year>,404", "none,404"):
        key = ("lastyear_http_requests_total", label)
        assert after[key] - before.get(key, 0) == 1, label
    durations = ("lastyear_http_request_duration_seconds_count", "/user/<name>/<year>")
    assert after[durations] - before.get(durations, 0) == 1
    assert not re.search("HeavyHelen|nowhere", client.get("/metrics").text)


def test_whatever_is_asked_adds_no_label(client: FlaskClient) -> None:
    client.get("/user/HeavyHelen/1999")
    client.get("/nowhere")
    numbers(client)
    before = numbers(client).keys()
    for number in range(50):
        client.get(f"/user/Somebody-{number}/1999")
        client.get(f"/nowhere/{number}")
    assert numbers(client).keys() - before == set()


def test_open_pages_are_counted(client: FlaskClient) -> None:
    subscriptions = client.application.extensions["lastyear"].subscriptions
    assert numbers(client)["lastyear_open_pages", ""] == 0
    with subscriptions.subscribe(Topic("HeavyHelen", 2024)), subscriptions.subscribe(Topic("HeavyHelen", 2023)):
        assert numbers(client)["lastyear_open_pages", ""] == 2
    assert numbers(client)["lastyear_open_pages", ""] == 0


def test_the_numbers_are_there_without_redis(site_with: SiteWith) -> None:
    found = numbers(site_with(redis_url=NO_REDIS))
    assert found["lastyear_open_pages", ""] == 0
    assert found["lastyear_redis_up", ""] == 0
    assert found["lastyear_mirror_up", ""] == 1


def test_a_redis_that_is_frozen_is_asked_for_one_thing_only(
    site_with: SiteWith, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(buffer, "FLUSH_SECONDS", 3600)
    heard: list[bytes] = []
    with socket.create_server(("127.0.0.1", 0)) as frozen, ExitStack() as stack:

        def listen() -> None:
            while True:
                try:
                    connection, _ = frozen.accept()
                except OSError:
                    return
                heard.append(stack.enter_context(connection).recv(10_000))

        threading.Thread(target=listen, daemon=True).start()
        visitor = site_with(redis_url=SecretStr(f"redis://127.0.0.1:{frozen.getsockname()[1]}"))
        counts = visitor.application.extensions["lastyear"].counts
        counts.add_request("/", 200, 0.1)
        assert numbers(visitor)["lastyear_redis_up", ""] == 0
        assert len(heard) == 1
        counts._served.clear()
        frozen.shutdown(socket.SHUT_RDWR)


def test_what_another_version_has_counted_is_no_label(client: FlaskClient, redis: Redis) -> None:
    numbers(client)  # which is counted, too
    before = numbers(client).keys()
    for field in ("fetches|of-yesterday", "fetches|completed|today", "fetches", "http_requests|/"):
        redis.hincrby("lastyear:counters", field)
    assert numbers(client).keys() == before


def test_the_mirror_is_a_number(client: FlaskClient, site_with: SiteWith, empty_database: str) -> None:
    found = numbers(client)
    assert found["lastyear_mirror_up", ""] == 1
    assert found["lastyear_mirror_release_groups", ""] > 0
    assert found["lastyear_mirror_age_seconds", ""] > 0
    assert found["lastyear_mirror_replication_sequence", ""] > 0
    assert found["lastyear_mirror_replication_failed", ""] == 0
    assert numbers(site_with(mirror_url=NO_DATABASE))["lastyear_mirror_up", ""] == 0
    empty = numbers(site_with(mirror_url=SecretStr(empty_database)))
    assert (empty["lastyear_mirror_up", ""], empty["lastyear_mirror_release_groups", ""]) == (1, 0)


def test_a_worker_is_counted_with_the_queues_that_it_serves(client: FlaskClient, redis: Redis) -> None:
    assert numbers(client)["lastyear_workers", FETCHES] == 0
    worker = FetchWorker([FETCHES, LOOKUPS], connection=redis, serializer=JSONSerializer)
    worker.register_birth()
    found = numbers(client)
    assert {name: found["lastyear_workers", name] for name in QUEUES} == {
        FETCHES: 1,
        LOOKUPS: 1,
        CHORES: 0,
        COVERS: 0,
    }


def test_what_is_kept_of_covers_is_a_number(client: FlaskClient, site_with: SiteWith, redis: Redis) -> None:
    covers.note_folder(redis, FolderSize("web1", 7, 123_456))
    found = numbers(client)
    assert found["lastyear_covers_bytes", "web1"] == 123_456
    assert found["lastyear_covers_limit_bytes", ""] == 500_000_000
    assert found["lastyear_cover_archive_away", ""] == 0
    assert found["lastyear_covers_waiting", ""] == 0
    covers.want(redis, UUID(int=1))
    assert numbers(client)["lastyear_covers_waiting", ""] == 1
    cover_archive.note_trouble(redis, "busy", told=60)
    assert numbers(client)["lastyear_cover_archive_away", ""] == 1
    assert "lastyear_covers_bytes" not in {name for name, _ in numbers(site_with(cover_art_url=""))}


def test_a_job_that_waits_is_counted_by_how_long(client: FlaskClient, redis: Redis) -> None:
    enqueue_rematch(redis)
    redis.hset(Job.key_for("rematch"), "enqueued_at", utcformat(datetime.now(UTC) - timedelta(minutes=20)))
    assert numbers(client)["lastyear_queue_oldest_wait_seconds", CHORES] == pytest.approx(1200, abs=PATIENCE)
    queued_at = datetime.now(UTC) - timedelta(minutes=20)
    redis.hset(Job.key_for("rematch"), "created_at", utcformat(queued_at))
    job = queue(redis, CHORES).fetch_job("rematch")
    assert job is not None
    for _ in range(2):  # a job that is taken up again has not waited again
        FetchWorker([CHORES], connection=redis, serializer=JSONSerializer).prepare_job_execution(job)
    found = numbers(client)
    assert found["lastyear_queue_wait_seconds_count", CHORES] == 1
    assert found["lastyear_queue_wait_seconds_sum", CHORES] == pytest.approx(1200, abs=PATIENCE)


def test_refusals_are_counted_by_their_reason(
    client: FlaskClient, redis: Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(queues, "MAX_WAITING", 0)
    client.get("/user/LightLuca/2024")
    monkeypatch.setattr(queues, "MAX_WAITING", 1000)
    monkeypatch.setattr(queues, "MAX_IN_LINE", 0)
    for year in (2024, 2023, 2022):
        client.get(f"/user/LightLuca/{year}")
    found = numbers(client)
    assert found["lastyear_queue_refusals_total", f"{LOOKUPS},queue_full"] == 1
    assert found["lastyear_queue_refusals_total", f"{LOOKUPS},line_full"] == 2


def test_a_pause_is_a_number(client: FlaskClient, redis: Redis) -> None:
    assert numbers(client)["lastyear_fetching_paused", ""] == 0
    pause(redis)
    assert numbers(client)["lastyear_fetching_paused", ""] == 1
