"""Covers in a browser: drawn at first, there while one looks, and nothing moves for them."""

from collections.abc import Callable
from urllib.parse import urlsplit

from playwright.sync_api import Page, Request

from tests.browser.conftest import Site
from tests.browser.states import STATES, put_all

PLACES = """
    [...document.querySelectorAll(".albums td, .cover")].map(cell => cell.getBoundingClientRect()).map(
        ({x, y, width, height}) => ({x, y, width, height}))
"""
SHIFTS = """
    window.shifts = 0;
    new PerformanceObserver(list => list.getEntries().forEach(one => { window.shifts += one.value; }))
        .observe({type: "layout-shift", buffered: true});
"""
SEEN = "[...document.querySelectorAll('.cover')].filter(one => one.naturalWidth >= 60).length"


def test_covers_come_while_one_looks_and_nothing_moves(
    site: Site, page: Page, until: Callable[..., None], complaints: list[str]
) -> None:
    put_all(site)
    asked: list[str] = []

    def listen(request: Request) -> None:
        asked.append(urlsplit(request.url).netloc)

    page.on("request", listen)
    page.add_init_script(SHIFTS)
    page.goto(site.url + STATES["bar"])
    before = page.evaluate(PLACES)
    assert len(before) > 40 * 5
    until(lambda: page.evaluate(SEEN) >= 3)
    assert page.evaluate(PLACES) == before
    assert page.evaluate("window.shifts") < 0.001
    assert set(asked) == {urlsplit(site.url).netloc}, "nobody else is asked"
    page.reload()
    until(lambda: page.evaluate(SEEN) >= 3)
    page.goto(site.url + STATES["why"])
    place = page.locator(".cover").bounding_box()
    assert place
    assert place["width"] == place["height"] > 100
    assert complaints == []
