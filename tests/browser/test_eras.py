"""The eras in a browser: they grow while missing years come in, nothing moves, and the keys walk the years."""

from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from tests.browser.conftest import Site
from tests.browser.live.movement import record, recorded, score
from tests.browser.states import put_all
from tests.browser.test_first_visits import is_complete

Until = Callable[..., None]
BARELY = 0.02


@pytest.fixture
def context(chromium: Browser) -> Iterator[BrowserContext]:
    """A visitor whose pages record where their parts are."""
    context = chromium.new_context(viewport={"width": 1280, "height": 800})
    record(context)
    yield context
    context.close()


def test_the_eras_grow_while_missing_years_come_in_and_nothing_moves(
    site: Site, page: Page, until: Until, complaints: list[str]
) -> None:
    page.goto(f"{site.url}/user/TurningTina/eras")
    until(lambda: is_complete(page))
    site.lastfm.hold(after=0)
    page.locator("#missing").click()
    expect(page.locator("#fetching")).to_contain_text("to go,")
    site.lastfm.let_go()
    seen: list[int] = []

    def look() -> bool:
        seen.append(page.locator("svg.eras circle").count())
        return is_complete(page)

    until(look, seconds=120)
    assert seen == sorted(seen)
    assert len(set(seen)) > 2, "one after the other"
    expect(page.locator(".headline")).to_contain_text("In between it was oldest in 2021")
    frames = [frame for frame in recorded(page) if "chart 0" in frame]
    steady = [{name: box for name, box in frame.items() if name != "footer 0"} for frame in frames]
    whole, by_part = score(steady, 1280, 800)
    assert whole <= BARELY, by_part
    assert complaints == []


def test_arrow_keys_walk_the_years_and_a_tip_says_the_numbers(site: Site, page: Page) -> None:
    put_all(site)
    page.goto(f"{site.url}/user/MovingMo/eras")
    page.locator("#b2011").focus()
    page.keyboard.press("ArrowRight")
    expect(page.locator("#b2012")).to_be_focused()
    expect(page.locator("#tip")).to_contain_text("2012 middle half from")
    page.keyboard.press("Enter")
    expect(page).to_have_url(f"{site.url}/user/MovingMo/2012")
