"""Release years in a browser: a script of another site asks for two hundred albums, and for nothing else."""

from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pytest
from playwright.sync_api import Page

from demo.musicbrainz.catalogue import albums as catalogue
from tests.browser.conftest import Site

ASK = """
    async ([address, items]) => {
        const answer = await fetch(address, {
            method: "POST",
            headers: {"Content-Type": "application/json"},
            body: JSON.stringify(items),
        });
        return [answer.status, answer.headers.get("Retry-After"), await answer.json()];
    }
"""
PEEK = "address => fetch(address).then(answer => answer.status, error => error.name)"


@pytest.fixture
def elsewhere(tmp_path: Path) -> Iterator[str]:
    """The address of another site, with an empty page."""
    page = '<!doctype html><title>Elsewhere</title><link rel="icon" href="data:,">'
    (tmp_path / "index.html").write_text(page, encoding="utf-8")
    handler = partial(SimpleHTTPRequestHandler, directory=str(tmp_path))
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/index.html"
        server.shutdown()


def test_a_script_of_another_site_asks_for_two_hundred_albums(
    site: Site, page: Page, elsewhere: str, complaints: list[str]
) -> None:
    albums = [album for album in catalogue() if album.year][:196]
    items: list[object] = [{"artist": album.lastfm_artist, "album": album.lastfm_title} for album in albums]
    items += ["no item", {}, {"artist": "a" * 10_000, "album": "((((" * 900}, {"mbid": "none"}]
    page.goto(elsewhere)
    with page.expect_response(lambda response: response.request.method == "POST") as response:
        status, _, said = page.evaluate(ASK, [f"{site.url}/api/release-years", items])
    assert status == 200
    assert response.value.all_headers()["content-encoding"] == "gzip"
    answers = said["answers"]
    assert len(answers) == len(items)
    found = [answer["release_year"] for answer in answers[: len(albums)]]
    told = [(album.title, album.year, year) for album, year in zip(albums, found, strict=True) if year]
    assert len(told) > 0.9 * len(albums)
    assert [one for one in told if one[1] != one[2]] == []
    reasons = [answer["reason"]["code"] for answer in answers[len(albums) :]]
    assert reasons == ["unreadable", "no_names", "name_too_long", "malformed_mbid"]
    assert complaints == []


def test_a_script_of_another_site_can_read_why_it_is_refused_and_when_to_come_back(
    site: Site, page: Page, elsewhere: str
) -> None:
    page.goto(elsewhere)
    status, _, said = page.evaluate(ASK, [f"{site.url}/api/release-years", [None] * 201])
    assert (status, said["error"]["code"]) == (413, "too_large")
    for _ in range(11):
        status, again, said = page.evaluate(ASK, [f"{site.url}/api/v1/release-years", [None] * 200])
    assert (status, said["error"]["code"]) == (429, "too_many_requests")
    assert 1 <= int(again) <= 60


def test_a_script_of_another_site_reads_no_listener(site: Site, page: Page, elsewhere: str) -> None:
    page.goto(elsewhere)
    assert page.evaluate(PEEK, f"{site.url}/api/v1/openapi.json") == 200
    assert page.evaluate(PEEK, f"{site.url}/api/v1/users/LightLuca/years/2024") == "TypeError"
