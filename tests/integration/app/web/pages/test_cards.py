"""Cards: what a link to a page shows in messengers and social networks, whatever is known of the listener."""

import re

import pytest
from flask.testing import FlaskClient

from app.events import Failure
from tests.integration.app.web.conftest import Fetched, Jobs, SiteWith
from tests.integration.app.web.pages.conftest import PutYear

SITE_URL = "https://lastyear.example"
ROBOT = {"User-Agent": "facebookexternalhit/1.1"}
NEEDED = ("og:title", "og:description", "og:url", "og:image", "og:image:alt")
PATHS = (
    "/user/LightLuca",
    "/user/LightLuca/eras",
    "/user/LightLuca/2024",
    "/user/LightLuca/2024?of=songs&by=decade",
    "/user/LightLuca/2024?with=HeavyHelen",
    "/user/LightLuca/2024?with=HeavyHelen,SingleSam",
    "/user/LightLuca/remove",
)
MORE = ("/user/LightLuca/released/2014", "/user/LightLuca/2024/share", "/user/LightLuca/2024/months")
LISTS = ("/user/LightLuca/2024/2014", "/user/LightLuca/2024/2010-2019", "/user/LightLuca/2024/unknown")


def card(visitor: FlaskClient, path: str) -> dict[str, str]:
    """What a previewer reads on a page, and that it gets the picture it is led to."""
    answer = visitor.get(path, headers=ROBOT)
    assert answer.status_code == 200, path
    found = dict(re.findall('<meta property="([^"]+)" content="([^"]+)">', answer.text))
    assert set(NEEDED) <= set(found), path
    for name in NEEDED:
        assert answer.text.count(f'property="{name}"') == 1, (path, name)
    assert answer.text.count('name="description"') == 1, path
    for name in ("og:url", "og:image"):
        assert found[name].startswith(f"{SITE_URL}/"), path
    picture = visitor.get(found["og:image"].removeprefix(SITE_URL).replace("&amp;", "&"), headers=ROBOT)
    assert picture.data.startswith(b"\x89PNG"), path
    return found


@pytest.fixture
def visitor(site_with: SiteWith) -> FlaskClient:
    """A previewer of links to a site that knows its address."""
    return site_with(site_url=SITE_URL)


def test_before_anything_is_counted_every_page_of_a_listener_has_a_card_and_starts_nothing(
    visitor: FlaskClient, jobs: Jobs
) -> None:
    for path in (*PATHS, *LISTS):
        answer = visitor.get(path, headers=ROBOT)
        card(visitor, answer.location or path)
    assert jobs() == 0


def test_every_page_of_a_listener_has_a_card(fetched: Fetched, visitor: FlaskClient, jobs: Jobs) -> None:
    fetched("LightLuca", 2024)
    for path in (*PATHS, *LISTS, *MORE):
        found = card(visitor, path)
        assert "LightLuca" in found["og:title"], path
    assert card(visitor, LISTS[0])["og:image"] == f"{SITE_URL}/user/LightLuca/2024.png"
    assert card(visitor, f"{LISTS[0]}?of=songs")["og:url"].endswith("/2014")
    assert jobs() == 0


@pytest.mark.parametrize(
    "fields",
    [
        {"phase": "queued"},
        {"phase": "fetching", "expected": 1_800},
        {"phase": "completed"},
        {"phase": "failed", "error": Failure.LASTFM_AWAY},
    ],
)
def test_a_year_without_plays_has_a_card_too(
    put_year: PutYear,
    visitor: FlaskClient,
    fields: dict[str, object],
) -> None:
    put_year("SingleSam", {}, **fields)
    for path in ("/user/SingleSam/2023", "/user/SingleSam/2023?with=LightLuca"):
        answer = visitor.get(path, headers=ROBOT)
        assert answer.text.count('property="og:image"') == 1, path
        (picture,) = re.findall('property="og:image" content="([^"]+)"', answer.text)
        assert visitor.get(picture.removeprefix(SITE_URL), headers=ROBOT).status_code == 200, path


@pytest.mark.parametrize("path", ["/", "/about", "/api"])
def test_a_page_about_nobody_shows_the_example(visitor: FlaskClient, path: str) -> None:
    assert card(visitor, path)["og:image"] == f"{SITE_URL}/card.png"


def test_nobody_has_no_card(put_year: PutYear, visitor: FlaskClient) -> None:
    put_year("NobodyNoel", {}, phase="failed", error=Failure.NO_SUCH_USER)
    page = visitor.get("/user/NobodyNoel/2023", headers=ROBOT)
    assert page.status_code == 404
