"""What a screen reader is told unasked while a year comes in: how far it is, every ten seconds, and its end."""

import time
from itertools import pairwise
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from app.events import Failure
from tests.browser.conftest import Site
from tests.browser.live.growing import EXPECTED, GrowingYear, stop_clock
from tests.browser.states import taste

LISTEN = """
    window.said = [];
    const REGIONS = "[role=status], [role=alert], [role=log], output, [aria-live]:not([aria-live=off])";
    new MutationObserver(changes => {
        const regions = new Set();
        for (const { target, addedNodes } of changes) {
            const element = target.nodeType === 1 ? target : target.parentElement;
            if (element?.closest(REGIONS)) regions.add(element.closest(REGIONS));
            for (const one of addedNodes) if (one.nodeType === 1) {
                for (const region of one.querySelectorAll(REGIONS)) regions.add(region);
                if (one.matches(REGIONS)) regions.add(one);
            }
        }
        for (const region of regions) if (region.textContent.trim()) said.push([Date.now(), region.textContent]);
    }).observe(document, { subtree: true, childList: true, characterData: true });
"""
EVERY = 10_000
PER_EVENT = 1_500


@pytest.fixture
def year(site: Site, page: Page) -> GrowingYear:
    """A year with its first bars, in a tab whose clock stands still and that takes down what is said."""
    stop_clock(page)
    page.add_init_script(LISTEN)
    year = GrowingYear(site, 2021)
    year.open(page)
    page.clock.run_for(500)
    return year


def grow(year: GrowingYear, page: Page, events: range, **fields: Any) -> None:
    """Has an event come every second and a half of the page's time."""
    for done in events:
        year.say(page, done, **fields)
        page.clock.run_for(PER_EVENT)


def said(page: Page) -> list[tuple[int, str]]:
    """What was said, and when."""
    return [(at, text) for at, text in page.evaluate("said")]


def test_for_half_a_minute_with_twenty_events_a_sentence_is_said_every_ten_seconds(
    year: GrowingYear, page: Page
) -> None:
    page.locator("#years").focus()
    grow(year, page, range(500, 2_500, 100))
    page.locator("#b1977").focus()
    expect(page.locator(".tip")).to_be_visible()
    told = said(page)
    assert 2 <= len(told) <= 3
    assert all(later - earlier >= EVERY for (earlier, _), (later, _) in pairwise(told))
    assert all("of 12,100 plays" in text for _, text in told)
    assert page.locator("[role=status], [role=alert], [aria-live]").count() == 1


def test_an_open_tip_says_nothing_by_itself(year: GrowingYear, page: Page) -> None:
    year.say(page, 500)
    page.locator("#b1977").focus()
    expect(page.locator(".tip")).to_be_visible()
    page.clock.run_for(500)
    grow(year, page, range(600, 1_100, 100))
    assert said(page) == []


def test_the_end_is_said_at_once(year: GrowingYear, page: Page) -> None:
    grow(year, page, range(500, 1_300, 100))
    before = len(said(page))
    year.end(page, phase="completed", years=taste(EXPECTED, 2021))
    told = said(page)[before:]
    assert [text for _, text in told] == [page.locator(".headline").inner_text()]
    assert told[0][0] == page.evaluate("Date.now()"), "no time has passed"
    page.clock.run_for(60_000)
    assert len(said(page)) == before + 1


def test_a_failure_is_said_at_once_and_the_seconds_to_the_next_try_are_not_counted_aloud(
    year: GrowingYear, page: Page
) -> None:
    year.say(page, 500)
    page.clock.run_for(2_000)
    now = page.evaluate("Date.now()")
    away = {"error": Failure.LASTFM_AWAY, "next_try_at": time.time() + 900}
    year.publish(phase="failed", years=taste(500, 2021), **away)
    expect(page.locator(".notice h2")).to_be_visible()
    ((at, text),) = said(page)
    assert at == now
    assert page.locator(".notice h2").inner_text() in text
    page.clock.run_for(9_000)
    assert len(said(page)) == 1
