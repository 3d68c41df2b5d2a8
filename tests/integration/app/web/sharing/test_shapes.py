"""Pictures in three shapes and two themes: sizes, bad input, and albums that do not wake the database again."""

import pytest
from flask.testing import FlaskClient

from app.charts.palette import DARK
from app.web.rate_limits import LIMITS
from app.web.sharing.answers import rendered
from tests.integration.app.web.conftest import NO_DATABASE, Fetched, SiteWith
from tests.integration.app.web.sharing.test_picture import size, text_of

YEAR = "/user/LightLuca/2024"
SIZES = {"link": (1200, 630), "square": (1080, 1080), "story": (1080, 1920)}


@pytest.mark.parametrize("path", ["/user/LightLuca/2024", "/user/LightLuca/eras"])
def test_every_picture_comes_in_three_shapes_light_and_dark(
    fetched: Fetched, client: FlaskClient, path: str
) -> None:
    fetched("LightLuca", 2024)
    tags = set()
    for shape, wanted in SIZES.items():
        for theme in ("light", "dark"):
            answer = client.get(f"{path}.png?shape={shape}&theme={theme}")
            assert size(answer.data) == wanted
            assert len(answer.data) < 200_000
            assert answer.headers["Cross-Origin-Resource-Policy"] == "cross-origin"
            tags.add(answer.headers["ETag"])
            drawn = client.get(f"{path}.svg?shape={shape}&theme={theme}").text
            assert (DARK["paper"] in drawn) == (theme == "dark")
    assert len(tags) == 6


@pytest.mark.parametrize("others", ["SingleSam", "SingleSam,GrowingGus,EmptyEve"])
def test_comparisons_do_too(fetched: Fetched, client: FlaskClient, others: str) -> None:
    fetched("LightLuca", 2024)
    for shape, wanted in SIZES.items():
        assert size(client.get(f"{YEAR}.png?with={others}&shape={shape}&theme=dark").data) == wanted


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ("shape=round", "There is no such shape. Take link, square or story for “shape”."),
        ("theme=x", "There is no such theme. Take light or dark for “theme”."),
        ("shape=", "There is no such shape"),
        ("theme=LIGHT&shape=story", "There is no such theme"),
    ],
)
def test_another_shape_or_theme_is_named_as_wrong(client: FlaskClient, query: str, said: str) -> None:
    for path in (f"{YEAR}.png", f"{YEAR}.svg", "/user/LightLuca/eras.png"):
        answer = client.get(f"{path}?{query}")
        assert answer.status_code == 400
        for sentence in said.split(". "):
            assert sentence.rstrip(".") in answer.text


def test_tall_pictures_name_the_most_played_albums_and_ask_the_database_once(
    fetched: Fetched, client: FlaskClient, site_with: SiteWith
) -> None:
    fetched("LightLuca", 2024)
    years = client.get(f"{YEAR}/top.json").get_json()
    _, title, plays = max((one for some in years.values() for one in some), key=lambda one: one[2])
    told = text_of(client.get(f"{YEAR}.svg?shape=story").data)
    assert "Most played" in told
    assert f"{plays:,} plays" in told
    assert title[:12] in told
    assert "Most played" not in text_of(client.get(f"{YEAR}.svg").data)
    away = site_with(database_url=NO_DATABASE)
    assert text_of(away.get(f"{YEAR}.svg?shape=story").data) == told
    assert "Most played" in text_of(away.get(f"{YEAR}.svg?shape=square").data)


def test_without_the_database_a_tall_picture_does_without_its_albums(
    fetched: Fetched, client: FlaskClient, site_with: SiteWith
) -> None:
    fetched("LightLuca", 2024)
    answer = site_with(database_url=NO_DATABASE).get(f"{YEAR}.svg?shape=story")
    assert answer.status_code == 200
    assert "Middle year" in text_of(answer.data)
    assert "Most played" not in text_of(answer.data)


def test_a_large_picture_counts_as_several(
    fetched: Fetched, client: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    fetched("LightLuca", 2024)
    rendered.cache_clear()
    monkeypatch.setattr("app.web.sharing.answers.resvg_py.svg_to_bytes", lambda **_: b"x")
    most = int(LIMITS["pictures"].split()[0])
    drawn = 0
    for theme in ("light", "dark"):
        for by in ("", "&by=decade"):
            if client.get(f"{YEAR}.png?shape=story&theme={theme}{by}").status_code == 200:
                drawn += 3
    assert drawn == 12
    statuses = []
    for _ in range(most - drawn + 1):
        rendered.cache_clear()
        statuses.append(client.get(f"{YEAR}.png").status_code)
    assert statuses == [200] * (most - drawn) + [429]
