"""The site on a home screen: it can be installed, and charts that were seen are there without a connection."""

import time
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, Route, expect

from app.events import Failure
from app.redis.event_stream import Snapshot, save_snapshot
from demo.ports import free_port
from tests import processes
from tests.browser import another_release
from tests.browser.conftest import Site
from tests.browser.live.growing import GrowingYear
from tests.browser.states import EVENTS, STATES, failed, put_again, taste
from tests.browser.test_looks import pictures, states
from tests.conftest import wait_until

__all__ = ["pictures", "states"]

KEPT = """
    async () => {
        const names = (await caches.keys()).filter(name => name === "lastyear charts");
        const charts = await Promise.all(names.map(async name => (await caches.open(name)).keys()));
        return charts.flat().map(one => decodeURIComponent(one.url));
    }
"""
RELEASES = "async () => (await caches.keys()).filter(name => name.startsWith('lastyear offline '))"
HEADLINES = """
    async () => {
        const charts = await caches.open("lastyear charts");
        const kept = await Promise.all((await charts.keys()).map(async one => (await charts.match(one)).text()));
        return kept.map(text => /<dt>Plays in \\d+<\\/dt><dd>([\\d,]+)/.exec(text)?.[1]);
    }
"""
ONLINE_ONCE_IT_IS_LEFT = """
    addEventListener("beforeunload", () => setTimeout(() => dispatchEvent(new Event("online"))))
"""
HOLD_A_CHART = """
    () => {
        const { text } = Response.prototype;
        Response.prototype.text = async function () {
            Response.prototype.text = text;
            await new Promise(done => { self.goOn = done; });
            return text.call(this);
        };
    }
"""
HOLD_A_FILE = """
    () => {
        const { fetch } = self;
        self.fetch = async (...asked) => {
            if (!String(asked[0]).includes("/static/keys.js")) return fetch(...asked);
            self.fetch = fetch;
            await new Promise(done => { self.goOn = done; });
            return fetch(...asked);
        };
    }
"""
IS_HELD = "() => Boolean(self.goOn)"
GO_ON = "() => self.goOn()"
IS_KEPT_OR_WAITS = """
    async () => (await navigator.locks.query()).pending.length > 0
        || (await (await caches.open("lastyear charts")).keys()).length > 0
"""
FILES_THAT_ARE_NOT_KEPT = """
    async () => {
        const charts = await caches.open("lastyear charts");
        const texts = await Promise.all((await charts.keys()).map(async one => (await charts.match(one)).text()));
        const files = texts.flatMap(text => [...text.matchAll(/(?:href|src)="(\\/static\\/[^"]+)"/g)]);
        const kept = await caches.open("lastyear files");
        const found = await Promise.all(files.map(([, file]) => kept.match(file)));
        return files.filter((_, nth) => !found[nth]).map(([, file]) => file);
    }
"""
CONTROLLED = "() => Boolean(navigator.serviceWorker.controller)"


@pytest.fixture
def visitor(chromium: Browser) -> Iterator[BrowserContext]:
    """A visitor whose browser has service workers."""
    context = chromium.new_context(viewport={"width": 1280, "height": 800}, service_workers="allow")
    yield context
    context.close()


@pytest.fixture
def tab(visitor: BrowserContext) -> Page:
    """A tab."""
    return visitor.new_page()


@pytest.fixture
def says(tab: Page) -> Callable[[str, object], None]:
    """Waits until a script on the page finds something."""

    def wait(script: str, wanted: object) -> None:
        found: list[Any] = [None]

        def look() -> bool:
            tab.wait_for_timeout(20)
            found[0] = tab.evaluate(script)
            return bool(found[0] == wanted)

        wait_until(look, otherwise=lambda: f"{found[0]} is not {wanted}")

    return wait


Says = Callable[[str, object], None]


def kept(site: Site, *paths: str) -> list[str]:
    """The addresses under which charts are kept, which have no upper case."""
    return [site.url + path.lower() for path in paths]


def test_it_can_be_put_on_a_home_screen(states: Site, tab: Page, says: Says) -> None:
    tab.goto(states.url)
    says(CONTROLLED, True)
    session = tab.context.new_cdp_session(tab)
    manifest = session.send("Page.getAppManifest")
    assert manifest["errors"] == []
    assert manifest["url"] == f"{states.url}/manifest.webmanifest"
    faults = [one["errorId"] for one in session.send("Page.getInstallabilityErrors")["installabilityErrors"]]
    assert set(faults) <= {"in-incognito"}, "as all of a test's windows are"


def test_a_chart_that_was_seen_can_be_read_without_a_connection(
    states: Site, visitor: BrowserContext, tab: Page, says: Says
) -> None:
    tab.goto(states.url + STATES["complete"])
    says(KEPT, kept(states, STATES["complete"]))
    tab.goto(states.url + STATES["together"])
    says(KEPT, kept(states, STATES["complete"], STATES["together"]))
    for state in ("fetching", "by decade", "years", "bar", "not found", "landing"):
        tab.goto(states.url + STATES[state])
    says(KEPT, kept(states, STATES["complete"], STATES["together"], STATES["by decade"]))

    visitor.set_offline(True)
    tab.goto(states.url + STATES["complete"].replace("HeavyHelen", "heavyhelen"))
    expect(tab.locator("#offline")).to_contain_text("This is the chart as of ")
    expect(tab.locator("h1")).to_have_text("HeavyHelen’s 2021, by release year")
    width = tab.locator("svg.chart").evaluate("chart => chart.getBoundingClientRect().width")
    assert width > 800, "it has its style"
    answer = tab.goto(states.url + STATES["fetching"])
    assert answer
    assert answer.status == 503
    expect(tab.locator("h1")).to_have_text("This page cannot be loaded right now")
    expect(tab.locator("#kept li")).to_have_count(3)
    tab.locator("#kept").get_by_role("link", name="HeavyHelen, GrowingGus").click()
    expect(tab.locator("#charts svg.chart")).to_have_count(3)
    expect(tab.locator("#offline")).to_be_visible()

    visitor.set_offline(False)
    expect(tab.locator("#offline")).to_have_count(0)


def test_a_connection_that_returns_takes_nobody_back_who_follows_a_link(
    states: Site, visitor: BrowserContext, tab: Page, says: Says
) -> None:
    tab.goto(states.url + STATES["complete"])
    says(KEPT, kept(states, STATES["complete"]))
    visitor.set_offline(True)
    tab.goto(states.url + STATES["fetching"])
    tab.evaluate(ONLINE_ONCE_IT_IS_LEFT)
    tab.locator("#kept a").click()
    expect(tab.locator("h1")).to_have_text("HeavyHelen’s 2021, by release year")
    tab.evaluate(ONLINE_ONCE_IT_IS_LEFT)
    tab.get_by_role("link", name="LastYear.fm").first.click()
    expect(tab.locator("#kept li")).to_have_count(1)
    assert urlsplit(tab.url).path == "/"


def test_ten_charts_are_kept_and_the_button_that_clears_names_clears_them(
    states: Site, tab: Page, says: Says
) -> None:
    tab.goto(states.url)
    says(CONTROLLED, True)
    years = [f"/user/MovingMo/{year}" for year in range(2005, 2017)]
    for path in years:
        tab.goto(states.url + path)
    tab.goto(states.url)
    says(KEPT, kept(states, *years[-10:]))
    tab.get_by_role("button", name="Clear these names").click()
    says(KEPT, [])


def test_the_button_clears_charts_before_the_other_scripts_are_there(states: Site, tab: Page, says: Says) -> None:
    tab.goto(states.url + STATES["complete"])
    says(KEPT, kept(states, STATES["complete"]))
    held: list[Route] = []
    tab.route("**/static/offline.js*", lambda route: held.append(route))
    with tab.expect_request("**/static/offline.js*"):
        tab.goto(states.url, wait_until="commit")
    tab.get_by_role("button", name="Clear these names").click()
    says(KEPT, [])
    held[0].continue_()


def test_a_chart_that_is_still_on_its_way_is_cleared_with_the_others(
    states: Site, visitor: BrowserContext, tab: Page, says: Says
) -> None:
    tab.goto(states.url + STATES["compare"])
    says(KEPT, kept(states, STATES["compare"]))
    worker = visitor.service_workers[0]
    worker.evaluate(HOLD_A_CHART)
    tab.goto(states.url + STATES["complete"])
    wait_until(lambda: worker.evaluate(IS_HELD))
    tab.goto(states.url)
    tab.get_by_role("button", name="Clear these names").click()
    says(KEPT, [])
    worker.evaluate(GO_ON)
    tab.goto(states.url + STATES["together"])
    says(KEPT, kept(states, STATES["together"]))


def test_two_charts_that_are_opened_at_once_are_kept_with_all_their_files(
    states: Site, visitor: BrowserContext, tab: Page, says: Says
) -> None:
    tab.goto(states.url)
    says(CONTROLLED, True)
    worker = visitor.service_workers[0]
    worker.evaluate(HOLD_A_FILE)
    tab.goto(states.url + STATES["complete"])
    wait_until(lambda: worker.evaluate(IS_HELD))
    tab.goto(states.url + STATES["together"])
    says(IS_KEPT_OR_WAITS, True)
    worker.evaluate(GO_ON)
    says("async () => (await (await caches.open('lastyear charts')).keys()).length", 2)
    says("async () => (await navigator.locks.query()).held.length", 0)
    assert tab.evaluate(FILES_THAT_ARE_NOT_KEPT) == []


@pytest.mark.parametrize("failure", [Failure.BARRED, Failure.NO_SUCH_USER])
def test_whoever_is_not_shown_any_more_is_not_kept_either(
    states: Site, tab: Page, says: Says, failure: Failure
) -> None:
    tab.goto(states.url)
    says(CONTROLLED, True)
    for state in ("complete", "compare", "another's"):
        tab.goto(states.url + STATES[state])
    says(KEPT, kept(states, STATES["complete"], STATES["compare"], STATES["another's"]))
    topic, _ = EVENTS["another's"]
    gone = Snapshot(at=time.time(), username=topic.username, event=failed(failure))
    save_snapshot(states.redis, topic, gone)
    try:
        # The page may have been drawn within the last second.
        wait_until(lambda: tab.goto(states.url + STATES["another's"]).status == failure.status)  # type: ignore[union-attr]
        says(KEPT, kept(states, STATES["complete"]))
    finally:
        put_again(states, "another's")


def test_a_new_release_replaces_the_service_worker_and_the_charts_stay(
    states: Site, visitor: BrowserContext, tab: Page, says: Says, tmp_path_factory: pytest.TempPathFactory
) -> None:
    log, port = tmp_path_factory.mktemp("web") / "web.log", free_port()
    address = f"http://127.0.0.1:{port}"
    with processes.web(states.settings, log, port):
        tab.goto(address + STATES["complete"])
        says(KEPT, [address + STATES["complete"].lower()])
        before = tab.evaluate(RELEASES)
        assert len(before) == 1
    application = f"{another_release.__name__}:site()"
    with processes.web(states.settings, log, port, application=application):
        tab.goto(address)
        says(RELEASES, [f"lastyear offline {another_release.RELEASE}"])
        says(KEPT, [address + STATES["complete"].lower()])
    # Nobody answers any more, though the network is there.
    tab.goto(address + STATES["complete"])
    expect(tab.locator("#offline")).to_contain_text(
        "This site does not answer right now. This is the chart as of "
    )


def test_a_year_that_grows_is_kept_once_it_is_whole(
    states: Site, visitor: BrowserContext, tab: Page, says: Says
) -> None:
    year = GrowingYear(states, 2020)
    year.open(tab)
    says(CONTROLLED, True)
    year.say(tab, 3_000)
    visitor.set_offline(True)
    expect(tab.locator("#lost")).to_be_visible()
    answer = tab.goto(states.url + year.path)
    assert answer
    assert answer.status == 503, "no part of a year is kept"
    visitor.set_offline(False)
    expect(tab.locator("#page[data-live]")).to_have_count(1)
    says(KEPT, [])
    year.end(tab, phase="completed", years=taste(12_100, 2020))
    says(KEPT, kept(states, year.path))
    visitor.set_offline(True)
    tab.goto(states.url + year.path)
    expect(tab.locator("#offline")).to_be_visible()
    expect(tab.locator(".facts")).to_contain_text("12,0")
    expect(tab.locator("#page[data-live]")).to_have_count(0)


def test_while_a_year_is_read_again_what_is_kept_of_it_stays_and_is_replaced_then(
    states: Site, visitor: BrowserContext, tab: Page, says: Says
) -> None:
    tab.goto(states.url)
    says(CONTROLLED, True)
    year = GrowingYear(states, 2019)
    year.open(tab)
    year.end(tab, phase="completed", years={1975: 1_000})
    says(KEPT, kept(states, year.path))
    again = GrowingYear(states, 2019, was_whole=True, years={1975: 1_000}, oldest_and_newest=None)
    again.open(tab)
    visitor.set_offline(True)
    tab.goto(states.url + year.path)
    expect(tab.locator("#offline")).to_be_visible()
    expect(tab.locator(".facts")).to_contain_text("1,000")
    visitor.set_offline(False)
    expect(tab.locator("#page[data-live]")).to_have_count(1)
    again.end(tab, phase="completed", years={1975: 1_200})
    expect(tab.locator(".facts")).to_contain_text("1,200")
    says(HEADLINES, ["1,200"])
    visitor.set_offline(True)
    tab.goto(states.url + year.path)
    expect(tab.locator("#offline")).to_be_visible()
    expect(tab.locator(".facts")).to_contain_text("1,200")
