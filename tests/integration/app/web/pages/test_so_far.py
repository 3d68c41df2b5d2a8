"""A year of which only a part is here says so wherever it is told; one that was whole before stays whole."""

import re
import time
from collections.abc import Callable
from typing import Any

import pytest
from flask.testing import FlaskClient
from redis import Redis

from app.events import Failure, new_run
from app.redis.event_stream import Snapshot, Topic, latest_snapshot, save_snapshot
from app.store import Connection
from tests.integration.app.web.conftest import Fetched, event
from tests.integration.app.web.pages.test_release_year import text_of

PART = "2,756 of 9,756"
SO_FAR = f"so far, {PART} plays"
YEARS = {1985: 1_000, 1999: 1_700}
INTERRUPTED = {"phase": "failed", "error": Failure.LASTFM_AWAY}
UNDER_WAY = {"phase": "fetching", "done": 2_756}

Put = Callable[..., None]


@pytest.fixture
def put(redis: Redis) -> Put:
    """Makes 2,756 of LightLuca's 9,756 plays of 2023 be there, and whatever else is said of the year."""

    def store(name: str = "LightLuca", **fields: Any) -> None:
        known = {"scrobbles": 2_756, "expected": 9_756, "matched": 2_700, "not_found": 56, "years": YEARS}
        said = event(run=new_run(), **{**known, **fields})
        save_snapshot(redis, Topic(name, 2023), Snapshot(at=time.time(), username=name, event=said))
        counted = event(run=new_run(), phase="completed", years={2022: 0, 2023: 9_756})
        save_snapshot(redis, Topic(name), Snapshot(at=time.time(), username=name, event=counted))

    return store


parts = pytest.mark.parametrize("fields", [INTERRUPTED, UNDER_WAY], ids=["interrupted", "under way"])


@parts
def test_the_page_its_tiles_and_its_card_say_so_and_nothing_can_be_shared(
    put: Put, client: FlaskClient, fields: dict[str, Any]
) -> None:
    put(**fields)
    page = client.get("/user/LightLuca/2023").text
    (title,) = re.findall('<meta property="og:title" content="([^"]+)">', page)
    (description,) = re.findall('<meta property="og:description" content="([^"]+)">', page)
    assert title == "LightLuca’s 2023 so far, by release year"
    assert f"in 2023 ({SO_FAR}) came out" in description
    assert f"Plays so far {PART}" in text_of(page)
    assert "Plays in 2023" not in text_of(page)
    for offer in ('id="share"', 'id="png"', 'id="svg"', "data-text"):
        assert offer not in page


def test_the_headline_of_a_year_that_was_interrupted_says_so(put: Put, client: FlaskClient) -> None:
    put(**INTERRUPTED)
    (headline,) = re.findall('<p class="headline" data-told>([^<]+)</p>', client.get("/user/LightLuca/2023").text)
    assert f"played in 2023 ({SO_FAR}) came out" in headline


@parts
def test_the_picture_says_so(put: Put, client: FlaskClient, fields: dict[str, Any]) -> None:
    put(**fields)
    picture = re.sub("<[^>]+>", " ", client.get("/user/LightLuca/2023.svg").text)
    assert "LightLuca’s 2023 so far, by release year" in picture
    assert f"({SO_FAR})" in " ".join(picture.split())
    assert client.get("/user/LightLuca/2023.png").status_code == 200


@parts
def test_data_says_so(put: Put, client: FlaskClient, fields: dict[str, Any]) -> None:
    put(**fields)
    year = client.get("/api/v1/users/LightLuca/years/2023").get_json()
    assert (year["whole"], year["plays"], year["plays_at_lastfm"]) == (False, 2_756, 9_756)
    (short,) = (one for one in client.get("/api/v1/users/LightLuca").get_json()["years"] if one["year"] == 2023)
    assert (short["whole"], short["plays"], short["plays_at_lastfm"]) == (False, 2_756, 9_756)
    assert not client.get("/api/v1/users/LightLuca/years/2023/albums?released=1999").get_json()["whole"]
    table = client.get("/user/LightLuca/2023.csv")
    assert f'"{SO_FAR}",' in table.text
    assert table.headers["Content-Disposition"] == 'attachment; filename="LightLuca-2023-so-far.csv"'


def test_the_list_of_years_says_so(put: Put, client: FlaskClient) -> None:
    put(**INTERRUPTED)
    page = client.get("/user/LightLuca").text
    assert '<tr id="r2023" class="so-far">' in page
    assert "So far, 2,756 of 9,756 plays" in text_of(page)
    assert 'title="So far, 2,756 of 9,756 plays. Middle year 1999;' in page
    assert '<th scope="row">2023 so far</th>' in page
    put(**UNDER_WAY)
    assert f"{PART} plays" in text_of(client.get("/user/LightLuca").text)


@parts
def test_a_comparison_says_so_and_compares_nothing(put: Put, client: FlaskClient, fields: dict[str, Any]) -> None:
    put(**fields)
    put("SingleSam", phase="completed", expected=2_756)
    for path in ("/user/LightLuca/2023{}?with=SingleSam", "/user/SingleSam/2023{}?with=LightLuca"):
        page = client.get(path.format("")).text
        assert "half of" not in page, "which would be told of the whole year"
        assert f"{PART}" in text_of(page)
        assert 'id="share"' not in page
        assert 'id="png"' not in page
        picture = " ".join(re.sub("<[^>]+>", " ", client.get(path.format(".svg")).text).split())
        assert f"LightLuca So far, {PART} plays · middle year" in picture
        assert "half of" not in picture
    put(phase="completed")
    assert "half of" in client.get("/user/LightLuca/2023?with=SingleSam").text


@pytest.mark.parametrize("fields", [INTERRUPTED, UNDER_WAY, {"phase": "queued"}, {"phase": "completed"}])
def test_a_year_that_was_whole_before_is_told_as_a_whole(
    put: Put, client: FlaskClient, fields: dict[str, Any]
) -> None:
    put(was_whole=True, **fields)
    for path in (
        "/user/LightLuca/2023",
        "/user/LightLuca/2023.svg",
        "/user/LightLuca/2023.csv",
        "/user/LightLuca",
    ):
        answer = client.get(path)
        assert "o far" not in answer.text, path
        assert "so-far" not in answer.headers.get("Content-Disposition", "") + answer.text, path
    assert client.get("/api/v1/users/LightLuca/years/2023").get_json()["whole"]
    page = client.get("/user/LightLuca/2023").text
    assert 'id="share"' in page
    assert "Plays in 2023 2,756" in text_of(page)
    assert 'data-top="/user/LightLuca/2023/top.json"' in page


def test_a_part_that_only_the_database_knows_is_told_as_one(
    fetched: Fetched, client: FlaskClient, connection: Connection, redis: Redis
) -> None:
    fetched("LightLuca", 2024)
    connection.execute("UPDATE fetch_jobs SET completed_at = NULL, status = 'failed', error_message = 'x'")
    redis.flushdb()
    assert re.search(r"So far, \d+ plays", text_of(client.get("/user/LightLuca").text))


def test_the_lists_behind_the_bars_of_a_part_say_so(fetched: Fetched, client: FlaskClient, redis: Redis) -> None:
    fetched("LightLuca", 2024)
    snapshot = latest_snapshot(redis, Topic("LightLuca", 2024))
    assert snapshot
    lists = [f"/user/LightLuca/2024/{behind}" for behind in ("unknown", max(snapshot.event.years))]
    for path in lists:
        assert "(so far" not in client.get(path).text
    part = snapshot.event.model_copy(update={"phase": "failed", "expected": 9_756})
    save_snapshot(redis, Topic("LightLuca", 2024), snapshot.model_copy(update={"event": part}))
    for path in lists:
        assert f"(so far, {part.scrobbles} of 9,756 plays)." in client.get(path).text
