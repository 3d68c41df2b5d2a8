"""The keyboard alone: from the front page to a bar's albums, back, and on to what is shared and compared."""

import re

from playwright.sync_api import BrowserContext, Page, expect

from tests.browser.conftest import Site
from tests.browser.states import put_all

RING = """() => {
    const one = document.activeElement, own = getComputedStyle(one), row = getComputedStyle(one, "::after");
    const hit = one.querySelector(".hit"), drawn = hit && getComputedStyle(hit);
    const isSeen = style => style.outlineStyle !== "none" && parseFloat(style.outlineWidth) > 0;
    const isOutlined = drawn && drawn.stroke !== "none" && parseFloat(drawn.strokeWidth) > 0;
    return isSeen(own) || isSeen(row) || Boolean(isOutlined);
}"""


def tab_to(page: Page, stop: str, key: str = "Tab") -> None:
    """Presses Tab until this has the focus; every stop on the way has a ring that is seen."""
    for _ in range(60):
        page.keyboard.press(key)
        name = page.evaluate("document.activeElement.id || document.activeElement.outerHTML.slice(0, 90)")
        assert page.evaluate(RING), name
        if page.evaluate("stop => document.activeElement.matches(stop)", stop):
            return
    raise AssertionError(f"{stop} is not reached")


def test_the_whole_way_by_keyboard(site: Site, context: BrowserContext, page: Page, complaints: list[str]) -> None:
    context.grant_permissions(["clipboard-read", "clipboard-write"])
    put_all(site)
    page.goto(site.url)
    expect(page.get_by_label("Your Last.fm name")).to_be_focused()
    page.keyboard.type("HeavyHelen")
    page.keyboard.press("Enter")
    expect(page.locator(".years")).to_be_visible()
    tab_to(page, ".years a")
    years = [f"y{year}" for year in page.locator(".years a").all_text_contents()]
    for key, to in (("End", -1), ("ArrowDown", -1), ("ArrowUp", -2), ("Home", 0), ("ArrowUp", 0)):
        page.keyboard.press(key)
        expect(page.locator(f"#{years[to]}")).to_be_focused()
        assert page.evaluate(RING)
    for _ in range(years.index("y2021")):
        page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile("/HeavyHelen/2021$"))
    tab_to(page, ".bars a")
    page.keyboard.press("End")
    expect(page.locator("#b2021")).to_be_focused()
    expect(page.locator(".tip b")).to_have_text("2021")
    page.keyboard.press("Home")
    expect(page.locator("#b1957")).to_be_focused()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Escape")
    expect(page.locator(".tip")).to_have_count(0)
    while page.evaluate("document.activeElement.id") != "b1977":
        page.keyboard.press("ArrowRight")
    expect(page.locator(".tip b")).to_have_text("1977")
    assert page.evaluate(RING)
    page.keyboard.press("Enter")
    expect(page.locator("h1")).to_contain_text("music from 1977")
    expect(page.locator(".albums").first).to_be_visible()
    tab_to(page, ".albums a")
    tab_to(page, ".crumb a", "Shift+Tab")
    page.keyboard.press("Enter")
    expect(page.locator(".chart .bars a").first).to_be_visible()
    tab_to(page, "#share")
    page.keyboard.press("Enter")
    expect(page.get_by_role("dialog", name="Share")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.locator("#share")).to_be_focused()
    tab_to(page, "#with")
    page.keyboard.type("GrowingGus")
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile(r"with=GrowingGus$"))
    tab_to(page, ".bars a")
    expect(page.locator(".tip")).to_be_visible()
    assert complaints == []
