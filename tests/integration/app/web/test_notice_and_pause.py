"""What the operator has every page say, and what pages say while fetching is paused."""

from flask.testing import FlaskClient
from redis import Redis

from app.notice import clear_notice, write_notice
from app.pause import pause, resume
from tests.integration.app.web.conftest import NO_REDIS, SAME_ORIGIN, Fetched, RunJobs, SiteWith

PAGES = ("/", "/about", "/user/LightLuca", "/user/LightLuca/2024", "/no-such-page", "/api")
TEXT = "Moving on <b>Sunday</b> & back on Monday"
SHOWN = '<p class="from-operator" role="note">Moving on &lt;b&gt;Sunday&lt;/b&gt; &amp; back on Monday</p>'
PAUSED = "The operator has paused reading from Last.fm"


def test_every_page_says_the_notice_and_no_answer_for_programs_does(
    client: FlaskClient, redis: Redis, fetched: Fetched
) -> None:
    fetched("LightLuca", 2024)
    write_notice(redis, TEXT)
    for path in PAGES:
        assert client.get(path).text.count(SHOWN) == 1, path
    for path in ("/api/v1/users/LightLuca/years/2024", "/user/LightLuca/2024.json", "/user/LightLuca/2024.csv"):
        assert "Sunday" not in client.get(path).text
    clear_notice(redis)
    client.application.extensions["lastyear"].page_cache.drop("LightLuca", 2024)
    for path in PAGES:
        assert "from-operator" not in client.get(path).text, path


def test_a_page_that_is_kept_for_a_second_shows_a_notice_after_that(
    client: FlaskClient, redis: Redis, fetched: Fetched
) -> None:
    fetched("LightLuca", 2024)
    cache = client.application.extensions["lastyear"].page_cache
    now = 1000.0
    cache._clock = lambda: now
    assert SHOWN not in client.get("/user/LightLuca/2024").text
    write_notice(redis, TEXT)
    now += 1.01
    assert SHOWN in client.get("/user/LightLuca/2024").text


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
