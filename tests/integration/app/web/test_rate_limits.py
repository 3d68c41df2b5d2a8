"""Rate limits: how often one address may start a fetch, and who may ask for a refresh."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient
from redis import BlockingConnectionPool, Redis
from redis.exceptions import OutOfMemoryError
from structlog.testing import capture_logs
from werkzeug.exceptions import TooManyRequests

from app.redis import known_names
from app.web.rate_limits import LIMITS, SITES, RateLimits, requester
from tests.integration.app.web.conftest import NO_REDIS, SAME_ORIGIN, Fetched, Jobs, Known, RunJobs, SiteWith

ALLOWED = int(LIMITS["fetch"].split()[0])
REFRESHES = int(LIMITS["refresh"].split()[0])
THIS_YEAR = datetime.now(UTC).year


def start(client: FlaskClient, number: int, path: str = "/user/Visitor{}/2024", **headers: str) -> int:
    """Starts a fetch that nobody has started before."""
    return client.get(path.format(number), headers=headers).status_code


def test_exactly_so_many_fetches_may_be_started_and_then_none(client: FlaskClient, jobs: Jobs) -> None:
    assert [start(client, number) for number in range(ALLOWED)] == [200] * ALLOWED
    assert jobs() == ALLOWED
    refused = client.get("/user/OneTooMany/2024")
    assert refused.status_code == 429
    assert 1 <= int(refused.headers["Retry-After"]) <= 60
    assert "Too many requests at once" in refused.text
    assert "</html>" in refused.text
    assert jobs() == ALLOWED


def test_looking_costs_nothing(fetched: Fetched, client: FlaskClient) -> None:
    fetched("LightLuca", 2024)
    client.get("/user/HeavyHelen/2024")  # on its way
    client.get("/user/EmptyEve")
    for _ in range(ALLOWED + 5):
        for path in ("LightLuca/2024", "lightluca/2024.json", "HeavyHelen/2024", "EmptyEve"):
            assert client.get(f"/user/{path}").status_code == 200
        assert client.get("/").status_code == 200
        assert client.get("/nowhere").status_code == 404
        assert client.get("/user/HeavyHelen/1999").status_code == 404
    left = ALLOWED - 3
    assert [start(client, number) for number in range(left + 1)] == [200] * left + [429]


def test_an_address_over_the_limit_still_sees_what_is_stored(
    fetched: Fetched, client: FlaskClient, grown_old: Callable[[str, int, datetime], None], jobs: Jobs
) -> None:
    fetched("LightLuca", THIS_YEAR)
    grown_old("LightLuca", THIS_YEAR, datetime.now(UTC) - timedelta(hours=2))
    for number in range(ALLOWED):
        start(client, number)
    before = jobs()
    page = client.get(f"/user/LightLuca/{THIS_YEAR}")
    assert page.status_code == 200
    assert "<svg" in page.text
    assert jobs() == before


def test_without_redis_the_database_is_asked_so_often_for_one_address(
    site_with: SiteWith, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(LIMITS, "database", "2 per minute")
    for path in ("/user/Nobody{}", "/user/Nobody{}/2024"):
        visitor = site_with(redis_url=NO_REDIS)
        assert [start(visitor, number, path) for number in range(3)] == [503, 503, 429], path


def test_what_redis_has_lost_of_listeners_is_read_so_often_for_one_address(
    site_with: SiteWith, known: Known, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(LIMITS, "database", "3 per minute")  # the list of listeners is read once
    visitor, names = site_with(), ("LightLuca", "HeavyHelen", "SingleSam")
    for name in names:
        known(name)
    assert [visitor.head(f"/user/{name}").status_code for name in names] == [200, 200, 429]
    assert visitor.head("/user/LightLuca").status_code == 200, "Redis has it again"


def test_a_redis_that_takes_nothing_has_the_list_of_listeners_read_so_often_for_one_address(
    site_with: SiteWith, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise OutOfMemoryError

    monkeypatch.setattr("app.redis.known_names.save_stored", full)
    monkeypatch.setitem(LIMITS, "database", "3 per minute")
    visitor = site_with()
    statuses = [visitor.head(f"/user/Nobody{number}").status_code for number in range(3)]
    assert statuses == [200, 429, 429], "the list and the listener's years, then the list once more"


def test_being_over_a_limit_ends_with_its_minute(client: FlaskClient, monkeypatch: pytest.MonkeyPatch) -> None:
    for number in range(ALLOWED):
        start(client, number)
    assert start(client, ALLOWED) == 429
    now = datetime.now(UTC).timestamp()
    monkeypatch.setattr("time.time", lambda: now + 61)
    assert start(client, ALLOWED) == 200


def test_every_address_has_limits_of_its_own_behind_our_own_proxy(client: FlaskClient) -> None:
    for number in range(ALLOWED):
        assert start(client, number, **{"X-Forwarded-For": "203.0.113.7"}) == 200
    assert start(client, 99, **{"X-Forwarded-For": "203.0.113.7"}) == 429
    # Only what the proxy itself has added counts.
    assert start(client, 99, **{"X-Forwarded-For": "198.51.100.1, 203.0.113.7"}) == 429
    assert start(client, 99, **{"X-Forwarded-For": "203.0.113.8"}) == 200


def test_who_asks_for_many_years_delays_others_by_one_and_their_address_is_in_no_job(
    client: FlaskClient, redis: Redis
) -> None:
    for name in ("LightLuca", *(f"Visitor{number}" for number in range(ALLOWED))):
        known_names.add_stored(redis, name)
    for number in range(ALLOWED):
        start(client, number, **{"X-Forwarded-For": "203.0.113.7"})
    others = client.get("/user/LightLuca/2024", headers={"X-Forwarded-For": "203.0.113.8"}).text
    assert "In line, 1 fetch ahead" in others
    last = client.get(f"/user/Visitor{ALLOWED - 1}/2024", headers={"X-Forwarded-For": "203.0.113.7"}).text
    assert f"In line, {ALLOWED} fetches ahead" in last
    for key in redis.scan_iter("rq:*"):
        assert b"203.0.113" not in key + (redis.dump(key) or b"")


def test_limits_hold_while_every_connection_to_redis_is_in_use(app: Flask, valkey: str, redis: Redis) -> None:
    pool = BlockingConnectionPool.from_url(valkey, max_connections=1, timeout=0.01)
    in_use = pool.get_connection()
    limits = RateLimits(Redis.from_pool(pool), {"fetch": "3 per minute", "names": "100 per day"})
    with app.test_request_context():
        for _ in range(3):
            limits.hit("fetch")
        with pytest.raises(TooManyRequests):
            limits.hit("fetch")
        with pytest.raises(TooManyRequests):
            limits.test("fetch")
        limits.spend("names", 100)
        with pytest.raises(TooManyRequests):
            limits.spend("names", 1)
    pool.release(in_use)
    pool.disconnect()


def test_that_redis_does_not_count_is_said_once_each_time(app: Flask, valkey: str) -> None:
    pool = BlockingConnectionPool.from_url(valkey, max_connections=1, timeout=0.01)
    limits = RateLimits(Redis.from_pool(pool), {"fetch": "100 per minute"})
    with app.test_request_context(), capture_logs() as lines:
        for _ in range(2):
            in_use = pool.get_connection()
            for _ in range(3):
                limits.hit("fetch")
            pool.release(in_use)
            limits.hit("fetch")
    pool.disconnect()
    assert [line["event"] for line in lines] == ["Redis does not count requests, so this process does"] * 2


def test_strangers_cannot_pretend_to_be_others(client: FlaskClient) -> None:
    stranger = {"REMOTE_ADDR": "203.0.113.9"}
    statuses = [
        client.get(
            f"/user/Visitor{number}/2024",
            headers={"X-Forwarded-For": f"10.0.0.{number}"},
            environ_overrides=stranger,
        ).status_code
        for number in range(ALLOWED + 1)
    ]
    assert statuses == [200] * ALLOWED + [429]


def test_an_address_of_the_sixth_version_is_as_wide_as_its_network(client: FlaskClient) -> None:
    statuses = [
        start(client, number, **{"X-Forwarded-For": f"2001:db8:1:2::{number:x}"}) for number in range(ALLOWED + 1)
    ]
    assert statuses == [200] * ALLOWED + [429]
    assert start(client, 99, **{"X-Forwarded-For": "2001:db8:1:3::1"}) == 200


def test_a_site_of_the_sixth_version_has_as_much_as_a_few_of_its_networks(app: Flask, redis: Redis) -> None:
    limits = RateLimits(redis, {"fetch": "2 per minute"})

    def is_allowed(address: str) -> bool:
        with app.test_request_context(environ_base={"REMOTE_ADDR": address}):
            try:
                limits.hit("fetch")
            except TooManyRequests:
                return False
        return True

    allowed = [is_allowed(f"2001:db8:1:{number:x}::1") for number in range(2 * SITES + 1)]
    assert allowed == [True] * 2 * SITES + [False]
    assert is_allowed("2001:db8:2::1")


def test_a_site_of_the_sixth_version_waits_in_a_few_lines(app: Flask) -> None:
    def line(address: str) -> str:
        with app.test_request_context(environ_base={"REMOTE_ADDR": address}):
            return requester()

    assert len({line(f"2001:db8:1:{number:x}::1") for number in range(200)}) == SITES
    assert line("2001:db8:1:2::1") == line("2001:db8:1:2::2")
    assert len({line(f"198.51.100.{number}") for number in range(20)}) == 20


def test_a_refresh_fetches_anew_and_leads_back_to_the_page(
    fetched: Fetched, client: FlaskClient, jobs: Jobs, run_jobs: RunJobs
) -> None:
    fetched("LightLuca", 2024)
    assert "data-live" not in client.get("/user/LightLuca/2024").text
    answer = client.post("/user/lightluca/2024/refresh", headers=SAME_ORIGIN)
    assert (answer.status_code, answer.location) == (303, "/user/LightLuca/2024")
    page = client.get("/user/LightLuca/2024").text
    assert "<svg" in page, "what is stored stays meanwhile"
    assert "data-live" in page
    assert jobs() == 1
    run_jobs()
    assert "<svg" in client.get("/user/LightLuca/2024").text


def test_a_refresh_while_a_fetch_runs_makes_no_second_one(client: FlaskClient, jobs: Jobs) -> None:
    client.get("/user/LightLuca/2024")
    assert client.post("/user/LightLuca/2024/refresh", headers=SAME_ORIGIN).status_code == 303
    assert jobs() == 1


def test_refreshes_are_limited(client: FlaskClient) -> None:
    for number in range(REFRESHES):
        address = f"/user/Visitor{number}/2024/refresh"
        assert client.post(address, headers=SAME_ORIGIN).status_code == 303
    refused = client.post("/user/Visitor99/2024/refresh", headers=SAME_ORIGIN)
    assert refused.status_code == 429
    assert 1 <= int(refused.headers["Retry-After"]) <= 60


def test_a_refresh_is_taken_from_our_own_pages_only(client: FlaskClient, jobs: Jobs) -> None:
    address = "/user/LightLuca/2024/refresh"
    for headers in (
        {},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
        {"Sec-Fetch-Site": "none"},
        {"Sec-Fetch-Site": "cross-site", "Origin": "http://localhost"},
        {"Origin": "https://elsewhere.example"},
        {"Origin": "https://localhost"},
        {"Origin": "http://localhost.elsewhere.example"},
        {"Origin": "null"},
    ):
        answer = client.post(address, headers=headers)
        assert answer.status_code == 403, headers
        assert "This only works from our own pages" in answer.text
    assert jobs() == 0
    assert client.post(address, headers={"Origin": "http://localhost"}).status_code == 303


def test_behind_a_proxy_with_tls_our_own_origin_is_the_one_with_tls(client: FlaskClient) -> None:
    proxied = {"X-Forwarded-For": "203.0.113.7", "X-Forwarded-Proto": "https", "Host": "lastyear.example"}
    address = "/user/LightLuca/2024/refresh"
    assert client.post(address, headers={**proxied, "Origin": "http://lastyear.example"}).status_code == 403
    assert client.post(address, headers={**proxied, "Origin": "https://lastyear.example"}).status_code == 303


def test_a_link_cannot_refresh(client: FlaskClient, jobs: Jobs) -> None:
    answer = client.get("/user/LightLuca/2024/refresh", headers=SAME_ORIGIN)
    assert answer.status_code == 405
    assert "POST" in answer.headers["Allow"]
    assert "This address does not work that way" in answer.text
    assert jobs() == 0
