"""All the years in a browser: fetched with one button, growing by themselves, walked with the keys."""

import re
from collections.abc import Callable

from playwright.sync_api import Page, expect

from tests.browser.conftest import Site
from tests.browser.states import put_all
from tests.browser.test_first_visits import is_complete

Until = Callable[..., None]


def test_all_missing_years_come_in_by_themselves(
    site: Site, page: Page, until: Until, complaints: list[str]
) -> None:
    page.goto(f"{site.url}/user/LightLuca")
    until(lambda: is_complete(page))
    years = page.locator(".years tbody tr").count()
    site.lastfm.hold(after=0)
    page.get_by_role("button", name=f"Draw all {years} missing years").click()
    expect(page.get_by_text(re.compile("to go,"))).to_be_visible()
    site.lastfm.let_go()
    seen: list[int] = []

    def look() -> bool:
        seen.append(page.locator(".strip.wide:visible").count())
        return is_complete(page)

    until(look, seconds=90)
    assert seen == sorted(seen)
    assert len(set(seen)) > 2, "one after the other"
    medians = page.locator(".years tbody .mid").all_text_contents()
    assert sum(bool(re.fullmatch(r"\d{4}", text.strip())) for text in medians) == seen[-1]
    expect(page.get_by_text(re.compile("missing"))).to_have_count(0)
    assert complaints == []


def test_the_rows_are_links_that_the_keys_reach(site: Site, page: Page) -> None:
    put_all(site)
    page.goto(f"{site.url}/user/MovingMo")
    page.locator("#y2024").focus()
    page.keyboard.press("Tab")
    expect(page.locator("#y2023")).to_be_focused()
    assert "most plays: " in (page.locator("#y2023").get_attribute("title") or "")
    page.locator("#r2010 .plays").click(force=True)  # the link lies over the row
    expect(page).to_have_url(f"{site.url}/user/MovingMo/2010")


def test_the_columns_of_the_map_lead_to_everything_from_their_release_year(site: Site, page: Page) -> None:
    put_all(site)
    page.goto(f"{site.url}/user/MovingMo")
    page.locator("#c1970").focus()
    page.keyboard.press("ArrowRight")
    expect(page.locator("#c1971")).to_be_focused()
    box = page.locator("#c1971").bounding_box()
    assert box
    page.mouse.click(box["x"] + box["width"] / 2, box["y"] + 100)
    expect(page).to_have_url(f"{site.url}/user/MovingMo/released/1971")
    page.goto(f"{site.url}/user/MovingMo")
    page.get_by_role("link", name="the 1970s").click()
    expect(page).to_have_url(f"{site.url}/user/MovingMo/released/1970-1979")
