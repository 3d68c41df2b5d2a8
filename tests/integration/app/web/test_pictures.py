"""Pictures to take away: drawn from the event alone, the same until the year changes."""

import struct
import time
import xml.etree.ElementTree as ElementTree
from collections.abc import Callable

import pytest
from flask.testing import FlaskClient
from redis import Redis

from app.progress import Event, Failure, Snapshot, Topic, remember
from app.web import pictures
from app.web.budget import BUDGETS
from tests.integration.app.web.conftest import NO_DATABASE, event

Visitor = Callable[..., FlaskClient]
YEAR = "/user/SingleSam/2023"
YEARS = {str(year): 10 + year % 7 for year in range(1960, 2024)}


@pytest.fixture
def put(redis: Redis) -> Callable[..., None]:
    """Makes SingleSam's 2023 stand like that."""

    def store(**fields: object) -> None:
        known: dict[str, object] = {"phase": "completed", "years": YEARS, "scrobbles": 1_000, "expected": 1_000}
        said: Event = event(**{**known, "matched": sum(YEARS.values()), "not_found": 1_000, **fields})
        remember(redis, Topic("SingleSam", 2023), Snapshot(at=time.time(), username="SingleSam", event=said))

    return store


def size(png: bytes) -> tuple[int, int]:
    assert png.startswith(b"\x89PNG\r\n\x1a\n")
    width, height = struct.unpack(">II", png[16:24])
    return width, height


def test_a_picture_has_the_size_that_is_wanted_where_people_talk(
    put: Callable[..., None], client: FlaskClient
) -> None:
    put()
    answer = client.get(f"{YEAR}.png")
    assert answer.status_code == 200
    assert answer.content_type == "image/png"
    assert size(answer.data) == (1200, 630)
    assert len(answer.data) < 100_000
    assert "noindex" in answer.headers["X-Robots-Tag"]


def test_the_drawing_has_the_bars_of_the_page_the_sentence_and_the_coverage(
    put: Callable[..., None], client: FlaskClient
) -> None:
    put()
    answer = client.get(f"{YEAR}.svg")
    assert answer.content_type.startswith("image/svg+xml")
    root = ElementTree.fromstring(answer.data)  # noqa: S314  our own
    bars = [rect.get("data-bar") for rect in root.iter() if rect.get("data-bar")]
    assert bars == list(YEARS)
    text = "".join(root.itertext())
    assert "Half of SingleSam’s 2023 was released before" in " ".join(text.split())
    assert f"{sum(YEARS.values())} of 1,000 plays placed" in text
    assert "LastYear.fm" in text
    assert b"href" not in answer.data, "a picture leads nowhere"
    assert b'class="hit"' not in answer.data


def test_a_picture_is_drawn_again_only_when_the_year_has_changed(
    put: Callable[..., None], client: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    drawn: list[str] = []

    def draw(svg_string: str, **_: object) -> bytes:
        drawn.append(svg_string)
        return b"x"

    monkeypatch.setattr("app.web.pictures.resvg_py.svg_to_bytes", draw)
    put(scrobbles=1_001)
    for kind in ("png", "svg"):
        first = client.get(f"{YEAR}.{kind}")
        again = client.get(f"{YEAR}.{kind}", headers={"If-None-Match": first.headers["ETag"]})
        assert (again.status_code, again.data) == (304, b"")
        assert client.get(f"{YEAR}.{kind}").data == first.data
    assert len(drawn) == 1
    put(scrobbles=1_002)
    changed = client.get(f"{YEAR}.png", headers={"If-None-Match": first.headers["ETag"]})
    assert changed.status_code == 200
    assert len(drawn) == 2


def test_pictures_have_a_budget_that_who_has_them_already_does_not_spend(
    put: Callable[..., None], client: FlaskClient
) -> None:
    put()
    etag = client.get(f"{YEAR}.png").headers["ETag"]
    answers = [client.get(f"{YEAR}.png").status_code for _ in range(int(BUDGETS["pictures"].split()[0]) + 1)]
    assert answers[0] == 200
    assert answers[-1] == 429
    assert client.get(f"{YEAR}.png", headers={"If-None-Match": etag}).status_code == 304


def test_a_picture_needs_no_database(put: Callable[..., None], site_with: Visitor) -> None:
    put()
    assert site_with(database_url=NO_DATABASE).get(f"{YEAR}.png").status_code == 200


@pytest.mark.parametrize(
    "fields",
    [
        {"years": {}, "matched": 0},
        {"years": {}, "matched": 0, "scrobbles": 0, "expected": 0, "not_found": 0},
        {"years": {"1985": 1}, "scrobbles": 1},
        {"years": {"2023": 2_000_000, "1860": 1}, "scrobbles": 3_000_000},
        {"phase": "fetching", "years": {}, "scrobbles": 0},
    ],
)
def test_every_year_has_a_picture(
    put: Callable[..., None], client: FlaskClient, fields: dict[str, object]
) -> None:
    put(**fields)
    assert size(client.get(f"{YEAR}.png").data) == (1200, 630)


def test_a_year_nobody_has_looked_at_is_asked_for_and_says_so(
    client: FlaskClient, jobs: Callable[[], int]
) -> None:
    answer = client.get("/user/LightLuca/2024.svg")
    assert answer.status_code == 200
    assert "still being counted" in answer.text
    assert jobs() == 1


@pytest.mark.parametrize(("failure", "status"), [(Failure.NO_SUCH_USER, 404), (Failure.LISTENING_HIDDEN, 403)])
def test_of_nobody_there_is_no_picture(
    put: Callable[..., None], client: FlaskClient, failure: Failure, status: int
) -> None:
    put(phase="failed", error=failure, years={}, scrobbles=0)
    assert client.get(f"{YEAR}.png").status_code == status


@pytest.mark.parametrize(
    "path", ["/user/SingleSam/1999.png", "/user/.hidden/2023.svg", "/user/SingleSam/20x3.png"]
)
def test_what_cannot_be_has_no_picture(client: FlaskClient, path: str) -> None:
    assert client.get(path).status_code == 404


def test_a_page_shows_its_picture_where_it_is_linked_to(put: Callable[..., None], client: FlaskClient) -> None:
    put()
    page = client.get(YEAR, base_url="https://lastyear.example").text
    assert '<meta property="og:image" content="https://lastyear.example/user/SingleSam/2023.png">' in page
    assert '<meta name="twitter:card" content="summary_large_image">' in page
    assert '<meta name="description" content="Half of SingleSam’s 2023 was released before' in page
    # A page drawn for another name of the site is another page.
    assert "https://evil.example/" not in client.get(YEAR, base_url="https://lastyear.example").text
    assert "https://evil.example/" in client.get(YEAR, base_url="https://evil.example").text
    assert "https://evil.example/" not in client.get(YEAR, base_url="https://lastyear.example").text


@pytest.mark.parametrize(
    ("text", "count"),
    [("Short.", 1), ("Half of A-name-as_long.as_Last.fm_allows’s 2024 was released before 1981.", 2)],
)
def test_a_sentence_is_broken_into_lines_about_as_long_as_each_other(text: str, count: int) -> None:
    lines = pictures.lines(text)
    assert " ".join(lines) == text
    assert len(lines) == count
    assert max(map(len, lines)) - min(map(len, lines)) < 15
