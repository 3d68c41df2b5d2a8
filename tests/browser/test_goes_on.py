"""What Last.fm has interrupted goes on in a browser by itself: counted down, without a reload, or at once."""

import re
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from playwright.sync_api import Browser, Page, Route, expect

from app.events import Event, Failure, new_run
from app.redis.event_stream import Topic, publish
from tests.browser.conftest import Site
from tests.browser.states import AWAY, PART, begin, event, failed, show, stored
from tests.browser.test_first_visits import is_complete
from tests.conftest import wait_until

Until = Callable[..., None]


def luca(year: int) -> Topic:
    """A year of LightLuca's: another one in each test, since a page may be kept for a second."""
    return Topic("LightLuca", year)


def interrupt(site: Site, year: int, *, seconds: float) -> None:
    """Makes a year be interrupted, to be tried again after so many seconds."""
    put(site, event(phase="failed", **{**PART, **AWAY, "next_try_at": time.time() + seconds}), year)


def put(site: Site, said: Event, year: int) -> None:
    """Makes this the latest that is known."""
    show(site, luca(year), said)


def test_an_interrupted_year_counts_down_and_goes_on_without_a_reload(
    site: Site, page: Page, until: Until, complaints: list[str]
) -> None:
    interrupt(site, 2023, seconds=15)
    page.goto(f"{site.url}/user/LightLuca/2023")
    page.evaluate("window.stays = true")
    expect(page.locator(".headline")).to_contain_text("(so far, 2,756 of 9,756 plays)")
    shown: list[str] = []

    def look() -> bool:
        shown.extend(page.get_by_role("timer").all_text_contents())
        return is_complete(page)

    until(look)
    assert len(set(shown)) > 1
    assert shown == sorted(shown, reverse=True)
    assert page.evaluate("window.stays")
    expect(page.locator(".headline")).not_to_contain_text("so far")
    expect(page.locator("#share")).to_be_visible()
    assert complaints == []


def test_an_answer_that_was_long_on_its_way_puts_no_clock_back(site: Site, page: Page, until: Until) -> None:
    interrupt(site, 2018, seconds=900)
    page.clock.install()
    answer = page.goto(f"{site.url}/user/LightLuca/2018")
    assert answer
    old = answer.text()
    page.route("**/user/LightLuca/2018", lambda route: route.fulfill(body=old, content_type="text/html"))
    page.evaluate("window.morphed = 0; page.addEventListener('morphed', () => { morphed += 1; })")
    page.clock.pause_at(datetime.now(UTC) + timedelta(minutes=5))
    expect(page.get_by_role("timer")).to_have_text(re.compile("^(9:[0-5]|10:0)[0-9]$"))
    loaded = page.evaluate("morphed")
    page.clock.run_for(15_000)
    until(lambda: page.evaluate("morphed") > loaded)
    expect(page.get_by_role("timer")).to_have_text(re.compile("^9:[0-5][0-9]$"))


def test_another_run_that_waits_longer_puts_the_clock_back(site: Site, page: Page) -> None:
    interrupt(site, 2017, seconds=300)
    page.goto(f"{site.url}/user/LightLuca/2017")
    expect(page.get_by_role("timer")).to_have_text(re.compile("^[34]:"))
    longer = event(phase="failed", **{**PART, **AWAY, "next_try_at": time.time() + 900})
    publish(site.redis, luca(2017), longer.model_copy(update={"run": new_run()}))
    expect(page.get_by_role("timer")).to_have_text(re.compile("^1[345]:"))


def test_the_button_does_not_wait(site: Site, page: Page, until: Until) -> None:
    interrupt(site, 2022, seconds=900)
    page.goto(f"{site.url}/user/LightLuca/2022")
    page.get_by_role("button", name="Go on now").click()
    until(lambda: is_complete(page))
    expect(page.get_by_text("Last.fm does not answer")).to_have_count(0)


def test_without_scripts_it_goes_on_too(site: Site, chromium: Browser) -> None:
    context = chromium.new_context(java_script_enabled=False)
    page = context.new_page()

    def interrupted() -> list[str]:
        interrupt(site, 2021, seconds=6)
        page.goto(f"{site.url}/user/LightLuca/2021")
        return page.get_by_role("timer").all_text_contents()

    (told,) = wait_until(interrupted)  # a page that took longer to come goes on already
    assert re.fullmatch("0:0[1-6]", told)
    expect(page.get_by_text("Plays so far")).to_have_count(0)
    expect(page.locator(".progress")).to_have_count(0)
    context.close()


def test_a_line_of_years_and_the_backlog_go_on_without_a_reload(site: Site, page: Page, until: Until) -> None:
    page.goto(f"{site.url}/user/LightLuca")
    until(lambda: is_complete(page))

    def are_interrupted() -> bool:
        for year, seconds in ((2023, 9), (2022, 8)):
            interrupt(site, year, seconds=seconds)
        page.reload()
        return "next try in 0:0" in page.inner_text("#r2023")

    until(are_interrupted)  # a page that took longer to come goes on already
    page.evaluate("window.stays = true")
    until(lambda: is_complete(page))
    assert page.evaluate("window.stays")
    for year in (2023, 2022):
        expect(page.locator(f"#r{year}")).not_to_contain_text("o far")
        expect(page.locator(f"#r{year} .strip.wide")).to_be_visible()


def test_while_a_worker_waits_its_seconds_are_counted(site: Site, page: Page, until: Until) -> None:
    put(site, event(phase="fetching", **PART, done=2_756, next_try_at=time.time() + 30), 2020)
    page.goto(f"{site.url}/user/LightLuca/2020")
    shown: set[str] = set()

    def look() -> bool:
        shown.add(page.get_by_role("timer").inner_text())
        return len(shown) > 2

    until(look)
    assert all(re.fullmatch("[0-9]+", text) for text in shown)
    expect(page.locator(".progress")).to_contain_text("Last.fm does not answer · asking again in")


def test_a_page_of_an_older_run_is_not_shown(site: Site, page: Page, until: Until) -> None:
    put(site, event(phase="fetching", **PART, done=100), 2019)
    page.goto(f"{site.url}/user/LightLuca/2019")
    old = page.content()
    newer = event(phase="fetching", **PART, done=2_000).model_copy(update={"run": new_run()})
    begin(site, newer.run)
    publish(site.redis, luca(2019), newer)
    expect(page.locator(".progress")).to_contain_text("2,000 of 9,756 plays")
    served: list[str] = []

    def serve_old(route: Route) -> None:
        served.append(route.request.url)
        route.fulfill(body=old, content_type="text/html")

    page.route("**/user/LightLuca/2019", serve_old)
    publish(site.redis, luca(2019), newer)
    until(lambda: len(served) > 1)
    expect(page.locator(".progress")).to_contain_text("2,000 of 9,756 plays")
    page.unroute("**/user/LightLuca/2019")
    publish(site.redis, luca(2019), newer.model_copy(update={"done": 3_000}))
    expect(page.locator(".progress")).to_contain_text("3,000 of 9,756 plays")


def open_waiting(site: Site, page: Page, topic: Topic) -> None:
    """Opens a year that waits for a worker."""
    show(site, topic, event(phase="queued"))
    page.goto(f"{site.url}/user/{topic.username}/{topic.year}")
    expect(page.locator(".progress")).to_be_visible()


def rename(site: Site, topic: Topic) -> None:
    """Says that Last.fm calls the listener LightLuca now, whose year is there."""
    put(site, stored({1985: 9}), 2023)
    renamed = failed(Failure.RENAMED, renamed_to="LightLuca")
    publish(site.redis, topic, renamed.model_copy(update={"run": new_run()}))


def test_an_open_page_follows_a_listener_to_the_new_name(site: Site, page: Page, complaints: list[str]) -> None:
    open_waiting(site, page, Topic("OldOlaf", 2023))
    rename(site, Topic("OldOlaf", 2023))
    expect(page).to_have_url(f"{site.url}/user/LightLuca/2023?was=OldOlaf")
    expect(page.get_by_text("OldOlaf is called LightLuca at Last.fm now.")).to_be_visible()
    assert complaints == []


def test_a_new_name_takes_nobody_back_who_follows_a_link(site: Site, page: Page, until: Until) -> None:
    olga = Topic("OldOlga", 2023)
    open_waiting(site, page, olga)
    held: list[Route] = []
    page.route(f"{site.url}/about", lambda route: held.append(route))
    page.locator("a[href='/about']").first.click(no_wait_after=True)
    until(lambda: held)
    with page.expect_response(lambda answer: answer.url.endswith("?was=OldOlga")) as answer:
        rename(site, olga)
    answer.value.finished()
    page.wait_for_timeout(500)  # in which it would go there
    held[0].continue_()
    expect(page).to_have_url(f"{site.url}/about")
