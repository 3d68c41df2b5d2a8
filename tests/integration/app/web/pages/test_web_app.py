"""The site on a home screen: its manifest, its icons, and the service worker of its release."""

import struct

import pytest
from flask.testing import FlaskClient

from app.web.assets import asset
from app.web.pages import web_app


def size_of(picture: bytes) -> tuple[int, int]:
    """How wide and how high a PNG is."""
    assert picture.startswith(b"\x89PNG")
    width, height = struct.unpack(">II", picture[16:24])
    return width, height


def test_the_manifest_names_icons_that_are_there_in_the_sizes_it_says(client: FlaskClient) -> None:
    answer = client.get("/manifest.webmanifest")
    assert answer.content_type == "application/manifest+json"
    described = answer.get_json(force=True)
    assert (described["start_url"], described["scope"], described["display"]) == ("/", "/", "standalone")
    assert {(one["purpose"], one["sizes"]) for one in described["icons"]} >= {
        ("any", "any"),
        ("any", "192x192"),
        ("any", "512x512"),
        ("maskable", "512x512"),
    }
    for one in described["icons"]:
        icon = client.get(one["src"], buffered=True)
        assert icon.content_type.startswith(one["type"])
        if one["type"] == "image/png":
            assert "x".join(map(str, size_of(icon.data))) == one["sizes"]
    assert size_of(client.get("/apple-touch-icon.png").data) == (180, 180)
    for size in (0, 193, 100_000):
        assert client.get(f"/icon-{size}.png").status_code == 404
        assert client.get(f"/maskable-{size}.png").status_code == 404


def test_every_page_leads_to_the_manifest_and_has_the_colours_of_both_themes(client: FlaskClient) -> None:
    for path in ("/", "/about", "/user/LightLuca", "/offline", "/nowhere"):
        page = client.get(path)
        assert '<link rel="manifest" href="/manifest.webmanifest">' in page.text
        assert 'content="#fbfaf7" media="(prefers-color-scheme: light)"' in page.text
        assert 'content="#161413" media="(prefers-color-scheme: dark)"' in page.text
        policy = page.headers["Content-Security-Policy"]
        assert "manifest-src 'self'" in policy
        assert "worker-src 'self'" in policy


def test_the_service_worker_is_asked_for_anew_and_is_another_with_each_release(
    client: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    answer = client.get("/service-worker.js")
    assert answer.content_type.startswith("text/javascript")
    assert answer.headers["Cache-Control"] == "no-cache"
    assert asset("style.css") in answer.text
    assert client.get("/service-worker.js").data == answer.data
    monkeypatch.setattr(web_app, "_release", lambda: "9.9.9 another")
    other = client.get("/service-worker.js")
    assert '"9.9.9 another"' in other.text
    assert other.text.partition("\n")[2] == answer.text.partition("\n")[2]


def test_the_page_for_no_connection_is_about_nobody(client: FlaskClient) -> None:
    page = client.get("/offline")
    assert page.status_code == 200
    assert page.headers["X-Robots-Tag"] == "noindex"
    assert "You are offline, or this site does not answer." in page.text
