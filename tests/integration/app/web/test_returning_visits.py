"""Returning visits: a finished year asks nobody, one that may have grown is shown and brought up to date."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from flask.testing import FlaskClient
from redis import Redis

from app import progress
from app.progress import Topic
from app.store import Connection
from demo.faults import Fault
from demo.lastfm import StandIn
from tests.integration.app.web.conftest import NO_DATABASE, event
from worker.outdated import Outdated

THIS_YEAR = datetime.now(UTC).year

Age = Callable[[str, int, datetime], None]
Fetched = Callable[[str, int], None]
Jobs = Callable[[], int]
Visitor = Callable[..., FlaskClient]


def test_a_finished_year_asks_neither_the_database_nor_lastfm_nor_a_worker(
    fetched: Fetched, site_with: Visitor, jobs: Jobs, lastfm: StandIn
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
    fetched: Fetched, site_with: Visitor, connection: Connection, redis: Redis
) -> None:
    fetched("LightLuca", 2024)
    visitor = site_with()
    before = sessions(connection)
    first = {ending: visitor.get(f"/user/LightLuca/2024{ending}") for ending in ENDINGS}
    assert all(answer.status_code == 200 for answer in first.values())
    assert sessions(connection) <= before
    # A better answer for one album: a release year that nothing else has.
    connection.execute("UPDATE albums SET release_year = 1911 WHERE release_year IS NOT NULL")
    with Outdated(connection, redis) as outdated:
        outdated.note_albums(keys(connection))
    visitor.application.extensions["lastyear"].shelf.drop("LightLuca", 2024)
    second = {ending: visitor.get(f"/user/LightLuca/2024{ending}") for ending in ENDINGS}
    assert sessions(connection) - before, "so that the count can be believed"
    for ending, answer in second.items():
        assert answer.data != first[ending].data, ending
        assert answer.headers.get("ETag", "new") != first[ending].headers.get("ETag"), ending
    assert "1911," in second[".csv"].text
    assert "1911" in second[".json"].get_json()["progress"]["years"]


def keys(connection: Connection) -> list[UUID]:
    return [row[0] for row in connection.execute("SELECT key FROM albums")]


def test_a_finished_year_is_the_same_page_a_second_later(
    fetched: Fetched, client: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    fetched("LightLuca", 2024)
    drawn = client.get("/user/LightLuca/2024")
    held = client.get("/user/LightLuca/2024")
    monkeypatch.setattr("app.web.shelf.time.monotonic", lambda: float("inf"))
    drawn_again = client.get("/user/LightLuca/2024")
    assert drawn.text == held.text == drawn_again.text
    assert dict(drawn.headers) == dict(held.headers)


def test_a_year_that_redis_has_forgotten_comes_from_the_database_without_a_job(
    fetched: Fetched, client: FlaskClient, redis: Redis, jobs: Jobs, site_with: Visitor
) -> None:
    fetched("LightLuca", 2024)
    before = client.get("/user/LightLuca/2024").text
    progress.forget(redis, "LightLuca")
    assert site_with().get("/user/lightluca/2024").text == before
    assert jobs() == 0
    # And it is remembered: the next visit needs no database.
    assert site_with(database_url=NO_DATABASE).get("/user/LightLuca/2024").text == before


def test_a_running_year_is_left_alone_for_an_hour(
    fetched: Fetched, client: FlaskClient, grown_old: Age, jobs: Jobs
) -> None:
    fetched("LightLuca", THIS_YEAR)
    grown_old("LightLuca", THIS_YEAR, datetime.now(UTC) - timedelta(minutes=59))
    assert "data-live" not in client.get(f"/user/LightLuca/{THIS_YEAR}").text
    assert jobs() == 0


def test_a_running_year_is_asked_for_after_an_hour_and_what_is_stored_is_shown_meanwhile(
    fetched: Fetched, client: FlaskClient, grown_old: Age, jobs: Jobs, run_jobs: Callable[[], None]
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
    grown_old("LightLuca", 2024, datetime(*fetched_on, 12, tzinfo=UTC))
    assert "<svg" in client.get("/user/LightLuca/2024").text
    assert jobs() == asked


@pytest.mark.parametrize(("minutes", "asked"), [(9, 0), (11, 1)])
def test_plays_that_the_mirror_could_not_place_are_asked_for_again_after_ten_minutes(
    client: FlaskClient, redis: Redis, jobs: Jobs, minutes: int, asked: int
) -> None:
    open_end = event(phase="completed", scrobbles=10, expected=10, matched=7, not_found=1, years={"1999": 7})
    at = (datetime.now(UTC) - timedelta(minutes=minutes)).timestamp()
    snapshot = progress.Snapshot(at=at, username="LightLuca", event=open_end)
    progress.remember(redis, Topic("LightLuca", 2024), snapshot)
    page = client.get("/user/LightLuca/2024").text
    assert ("2 plays still wait" in page) != bool(asked)
    assert jobs() == asked


@pytest.mark.parametrize("fault", ["503", "error26"])
def test_what_is_stored_is_shown_while_lastfm_is_away(
    fetched: Fetched,
    client: FlaskClient,
    grown_old: Age,
    lastfm: StandIn,
    run_jobs: Callable[[], None],
    fault: str,
) -> None:
    fetched("LightLuca", THIS_YEAR)
    grown_old("LightLuca", THIS_YEAR, datetime.now(UTC) - timedelta(hours=2))
    client.get(f"/user/LightLuca/{THIS_YEAR}")
    lastfm.faults.add(Fault(fault, times=None))
    run_jobs()
    page = client.get(f"/user/LightLuca/{THIS_YEAR}")
    assert page.status_code == 200
    assert "<svg" in page.text
    assert 'role="alert"' in page.text
    assert "data-live" not in page.text


def test_a_failure_is_tried_again_when_its_time_has_passed(
    client: FlaskClient, lastfm: StandIn, run_jobs: Callable[[], None], redis: Redis, jobs: Jobs
) -> None:
    topic = Topic("LightLuca", 2024)
    lastfm.faults.add(Fault("503", times=None))
    client.get("/user/LightLuca/2024")
    run_jobs()
    client.get("/user/LightLuca/2024")
    assert jobs() == 0
    failed = progress.latest(redis, topic)
    assert failed is not None
    progress.remember(redis, topic, failed.model_copy(update={"at": failed.at - 61}))
    lastfm.faults.clear()
    assert "data-live" in client.get("/user/LightLuca/2024").text
    run_jobs()
    assert "<svg" in client.get("/user/LightLuca/2024").text


def test_counts_of_yesterday_are_shown_while_todays_are_asked_for(
    fetched: Fetched, client: FlaskClient, run_jobs: Callable[[], None], redis: Redis, jobs: Jobs
) -> None:
    client.get("/user/LightLuca")
    run_jobs()
    counted = progress.latest(redis, Topic("LightLuca"))
    assert counted is not None
    progress.remember(redis, Topic("LightLuca"), counted.model_copy(update={"at": counted.at - 24 * 3600 - 1}))
    page = client.get("/user/LightLuca").text
    assert f">{counted.event.years['2024']:,}</td>" in page
    assert jobs() == 1
