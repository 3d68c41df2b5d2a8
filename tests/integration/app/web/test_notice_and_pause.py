"""What the operator has every page say, and what pages say while fetching is paused."""

from collections.abc import Callable

import pytest
from flask.testing import FlaskClient
from redis import Redis
from redis.exceptions import TimeoutError as RedisTimeoutError

from app.redis import notice
from app.redis.notice import AWAY_SECONDS, KEPT_SECONDS, clear_notice, write_notice
from app.redis.pause import pause, resume
from tests.integration.app.web.conftest import NO_REDIS, SAME_ORIGIN, Fetched, RunJobs, SiteWith

PAGES = ("/", "/about", "/user/LightLuca", "/user/LightLuca/2024", "/no-such-page", "/api")
TEXT = "Moving on <b>Sunday</b> & back on Monday"
SHOWN = '<p class="from-operator" role="note">Moving on &lt;b&gt;Sunday&lt;/b&gt; &amp; back on Monday</p>'
PAUSED = "The operator has paused reading from Last.fm"


@pytest.fixture
def pass_time(client: FlaskClient) -> Callable[[float], None]:
    """Lets time pass for what the client's site keeps."""
    context, now = client.application.extensions["lastyear"], [1000.0]
    context.notice._clock = context.page_cache._clock = lambda: now[0]

    def seconds(more: float) -> None:
        now[0] += more

    return seconds


def test_every_page_says_the_notice_and_no_answer_for_programs_does(
    client: FlaskClient, redis: Redis, fetched: Fetched, pass_time: Callable[[float], None]
) -> None:
    fetched("LightLuca", 2024)
    pass_time(KEPT_SECONDS)
    write_notice(redis, TEXT)
    for path in PAGES:
        assert client.get(path).text.count(SHOWN) == 1, path
    for path in ("/api/v1/users/LightLuca/years/2024", "/user/LightLuca/2024.json", "/user/LightLuca/2024.csv"):
        assert "Sunday" not in client.get(path).text
    clear_notice(redis)
    pass_time(KEPT_SECONDS)
    for path in PAGES:
        assert "from-operator" not in client.get(path).text, path


def test_a_page_that_is_kept_for_a_second_shows_a_notice_after_that(
    client: FlaskClient, redis: Redis, fetched: Fetched, pass_time: Callable[[float], None]
) -> None:
    fetched("LightLuca", 2024)
    assert SHOWN not in client.get("/user/LightLuca/2024").text
    write_notice(redis, TEXT)
    pass_time(1.01)
    assert SHOWN in client.get("/user/LightLuca/2024").text


def test_pages_do_not_wait_one_by_one_for_a_redis_that_does_not_answer(
    client: FlaskClient, redis: Redis, pass_time: Callable[[float], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    write_notice(redis, TEXT)
    assert SHOWN in client.get("/about").text
    asked = []

    def frozen(_redis: Redis) -> str:
        asked.append(1)
        if len(asked) == 1:  # whoever comes meanwhile is not held up
            assert SHOWN in client.application.test_client().get("/about").text
        raise RedisTimeoutError

    with monkeypatch.context() as away:
        away.setattr(notice, "read_notice", frozen)
        for seconds in (0, KEPT_SECONDS, KEPT_SECONDS, AWAY_SECONDS):
            pass_time(seconds)
            assert SHOWN in client.get("/about").text, "as it was before"
        assert len(asked) == 2
    clear_notice(redis)
    pass_time(AWAY_SECONDS)
    assert SHOWN not in client.get("/about").text


def test_without_redis_pages_have_no_notice(site_with: SiteWith) -> None:
    visitor = site_with(redis_url=NO_REDIS)
    assert visitor.get("/about").status_code == 200


def test_a_page_that_waits_says_that_fetching_is_paused_and_what_can_be_done(
    client: FlaskClient, redis: Redis, fetched: Fetched, run_jobs: RunJobs
) -> None:
    fetched("LightLuca", 2024)
    client.get("/user/LightLuca")
    run_jobs()
    pause(redis)
    for path in ("/user/LightLuca/2023", "/user/SingleSam/2024", "/user/SingleSam"):
        client.get(path)
        page = client.get(path).text
        assert PAUSED in page, path
        assert "goes on by itself" in page
        assert "data-live" in page
        assert "left</p>" not in page
    assert client.post("/user/LightLuca/missing", headers=SAME_ORIGIN).status_code == 303
    assert PAUSED in client.get("/user/LightLuca").text
    client.post("/user/LightLuca/remove", headers=SAME_ORIGIN)
    assert "The operator has paused asking Last.fm" in client.get("/user/LightLuca/remove").text
    trouble = client.get("/api/v1/users/LightLuca/years/2023").get_json()["trouble"]
    assert trouble["code"] == "unavailable"
    assert PAUSED in trouble["message"]
    assert PAUSED not in client.get("/user/LightLuca/2024").text, "which is here"
    resume(redis)
    assert PAUSED not in client.get("/user/LightLuca/2023").text
    run_jobs()
    assert client.get("/user/LightLuca/2023.json").get_json()["progress"]["phase"] == "completed"
