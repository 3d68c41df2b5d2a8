"""Behind the chart in a browser: every bar opens, by mouse, by keyboard, by thumb, without scripts too."""

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.conftest import Site
from tests.browser.states import STATES, put_all
from tests.browser.test_first_visits import is_complete, plays_drawn

Until = Callable[..., None]


@pytest.fixture
def states(site: Site) -> Site:
    """A site in which every state is to be found."""
    put_all(site)
    return site


def test_a_bar_opens_by_keyboard_and_leads_on_and_back(states: Site, page: Page, complaints: list[str]) -> None:
    page.goto(states.url + STATES["complete"])
    page.locator("#b1976").focus()
    page.keyboard.press("ArrowRight")
    bar = page.locator("#b1977")
    expect(bar).to_be_focused()
    assert bar.evaluate("bar => getComputedStyle(bar.querySelector('.hit')).stroke") != "none", "it is seen"
    page.keyboard.press("Enter")
    expect(page.locator("h1")).to_have_text("HeavyHelen’s 2021: music from 1977")
    page.get_by_role("link", name="wrong year?").first.click()
    expect(page.locator("h1")).to_have_text("Why 1977?")
    page.locator("#back").click()
    expect(page.locator("h1")).to_have_text("HeavyHelen’s 2021: music from 1977")
    page.get_by_role("link", name="← 1975").click()
    expect(page.locator("h1")).to_contain_text("music from 1975")
    page.get_by_role("link", name="Next page").click()
    expect(page.locator(".pager span")).to_have_text("Page 2 of 2")
    page.get_by_role("link", name="HeavyHelen’s 2021, by release year").click()
    expect(page.locator(".chart")).to_be_visible()
    assert complaints == []


def test_a_bar_has_a_name_and_is_met_once(states: Site, page: Page) -> None:
    page.goto(states.url + STATES["complete"])
    link = page.get_by_role("link", name=re.compile(r"^1977: \d+ plays, [\d.]+ %$"))
    expect(link).to_have_count(1)
    expect(link).to_have_attribute("id", "b1977")
    expect(page.get_by_role("link", name=re.compile("^1958"))).to_have_count(0)


def test_a_bar_is_hit_above_its_top_too(states: Site, page: Page) -> None:
    page.goto(states.url + STATES["complete"])
    chart, bar = page.locator(".chart").bounding_box(), page.locator("#b1962 [data-bar]").bounding_box()
    assert chart
    assert bar
    assert bar["height"] < 30
    page.mouse.click(bar["x"] + bar["width"] / 2, chart["y"] + 60)
    expect(page).to_have_url(re.compile("/2021/1962$"))


def test_the_tab_key_stops_at_the_bars_once(states: Site, page: Page) -> None:
    page.goto(states.url + STATES["complete"])
    page.locator("#skip").focus()
    page.keyboard.press("Tab")
    page.keyboard.press("ArrowRight")
    walked_to = page.evaluate("document.activeElement.id")
    page.keyboard.press("Tab")
    assert not page.evaluate("document.activeElement.closest('.bars')")
    page.keyboard.press("Shift+Tab")
    assert page.evaluate("document.activeElement.id") == walked_to


def test_the_bars_can_be_skipped(states: Site, page: Page) -> None:
    page.goto(states.url + STATES["complete"])
    page.locator("#by-decade").focus()
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Skip the bars")).to_be_focused()
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    expect(page.locator("#own")).to_be_focused()


@pytest.mark.parametrize("width", [1280, 375])
def test_the_same_in_numbers_leads_to_the_bars(states: Site, page: Page, width: int) -> None:
    page.set_viewport_size({"width": width, "height": 700})
    page.goto(states.url + STATES["complete"])
    expect(page.locator(".numbers")).to_be_hidden()
    page.get_by_text("Show as a table").click()
    assert page.locator(".numbers tbody tr").count() == page.locator(".chart .bars a").count() + 1
    page.get_by_role("link", name="1977", exact=True).click()
    expect(page.locator("h1")).to_contain_text("music from 1977")
    expect(page.locator(".albums a").first).to_be_visible()


def test_without_scripts_a_bar_opens_too(states: Site, chromium: Browser) -> None:
    context = chromium.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(states.url + STATES["complete"])
    page.locator("#b1977").click()
    expect(page.locator("h1")).to_contain_text("music from 1977")
    context.close()


def test_hostile_names_do_nothing(states: Site, page: Page, complaints: list[str]) -> None:
    page.on("dialog", lambda dialog: complaints.append(dialog.message))
    for state in ("bar", "unknown albums"):
        page.goto(states.url + STATES[state])
        assert page.locator("main img:not([src^='/cover/']), main script").count() == 0
        links = page.locator("main a").evaluate_all("links => links.map(link => link.href)")
        assert all(re.match(f"https://|{states.url}/", link) for link in links)
        assert page.get_by_text("<script>alert(1)</script>", exact=True).count() > 0
    assert complaints == []


def test_growing_bars_keep_the_focus_and_the_numbers_stay_open(site: Site, page: Page, until: Until) -> None:
    site.lastfm.hold(after=3)
    page.goto(f"{site.url}/user/HeavyHelen/2024")
    until(lambda: plays_drawn(page) > 0)
    page.get_by_text("Show as a table").click()
    page.locator(".chart .bars a").first.focus()
    name, drawn = page.evaluate("document.activeElement.id"), plays_drawn(page)
    site.lastfm.let_go()
    until(lambda: plays_drawn(page) > drawn)
    expect(page.locator(".chart .bars a:focus")).to_have_count(1)
    expect(page.locator(f"#{name}")).to_be_focused()
    expect(page.locator(".numbers")).to_be_visible()
    until(lambda: is_complete(page))
    expect(page.locator(".numbers")).to_be_visible()


def test_a_first_visit_ends_in_a_chart_whose_bars_open(site: Site, page: Page, until: Until) -> None:
    page.goto(f"{site.url}/user/LightLuca/2024")
    until(lambda: is_complete(page))
    bar = page.locator(".chart .bars a").last
    plays = re.search(r": ([\d,]+) play", bar.locator("title").inner_html())
    assert plays
    bar.focus()
    page.keyboard.press("Enter")
    expect(page.locator("h1")).to_contain_text("music from")
    expect(page.locator(".lead")).to_contain_text(re.compile(rf"^{plays[1]} plays? of"))
    page.go_back()
    page.locator("#unknown").click()
    expect(page.locator("h1")).to_contain_text("unplaced plays")
    expect(page.get_by_role("link", name="Search MusicBrainz").first).to_be_visible()


def test_an_album_of_many_spellings_opens_by_keyboard(states: Site, page: Page, complaints: list[str]) -> None:
    page.goto(states.url + STATES["bar of spellings"])
    expect(page.locator(".lead")).to_contain_text(": 4 albums.")
    summary = page.locator("summary", has_text="Also scrobbled as 5 others")
    other = page.locator("li", has_text="アビイ・ロード by ビートルズ")
    expect(other).to_be_hidden()
    summary.focus()
    page.keyboard.press("Enter")
    expect(other).to_be_visible()
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(page.locator("h1")).to_have_text("Why 1969?")
    page.go_back()
    page.locator("summary", has_text="Scrobbled under 131 names").click()
    row = page.locator("tr", has_text="Scrobbled under 131 names")
    expect(row).to_contain_text("Various Artists")
    expect(row.locator("li").last).to_have_text("and 31 more")
    assert complaints == []
