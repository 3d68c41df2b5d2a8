"""Headers of every answer, and pages that need nothing which the policy in them forbids."""

import re
from collections.abc import Callable

import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from tests.integration.app.web.conftest import RunJobs

POLICY = "Content-Security-Policy"
USER_PAGES = ["/user/LightLuca", "/user/LightLuca/2024", "/user/LightLuca/2024.json", "/user/GrowingGus/2025"]
OPEN_PAGES = ["/", "/about"]
OTHERS = ["/healthz", "/readyz", "/metrics", "/nowhere", "/user/LightLuca/1999", "/user/.."]


@pytest.fixture
def visited(client: FlaskClient, run_jobs: RunJobs) -> Callable[[str], TestResponse]:
    """Opens a page of a site where LightLuca's 2024 is whole and GrowingGus' 2025 is on its way."""
    client.get("/user/LightLuca")
    client.get("/user/LightLuca/2024")
    run_jobs()
    return lambda path: client.get(path, buffered=True)


def test_every_answer_carries_the_policy_and_no_cookie(
    visited: Callable[[str], TestResponse], client: FlaskClient
) -> None:
    static = re.findall(r'(?:href|src)="(/static/[^"]+)"', visited("/user/GrowingGus/2025").text)
    assert len(static) >= 4
    answers = {path: visited(path) for path in [*USER_PAGES, *OPEN_PAGES, *OTHERS, *static]}
    answers["POST refresh"] = client.post("/user/LightLuca/2024/refresh")
    answers["GET refresh"] = client.get("/user/LightLuca/2024/refresh")
    answers["POST event"] = client.post("/internal/job-update", data="x")
    answers["redirect"] = client.get("/user?name=LightLuca")
    for path, answer in answers.items():
        policy = answer.headers.getlist(POLICY)
        assert len(policy) == 1, path
        assert "default-src 'none'" in policy[0], path
        assert "unsafe" not in policy[0], path
        assert "*" not in policy[0], path
        assert "http" not in policy[0], path
        assert answer.headers["X-Content-Type-Options"] == "nosniff", path
        assert answer.headers["Referrer-Policy"] == "same-origin", path
        assert "Set-Cookie" not in answer.headers, path


def test_a_browser_keeps_a_static_file_only_by_the_digest_of_what_is_in_it(client: FlaskClient) -> None:
    path = re.findall(r'"(/static/style.css\?\w+)"', client.get("/").text)[0]
    assert client.get(path, buffered=True).headers["Cache-Control"] == "public, max-age=31536000"
    for other in (f"{path}0", "/static/style.css?0123456789ab", "/static/style.css"):
        assert client.get(other, buffered=True).headers["Cache-Control"] == "no-cache", other
    assert client.get("/static/no.css?0123456789ab").status_code == 404


def test_an_error_of_our_own_carries_them_too_and_tells_nothing(
    client: FlaskClient, broken: Callable[[str], None]
) -> None:
    broken("app.web.pages.year.year_status")
    answer = client.get("/user/LightLuca/2024")
    assert answer.status_code == 500
    assert "Something broke on our side" in answer.text
    assert "hush" not in answer.text
    assert "default-src 'none'" in answer.headers[POLICY]


def test_search_engines_are_kept_from_listeners_and_from_nothing_else(
    visited: Callable[[str], TestResponse],
) -> None:
    for path in USER_PAGES:
        assert "noindex" in visited(path).headers["X-Robots-Tag"], path
        assert path.endswith("json") or '<meta name="robots" content="noindex' in visited(path).text, path
    for path in OPEN_PAGES:
        assert "X-Robots-Tag" not in visited(path).headers, path
        assert "noindex" not in visited(path).text, path


def test_pages_about_listeners_are_kept_by_no_cache_and_assets_for_ever(
    visited: Callable[[str], TestResponse],
) -> None:
    for path in USER_PAGES:
        assert visited(path).headers["Cache-Control"] == "private, no-cache", path
    for asset in re.findall(r'(?:href|src)="(/static/[^"]+)"', visited("/user/GrowingGus/2025").text):
        assert re.search(r"\?[0-9a-f]{12}$", asset)
        answer = visited(asset)
        assert answer.status_code == 200
        assert "max-age=31536000" in answer.headers["Cache-Control"]


def test_no_page_has_a_style_a_script_or_a_handler_of_its_own_or_loads_anything_from_elsewhere(
    visited: Callable[[str], TestResponse],
) -> None:
    for path in [*USER_PAGES, *OPEN_PAGES, "/nowhere", "/user/LightLuca/1999"]:
        page = visited(path).text
        assert not re.search(r"<style|\sstyle\s*=|javascript:", page, re.IGNORECASE), path
        assert not re.search(r"<[^>]*\son[a-z]+\s*=", page, re.IGNORECASE), path
        assert all('src="/static/' in script for script in re.findall(r"<script[^>]*>", page)), path
        assert not re.search(r"<script[^>]*>[^<]", page), path
        for tag in re.findall(r"<(?:link|img|script|iframe|object)[^>]*>", page):
            assert "//" not in tag, path


def test_a_page_has_one_headline_and_names_its_language(visited: Callable[[str], TestResponse]) -> None:
    for path in [*USER_PAGES[:2], *OPEN_PAGES, "/nowhere"]:
        page = visited(path).text
        assert page.count("<h1") == 1, path
        assert '<html lang="en">' in page, path
        assert re.search(r"<title>[^<]+</title>", page), path
