"""The months of a year are drawn when they come into view, where their place is, and lead to a page of each."""

from collections.abc import Callable

from playwright.sync_api import Page, Route, expect

from tests.browser.conftest import Site
from tests.browser.live.growing import EXPECTED, GrowingYear
from tests.browser.states import STATES, put_all, taste


def test_months_are_drawn_when_they_come_into_view_and_nothing_moves(site: Site, page: Page) -> None:
    put_all(site)
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.goto(site.url + STATES["complete"])
    page.wait_for_load_state("networkidle")
    assert not any(url.endswith("/months") for url in asked), "who does not scroll there costs nothing"
    july = page.locator("#month7")
    below, before = page.locator("#numbers"), page.evaluate("document.documentElement.scrollHeight")
    place = page.evaluate("document.getElementById('numbers').offsetTop")
    july.focus()
    page.locator("#month7 svg").wait_for()
    expect(page.locator("#months-told")).to_contain_text("The oldest music was played in July")
    expect(july).to_have_accessible_name("July: 902 plays, middle year 1971")
    expect(page.locator("#month8")).to_have_accessible_name("August: no plays")
    assert below.evaluate("one => one.offsetTop") == place
    assert page.evaluate("document.documentElement.scrollHeight") == before
    assert page.evaluate("document.activeElement.id") == "month7"
    july.click()
    expect(page.locator("h1")).to_contain_text("HeavyHelen’s July 2021")
    expect(page.locator("#month7")).to_have_attribute("aria-current", "true")
    page.locator("#whole").click()
    expect(page.locator("h1")).to_contain_text("HeavyHelen’s 2021, by release year")
    page.locator("#pick-days").click()
    page.locator("#from").fill("2021-07-01")
    page.locator("#to").fill("2021-07-31")
    page.locator("#show-days").click()
    expect(page.locator("h1")).to_contain_text("HeavyHelen’s July 2021")


def test_a_link_that_gives_way_to_the_months_keeps_the_focus_until_it_is_left(site: Site, page: Page) -> None:
    put_all(site)
    page.goto(site.url + STATES["complete"])
    page.locator("#drawn").focus()
    page.locator("#month7 svg").wait_for()
    expect(page.locator("#drawn")).to_be_focused()
    page.keyboard.press("Tab")
    expect(page.locator("#months-told")).to_contain_text("The oldest music was played in July")
    expect(page.locator("#month1")).to_be_focused()


def test_months_that_were_asked_for_earlier_and_come_later_replace_no_newer_ones(
    site: Site, page: Page, until: Callable[..., None]
) -> None:
    year = GrowingYear(site, 2022, was_whole=True, years=taste(EXPECTED, 2022))
    year.open(page)
    held: list[Route] = []
    page.route("**/months", lambda route: held.append(route))
    page.locator("#months").scroll_into_view_if_needed()
    until(lambda: held)
    year.end(page, phase="completed", years=taste(EXPECTED, 2022), scrobbles=EXPECTED)
    until(lambda: len(held) == 2)
    told = page.locator("#months-told")
    for words, route in zip(("Newer", "Older"), reversed(held), strict=True):
        route.fulfill(body=f'<p id="months"><b id="months-told">{words}</b></p>', content_type="text/html")
        page.wait_for_timeout(500)  # in which it would be shown
        expect(told).to_have_text("Newer")
