"""What stays while the page changes under the visitor: focus, tip, selection, what is opened, typed, in sight."""

import json
import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, Route, expect

from tests.browser.conftest import Site
from tests.browser.live.growing import EXPECTED, GrowingYear
from tests.browser.states import STATES, put_all, taste

Until = Callable[..., None]


@pytest.fixture
def year(site: Site, page: Page) -> GrowingYear:
    """A year with its first bars, open in the tab."""
    year = GrowingYear(site)
    year.open(page)
    year.say(page, 2_000)
    return year


def focused(page: Page) -> str:
    return str(page.evaluate("document.activeElement.id"))


def test_elements_that_stay_are_the_same_ones(year: GrowingYear, page: Page) -> None:
    page.evaluate("window.before = new Map([...document.querySelectorAll('main [id]')].map(one => [one.id, one]))")
    for done in (3_000, 4_000):
        year.say(page, done)
    kept = "[...before].every(([id, one]) => document.getElementById(id) === one)"
    assert page.evaluate(kept)
    assert page.evaluate("before.size") > 100


def test_the_focus_and_an_open_tip_stay_and_the_tip_tells_the_new_numbers(year: GrowingYear, page: Page) -> None:
    page.locator("#b1977").focus()
    tip = page.locator(".tip")
    expect(tip).to_contain_text("1977")
    before = tip.inner_text()
    page.evaluate("window.tip = document.getElementById('tip')")
    year.say(page, 6_000)
    assert focused(page) == "b1977"
    expect(tip).not_to_have_text(before)
    assert page.evaluate("window.tip === document.getElementById('tip')")
    assert tip.locator("b").inner_text() == "1977"
    assert page.locator("#b1977").get_attribute("aria-describedby") == "top0"
    assert page.locator("#b1977").get_attribute("tabindex") == "0"


def test_a_tip_that_was_closed_stays_closed_until_the_next_move(year: GrowingYear, page: Page) -> None:
    page.emulate_media(reduced_motion="reduce")  # or a bar may move away under the pointer
    for is_pointed_at in (False, True):
        if is_pointed_at:
            page.locator("#b1977 .hit").hover()
        else:
            page.locator("#b1977").focus()
        expect(page.locator(".tip")).to_have_count(1)
        page.keyboard.press("Escape")
        expect(page.locator(".tip")).to_have_count(0)
        year.say(page, 3_000 + is_pointed_at, years=taste(2_000, 2023))
        page.locator("#b1977 [data-bar]").hover()
        expect(page.locator(".tip")).to_have_count(0)
        page.locator("#b1978 .hit").hover()
        expect(page.locator(".tip b")).to_have_text("1978")
        page.locator("#years").focus()
        page.mouse.move(1, 1)
        expect(page.locator(".tip")).to_have_count(0)


def test_what_is_selected_stays_selected(year: GrowingYear, page: Page) -> None:
    page.evaluate(
        """() => {
            const [from, to] = [document.querySelector("h1"), document.querySelector(".facts dt")];
            getSelection().setBaseAndExtent(from.firstChild, 3, to.firstChild, 5);
        }"""
    )
    ends = "[getSelection().anchorNode.data, getSelection().anchorOffset, getSelection().focusOffset]"
    before = page.evaluate(ends)
    assert "by release year" in page.evaluate("String(getSelection())")
    year.say(page, 3_000)
    assert page.evaluate(ends) == before
    assert "Plays" in page.evaluate("String(getSelection())")


def test_what_is_opened_stays_open_and_what_is_scrolled_to_stays_in_sight(year: GrowingYear, page: Page) -> None:
    page.set_viewport_size({"width": 390, "height": 600})
    page.locator("#same").click()
    page.locator("#in1990").scroll_into_view_if_needed()
    page.locator("#in1990").focus()
    before = page.locator("#in1990").bounding_box()
    year.say(page, 3_000)
    expect(page.locator("#numbers")).to_have_attribute("open", "")
    assert page.locator("#in1990").bounding_box() == before
    assert focused(page) == "in1990"
    page.locator("#same").click()
    year.say(page, 4_000)
    assert page.locator("#numbers").get_attribute("open") is None


def test_what_is_typed_stays_with_its_cursor(year: GrowingYear, page: Page) -> None:
    page.locator("#with").focus()
    page.keyboard.type("HevyHelen")
    for _ in range(7):
        page.keyboard.press("ArrowLeft")
    year.say(page, 3_000)
    assert focused(page) == "with"
    page.keyboard.type("a")
    year.end(page, phase="completed", years=taste(EXPECTED, 2023))
    expect(page.locator("#with")).to_have_value("HeavyHelen")


def test_what_is_being_shared_stays_open_while_the_year_is_read_again(site: Site, page: Page) -> None:
    whole = {"was_whole": True, "years": taste(EXPECTED, 2022)}
    year = GrowingYear(site, 2022, **whole)
    year.open(page)
    page.locator("#share").click()
    dialog = page.get_by_role("dialog", name="Share")
    dialog.get_by_label("Story").check()
    expect(dialog.locator("#preview")).to_have_attribute("height", "1920")
    years = taste(EXPECTED, 2022)
    year.end(page, phase="completed", years={**years, 1985: years[1985] + 1}, scrobbles=EXPECTED)
    expect(dialog.get_by_label("Story")).to_be_checked()
    page.keyboard.press("Escape")
    expect(page.locator("#share")).to_be_focused()


def test_tips_name_albums_while_the_chart_grows_and_newer_ones_when_opened_anew(
    year: GrowingYear, page: Page
) -> None:
    asked: list[str] = []

    def answer(route: Route) -> None:
        asked.append(route.request.url)
        albums = {str(at): [["An artist", f"Album {len(asked)}", len(asked)]] for at in (1977, 1990)}
        route.fulfill(body=json.dumps(albums), content_type="application/json")

    page.route(f"**{year.path}/top.json", answer)
    title = page.locator(".tip li bdi").first
    page.locator("#b1977").focus()
    expect(title).to_have_text("Album 1")
    expect(page.locator("#b1977")).to_have_accessible_description(re.compile("^Album 1"))
    for done in (3_000, 4_000):
        year.say(page, done)
    assert title.inner_text() == "Album 1"
    page.locator("#b1985").focus()  # which has none
    for done in (5_000, 6_000):
        year.say(page, done)
    assert len(asked) == 2, "an event alone asks for nothing"
    page.keyboard.press("End")
    page.locator("#b1990").focus()
    expect(title).to_have_text("Album 3")
    page.locator("#b1977").focus()
    expect(title).to_have_text("Album 3")
    year.end(page, phase="completed", years=taste(EXPECTED, 2023))
    expect(title).to_have_text("Album 4")
    assert len(asked) == 4


def test_albums_that_were_asked_for_earlier_and_come_later_replace_no_newer_ones(
    year: GrowingYear, page: Page, until: Until
) -> None:
    held: list[Route] = []

    def answer(route: Route, title: str) -> None:
        albums = {"1977": [["An artist", title, 1]]}
        with page.expect_response(route.request.url) as answer:
            route.fulfill(body=json.dumps(albums), content_type="application/json")
        answer.value.finished()

    page.route(f"**{year.path}/top.json", lambda route: held.append(route))
    page.locator("#b1977").focus()
    until(lambda: held)
    year.end(page, phase="completed", years=taste(EXPECTED, 2023))
    until(lambda: len(held) == 2)
    title = page.locator(".tip li bdi").first
    answer(held[1], "Newer")
    expect(title).to_have_text("Newer")
    answer(held[0], "Older")
    page.wait_for_timeout(500)  # in which it would be shown
    expect(title).to_have_text("Newer")


def test_bars_grow_out_of_the_axis_unless_motion_is_unwanted(year: GrowingYear, page: Page, until: Until) -> None:
    begun = """() => {
        window.moved = new Set();
        document.addEventListener("transitionrun", event => moved.add(event.target.parentNode.id));
    }"""
    page.evaluate(begun)
    assert page.locator("#b1959").count() == 0
    year.say(page, 3_000, years={**taste(3_000, 2023), 1959: 40})
    until(lambda: page.evaluate("moved.has('b1959') && moved.has('b1977')"))
    page.emulate_media(reduced_motion="reduce")
    page.evaluate("moved.clear()")
    year.say(page, 4_000, years={**taste(4_000, 2023), 1961: 40})
    page.evaluate("new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))")
    assert page.evaluate("moved.size") == 0


def test_a_page_of_all_years_keeps_its_rows_too(site: Site, page: Page, until: Until) -> None:
    put_all(site)
    page.goto(site.url + STATES["years being fetched"])
    page.locator("#page[data-live]").wait_for()
    row = page.locator(".years a").nth(1)
    row.focus()
    name = focused(page)
    page.evaluate("window.row = document.activeElement")
    page.evaluate("window.morphed = 0; page.addEventListener('morphed', () => { morphed += 1; })")
    page.evaluate("load()")
    until(lambda: page.evaluate("morphed > 0"))
    assert focused(page) == name
    assert page.evaluate("window.row === document.activeElement")
