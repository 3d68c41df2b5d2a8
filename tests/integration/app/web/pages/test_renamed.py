"""A listener who has another name at Last.fm now: every address with the old one leads to the new one."""

import time
from collections.abc import Callable
from typing import Any

import pytest
from flask.testing import FlaskClient
from redis import Redis

from app.events import Failure, new_run
from app.redis.event_stream import Snapshot, Topic, save_snapshot
from tests.integration.app.web.conftest import NO_REDIS, SAME_ORIGIN, Jobs, SiteWith, event
from tests.integration.app.web.pages.test_release_year import text_of

NOTE = "OldOlaf is called LightLuca at Last.fm now."


@pytest.fixture
def put(redis: Redis) -> Callable[..., None]:
    """Makes somebody's years, and their 2023, be like that."""

    def store(name: str, at: float | None = None, **fields: Any) -> None:
        for topic in (Topic(name), Topic(name, 2023)):
            said = event(run=new_run(), **{"phase": "completed", **fields})
            save_snapshot(redis, topic, Snapshot(at=at or time.time(), username=name, event=said))

    return store


@pytest.fixture
def renamed(put: Callable[..., None]) -> None:
    """OldOlaf is called LightLuca now, whose 2023 is stored."""
    put("OldOlaf", phase="failed", error=Failure.RENAMED, renamed_to="LightLuca")
    put("LightLuca", scrobbles=9, expected=9, matched=9, years={2023: 9})


@pytest.mark.usefixtures("renamed")
@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("/user/OldOlaf", "/user/LightLuca?was=OldOlaf"),
        ("/user/oldolaf", "/user/LightLuca?was=OldOlaf"),
        ("/user/OldOlaf/2023", "/user/LightLuca/2023?was=OldOlaf"),
        ("/user/OldOlaf/2023?by=decade", "/user/LightLuca/2023?by=decade&was=OldOlaf"),
        ("/user/OldOlaf/2023?_scheme=x&name=y", "/user/LightLuca/2023?_scheme=x&name=y&was=OldOlaf"),
        ("/user/OldOlaf/2023?with=SingleSam", "/user/LightLuca/2023?with=SingleSam&was=OldOlaf"),
        ("/user/LightLuca/2023?with=oldolaf", "/user/LightLuca/2023?was=OldOlaf"),
        ("/user/OldOlaf/2023?with=lightluca", "/user/LightLuca/2023?was=OldOlaf"),
        (
            "/user/OldOlaf/2023?with=SingleSam,oldolaf2,lightluca",
            "/user/LightLuca/2023?with=SingleSam,oldolaf2&was=OldOlaf",
        ),
        ("/user/OldOlaf/2023/1985", "/user/LightLuca/2023/1985"),
        ("/user/OldOlaf/2023/unknown?of=songs", "/user/LightLuca/2023/unknown?of=songs"),
        *(
            (f"/user/OldOlaf/2023.{ending}", f"/user/LightLuca/2023.{ending}")
            for ending in ("svg", "png", "csv", "json")
        ),
    ],
)
def test_an_address_with_the_old_name_leads_to_the_new_one(
    client: FlaskClient, jobs: Jobs, old: str, new: str
) -> None:
    for answer in (client.get(old), client.head(old)):
        assert (answer.status_code, answer.location) == (302, new)
    assert jobs() == 0


@pytest.mark.usefixtures("renamed")
def test_the_page_says_by_which_name_one_came_if_that_is_so(client: FlaskClient) -> None:
    for path in ("/user/LightLuca", "/user/LightLuca/2023"):
        assert NOTE not in text_of(client.get(path).text)
        assert NOTE in text_of(client.get(f"{path}?was=oldolaf").text)
        assert NOTE not in text_of(client.get(path).text), "it is another page"
        assert "is called" not in client.get(f"{path}?was=SingleSam").text
        assert "is called" not in client.get(f"{path.replace('LightLuca', 'SingleSam')}?was=OldOlaf").text


@pytest.mark.usefixtures("renamed")
@pytest.mark.parametrize("action", ["/refresh", "/resume"])
def test_a_button_on_a_page_with_the_old_name_leads_to_the_new_page(
    client: FlaskClient, jobs: Jobs, action: str
) -> None:
    answer = client.post(f"/user/OldOlaf/2023{action}", headers=SAME_ORIGIN)
    assert (answer.status_code, answer.location) == (302, "/user/LightLuca/2023?was=OldOlaf")
    answer = client.post("/user/OldOlaf/missing", headers=SAME_ORIGIN)
    assert (answer.status_code, answer.location) == (302, "/user/LightLuca?was=OldOlaf")
    assert jobs() == 0


@pytest.mark.usefixtures("renamed")
def test_the_api_answers_with_the_new_name(client: FlaskClient) -> None:
    for path in ("", "/years/2023", "/years/2023/albums?released=1985"):
        answer = client.get(f"/api/v1/users/OldOlaf{path}")
        assert (answer.status_code, answer.get_json()["username"]) == (200, "LightLuca")
        assert answer.data == client.get(f"/api/v1/users/LightLuca{path}").data


def test_a_new_name_is_believed_for_a_day(put: Callable[..., None], client: FlaskClient, jobs: Jobs) -> None:
    yesterday = time.time() - 24 * 3600 - 1
    put("OldOlaf", yesterday, phase="failed", error=Failure.RENAMED, renamed_to="LightLuca")
    assert client.get("/user/OldOlaf/2023").status_code == 200
    assert jobs() == 1


def test_without_redis_nobody_is_led_anywhere(site_with: SiteWith) -> None:
    visitor = site_with(redis_url=NO_REDIS)
    assert visitor.get("/user/OldOlaf/2023/1985").location == "/user/OldOlaf/2023"
    assert visitor.get("/user/OldOlaf/2023?was=LightLuca").status_code == 503
