"""All the years of a listener: what is stored of each, drawn from Redis; one button for all that are missing."""

import re

import pytest
from flask.testing import FlaskClient
from redis import Redis

from app.jobs import backlog
from app.jobs.queues import FETCHES, count_waiting
from app.redis import known_names
from app.redis.event_stream import Topic, drop_snapshot, latest_snapshot, publish, save_snapshot
from app.store import Connection, listeners
from app.store.plays import scrobbles
from demo.lastfm.stand_in import LastfmStandIn
from tests.integration.app.web.conftest import (
    NO_DATABASE,
    NO_REDIS,
    SAME_ORIGIN,
    Fetched,
    RunJobs,
    Site,
    SiteWith,
    event,
    heard,
)

ALL = "/user/LightLuca/missing"


@pytest.fixture
def counted(client: FlaskClient, run_jobs: RunJobs) -> None:
    """LightLuca's years are counted; LightLuca scrobbled in four."""
    client.get("/user/LightLuca")
    run_jobs()


def strips(page: str) -> list[int]:
    """The years that have a strip, in the order of the page."""
    rows = re.findall(r'<tr id="r(\d+)".*?</tr>', page, re.DOTALL)
    return [int(year) for year in rows if re.search(rf'id="r{year}".*?<svg class="strip.*?</tr>', page, re.DOTALL)]


def row(page: str, year: int) -> str:
    """A year's row as text."""
    found = re.search(rf'<tr id="r{year}".*?</tr>', page, re.DOTALL)
    assert found
    return " ".join(re.sub(r"<[^>]*>", " ", found.group()).split())


def in_line(redis: Redis) -> int:
    return count_waiting(redis, FETCHES)


@pytest.mark.usefixtures("counted")
def test_a_year_that_is_fetched_has_its_strip_and_its_median(client: FlaskClient, fetched: Fetched) -> None:
    fetched("LightLuca", 2022)
    page = client.get("/user/LightLuca").text
    median = re.search(r"Middle year</dt><dd>(\d+)", client.get("/user/LightLuca/2022").text)
    assert median
    assert row(page, 2022).split()[-2] == median.group(1)
    assert row(page, 2023).endswith("Not drawn yet")
    ago = f"by {median.group(1)}, {2022 - int(median.group(1))} years before"
    assert f"In 2022 half of the music with a known release year came out {ago}." in page
    fetched("LightLuca", 2024)
    page = client.get("/user/LightLuca").text
    middles = [row(page, year).split()[-2] for year in (2022, 2024)]
    assert re.findall(r" by (\d+), \d+ years? before", page.partition("<main")[2]) == middles
    assert page.count('title="Middle year ') == 2


@pytest.mark.usefixtures("counted")
def test_the_same_in_numbers_adds_up(client: FlaskClient, fetched: Fetched) -> None:
    fetched("LightLuca", 2024)
    table = client.get("/user/LightLuca").text.split('class="numbers"')[1]
    shares = [float(share) for share in re.findall(r"<td>([\d.]+)\s%</td>", table)]
    assert sum(shares) == pytest.approx(100, abs=1)
    assert f'<th scope="row">{2024}</th>' in table


@pytest.mark.usefixtures("counted")
def test_years_that_are_stored_are_drawn_without_the_database(
    client: FlaskClient, fetched: Fetched, site_with: SiteWith
) -> None:
    fetched("LightLuca", 2022)
    client.get("/user/LightLuca")  # the database is asked which years there are
    fetched("LightLuca", 2024)
    assert strips(site_with(database_url=NO_DATABASE).get("/user/LightLuca").text).count(2022) == 1
    page = site_with(database_url=NO_DATABASE).get("/user/LightLuca").text
    assert "is of music" not in row(page, 2021)
    assert re.search(r" \d{4} –$", row(page, 2024)), "a middle year, and no musical age"


@pytest.mark.usefixtures("counted")
def test_what_redis_has_forgotten_the_database_knows(
    client: FlaskClient, fetched: Fetched, redis: Redis, connection: Connection
) -> None:
    fetched("LightLuca", 2022)
    fetched("LightLuca", 2024)
    before = client.get("/user/LightLuca").text
    redis.flushdb()
    client.get("/user/LightLuca")
    after = client.get("/user/LightLuca").text
    for year in (2022, 2024):
        assert row(after, year) == row(before, year)
    listener = listeners.find(connection, "LightLuca")
    assert listener
    stored = scrobbles.count_all_years(connection, listener.id)
    assert sorted(stored) == [2022, 2024]
    for year, counts in stored.items():
        assert counts == scrobbles.count_year(connection, listener.id, year)


@pytest.mark.usefixtures("counted")
def test_a_better_answer_is_seen(
    client: FlaskClient, fetched: Fetched, redis: Redis, connection: Connection
) -> None:
    fetched("LightLuca", 2022)
    client.get("/user/LightLuca")
    connection.execute("UPDATE albums SET release_year = 1901 WHERE release_year IS NOT NULL")
    drop_snapshot(redis, Topic("LightLuca", 2022))
    assert row(client.get("/user/LightLuca").text, 2022).endswith("1901 –")


@pytest.mark.usefixtures("counted")
def test_one_button_fetches_all_that_is_missing_one_at_a_time(
    client: FlaskClient, fetched: Fetched, run_jobs: RunJobs, redis: Redis
) -> None:
    fetched("LightLuca", 2022)
    page = client.get("/user/LightLuca").text
    missing = re.search(r"Draw all (\d+) missing years", page)
    assert missing
    answer = client.post(ALL, headers=SAME_ORIGIN)
    assert (answer.status_code, answer.location) == (303, "/user/LightLuca")
    assert in_line(redis) == 1
    page = client.get("/user/LightLuca").text
    assert f"{missing.group(1)} years to go," in page
    assert "In line" in row(page, 2021)
    assert 'data-live="/user/LightLuca"' in page
    assert "missing years" not in page
    run_jobs()
    page = client.get("/user/LightLuca").text
    assert {2024, 2023, 2022, 2021} <= set(strips(page))
    assert "to go," not in page
    assert "data-live" not in page
    assert in_line(redis) == 0


@pytest.mark.usefixtures("counted")
def test_the_place_in_line_is_said(client: FlaskClient, redis: Redis) -> None:
    known_names.add_stored(redis, "HeavyHelen")
    client.get("/user/HeavyHelen/2023")
    client.post(ALL, headers=SAME_ORIGIN)
    page = client.get("/user/LightLuca").text
    assert re.search("In line, 1 fetch ahead", page)
    assert in_line(redis) == 2


@pytest.mark.usefixtures("counted")
def test_pressing_it_again_changes_nothing(client: FlaskClient, redis: Redis) -> None:
    for _ in range(3):
        assert client.post(ALL, headers=SAME_ORIGIN).status_code == 303
    assert in_line(redis) == 1
    assert client.post(ALL, headers=SAME_ORIGIN).status_code == 429, "and is limited"


@pytest.mark.usefixtures("counted")
@pytest.mark.parametrize(
    "headers", [{}, {"Sec-Fetch-Site": "cross-site"}, {"Origin": "https://elsewhere.example"}]
)
def test_only_our_own_page_can_ask_for_all_years(
    client: FlaskClient, redis: Redis, headers: dict[str, str]
) -> None:
    assert client.post(ALL, headers=headers).status_code == 403
    assert in_line(redis) == 0
    assert client.get(ALL).status_code == 404


def test_of_a_name_that_nobody_has_nothing_is_fetched(
    client: FlaskClient, run_jobs: RunJobs, redis: Redis
) -> None:
    client.get("/user/NobodyNoel")
    run_jobs()
    client.post("/user/NobodyNoel/missing", headers=SAME_ORIGIN)
    assert in_line(redis) == 0
    assert client.post("/user/<script>/missing", headers=SAME_ORIGIN).status_code == 404


@pytest.mark.usefixtures("counted")
def test_what_cannot_be_queued_is_said(site_with: SiteWith) -> None:
    for away in ({"redis_url": NO_REDIS}, {"database_url": NO_DATABASE}):
        assert site_with(**away).post(ALL, headers=SAME_ORIGIN).status_code == 503


@pytest.mark.usefixtures("counted")
def test_a_backlog_that_was_cut_short_goes_on_when_somebody_looks(
    client: FlaskClient, redis: Redis, run_jobs: RunJobs
) -> None:
    backlog.add_years(redis, "LightLuca", [2023, 2022])
    page = client.get("/user/LightLuca").text
    assert in_line(redis) == 1
    assert 'data-live="/user/LightLuca"' in page
    run_jobs()
    assert {2022, 2023} <= set(strips(client.get("/user/LightLuca").text))


@pytest.mark.usefixtures("counted")
def test_a_year_without_plays_is_not_missing(client: FlaskClient, redis: Redis) -> None:
    said = latest_snapshot(redis, Topic("LightLuca"))
    assert said
    empty = said.event.model_copy(update={"years": {**said.event.years, 2023: 0}})
    save_snapshot(redis, Topic("LightLuca"), said.model_copy(update={"event": empty}))
    before = len(said.event.years)
    client.post(ALL, headers=SAME_ORIGIN)
    assert len(backlog.pending_years(redis, "LightLuca")) == before - 1


def test_what_is_hidden_is_not_fetched(client: FlaskClient, run_jobs: RunJobs, lastfm: LastfmStandIn) -> None:
    client.get("/user/HiddenHana")
    run_jobs()
    assert "missing" not in client.get("/user/HiddenHana").text


def test_the_page_of_all_years_hears_when_one_of_them_moves(served: Site, redis: Redis) -> None:
    years = event(phase="completed", years={2024: 12_100})
    publish(redis, Topic("HeavyHelen"), years)
    open_page, other = served.websocket(Topic("heavyhelen")), served.websocket(Topic("LightLuca"))
    assert heard(open_page)["years"] == {"2024": 12_100}
    assert heard(other) is None
    publish(redis, Topic("HeavyHelen", 2024), event(phase="completed", done=61))
    assert heard(open_page) == years.model_dump(mode="json"), "what is known of all years, said again"
    publish(redis, Topic("LightLuca"), event(done=4))
    assert heard(other)["done"] == 4, "and nothing of other listeners before"
