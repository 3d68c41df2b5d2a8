"""Mishaps in the middle of a fetch: the page completes by itself, whichever process has died."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from demo.lastfm.faults import Fault
from tests.browser.conftest import LATENCY, Site
from tests.browser.states import STATES, put_again
from tests.browser.test_first_visits import is_complete, plays_drawn
from tests.browser.test_looks import SCHEMES, SIZES, is_wider_than_the_screen, pictures
from tests.conftest import PATIENCE

__all__ = ["pictures"]

Until = Callable[..., None]


def draw_lost(page: Page, pictures: Path) -> None:
    """Pictures what a page says that is out of touch."""
    for size, (width, height) in SIZES.items():
        page.set_viewport_size({"width": width, "height": height})
        assert not is_wider_than_the_screen(page), size
        for scheme in SCHEMES:
            page.emulate_media(color_scheme=scheme)
            page.screenshot(path=pictures / f"{size}-{scheme}-lost.png")


def open_first(site: Site, page: Page, until: Until) -> None:
    """Opens a year that nobody has asked for, and waits for its first bars."""

    def is_followed() -> bool:
        page.goto(f"{site.url}/user/HeavyHelen/2024")
        return page.locator("#page[data-live]").count() == 1

    until(is_followed)  # another test's page of that year may be kept for a second
    until(lambda: plays_drawn(page) > 0)


def test_a_page_outlives_the_web_process(site: Site, page: Page, until: Until, pictures: Path) -> None:
    site.lastfm.hold(after=3)
    open_first(site, page, until)
    site.web.kill()
    site.lastfm.let_go()
    expect(page.locator("#lost")).to_be_visible(timeout=1000 * PATIENCE)
    draw_lost(page, pictures)
    site.start_web()
    expect(page.locator("#lost")).to_be_hidden(timeout=1000 * PATIENCE)
    until(lambda: is_complete(page))
    expect(page.locator(".facts")).to_contain_text("12,100")


def test_a_page_outlives_a_deploy(site: Site, page: Page, until: Until) -> None:
    site.lastfm.hold(after=3)
    open_first(site, page, until)
    site.web.terminate()
    until(lambda: site.web.ended)
    site.lastfm.let_go()
    site.start_web()
    until(lambda: is_complete(page))


def test_a_page_outlives_the_workers(site: Site, page: Page, until: Until, complaints: list[str]) -> None:
    site.lastfm.hold(after=3)
    open_first(site, page, until)
    site.workers.kill()
    expect(page.locator(".progress")).to_be_visible()
    site.lastfm.let_go()
    site.start_workers()
    until(lambda: is_complete(page), seconds=90)
    plays = len(site.lastfm.accounts["HeavyHelen"].plays(2024))
    expect(page.locator(".facts")).to_contain_text(f"{plays:,}")
    assert complaints == []


def test_a_page_that_was_without_a_network_finds_back(site: Site, page: Page, until: Until) -> None:
    site.lastfm.hold(after=3)
    open_first(site, page, until)
    page.context.set_offline(True)
    site.lastfm.let_go()
    expect(page.locator("#lost")).to_be_visible(timeout=1000 * PATIENCE)
    page.context.set_offline(False)
    expect(page.locator("#lost")).to_be_hidden(timeout=1000 * PATIENCE)
    until(lambda: is_complete(page), seconds=60)


def open_and_stop_clock(site: Site, page: Page, until: Until) -> None:
    """Opens a year of which no event comes; its time passes only as the test says, and no load is under way."""

    def is_followed() -> bool:
        put_again(site, "fetching")
        page.goto(site.url + STATES["fetching"])
        return page.locator("main[data-live]").count() == 1

    def is_at_rest() -> bool:
        page.clock.run_for(400)
        return bool(page.evaluate("!running && !loadAgain"))

    page.clock.install()
    until(is_followed)  # another test's page of that year may be kept for a second
    page.clock.pause_at(datetime.now(UTC) + timedelta(hours=1))
    until(is_at_rest)


def test_a_page_that_is_out_of_touch_tries_at_once_when_told_to(site: Site, page: Page, until: Until) -> None:
    open_and_stop_clock(site, page, until)
    page.route("**/user/**", lambda route: route.abort())
    with page.expect_event("requestfailed"):
        page.clock.run_for(16_000)

    def is_told() -> bool:
        page.clock.run_for(1_000)
        return page.locator("#lost").is_visible()

    until(is_told)
    page.unroute("**/user/**")
    page.get_by_role("button", name="Try now").click()
    expect(page.locator("#lost")).to_be_hidden()  # by no clock, since none moves
    expect(page.locator("h1")).to_be_focused()


def test_one_answer_that_fails_is_asked_for_again_before_anything_is_told(
    site: Site, page: Page, until: Until
) -> None:
    open_and_stop_clock(site, page, until)
    page.evaluate("window.morphed = 0; page.addEventListener('morphed', () => { morphed += 1; })")
    page.route("**/user/**", lambda route: route.fulfill(status=502, body="Bad Gateway"), times=1)
    with page.expect_response(lambda answer: answer.status == 502):
        page.evaluate("load()")
    until(lambda: page.evaluate("lostTimer !== undefined"))
    page.clock.run_for(3_000)
    until(lambda: page.evaluate("morphed") > 0)
    page.clock.run_for(11_000)
    expect(page.locator("#lost")).to_be_hidden()


def test_try_now_does_not_wait_for_an_answer_that_hangs(site: Site, page: Page, until: Until) -> None:
    open_and_stop_clock(site, page, until)
    page.route("**/user/**", lambda route: None, times=1)  # which never answers
    with page.expect_request("**/user/**"):
        page.evaluate("load(); missed()")
    page.clock.run_for(12_000)
    expect(page.locator("#lost")).to_be_visible()
    page.get_by_role("button", name="Try now").click()
    expect(page.locator("#lost")).to_be_hidden()


@pytest.mark.parametrize(
    ("path", "status", "words"),
    [
        ("/user/NobodyNoel", 404, "Last.fm knows no listener called NobodyNoel"),
        ("/user/NobodyNoel/2024", 404, "Last.fm knows no listener called NobodyNoel"),
        ("/user/HiddenHana", 403, "HiddenHana hides recent listening"),
        ("/user/HiddenHana/2024", 403, "HiddenHana hides recent listening"),
        ("/user/EmptyEve/2022", 200, "EmptyEve played nothing in 2022"),
    ],
)
def test_what_cannot_be_drawn_is_told_without_a_reload(
    site: Site, page: Page, until: Until, path: str, status: int, words: str
) -> None:
    page.goto(f"{site.url}{path}")
    until(lambda: words in page.inner_text("main"))
    until(lambda: is_complete(page))
    answer = page.reload()
    assert answer is not None
    assert answer.status == status
    assert words in page.inner_text("main")


def test_lastfm_that_stumbles_is_no_reason_to_stop(site: Site, page: Page, until: Until) -> None:
    site.lastfm.faults.add(*[Fault(what, page=number) for number, what in enumerate(("html", "503", "error8"), 1)])
    page.goto(f"{site.url}/user/LightLuca/2024")
    until(lambda: is_complete(page))
    expect(page.locator(".facts")).to_contain_text(str(len(site.lastfm.accounts["LightLuca"].plays(2024))))
    assert site.lastfm.latency == LATENCY
