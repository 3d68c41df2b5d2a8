"""A first visit: one job, a page at once, and in the end every kind of listener has a page that says how it is."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from flask import Flask
from flask.testing import FlaskClient
from redis import Redis

from app.events import Failure
from app.jobs import lines
from app.jobs.workers import give_sign_of_life
from app.redis import event_stream
from app.redis.event_stream import Topic
from demo.lastfm.faults import Fault
from demo.lastfm.stand_in import LastfmStandIn
from tests.integration.app.web.conftest import Jobs, Known, RunJobs


def test_a_first_visit_makes_one_job_and_draws_a_page_at_once(
    client: FlaskClient, jobs: Jobs, lastfm: LastfmStandIn
) -> None:
    first = client.get("/user/HeavyHelen/2024")
    assert first.status_code == 200
    assert 'data-live="/user/HeavyHelen/2024"' in first.text
    assert "live.js" in first.text
    assert 'http-equiv="refresh"' in first.text
    assert jobs() == 1
    assert lastfm.calls == []
    assert client.get("/user/heavyhelen/2024").status_code == 200
    assert jobs() == 1


def test_a_hundred_first_visits_at_once_make_one_job(app: Flask, jobs: Jobs) -> None:
    def visit(number: int) -> int:
        visitor = {"REMOTE_ADDR": f"10.0.0.{number}"}
        return app.test_client().get("/user/HeavyHelen/2024", environ_overrides=visitor).status_code

    with ThreadPoolExecutor(8) as visitors:  # as many as there are connections, so that none waits for one
        assert set(visitors.map(visit, range(100))) == {200}
    assert jobs() == 1


def test_a_page_in_line_says_how_many_fetches_are_ahead(client: FlaskClient, known: Known) -> None:
    known("HeavyHelen")
    pages = [client.get(f"/user/HeavyHelen/{year}").text for year in (2024, 2023, 2022)]
    assert "ahead of this one" not in pages[0]
    assert "In line, 1 fetch ahead" in pages[1]
    assert "In line, 2 fetches ahead" in pages[2]


def test_the_chart_is_drawn_when_the_job_is_done(
    client: FlaskClient, run_jobs: RunJobs, lastfm: LastfmStandIn
) -> None:
    client.get("/user/lightluca/2024")
    run_jobs()
    page = client.get("/user/lightluca/2024")
    plays = len(lastfm.accounts["LightLuca"].plays(2024))
    assert page.status_code == 200
    assert "LightLuca’s 2024" in page.text
    assert f"<dd>{plays}</dd>" in page.text
    assert "<svg" in page.text
    assert "Middle release year" in page.text
    assert "live.js" not in page.text
    assert "refresh" not in page.text.partition("<body>")[0]
    assert 'action="/user/LightLuca/2024/refresh"' in page.text


def test_a_single_play_is_spoken_of_as_one(client: FlaskClient, run_jobs: RunJobs) -> None:
    client.get("/user/SingleSam/2023")
    run_jobs()
    page = client.get("/user/SingleSam/2023")
    assert page.status_code == 200
    assert "one play in" in page.text
    assert "1 plays" not in page.text


def test_a_year_without_plays_says_so(client: FlaskClient, run_jobs: RunJobs, jobs: Jobs) -> None:
    client.get("/user/EmptyEve/2022")
    run_jobs()
    page = client.get("/user/EmptyEve/2022")
    assert page.status_code == 200
    assert "EmptyEve played nothing in 2022" in page.text
    assert "<svg" not in page.text
    assert "live.js" not in page.text
    assert jobs() == 0


def test_a_year_before_the_account_is_empty_too(client: FlaskClient, run_jobs: RunJobs) -> None:
    client.get("/user/LightLuca/2005")
    run_jobs()
    assert "LightLuca played nothing in 2005" in client.get("/user/LightLuca/2005").text


def test_a_listener_whom_lastfm_does_not_know_is_a_page_of_its_own_and_not_asked_for_again(
    client: FlaskClient, run_jobs: RunJobs, lastfm: LastfmStandIn, jobs: Jobs
) -> None:
    client.get("/user/NobodyNoel/2024")
    run_jobs()
    lastfm.call_log.clear()
    for path in ("/user/NobodyNoel/2024", "/user/NobodyNoel/2024.json"):
        assert client.get(path).status_code == 404
    page = client.get("/user/NobodyNoel/2024").text
    assert "Last.fm knows no listener called NobodyNoel" in page
    assert 'value="NobodyNoel"' in page, "one letter may be wrong"
    assert "live.js" not in page
    assert jobs() == 0
    assert lastfm.calls == []


def test_what_is_known_of_an_invented_name_is_soon_gone_and_takes_no_years_place(
    client: FlaskClient, run_jobs: RunJobs, redis: Redis
) -> None:
    topics = [Topic(name, 2024) for name in ("NobodyNoel", "LightLuca")]
    for topic in topics:
        client.get(f"/user/{topic.username}/2024")
    run_jobs()
    lives = [redis.ttl(topic.channel) for topic in topics]
    assert lives[0] <= Failure.NO_SUCH_USER.retry_after.total_seconds() < lives[1]
    assert [redis.zscore("lastyear:saved", topic.channel) is None for topic in topics] == [True, False]


def test_hidden_listening_names_the_setting_and_where_it_is(client: FlaskClient, run_jobs: RunJobs) -> None:
    for path in ("/user/HiddenHana/2024", "/user/HiddenHana"):
        client.get(path)
        run_jobs()
        page = client.get(path)
        assert page.status_code == 403
        assert "Hide recent listening information" in page.text
        assert "https://www.last.fm/settings/privacy" in page.text
        assert "live.js" not in page.text


def test_the_years_are_listed_with_their_counts(
    client: FlaskClient, run_jobs: RunJobs, lastfm: LastfmStandIn
) -> None:
    first = client.get("/user/lightluca")
    assert first.status_code == 200
    assert "Looking for lightluca" in first.text
    run_jobs()
    page = client.get("/user/lightluca")
    assert "LightLuca’s years" in page.text
    years = [2024, 2023, 2022, 2021]
    at = [page.text.index(f'href="/user/LightLuca/{year}"') for year in years]
    assert at == sorted(at)
    for year in years:
        assert f">{len(lastfm.accounts['LightLuca'].plays(year)):,}</td>" in page.text
    assert "live.js" not in page.text
    assert "/2020" not in page.text


def test_looking_for_a_listener_again_while_nobody_answers_makes_no_second_job(
    client: FlaskClient, jobs: Jobs
) -> None:
    for _ in range(30):
        assert client.get("/user/LightLuca").status_code == 200
    assert jobs() == 1


def test_who_looks_for_a_listener_whose_years_are_being_counted_already_sees_the_counts(
    client: FlaskClient, run_jobs: RunJobs, redis: Redis
) -> None:
    client.get("/user/LightLuca")
    redis.delete(Topic("LightLuca").channel)
    assert "Looking for LightLuca" in client.get("/user/LightLuca").text
    run_jobs()
    assert "LightLuca’s years" in client.get("/user/LightLuca").text
    assert 'href="/user/LightLuca/2024"' in client.get("/user/LightLuca").text


def test_a_page_that_waits_long_in_line_keeps_its_place_and_counts_once(
    client: FlaskClient, redis: Redis, known: Known
) -> None:
    known("HeavyHelen")
    client.get("/user/HeavyHelen/2023")
    client.get("/user/HeavyHelen/2024")
    in_line = lines.waiting_ids(redis, fetches=True)
    topic = Topic("HeavyHelen", 2024)
    said = event_stream.latest_snapshot(redis, topic)
    assert said is not None
    event_stream.save_snapshot(redis, topic, said.model_copy(update={"at": said.at - 200}))
    for _ in range(30):
        give_sign_of_life(redis)
        page = client.get("/user/HeavyHelen/2024")
        assert page.status_code == 200
        assert "In line, 1 fetch ahead" in page.text
    assert lines.waiting_ids(redis, fetches=True) == in_line != []
    assert client.get("/user/HeavyHelen/2022").status_code == 200


@pytest.mark.parametrize(
    ("fault", "status", "words"),
    [
        ("503", 503, "Last.fm does not answer right now"),
        ("html", 503, "Last.fm does not answer right now"),
        ("error26", 503, "Last.fm refuses this site"),
        ("error10", 503, "Last.fm refuses this site"),
    ],
)
def test_what_is_wrong_at_lastfm_is_said(
    client: FlaskClient, run_jobs: RunJobs, lastfm: LastfmStandIn, fault: str, status: int, words: str
) -> None:
    client.get("/user/LightLuca/2024")
    lastfm.faults.add(Fault(fault, times=None))
    run_jobs()
    page = client.get("/user/LightLuca/2024")
    assert page.status_code == status
    assert words in page.text
    assert "below" not in page.text
