"""Taking a chart along: pictures are shared or saved, snippets copied; other sites show chart and badge."""

import os
import struct
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pytest
from playwright.sync_api import Browser, Page, Route, expect

from tests.browser.axe import faults
from tests.browser.conftest import Site
from tests.browser.states import STATES, put_all
from tests.browser.test_looks import SCHEMES, SIZES, is_wider_than_the_screen

SHARES = """
    navigator.canShare = ({ files }) => files?.length === 1;
    navigator.share = async ({ files, text }) => {
        window.shared = { name: files[0].name, type: files[0].type, size: files[0].size, text };
    };
"""
CANNOT_SHARE = "navigator.canShare = undefined; navigator.share = undefined;"
Until = Callable[..., None]
Elsewhere = Callable[[str], str]


@pytest.fixture
def states(site: Site) -> Site:
    """A site with every state."""
    put_all(site)
    return site


@pytest.fixture
def elsewhere() -> Iterator[Elsewhere]:
    """Another site, on this machine and under another name, which has one page."""
    pages: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Type", "text/html; charset=utf-8")
            self.end_headers()
            self.wfile.write(pages[-1].encode())

        def log_message(self, *_: object) -> None:
            """Write nothing."""

    def put(body: str) -> str:
        pages.append(body)
        return f"http://plain.example:{server.server_port}/"

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        yield put
        server.shutdown()


def open_panel(page: Page, site: Site, state: str = "complete") -> None:
    page.goto(site.url + STATES[state])
    page.locator("#share").click()
    page.locator("dialog #hand-on:visible").wait_for()


def test_the_chosen_picture_is_handed_to_the_device_as_a_file(
    states: Site, page: Page, until: Until, complaints: list[str]
) -> None:
    page.add_init_script(SHARES)
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.goto(states.url + STATES["complete"], wait_until="networkidle")
    assert not [url for url in asked if "share" in url or ".png" in url], "nothing of it is loaded before"
    open_panel(page, states)
    page.get_by_label("Story").check()
    expect(page.locator("#preview")).to_have_attribute("height", "1920")
    page.get_by_label("Dark").check()
    expect(page.locator("#save")).to_have_attribute("download", "HeavyHelen-2021-story-dark.png")
    page.locator("#hand-on").click()
    until(lambda: page.evaluate("window.shared"))
    shared = page.evaluate("window.shared")
    assert (shared["name"], shared["type"]) == ("HeavyHelen-2021-story-dark.png", "image/png")
    assert shared["size"] > 20_000
    assert "came out by" in shared["text"]
    assert shared["text"].endswith(f"{states.url}/user/HeavyHelen/2021")
    page.keyboard.press("Escape")
    expect(page.locator("dialog")).to_have_count(0)
    expect(page.locator("#share")).to_be_focused()
    assert complaints == []


def test_where_the_device_cannot_the_picture_is_saved_and_the_link_is_copied(
    states: Site, page: Page, tmp_path: Path
) -> None:
    page.context.grant_permissions(["clipboard-read", "clipboard-write"], origin=states.url)
    page.add_init_script(CANNOT_SHARE)
    open_panel(page, states, "compare")
    expect(page.locator("#hand-on")).to_have_text("Save picture and copy link")
    page.get_by_label("Square").check()
    expect(page.locator("#preview")).to_have_attribute("height", "1080")
    with page.expect_download() as download:
        page.locator("#hand-on").press("Enter")
    expect(page.locator("#told")).to_have_text("Picture saved, link copied.")
    saved = tmp_path / "picture.png"
    download.value.save_as(saved)
    assert download.value.suggested_filename.endswith("-square.png")
    assert struct.unpack(">II", saved.read_bytes()[16:24]) == (1080, 1080)
    assert page.evaluate("navigator.clipboard.readText()") == states.url + STATES["compare"]
    snippet = page.get_by_label("The picture in a forum (BBCode)", exact=True)
    page.get_by_role("button", name="Copy: The picture in a forum").click()
    expect(page.locator("#told")).to_contain_text("Copied")
    assert page.evaluate("navigator.clipboard.readText()") == snippet.input_value()
    assert "shape=square" in snippet.input_value()


def test_the_latest_choice_is_shown_and_shared_whatever_is_answered_last(
    states: Site, page: Page, until: Until
) -> None:
    page.add_init_script(SHARES)
    open_panel(page, states)
    held: list[Route] = []
    page.route("**/share?*", lambda route: held.append(route))
    for nth, shape in enumerate(("Story", "Square"), start=1):
        page.get_by_label(shape).check()
        until(lambda: len(held) == nth)  # noqa: B023  at once
    page.locator("#hand-on").click()
    story, square = held
    square.continue_()
    until(lambda: page.evaluate("window.shared"))
    assert page.evaluate("window.shared.name") == "HeavyHelen-2021-square.png"
    with page.expect_response(lambda answer: "shape=story" in answer.url) as answer:
        story.continue_()
    answer.value.finished()
    page.wait_for_timeout(500)  # in which it would be shown
    expect(page.locator("#preview")).to_have_attribute("height", "1080")


def test_two_clicks_open_one_panel(states: Site, page: Page, until: Until) -> None:
    page.goto(states.url + STATES["complete"])
    held: list[Route] = []
    page.route("**/share", lambda route: held.append(route))
    page.locator("#share").dblclick()
    until(lambda: held)
    for route in held:
        route.continue_()
    page.locator("dialog #hand-on:visible").first.wait_for()
    page.keyboard.press("Escape")
    expect(page.locator("dialog")).to_have_count(0)
    page.unroute("**/share")
    page.locator("#share").click()
    expect(page.get_by_role("dialog", name="Share")).to_be_visible()


def test_a_panel_that_does_not_come_takes_nobody_back_who_follows_a_link(
    states: Site, page: Page, until: Until
) -> None:
    page.goto(states.url + STATES["complete"])
    held: dict[str, Route] = {}
    for path in ("share", "about"):
        page.route(f"**/{path}", lambda route: held.update({route.request.url.rsplit("/", 1)[1]: route}))
    page.locator("#share").click()
    until(lambda: "share" in held)
    page.locator("a[href='/about']").first.click(no_wait_after=True)
    until(lambda: "about" in held)
    with page.expect_event("requestfailed"):
        held["share"].abort()
    page.wait_for_timeout(500)  # in which it would go to the panel's own page
    held["about"].continue_()
    expect(page).to_have_url(f"{states.url}/about")


def test_without_a_script_the_panel_is_a_page_that_does_the_same(states: Site, chromium: Browser) -> None:
    context = chromium.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(states.url + STATES["by decade"])
    page.locator("#share").click()
    page.get_by_label("Story").check()
    page.get_by_label("Dark").check()
    page.get_by_role("button", name="Show").click()
    expect(page.locator("#preview")).to_have_attribute("height", "1920")
    assert (
        page.locator("#save").get_attribute("href") == "/user/HeavyHelen/2021.png?by=decade&shape=story&theme=dark"
    )
    for hidden in ("#hand-on", "#copy-link", "[data-copies] >> nth=0"):
        expect(page.locator(hidden)).to_be_hidden()
    context.close()


def test_a_page_of_another_site_shows_the_chart_and_the_badge_and_nothing_else_of_ours(
    states: Site, page: Page, until: Until, elsewhere: Elsewhere
) -> None:
    frames = {
        "embed": "/embed/HeavyHelen/2021",
        "page": "/user/HeavyHelen/2021",
        "share": "/user/HeavyHelen/2021/share",
    }
    body = "".join(f'<iframe id="{name}" src="{states.url}{path}"></iframe>' for name, path in frames.items())
    pictures = "".join(
        f'<img id="{name}" src="{states.url}/user/HeavyHelen/2021{path}">'
        for name, path in {"badge": "/badge.svg", "picture": ".png"}.items()
    )
    page.goto(elsewhere(f"<!doctype html><title>Elsewhere</title>{body}{pictures}"), wait_until="networkidle")
    embedded = page.frame_locator("#embed")
    expect(embedded.get_by_role("heading")).to_contain_text("came out by")
    expect(embedded.locator(".bars a").first).to_be_visible()
    for refused in ("#page", "#share"):
        assert page.frame_locator(refused).locator("main").count() == 0, refused
    for picture, width in (("badge", 100), ("picture", 1200)):
        until(lambda: page.locator(f"#{picture}").evaluate("one => one.naturalWidth") >= width)  # noqa: B023  at once
    embedded.locator(".title a").click()
    page.wait_for_url(f"{states.url}/user/HeavyHelen/2021")


@pytest.fixture
def pictures(tmp_path: Path) -> Path:
    """Where the pictures go: the folder named by SCREENSHOTS, or one that pytest keeps for a while."""
    folder = Path(os.environ.get("SCREENSHOTS") or tmp_path)
    folder.mkdir(parents=True, exist_ok=True)
    return folder


@pytest.fixture
def examined(chromium: Browser) -> Iterator[Page]:
    """A tab into which the test may bring its own script."""
    context = chromium.new_context(bypass_csp=True, reduced_motion="reduce")
    yield context.new_page()
    context.close()


@pytest.mark.parametrize("size", SIZES)
def test_the_open_panel_and_the_embed_are_accessible_and_fit_every_screen(
    states: Site, examined: Page, size: str, pictures: Path
) -> None:
    width, height = SIZES[size]
    examined.set_viewport_size({"width": width, "height": height})
    open_panel(examined, states)
    assert faults(examined) == []
    for scheme in SCHEMES:
        examined.emulate_media(color_scheme=scheme)
        examined.screenshot(path=pictures / f"{size}-{scheme}-share-panel.png")
    assert not is_wider_than_the_screen(examined)
    for name, path in {"share": "/user/HeavyHelen/2021/share", "embed": "/embed/HeavyHelen/2021"}.items():
        examined.goto(states.url + path, wait_until="networkidle")
        assert faults(examined) == [], name
        assert not is_wider_than_the_screen(examined), name
        for scheme in SCHEMES:
            examined.emulate_media(color_scheme=scheme)
            examined.screenshot(path=pictures / f"{size}-{scheme}-{name}.png", full_page=True)
