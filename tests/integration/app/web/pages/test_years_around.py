"""From one year to the next, and years that are not over yet."""

import time
from collections.abc import Callable
from datetime import UTC, datetime

import pytest
from flask.testing import FlaskClient
from redis import Redis

from app.redis.event_stream import Snapshot, Topic, save_snapshot
from tests.integration.app.web.conftest import event

THIS_YEAR = datetime.now(UTC).year


@pytest.fixture
def put(redis: Redis) -> Callable[..., None]:
    """Makes a year of SingleSam's, or with None the list of them, stand like that since `at`."""

    def store(year: int | None, years: dict[int, int], at: float = 0.0) -> None:
        plays = sum(years.values())
        said = event(phase="completed", years=years, scrobbles=plays, expected=plays, matched=plays)
        snapshot = Snapshot(at=at or time.time(), username="SingleSam", event=said)
        save_snapshot(redis, Topic("SingleSam", year), snapshot)

    return store


def test_a_year_leads_to_those_before_and_after_it_that_have_plays(
    put: Callable[..., None], client: FlaskClient
) -> None:
    put(None, {2017: 4, 2019: 0, 2020: 9, 2022: 5, 2023: 3})
    put(2020, {1977: 9})
    page = client.get("/user/SingleSam/2020?by=decade").text
    assert '<a id="before" rel="prev" href="/user/SingleSam/2017?by=decade">← 2017</a>' in page
    assert '<a id="after" rel="next" href="/user/SingleSam/2022?by=decade">2022 →</a>' in page
    put(2023, {1977: 3})
    last = client.get("/user/SingleSam/2023").text
    assert 'id="before"' in last
    assert 'id="after"' not in last


def test_where_the_years_were_not_counted_none_is_offered(put: Callable[..., None], client: FlaskClient) -> None:
    put(2020, {1977: 9})
    page = client.get("/user/SingleSam/2020").text
    assert 'id="before"' not in page
    assert 'id="years"' in page


def test_a_year_that_is_not_over_says_so_on_the_page_and_in_the_picture(
    put: Callable[..., None], client: FlaskClient
) -> None:
    put(THIS_YEAR, {1977: 15, 1980: 15, 1999: 15, 2001: 15})
    page = client.get(f"/user/SingleSam/{THIS_YEAR}").text
    assert f"<title>SingleSam’s {THIS_YEAR} so far, by release year" in page
    assert f"Half of the music SingleSam played in {THIS_YEAR} so far came out by 1980." in page
    assert f"Counted up to {datetime.now(UTC).day} " in page
    picture = client.get(f"/user/SingleSam/{THIS_YEAR}.svg").text
    assert f"SingleSam’s {THIS_YEAR} so far, by release year" in picture


def test_it_says_so_from_the_first_moment_on(client: FlaskClient) -> None:
    assert f"LightLuca’s {THIS_YEAR} so far, by release year" in client.get(f"/user/LightLuca/{THIS_YEAR}").text


def test_a_year_that_was_over_when_it_was_read_does_not(put: Callable[..., None], client: FlaskClient) -> None:
    put(2020, {1977: 30, 1999: 30})
    for ending in ("", ".svg"):
        assert "so far" not in client.get(f"/user/SingleSam/2020{ending}").text


@pytest.mark.parametrize(
    "typed",
    [
        "SingleSam",
        " SingleSam\t",
        "@SingleSam",
        "https://www.last.fm/user/SingleSam",
        "last.fm/user/SingleSam/library?from=2020-01-01",
        "https://www.last.fm/de/user/SingleSam#top",
        "HTTPS://WWW.LAST.FM/user/SingleSam",
        "www.last.fm/de/user/SingleSam/",
        "https://www.lastfm.de/user/SingleSam",
        "lastfm.com.br/user/SingleSam?page=2",
        "cn.last.fm/user/SingleSam/tracks",
        "/user/SingleSam",
        "SingleSam/",
    ],
)
def test_a_name_may_be_typed_or_pasted_as_people_do(client: FlaskClient, typed: str) -> None:
    answer = client.get("/user", query_string={"name": typed})
    assert answer.headers["Location"] == "/user/SingleSam"


@pytest.mark.parametrize(
    "typed", ["SingleSam/2024", "@SingleSam/2024/", " /user/SingleSam/2024", "/user/SingleSam/2024?by=decade"]
)
def test_a_year_that_is_typed_with_the_name_is_led_to(client: FlaskClient, typed: str) -> None:
    answer = client.get("/user", query_string={"name": typed})
    assert (answer.status_code, answer.headers["Location"]) == (303, "/user/SingleSam/2024")


@pytest.mark.parametrize(
    "typed",
    ["", "@", "no name", "last.fm/user/", "https://example.org/user/SingleSam", "SingleSam/20245", "/2024"],
)
def test_what_is_no_name_is_told_so_and_can_be_mended(client: FlaskClient, typed: str) -> None:
    answer = client.get("/user", query_string={"name": typed})
    assert answer.status_code == 404
    assert "That cannot be a Last.fm name" in answer.text
    assert f'value="{typed}"' in answer.text


def test_what_is_no_name_is_escaped(client: FlaskClient) -> None:
    answer = client.get("/user", query_string={"name": '"><script>'})
    assert 'value="&#34;&gt;&lt;script&gt;"' in answer.text


def test_somebody_to_compare_with_may_be_pasted_too(put: Callable[..., None], client: FlaskClient) -> None:
    put(2020, {1977: 30})
    page = client.get("/user/SingleSam/2020", query_string={"with": "https://www.last.fm/user/LightLuca"}).text
    assert "SingleSam and LightLuca in 2020" in page
