"""A connection that has died without a word: the page that hears nothing of what it shows connects anew."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Site
from tests.browser.live.growing import GrowingYear
from tests.browser.states import taste
from tests.wire import Wire, wire

Until = Callable[..., None]
LONGEST_SILENCE = 15_000


@pytest.fixture
def line(site: Site) -> Iterator[Wire]:
    """A wire to the site."""
    with wire(site.port) as made:
        yield made


@pytest.fixture
def year(site: Site, page: Page, until: Until, line: Wire) -> GrowingYear:
    """A year that is followed by way of the wire, in a tab whose clock stands still from then on."""
    page.clock.install()
    year = GrowingYear(site, 2018)
    year.open(page, port=line.port)
    page.clock.pause_at(datetime.now(UTC) + timedelta(hours=1))
    rest(page, until)
    page.evaluate("window.first = connection")
    return year


@pytest.fixture
def no_websockets(page: Page) -> None:
    """A browser in a network that lets no WebSocket through."""
    page.add_init_script("window.WebSocket = class { constructor() { throw new Error('blocked'); } }")


def rest(page: Page, until: Until) -> None:
    """Waits until no load is under way."""

    def rests() -> bool:
        page.clock.run_for(400)
        return bool(page.evaluate("hasWorked && !running && !loadAgain"))

    until(rests)


def fetching(done: int) -> dict[str, Any]:
    """An event's numbers."""
    return {"phase": "fetching", "years": taste(done, 2018), "done": done}


def outlive_a_silence(page: Page, until: Until, line: Wire, year: GrowingYear) -> None:
    line.silence()
    line.mend()  # for new connections
    year.publish(**fetching(2_000))
    page.clock.run_for(LONGEST_SILENCE)
    expect(page.locator(".progress strong")).to_contain_text("2,000 of")

    def is_connected_anew() -> bool:
        page.clock.run_for(100)
        return bool(page.evaluate("connection !== first && connection?.readyState === 1 && hasWorked"))

    until(is_connected_anew, seconds=20)
    rest(page, until)
    year.say(page, 3_000)  # by no clock, since none moves


def test_a_page_gives_a_dead_websocket_up(page: Page, until: Until, line: Wire, year: GrowingYear) -> None:
    assert page.evaluate("first instanceof WebSocket")
    outlive_a_silence(page, until, line, year)
    assert page.evaluate("connection instanceof WebSocket")


@pytest.mark.usefixtures("no_websockets")
def test_a_page_gives_a_dead_stream_of_events_up(page: Page, until: Until, line: Wire, year: GrowingYear) -> None:
    assert page.evaluate("first instanceof EventSource")
    outlive_a_silence(page, until, line, year)
    assert page.evaluate("connection instanceof EventSource")


def test_a_page_of_which_nothing_changes_keeps_its_connection(page: Page, until: Until, year: GrowingYear) -> None:
    for _ in range(3):
        with page.expect_response("**/user/LightLuca/2018"):
            page.clock.run_for(LONGEST_SILENCE)
        rest(page, until)
    page.clock.run_for(2_000)
    assert page.evaluate("connection === first")


def test_an_event_that_comes_right_after_the_load_that_shows_it_keeps_the_connection(
    page: Page, until: Until, year: GrowingYear
) -> None:
    year.keep(**fetching(2_000))
    page.clock.run_for(LONGEST_SILENCE)
    expect(page.locator(".progress strong")).to_contain_text("2,000 of")
    year.publish(**fetching(2_000))
    until(lambda: page.evaluate("heardAt === Date.now()"))
    page.clock.run_for(2_000)
    assert page.evaluate("connection === first")
