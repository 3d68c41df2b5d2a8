"""Back on a page that the browser has kept whole, as it does outside of tests: it shows what is so now."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from app.redis.event_stream import Topic
from tests.browser.conftest import CHROMIUM, QUIET, Site
from tests.browser.live.growing import EXPECTED, GrowingYear
from tests.browser.states import STATES, taste
from tests.browser.test_goes_on import open_waiting, rename
from tests.browser.test_looks import states
from tests.browser.visits.test_recent_names import NAMES
from tests.conftest import wait_until

__all__ = ["states"]

KEEPS_PAGES = ["--disable-back-forward-cache"]
"""What Playwright says otherwise."""


@pytest.fixture
def tab(chromium: Browser) -> Iterator[Page]:
    """A tab of a browser that keeps pages whole for whoever goes back."""
    launch = chromium.browser_type.launch
    browser = launch(executable_path=CHROMIUM, args=QUIET, ignore_default_args=KEEPS_PAGES)
    yield browser.new_context().new_page()
    browser.close()


def leave(tab: Page) -> None:
    """Goes on to another page."""
    tab.evaluate("addEventListener('pageshow', event => { window.wasKept = event.persisted; })")
    tab.locator("a[href='/about']").first.click()
    tab.wait_for_url("**/about")


def go_back(tab: Page) -> None:
    """Goes back to the page that the browser has kept, of which Playwright hears no end of its loading."""
    tab.go_back(wait_until="commit")
    wait_until(lambda: tab.evaluate("window.wasKept"))


def test_the_front_page_offers_the_names_of_now_and_what_was_typed_stays(states: Site, tab: Page) -> None:
    tab.goto(states.url + STATES["complete"])
    tab.goto(states.url)
    tab.get_by_label("Your Last.fm name").fill("Typed")
    leave(tab)
    tab.evaluate("localStorage.setItem('lastyear:names', '[\"LightLuca\"]')")
    go_back(tab)
    expect(tab.get_by_label("Your Last.fm name")).to_have_value("Typed")
    assert tab.evaluate(NAMES) == ["LightLuca"]


def test_a_year_that_grew_meanwhile_goes_on_and_ends(site: Site, tab: Page) -> None:
    year = GrowingYear(site)
    year.open(tab)
    year.say(tab, 2_000)
    leave(tab)
    year.publish(phase="fetching", years=taste(5_000, 2023), done=5_000)
    go_back(tab)
    expect(tab.locator(".progress strong")).to_contain_text("5,000 of")
    leave(tab)
    year.publish(phase="completed", years=taste(EXPECTED, 2023))
    go_back(tab)
    expect(tab.locator("#page[data-live]")).to_have_count(0)


def test_a_year_follows_a_listener_to_the_new_name(site: Site, tab: Page) -> None:
    olive = Topic("OldOlive", 2023)
    open_waiting(site, tab, olive)
    leave(tab)
    go_back(tab)
    rename(site, olive)
    expect(tab).to_have_url(f"{site.url}/user/LightLuca/2023?was=OldOlive")
