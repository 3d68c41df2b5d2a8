"""Memory: a tab that has followed a year for two hundred events holds no more than after thirty."""

import json

from playwright.sync_api import Page, Route, expect

from tests.browser.conftest import Site
from tests.browser.live.growing import GrowingYear, stop_clock
from tests.browser.states import taste

SLACK = 1_000_000
"""Bytes; a page that was kept for each of so many events would take twenty times as much."""


def held(page: Page) -> dict[str, float]:
    """What the tab holds once its garbage is collected."""
    session = page.context.new_cdp_session(page)
    session.send("Performance.enable")
    for _ in range(3):  # what one finds to be garbage may have held what the next one does
        session.send("HeapProfiler.collectGarbage")
    found = {one["name"]: one["value"] for one in session.send("Performance.getMetrics")["metrics"]}
    session.detach()
    return found


def test_two_hundred_events_leave_nothing_behind(site: Site, page: Page) -> None:
    stop_clock(page)
    albums = json.dumps({"1977": [["An artist", "An album", 5]]})

    def answer(route: Route) -> None:
        route.fulfill(body=albums, content_type="application/json")

    year = GrowingYear(site, 2020)
    page.route(f"**{year.path}/top.json", answer)
    year.open(page)
    page.clock.run_for(400)
    years = taste(10_000, 2020)
    found = {}
    for event in range(1, 201):
        year.say(page, 1_000 + event, years={**years, 1990: years[1990] + event})
        page.clock.run_for(400)
        if event == 1:
            page.locator("#same").click()
            page.mouse.move(5, 5)  # or it is over another bar once the one with the focus is scrolled to
            page.locator("#b1977").focus()
            expect(page.locator(".tip li")).to_be_visible()
        if event in (30, 50, 200):
            found[event] = held(page)
    assert found[30]["Nodes"] > 1_000
    for what in ("Nodes", "JSEventListeners", "Documents"):
        assert {found[event][what] for event in found} == {found[30][what]}, what
    assert found[200]["JSHeapUsedSize"] - found[50]["JSHeapUsedSize"] < SLACK
