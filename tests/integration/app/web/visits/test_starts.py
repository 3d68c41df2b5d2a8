"""Robots, previews, prefetches and other sites' pages see what is here, and start nothing."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from flask.testing import FlaskClient
from redis import Redis

from app.redis import event_stream
from app.redis.event_stream import Topic, latest_snapshot
from tests.integration.app.web.conftest import Fetched, Jobs, RunJobs

THIS_YEAR = datetime.now(UTC).year
GUESTS = {
    "robot": {"User-Agent": "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)"},
    "preview": {"User-Agent": "Twitterbot/1.0"},
    "prefetch": {"Sec-Purpose": "prefetch", "Sec-Fetch-Dest": "document"},
    "picture": {"Sec-Fetch-Dest": "image", "Sec-Fetch-Site": "cross-site"},
}
ROBOT = GUESTS["robot"]
FORMS = ("", ".png", ".svg", ".json", ".csv", "?with=HeavyHelen", "?with=HeavyHelen,SingleSam")


@pytest.mark.parametrize("guest", list(GUESTS))
def test_guests_start_nothing_and_are_told_that_nothing_is_counted(
    client: FlaskClient, jobs: Jobs, guest: str
) -> None:
    for form in FORMS:
        answer = client.get(f"/user/LightLuca/2024{form}", headers=GUESTS[guest])
        assert answer.status_code == (302 if form == ".csv" else 200), form
    card = client.get("/user/LightLuca/2024", headers=GUESTS[guest]).text
    assert '<meta property="og:title" content="LightLuca’s 2024: not counted yet">' in card
    assert 'id="count"' in card, "for a person who comes after them"
    assert "data-live" not in card
    assert "Not counted yet." in client.get("/user/LightLuca/2024.svg", headers=GUESTS[guest]).text
    two = client.get("/user/LightLuca/2024?with=HeavyHelen", headers=GUESTS[guest]).text
    assert "in 2024, by release year: not counted yet" in two
    years = client.get("/user/LightLuca", headers=GUESTS[guest])
    assert years.status_code == 200
    assert "These years are not counted yet" in years.text
    assert "http-equiv" not in years.text
    assert jobs() == 0


def test_head_starts_nothing_and_says_what_get_would(client: FlaskClient, jobs: Jobs) -> None:
    for path in (*(f"/user/LightLuca/2024{form}" for form in FORMS if form != ".csv"), "/user/LightLuca"):
        assert client.head(path).status_code == 200
    for path in ("/api/v1/users/LightLuca", "/api/v1/users/LightLuca/years/2024"):
        assert client.head(path).status_code == 404
    assert jobs() == 0


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"User-Agent": "curl/8.14.1"},
        {"Sec-Fetch-Dest": "document", "Sec-Fetch-Site": "none", "Sec-Fetch-User": "?1"},
        {"Sec-Fetch-Dest": "empty", "Sec-Fetch-Site": "same-origin"},
    ],
)
def test_a_persons_visit_starts_a_fetch_after_a_robot_was_there(
    client: FlaskClient, jobs: Jobs, headers: dict[str, str]
) -> None:
    client.get("/user/LightLuca/2024", headers=ROBOT)
    assert "data-live" in client.get("/user/LightLuca/2024", headers=headers).text
    assert jobs() == 1
    # And then the robot sees how far it is.
    assert "Asking Last.fm…" in client.get("/user/LightLuca/2024", headers=ROBOT).text


def test_a_program_that_calls_itself_a_bot_may_use_the_api(client: FlaskClient, jobs: Jobs) -> None:
    bot = {"User-Agent": "MusicBot/1.0 (+https://bot.example.org)"}
    assert client.get("/api/v1/users/LightLuca/years/2024", headers=bot).status_code == 202
    assert jobs() == 1
    embedded = client.get("/api/v1/users/LightLuca/years/2023", headers=GUESTS["picture"])
    assert (embedded.status_code, embedded.get_json()["error"]["code"]) == (404, "not_counted")
    assert jobs() == 1


def test_a_robot_sees_the_stored_chart_though_it_is_out_of_date(
    fetched: Fetched, client: FlaskClient, grown_old: Callable[..., None], jobs: Jobs
) -> None:
    fetched("LightLuca", THIS_YEAR)
    grown_old("LightLuca", THIS_YEAR, datetime.now(UTC) - timedelta(hours=2))
    for path in (f"/user/LightLuca/{THIS_YEAR}", f"/user/LightLuca/{THIS_YEAR}?with=HeavyHelen,GrowingGus"):
        assert "<svg" in client.get(path, headers=ROBOT).text
    assert client.get(f"/user/LightLuca/{THIS_YEAR}.png", headers=ROBOT).status_code == 200
    assert jobs() == 0


def test_a_robot_sees_the_stored_chart_though_redis_has_forgotten_it(
    fetched: Fetched, client: FlaskClient, redis: Redis, jobs: Jobs
) -> None:
    fetched("LightLuca", 2024)
    event_stream.forget_listener(redis, "LightLuca")
    assert '<p class="headline" data-told>' in client.get("/user/lightluca/2024", headers=ROBOT).text
    assert latest_snapshot(redis, Topic("LightLuca", 2024)), "the next one needs no database"
    assert jobs() == 0


def test_a_robot_sees_the_years_as_they_were_counted(
    client: FlaskClient, run_jobs: RunJobs, redis: Redis, jobs: Jobs
) -> None:
    client.get("/user/LightLuca")
    run_jobs()
    counted = latest_snapshot(redis, Topic("LightLuca"))
    assert counted is not None
    event_stream.save_snapshot(redis, Topic("LightLuca"), counted.model_copy(update={"at": 1.0}))
    assert f">{counted.event.years[2024]:,}</td>" in client.get("/user/LightLuca", headers=ROBOT).text
    assert jobs() == 0


def test_robots_are_told_what_they_may_read(client: FlaskClient) -> None:
    answer = client.get("/robots.txt")
    assert answer.content_type == "text/plain; charset=utf-8"
    lines = answer.text.splitlines()
    assert lines[0] == "User-agent: *"
    assert {"Disallow: /user/*/*/", "Disallow: /album/", "Disallow: /api/v1/users/"} <= set(lines)
    # Pages about a listener say that they are not to be listed, which has to be read.
    assert "Disallow: /user/" not in lines
