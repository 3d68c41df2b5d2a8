"""Up to six listeners side by side: one year is looked at in all charts, and nothing moves while one grows."""

import re

from playwright.sync_api import Page, expect

from tests.browser.conftest import Site
from tests.browser.live.growing import EXPECTED, GrowingYear
from tests.browser.live.test_nothing_jumps import BARELY, most_moved, watched
from tests.browser.states import LONG, STATES, ends, taste
from tests.browser.test_looks import pictures, states

__all__ = ["pictures", "states", "watched"]


def test_a_release_year_is_looked_at_in_all_charts_by_mouse_and_by_keys(
    states: Site, page: Page, complaints: list[str]
) -> None:
    page.goto(states.url + STATES["together"])
    told, looks = page.locator("[data-picked]"), page.locator(".chart .look")
    expect(looks).to_have_count(0)
    page.locator("#of-GrowingGus svg.chart").hover(position={"x": 120, "y": 60})
    expect(looks).to_have_count(3)
    year = re.match(r"\d{4}", told.first.inner_text())
    assert year
    for line in told.all():
        expect(line).to_have_text(re.compile(rf"^{year[0]}: .*\u00a0%$"))

    page.locator("#release").focus()
    page.keyboard.press("Home")
    first = page.locator("#picked").inner_text()
    page.keyboard.press("ArrowRight")
    expect(page.locator("#picked")).not_to_have_text(first)
    second = page.locator("#picked").inner_text()
    said = page.locator("#release").get_attribute("aria-valuetext") or ""
    assert said.startswith(f"{second}: HeavyHelen ")
    assert "GrowingGus" in said
    assert LONG in said
    expect(told.last).to_contain_text(f"{second}: ")
    assert complaints == []


def test_somebody_is_added_and_taken_away(states: Site, page: Page) -> None:
    page.goto(states.url + STATES["compare"])
    page.get_by_label("Add another listener").fill(LONG)
    page.get_by_role("button", name="Add").click()
    expect(page).to_have_url(f"{states.url}/user/HeavyHelen/2021?with=GrowingGus,{LONG}")
    expect(page.locator("#charts svg.chart")).to_have_count(3)
    page.get_by_role("link", name="Take HeavyHelen away").click()
    expect(page).to_have_url(f"{states.url}/user/GrowingGus/2021?with={LONG}")
    expect(page.locator(".other .line")).to_have_count(1)


def test_nothing_moves_while_one_of_them_comes_in(states: Site, watched: Page) -> None:
    year = GrowingYear(states)
    year.open(watched, f"?with=GrowingGus,{LONG}")
    told = watched.locator("#of-LightLuca .told")
    for done in (300, 6_000, 11_000):
        year.publish(phase="fetching", years=taste(done, 2023), done=done)
        expect(told).to_contain_text(f"{done:,} of")
    plays = taste(EXPECTED, 2023)
    year.end(watched, phase="completed", years=plays, oldest_and_newest=ends(plays))
    expect(watched.locator("#of-LightLuca .firsts li").first).to_be_visible()
    expect(watched.locator("#share")).to_be_visible()
    whole, by_part = most_moved(watched)
    assert whole <= BARELY, by_part
