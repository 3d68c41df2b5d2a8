"""The front page offers the names that this browser has opened before, no others, and for as long as it is to."""

from pathlib import Path

from playwright.sync_api import Browser, Page, expect

from tests.browser.axe import faults
from tests.browser.conftest import Site
from tests.browser.states import STATES
from tests.browser.test_looks import SIZES, looks, pictures, states

__all__ = ["pictures", "states"]

NAMES = "[...document.querySelectorAll('#recent li')].map(one => one.textContent)"


def names(site: Site, page: Page) -> list[str]:
    """The names that the front page offers."""
    page.goto(site.url)
    found: list[str] = page.evaluate(NAMES)
    assert page.locator("#recent").is_visible() == bool(found)
    return found


def test_names_that_were_opened_are_offered_the_last_first_and_can_be_cleared(
    states: Site, page: Page, complaints: list[str]
) -> None:
    assert names(states, page) == []
    for path in (STATES["complete"], "/user/lightluca", "/user/GrowingGus/2021", "/user/heavyhelen/2021"):
        page.goto(states.url + path)
    assert names(states, page) == ["HeavyHelen", "GrowingGus", "LightLuca"]
    page.get_by_role("link", name="GrowingGus").click()
    expect(page).to_have_url(f"{states.url}/user/GrowingGus")
    page.go_back()
    page.get_by_role("button", name="Clear these names").click()
    expect(page.locator("#recent")).to_be_hidden()
    expect(page.get_by_label("Your Last.fm name")).to_be_focused()
    assert names(states, page) == []
    assert set(page.evaluate("Object.values(localStorage)")) == {"[]"}
    assert complaints == []


def test_back_from_a_page_names_that_were_cleared_meanwhile_are_gone(states: Site, page: Page) -> None:
    page.goto(states.url + STATES["complete"])
    assert names(states, page) == ["HeavyHelen"]
    page.evaluate("localStorage.setItem('lastyear:names', '[]'); localStorage.setItem('lastyear:years', '[]')")
    # As the browser tells a page that it has kept whole; this one is loaded anew.
    page.evaluate("dispatchEvent(new PageTransitionEvent('pageshow', { persisted: true }))")
    expect(page.locator("#recent")).to_be_hidden()
    assert page.evaluate(NAMES) == []


def test_what_is_kept_without_a_name_or_with_one_that_is_none_can_be_cleared(
    states: Site, page: Page, complaints: list[str]
) -> None:
    page.goto(states.url)
    for key, kept in (("guesses", '[["HeavyHelen/2021", 1988]]'), ("names", r'["a\ud800", "HeavyHelen"]')):
        page.evaluate("([key, kept]) => localStorage.setItem(`lastyear:${key}`, kept)", [key, kept])
        page.reload()
        assert page.evaluate(NAMES) == ["HeavyHelen"] * (key == "names")
        page.locator("#recent button").click()
        expect(page.locator("#recent")).to_be_hidden()
        assert set(page.evaluate("Object.values(localStorage)")) == {"[]"}
    assert complaints == []


def test_of_many_names_the_last_eight_are_offered_and_fit(states: Site, page: Page, pictures: Path) -> None:
    page.goto(states.url)
    many = [f"An-other-name-as_long.as_Last.fm-{number}" for number in range(12)]
    page.evaluate("names => localStorage.setItem('lastyear:names', JSON.stringify(names))", many)
    page.goto(states.url + STATES["complete"])
    assert names(states, page) == ["HeavyHelen", *many[:7]]
    assert [*looks(page, "landing with names", pictures)] == [*SIZES]


def test_only_a_page_that_was_there_counts(states: Site, page: Page) -> None:
    for state in (
        "unknown listener",
        "years of an unknown",
        "forgotten for good",
        "queued",
        "Last.fm down",
        "about",
    ):
        if state in STATES:
            page.goto(states.url + STATES[state])
    page.goto(f"{states.url}/user/a%20b")
    page.goto(f"{states.url}/user/HeavyHelen/1999")
    assert names(states, page) == []


def test_who_is_removed_or_unknown_now_is_no_longer_offered(states: Site, page: Page) -> None:
    page.goto(states.url)
    for state in ("forgotten for good", "years of one forgotten for good", "unknown", "years of an unknown"):
        path = STATES[state]
        name = path.split("/")[2].lower()
        page.evaluate(
            "names => localStorage.setItem('lastyear:names', JSON.stringify(names))", [name, "HeavyHelen"]
        )
        page.evaluate(
            "years => localStorage.setItem('lastyear:years', JSON.stringify(years))", [[f"{name}/2021", 1, "1"]]
        )
        page.goto(states.url + path)
        assert page.evaluate("localStorage.getItem('lastyear:years')") == "[]"
        assert names(states, page) == ["HeavyHelen"]


def test_without_scripts_nothing_is_offered(states: Site, chromium: Browser) -> None:
    context = chromium.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(states.url)
    expect(page.locator("#recent")).to_be_hidden()
    context.close()


def test_nothing_serious_is_found_in_what_is_offered(states: Site, chromium: Browser) -> None:
    context = chromium.new_context(bypass_csp=True)
    page = context.new_page()
    page.goto(states.url + STATES["complete"])
    page.goto(states.url)
    expect(page.locator("#recent")).to_be_visible()
    assert faults(page) == []
    context.close()
