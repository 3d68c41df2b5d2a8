"""The panel: pictures in every shape, snippets that name this site, and a clear word where there is nothing."""

import re
from html import unescape

import pytest
from flask.testing import FlaskClient

from tests.integration.app.web.conftest import Fetched, Jobs

SITE = "https://lastyear.example"
YEAR = "/user/LightLuca/2024"


def snippets(page: str) -> dict[str, str]:
    """The snippets of a panel by their ids."""
    found = re.findall(r'<input id="(snippet-\w+)" readonly value="([^"]*)"', page)
    return {name: unescape(text) for name, text in found}


def test_snippets_lead_to_this_site_by_its_own_address(fetched: Fetched, client: FlaskClient) -> None:
    fetched("LightLuca", 2024)
    page = client.get(f"{YEAR}/share?by=decade&shape=square&theme=dark", base_url=SITE).text
    pasted = snippets(page)
    assert pasted.keys() == {"snippet-chart", "snippet-html", "snippet-markdown", "snippet-bbcode"}
    picture = f"{SITE}{YEAR}.png?by=decade&shape=square&theme=dark"
    assert pasted["snippet-chart"].startswith(
        f'<iframe src="{SITE}/embed/LightLuca/2024?by=decade" title="LightLuca’s 2024'
    )
    assert f'<img src="{picture.replace("&", "&amp;")}"' in pasted["snippet-html"]
    assert pasted["snippet-bbcode"] == f"[url={SITE}{YEAR}?by=decade][img]{picture}[/img][/url]"
    assert f"]({SITE}{YEAR}/badge.svg)]({SITE}{YEAR}?by=decade)" in pasted["snippet-markdown"]
    for path in ("/embed/LightLuca/2024?by=decade", f"{YEAR}/badge.svg"):
        assert client.get(path).status_code == 200
    assert 'download="LightLuca-2024-square-dark.png"' in page
    assert '<input type="hidden" name="by" value="decade">' in page


@pytest.mark.parametrize(
    "path", [f"{YEAR}/share?with=SingleSam", "/user/LightLuca/eras/share", f"{YEAR}/share?month=7"]
)
def test_what_has_no_embed_has_its_picture(fetched: Fetched, client: FlaskClient, path: str) -> None:
    fetched("LightLuca", 2024)
    pasted = snippets(client.get(path, base_url=SITE).text)
    assert pasted.keys() == {"snippet-html", "snippet-markdown", "snippet-bbcode"}
    picture = re.findall(r"\[img\](.*)\[/img\]", pasted["snippet-bbcode"])[0]
    assert client.get(picture.removeprefix(SITE)).content_type == "image/png"


def test_the_panel_is_light_and_kept_by_no_cache(fetched: Fetched, client: FlaskClient) -> None:
    fetched("LightLuca", 2024)
    answer = client.get(f"{YEAR}/share")
    assert answer.headers["Cache-Control"] == "private, no-cache"
    assert "noindex" in answer.headers["X-Robots-Tag"]
    assert len(answer.data) < 12_000
    assert f'id="share" href="{YEAR}/share"' in client.get(YEAR).text


@pytest.mark.parametrize("guest", [{"User-Agent": "Googlebot/2.1"}])
def test_of_nothing_there_is_nothing_to_share(client: FlaskClient, jobs: Jobs, guest: dict[str, str]) -> None:
    for path in (f"{YEAR}/share", f"{YEAR}/share?with=SingleSam", "/user/LightLuca/eras/share"):
        answer = client.get(path, headers=guest)
        assert answer.status_code == 404, path
        assert "There is nothing to share yet" in answer.text
    assert jobs() == 0
    assert client.get(f"{YEAR}/share?shape=round").status_code == 400
