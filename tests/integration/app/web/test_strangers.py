"""What strangers say of themselves opens no door and changes no address."""

import http.client

import pytest
from flask.testing import FlaskClient

from tests.conftest import PATIENCE
from tests.integration.app.web.conftest import Fetched, Site, SiteWith

SITE_URL = "https://lastyear.example.org"
EVIL = "evil.example.com"


def asked(site: Site, path: str, **headers: str) -> tuple[int, str]:
    """What the real server answers to headers just as they are written."""
    connection = http.client.HTTPConnection("127.0.0.1", site.port, timeout=PATIENCE)
    try:
        connection.request("GET", path, headers=headers)
        response = connection.getresponse()
        return response.status, f"{response.headers['Location']} {response.read().decode()}"
    finally:
        connection.close()


@pytest.mark.parametrize("path", ["/metrics", "/readyz", "/operator/"])
def test_no_header_opens_what_is_closed(served: Site, path: str) -> None:
    proxied = {"X-Forwarded-For": "203.0.113.9"}
    for more in (
        {},
        {"X-Forwarded-For": "127.0.0.1"},
        {"X-Forwarded-For": "203.0.113.9, ::1"},
        {"X_FORWARDED_FOR": "127.0.0.1"},
        {"X-Forwarded-Host": "localhost", "X-Real-IP": "127.0.0.1", "Forwarded": "for=127.0.0.1"},
    ):
        for prefix in ("", "/x"):
            named = {"SCRIPT_NAME": prefix, "Script-Name": prefix} if prefix else {}
            assert asked(served, prefix + path, **{**proxied, **more, **named})[0] == 404, more


@pytest.mark.parametrize(("path", "name"), [("/user?name=LightLuca", "/user"), ("/x/about", "/x"), ("/", "/x")])
def test_no_header_moves_the_site_below_another_path(served: Site, path: str, name: str) -> None:
    assert asked(served, path, SCRIPT_NAME=name, PATH_INFO="/about") == asked(served, path)


def test_links_that_leave_the_site_have_its_own_address(fetched: Fetched, site_with: SiteWith) -> None:
    fetched("LightLuca", 2024)
    visitor = site_with(site_url=SITE_URL)
    forged = {"Host": EVIL, "X-Forwarded-Host": EVIL}
    for path in ("/user/LightLuca/2024", "/user/LightLuca/2024?with=HeavyHelen", "/", "/about", "/api"):
        page = visitor.get(path, headers=forged).text
        assert EVIL not in page, path
        assert f'="{SITE_URL}{"" if path == "/" else path.partition("?")[0]}' in page, path
    page = visitor.get("/user/LightLuca/2024").text
    assert f'<meta property="og:image" content="{SITE_URL}/user/LightLuca/2024.png">' in page
    panel = visitor.get("/user/LightLuca/2024/share", headers=forged).text
    assert f'data-url="{SITE_URL}/user/LightLuca/2024"' in panel
    assert EVIL not in panel
    servers = visitor.get("/api/v1/openapi.json", headers=forged).get_json()["servers"]
    assert servers == [{"url": f"{SITE_URL}/api/v1"}]


def test_without_an_address_of_its_own_the_site_uses_the_host_that_was_asked_for(
    fetched: Fetched, client: FlaskClient
) -> None:
    fetched("LightLuca", 2024)
    page = client.get("/user/LightLuca/2024", headers={"Host": "charts.example.org"}).text
    assert '<meta property="og:url" content="http://charts.example.org/user/LightLuca/2024">' in page
    panel = client.get("/user/LightLuca/2024/share", headers={"Host": "charts.example.org"}).text
    assert 'data-url="http://charts.example.org/user/LightLuca/2024"' in panel
    assert client.get("/api/v1/openapi.json").get_json()["servers"] == [{"url": "/api/v1"}]


def test_forms_come_from_the_sites_own_address_though_a_proxy_asks_by_another(
    site_with: SiteWith,
) -> None:
    visitor = site_with(site_url=SITE_URL)
    for origin, status in ((SITE_URL, 303), ("http://localhost", 303), (f"https://{EVIL}", 403), ("null", 403)):
        answer = visitor.post("/user/LightLuca/2024/resume", headers={"Origin": origin})
        assert answer.status_code == status, origin
