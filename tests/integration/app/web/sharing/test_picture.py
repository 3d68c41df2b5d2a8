"""Pictures to take away: drawn from the event alone, the same until the year changes."""

import re
import struct
import time
import xml.etree.ElementTree as ElementTree
from collections.abc import Callable

import pytest
from flask.testing import FlaskClient
from redis import Redis

from app.events import Event, Failure
from app.redis.event_stream import Snapshot, Topic, save_snapshot
from app.web.rate_limits import LIMITS
from app.web.sharing.answers import rendered
from tests.integration.app.web.conftest import NO_DATABASE, NO_REDIS, Jobs, SiteWith, event

YEAR = "/user/SingleSam/2023"
YEARS = {year: 10 + year % 7 for year in range(1960, 2024)}


@pytest.fixture
def put(redis: Redis) -> Callable[..., None]:
    """Makes somebody's 2023 stand like that."""

    def store(name: str = "SingleSam", **fields: object) -> None:
        known: dict[str, object] = {"phase": "completed", "years": YEARS, "scrobbles": 1_000, "expected": 1_000}
        said: Event = event(**{**known, "matched": sum(YEARS.values()), "not_found": 1_000, **fields})
        save_snapshot(redis, Topic(name, 2023), Snapshot(at=time.time(), username=name, event=said))

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
    assert bars == [str(year) for year in YEARS]
    text = "".join(root.itertext())
    assert HALF in " ".join(text.split())
    assert f"release year known for {sum(YEARS.values())} of 1,000 plays" in text
    assert "LastYear.fm" in text
    links = [link.get("href") for link in root.iter("{http://www.w3.org/2000/svg}a")]
    assert links == ["https://www.last.fm/"], "its bars lead nowhere"
    assert answer.data.count(b"href") == 1
    assert "Listening data powered by AudioScrobbler" in text
    assert b'class="hit"' not in answer.data


def test_a_picture_is_drawn_again_only_when_the_year_has_changed(
    put: Callable[..., None], client: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    drawn: list[str] = []

    def draw(svg_string: str, **_: object) -> bytes:
        drawn.append(svg_string)
        return b"x"

    monkeypatch.setattr("app.web.sharing.answers.resvg_py.svg_to_bytes", draw)
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


MANY = int(LIMITS["pictures"].split()[0])


def test_drawing_pictures_is_limited_and_those_which_are_drawn_already_do_not_count(
    put: Callable[..., None], client: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.web.sharing.answers.resvg_py.svg_to_bytes", lambda **_: b"x")  # or a minute goes by
    rendered.cache_clear()
    put()
    first = client.get(f"{YEAR}.png")
    assert {client.get(f"{YEAR}.png").status_code for _ in range(MANY)} == {200}
    put("LightLuca", years=LATER)
    assert client.get(f"{YEAR}.png{TWO}").status_code == 200
    for number in range(MANY - 2):
        put(scrobbles=2_000 + number)
        assert client.get(f"{YEAR}.png").status_code == 200, number
    put(scrobbles=3_000)
    assert client.get(f"{YEAR}.png").status_code == 429
    assert client.get(f"{YEAR}.png{TWO}").status_code == 429
    put()
    again = client.get(f"{YEAR}.png", headers={"If-None-Match": first.headers["ETag"]})
    assert again.status_code == 304


def test_a_picture_needs_no_database(put: Callable[..., None], site_with: SiteWith) -> None:
    put()
    assert site_with(database_url=NO_DATABASE).get(f"{YEAR}.png").status_code == 200


@pytest.mark.parametrize(
    "fields",
    [
        {"years": {}, "matched": 0},
        {"years": {}, "matched": 0, "scrobbles": 0, "expected": 0, "not_found": 0},
        {"years": {1985: 1}, "scrobbles": 1},
        {"years": {2023: 2_000_000, 1860: 1}, "scrobbles": 3_000_000},
        {"phase": "fetching", "years": {}, "scrobbles": 0},
    ],
)
def test_every_year_has_a_picture(
    put: Callable[..., None], client: FlaskClient, fields: dict[str, object]
) -> None:
    put(**fields)
    assert size(client.get(f"{YEAR}.png").data) == (1200, 630)


def test_a_year_nobody_has_looked_at_is_asked_for_and_says_so(client: FlaskClient, jobs: Jobs) -> None:
    answer = client.get("/user/LightLuca/2024.svg")
    assert answer.status_code == 200
    assert "still being counted" in answer.text
    assert jobs() == 1


def test_while_the_site_is_away_there_is_no_picture_and_none_says_that_nobody_has_asked(
    put: Callable[..., None], site_with: SiteWith
) -> None:
    for visitor in (site_with(redis_url=NO_REDIS, database_url=NO_DATABASE), site_with(database_url=NO_DATABASE)):
        for address in (f"{YEAR}.svg", f"{YEAR}.png{TWO}"):
            answer = visitor.get(address)
            assert (answer.status_code, answer.headers["Retry-After"]) == (503, "60"), address
    put("LightLuca", years=LATER)
    answer = visitor.get(f"{YEAR}.svg{TWO}")
    assert answer.status_code == 200
    assert "does not answer" in text_of(answer.data)
    assert "Not counted yet" not in answer.text


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


def test_who_looks_at_decades_takes_decades_along(put: Callable[..., None], client: FlaskClient) -> None:
    put()
    page = client.get(f"{YEAR}?by=decade", base_url="https://lastyear.example").text
    assert 'content="https://lastyear.example/user/SingleSam/2023.png?by=decade"' in page
    assert 'href="/user/SingleSam/2023/share?by=decade"' in page
    drawn = client.get(f"{YEAR}.svg?by=decade").data
    assert re.findall(rb'data-bar="([^"]+)"', drawn)[0] == b"1960-1969"
    assert "16 %" in text_of(drawn), "the shares stand above the bars"


def test_a_page_shows_its_picture_where_it_is_linked_to(put: Callable[..., None], client: FlaskClient) -> None:
    put()
    page = client.get(YEAR, base_url="https://lastyear.example").text
    assert '<meta property="og:image" content="https://lastyear.example/user/SingleSam/2023.png">' in page
    assert '<meta name="twitter:card" content="summary_large_image">' in page
    assert f'<meta name="description" content="{HALF}' in page
    # A page drawn for another name of the site is another page.
    assert "https://evil.example/" not in client.get(YEAR, base_url="https://lastyear.example").text
    assert "https://evil.example/" in client.get(YEAR, base_url="https://evil.example").text
    assert "https://evil.example/" not in client.get(YEAR, base_url="https://lastyear.example").text


TWO = "?with=LightLuca"
HALF = "Half of the music with a known release year that SingleSam played in 2023 came out by"
LATER = {1999: 40, 2010: 60}


def text_of(svg: bytes) -> str:
    root = ElementTree.fromstring(svg)  # noqa: S314  our own
    texts = ["".join(one.itertext()) for one in root.iter("{http://www.w3.org/2000/svg}text")]
    return " ".join(texts).replace("\u00a0", " ")


def test_a_picture_of_two_has_both_as_its_key_and_says_what_they_come_down_to(
    put: Callable[..., None], client: FlaskClient
) -> None:
    put()
    put("LightLuca", years=LATER, scrobbles=120)
    answer = client.get(f"{YEAR}.svg{TWO}")
    root = ElementTree.fromstring(answer.data)  # noqa: S314  our own
    assert [rect.get("data-bar") for rect in root.iter() if rect.get("data-bar")] == [str(year) for year in YEARS]
    assert answer.text.count('class="line"') == 1
    assert b'class="own"' not in answer.data, "a colour of its own would be a third one"
    text = text_of(answer.data)
    assert "SingleSam and LightLuca in 2023, by release year" in text
    assert (
        "In 2023, of the music with a known release year, half of SingleSam’s came out by 1992, "
        "half of LightLuca’s by 2010." in text
    )
    ours = (
        "Middle year 1992 · average age 31 years · 1.2 % new in 2023 · release year known for 829 of 1,000 plays"
    )
    assert f"SingleSam {ours}" in text
    theirs = "Middle year 2010 · average age 17 years · release year known for 100 of 120 plays"
    assert f"LightLuca {theirs}" in text
    png = client.get(f"{YEAR}.png{TWO}")
    assert size(png.data) == (1200, 630)
    assert len(png.data) < 100_000
    assert png.data != client.get(f"{YEAR}.png").data


def test_a_picture_of_two_is_drawn_as_is_chosen(put: Callable[..., None], client: FlaskClient) -> None:
    put(song_years={1971: 829})
    put("LightLuca", years=LATER, scrobbles=120)
    by_song = text_of(client.get(f"{YEAR}.svg{TWO}&of=songs").data)
    assert "SingleSam and LightLuca in 2023, by the year of each song" in by_song
    assert "Middle year 1971" in by_song
    assert "Middle year 2010" in by_song, "who has no songs of other years counts as they are"
    by_decade = client.get(f"{YEAR}.svg{TWO}&by=decade").data
    assert re.findall(rb'data-bar="([^"]+)"', by_decade)[0] == b"1960-1969"
    assert "1990s" in text_of(by_decade)


def test_a_picture_of_two_is_drawn_again_only_when_one_of_them_has_changed(
    put: Callable[..., None], client: FlaskClient
) -> None:
    put()
    put("LightLuca", years=LATER, scrobbles=120)
    first = client.get(f"{YEAR}.png{TWO}")
    known = {"If-None-Match": first.headers["ETag"]}
    again = client.get(f"{YEAR}.png{TWO}", headers=known)
    assert (again.status_code, again.data) == (304, b"")
    turned = client.get("/user/LightLuca/2023.png?with=SingleSam", headers=known)
    assert turned.status_code == 200, "whose bars and whose line is another picture"
    put("LightLuca", years=LATER, scrobbles=121)
    assert client.get(f"{YEAR}.png{TWO}", headers=known).status_code == 200


def test_a_picture_with_nobody_is_that_of_the_year(put: Callable[..., None], client: FlaskClient) -> None:
    put()
    plain = client.get(f"{YEAR}.svg").data
    assert client.get(f"{YEAR}.svg?with=").data == plain
    assert client.get(f"{YEAR}.svg?with=singlesam").status_code == 400
    assert client.get(f"{YEAR}.svg?with=<script>").status_code == 404


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"phase": "queued", "years": {}, "scrobbles": 0}, "LightLuca Asking Last.fm…"),
        (
            {"phase": "fetching", "years": {}, "scrobbles": 0, "done": 200, "expected": 1_800},
            "LightLuca 200 of 1,800 plays checked",
        ),
        ({"years": {}, "scrobbles": 0}, "LightLuca No plays in 2023."),
        (
            {"years": {}, "scrobbles": 9, "matched": 0, "not_found": 9},
            "LightLuca The release year of LightLuca’s plays in 2023 is not known.",
        ),
        (
            {"phase": "failed", "error": Failure.NO_SUCH_USER, "years": {}, "scrobbles": 0},
            "LightLuca Last.fm knows no listener of that name.",
        ),
    ],
)
@pytest.mark.parametrize("turned", [False, True])
def test_where_one_of_two_has_nothing_the_other_is_drawn(
    put: Callable[..., None], client: FlaskClient, fields: dict[str, object], said: str, turned: bool
) -> None:
    put()
    put("LightLuca", **fields)
    path = "/user/LightLuca/2023.{}?with=SingleSam" if turned else f"{YEAR}.{{}}{TWO}"
    text = text_of(client.get(path.format("svg")).data)
    assert said in text
    assert HALF in text
    assert size(client.get(path.format("png")).data) == (1200, 630)


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"years": {}, "scrobbles": 0}, "There is nothing to compare in 2023."),
        ({"phase": "fetching", "years": {}, "scrobbles": 0}, "The plays are still being counted."),
        (
            {"years": {1985: 1}, "scrobbles": 1},
            "In 2023 half of SingleSam’s music and half of LightLuca’s came out by 1985.",
        ),
        ({"years": {2023: 90_000, 1860: 10_000}, "scrobbles": 100_000}, "half of LightLuca’s came out by 2023."),
    ],
)
def test_every_two_have_a_picture(
    put: Callable[..., None], client: FlaskClient, fields: dict[str, object], said: str
) -> None:
    for name in ("SingleSam", "LightLuca"):
        put(name, **fields)
    assert said in text_of(client.get(f"{YEAR}.svg{TWO}").data)
    assert size(client.get(f"{YEAR}.png{TWO}").data) == (1200, 630)


def test_of_two_nobodies_there_is_no_picture(put: Callable[..., None], client: FlaskClient) -> None:
    for name in ("SingleSam", "LightLuca"):
        put(name, phase="failed", error=Failure.NO_SUCH_USER, years={}, scrobbles=0)
    assert client.get(f"{YEAR}.png{TWO}").status_code == 404


def test_whoever_is_missing_in_a_picture_is_asked_for_as_on_the_page(
    put: Callable[..., None], client: FlaskClient, jobs: Jobs
) -> None:
    put()
    assert "LightLuca Asking Last.fm…" in text_of(client.get(f"{YEAR}.svg{TWO}").data)
    assert jobs() == 1
    client.get(f"{YEAR}.png{TWO}")
    assert jobs() == 1


def test_a_picture_of_two_needs_no_database(put: Callable[..., None], site_with: SiteWith) -> None:
    put()
    put("LightLuca", years=LATER, scrobbles=120)
    assert site_with(database_url=NO_DATABASE).get(f"{YEAR}.png{TWO}").status_code == 200
