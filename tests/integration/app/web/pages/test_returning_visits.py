"""Returning visits: a finished year asks nobody, one that may have grown is shown and brought up to date."""

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from flask.testing import FlaskClient
from redis import Redis
from werkzeug.test import TestResponse

from app.events import Gap
from app.redis import event_stream
from app.redis.event_stream import Topic
from app.store import Connection
from demo.lastfm.faults import Fault
from demo.lastfm.stand_in import LastfmStandIn
from tests.integration.app.web.conftest import NO_DATABASE, Fetched, Jobs, RunJobs, SiteWith, event
from worker.fetching.stale_charts import drop_stale_charts

THIS_YEAR = datetime.now(UTC).year

Age = Callable[..., None]


def test_a_finished_year_asks_neither_the_database_nor_lastfm_nor_a_worker(
    fetched: Fetched, site_with: SiteWith, jobs: Jobs, lastfm: LastfmStandIn
) -> None:
    fetched("LightLuca", 2024)
    visitor = site_with(database_url=NO_DATABASE)
    for name in ("LightLuca", "lightluca", "LIGHTLUCA"):
        page = visitor.get(f"/user/{name}/2024")
        assert page.status_code == 200
        assert "LightLuca’s 2024" in page.text
        assert "<svg" in page.text
        assert 'role="alert"' not in page.text
    assert visitor.get("/user/LightLuca/2024.json").status_code == 200
    assert jobs() == 0
    assert lastfm.calls == []


ENDINGS = ("", ".png", ".svg", ".csv", ".json")


def sessions(connection: Connection) -> set[int]:
    """The sessions that web processes have at the app database."""
    query = (
        "SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND application_name = 'lastyear-web'"
    )
    return {row[0] for row in connection.execute(query)}


def test_an_ended_year_is_served_in_every_form_without_a_session_at_the_database_until_it_is_better_known(
    fetched: Fetched, site_with: SiteWith, connection: Connection, redis: Redis
) -> None:
    fetched("LightLuca", 2024)
    visitor = site_with()
    before = sessions(connection)
    first = {ending: visitor.get(f"/user/LightLuca/2024{ending}") for ending in ENDINGS}
    assert all(answer.status_code == 200 for answer in first.values())
    assert sessions(connection) <= before
    # A better answer for one album: a release year that nothing else has.
    connection.execute("UPDATE albums SET release_year = 1911, charts_stale = TRUE WHERE release_year IS NOT NULL")
    drop_stale_charts(connection, redis)
    visitor.application.extensions["lastyear"].page_cache.drop("LightLuca", 2024)
    second = {ending: visitor.get(f"/user/LightLuca/2024{ending}") for ending in ENDINGS}
    assert sessions(connection) - before, "so that the count can be believed"
    for ending, answer in second.items():
        assert answer.data != first[ending].data, ending
        assert answer.headers.get("ETag", "new") != first[ending].headers.get("ETag"), ending
    assert "1911," in second[".csv"].text
    assert "1911" in second[".json"].get_json()["progress"]["years"]


def test_a_finished_year_is_the_same_page_a_second_later(fetched: Fetched, client: FlaskClient) -> None:
    fetched("LightLuca", 2024)
    drawn = client.get("/user/LightLuca/2024")
    held = client.get("/user/LightLuca/2024")
    client.application.extensions["lastyear"].page_cache.drop("LightLuca", 2024)
    drawn_again = client.get("/user/LightLuca/2024")
    assert drawn.text == held.text == drawn_again.text
    assert headers_of(drawn) == headers_of(held)


def headers_of(page: TestResponse) -> dict[str, str]:
    """All but the request's own id."""
    return {name: value for name, value in page.headers.items() if name != "X-Request-ID"}


def test_a_year_that_redis_has_forgotten_comes_from_the_database_without_a_job(
    fetched: Fetched, client: FlaskClient, redis: Redis, jobs: Jobs, site_with: SiteWith
) -> None:
    fetched("LightLuca", 2024)
    before = client.get("/user/LightLuca/2024").text
    event_stream.forget_listener(redis, "LightLuca")
    # What stands out in it is worked out when somebody asks for that.
    read = site_with().get("/user/lightluca/2024").text
    assert without_insights(read) == without_insights(before)
    assert 'id="work-out"' in read
    assert jobs() == 0
    # And it is remembered: the next visit needs no database.
    assert site_with(database_url=NO_DATABASE).get("/user/LightLuca/2024").text == read


def without_insights(page: str) -> str:
    rest, sections = re.subn(r'<section class="insights".*?</section>', "", page, flags=re.DOTALL)
    assert sections == 1
    return rest


def test_a_running_year_is_left_alone_for_an_hour(
    fetched: Fetched, client: FlaskClient, grown_old: Age, jobs: Jobs
) -> None:
    fetched("LightLuca", THIS_YEAR)
    grown_old("LightLuca", THIS_YEAR, datetime.now(UTC) - timedelta(minutes=59))
    assert "data-live" not in client.get(f"/user/LightLuca/{THIS_YEAR}").text
    assert jobs() == 0


def test_a_running_year_is_asked_for_after_an_hour_and_what_is_stored_is_shown_meanwhile(
    fetched: Fetched, client: FlaskClient, grown_old: Age, jobs: Jobs, run_jobs: RunJobs
) -> None:
    fetched("LightLuca", THIS_YEAR)
    stored = client.get(f"/user/LightLuca/{THIS_YEAR}.json").get_json()["progress"]
    grown_old("LightLuca", THIS_YEAR, datetime.now(UTC) - timedelta(minutes=61))
    page = client.get(f"/user/LightLuca/{THIS_YEAR}.json").get_json()["progress"]
    assert page["phase"] == "queued"
    assert page["years"] == stored["years"]
    chart = client.get(f"/user/LightLuca/{THIS_YEAR}").text
    assert "<svg" in chart
    assert "data-live" in chart
    assert jobs() == 1
    run_jobs()
    assert client.get(f"/user/LightLuca/{THIS_YEAR}.json").get_json()["progress"]["phase"] == "completed"


@pytest.mark.parametrize(("fetched_on", "asked"), [((2025, 1, 15), 1), ((2025, 1, 16), 0)])
def test_a_year_is_final_when_it_was_fetched_fifteen_days_after_its_end(
    fetched: Fetched,
    client: FlaskClient,
    grown_old: Age,
    jobs: Jobs,
    fetched_on: tuple[int, int, int],
    asked: int,
) -> None:
    fetched("LightLuca", 2024)
    read_at = datetime.now(UTC).timestamp()
    grown_old("LightLuca", 2024, datetime(*fetched_on, 12, tzinfo=UTC), read_at=read_at)
    assert "<svg" in client.get("/user/LightLuca/2024").text
    assert jobs() == asked


@pytest.mark.parametrize(("days", "asked"), [(29, 0), (31, 1)])
def test_an_ended_year_is_read_again_a_month_later_and_shown_whole_meanwhile(
    fetched: Fetched, client: FlaskClient, grown_old: Age, jobs: Jobs, run_jobs: RunJobs, days: int, asked: int
) -> None:
    fetched("LightLuca", 2024)
    grown_old("LightLuca", 2024, datetime.now(UTC) - timedelta(days=days))
    page = client.get("/user/LightLuca/2024").text
    assert jobs() == asked
    assert ("It is being read again." in page) == bool(asked)
    assert ("data-live" in page) == bool(asked)
    assert "(so far" not in page
    assert "Plays so far" not in page
    assert 'class="progress"' not in page
    assert '<p class="headline" data-told>' in page
    assert 'id="share"' in page
    assert client.get("/api/v1/users/LightLuca/years/2024").get_json()["whole"]
    run_jobs()
    assert "data-live" not in client.get("/user/LightLuca/2024").text


def test_an_ended_year_without_its_plays_is_not_read_again_by_a_visit(
    fetched: Fetched, client: FlaskClient, grown_old: Age, jobs: Jobs
) -> None:
    fetched("LightLuca", 2024)
    grown_old("LightLuca", 2024, datetime.now(UTC) - timedelta(days=100), only_counted=True)
    assert "<svg" in client.get("/user/LightLuca/2024").text
    assert jobs() == 0, "it would take the room of another year"


@pytest.mark.parametrize(("minutes", "asked"), [(59, 0), (61, 1)])
def test_the_plays_of_a_gap_are_asked_for_again_an_hour_later(
    fetched: Fetched, client: FlaskClient, grown_old: Age, jobs: Jobs, minutes: int, asked: int
) -> None:
    fetched("LightLuca", 2024)
    missing = (Gap(start=1714745000, end=1714746000, plays=3),)
    grown_old("LightLuca", 2024, datetime.now(UTC) - timedelta(minutes=minutes), gaps=missing)
    assert "<svg" in client.get("/user/LightLuca/2024").text
    assert jobs() == asked


@pytest.mark.parametrize(("minutes", "asked"), [(9, 0), (11, 1)])
def test_plays_that_the_mirror_could_not_place_are_asked_for_again_after_ten_minutes(
    client: FlaskClient, redis: Redis, jobs: Jobs, minutes: int, asked: int
) -> None:
    open_end = event(phase="completed", scrobbles=10, expected=10, matched=7, not_found=1, years={1999: 7})
    at = (datetime.now(UTC) - timedelta(minutes=minutes)).timestamp()
    snapshot = event_stream.Snapshot(at=at, username="LightLuca", event=open_end)
    event_stream.save_snapshot(redis, Topic("LightLuca", 2024), snapshot)
    page = client.get("/user/LightLuca/2024").text
    assert ("2 plays are still to be looked up" in page) != bool(asked)
    assert jobs() == asked


@pytest.mark.parametrize(
    ("fault", "said"), [("503", "Last.fm does not answer"), ("error26", "Last.fm refuses this site’s key")]
)
def test_what_is_stored_is_shown_while_lastfm_is_away(
    fetched: Fetched,
    client: FlaskClient,
    grown_old: Age,
    lastfm: LastfmStandIn,
    run_jobs: RunJobs,
    fault: str,
    said: str,
) -> None:
    fetched("LightLuca", THIS_YEAR)
    grown_old("LightLuca", THIS_YEAR, datetime.now(UTC) - timedelta(hours=2))
    client.get(f"/user/LightLuca/{THIS_YEAR}")
    lastfm.faults.add(Fault(fault, times=None))
    run_jobs()
    page = client.get(f"/user/LightLuca/{THIS_YEAR}")
    assert page.status_code == 200
    assert "<svg" in page.text
    assert said in page.text
    assert "data-live" in page.text, "it goes on by itself"


def test_a_failure_is_tried_again_when_its_time_has_passed(
    client: FlaskClient,
    lastfm: LastfmStandIn,
    run_jobs: RunJobs,
    redis: Redis,
    connection: Connection,
    jobs: Jobs,
) -> None:
    lastfm.faults.add(Fault("503", times=None))
    client.get("/user/LightLuca/2024")
    run_jobs()
    client.get("/user/LightLuca/2024")
    assert jobs() == 0
    connection.execute("UPDATE fetch_jobs SET next_try_at = next_try_at - interval '31 seconds'")
    event_stream.drop_snapshot(redis, Topic("LightLuca", 2024))
    lastfm.faults.clear()
    assert "data-live" in client.get("/user/LightLuca/2024").text
    run_jobs()
    assert "<svg" in client.get("/user/LightLuca/2024").text


def test_counts_of_yesterday_are_shown_while_todays_are_asked_for(
    fetched: Fetched, client: FlaskClient, run_jobs: RunJobs, redis: Redis, jobs: Jobs
) -> None:
    client.get("/user/LightLuca")
    run_jobs()
    counted = event_stream.latest_snapshot(redis, Topic("LightLuca"))
    assert counted is not None
    event_stream.save_snapshot(
        redis, Topic("LightLuca"), counted.model_copy(update={"at": counted.at - 24 * 3600 - 1})
    )
    page = client.get("/user/LightLuca").text
    assert f">{counted.event.years[2024]:,}</td>" in page
    assert jobs() == 1
