"""What is seen while a year comes in: one measure, the time left, which only goes down, and a guess."""

import re
import time
from collections.abc import Callable
from itertools import count
from typing import Any, Literal

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from app.charts.release_years import median
from app.events import Event, Failure, new_run
from app.redis.event_stream import Snapshot, Topic, publish, save_snapshot
from tests.browser.conftest import Site
from tests.browser.states import begin, event, stored, taste

Tell = Callable[..., None]
Until = Callable[..., None]
PART: dict[str, Any] = {"phase": "fetching", "years": taste(1_500, 2021), "expected": 12_100, "done": 1_573}
WHOLE = stored(taste(11_214, 2021), scrobbles=12_100)
MIDDLE = median(WHOLE.years) or 0
NUMBERS = count()
KEPT = "localStorage.getItem('lastyear:guesses')"


@pytest.fixture
def path() -> str:
    """The address of a year: another listener's in each test, since a page may be kept for a second."""
    return f"/user/Helen{next(NUMBERS)}/2021"


@pytest.fixture
def tell(site: Site, path: str) -> Tell:
    """Says how far the year is: to whoever follows it, or only to whoever asks."""
    name = path.split("/")[2]
    run = new_run()
    begin(site, run)

    def tell(said: Event | None = None, *, aloud: bool = True, **fields: Any) -> None:
        said = (said or event(**PART | fields)).model_copy(update={"run": run})
        topic = Topic(name, 2021)
        if aloud:
            publish(site.redis, topic, said)
        # As if it were said later: however long the page takes to load, no second of the time left has passed.
        save_snapshot(site.redis, topic, Snapshot(at=time.time() + 60, username=name, event=said))

    return tell


def stop_clock(page: Page) -> None:
    """Makes the page's time pass only where a test says so."""
    page.clock.install(time=1_800_000_000)
    page.clock.pause_at(1_800_000_001)


def place(page: Page) -> float:
    """How far down the chart is."""
    box = page.locator("#result").bounding_box()
    return box["y"] if box else 0.0


def test_the_page_and_its_tab_tell_the_same_measure(
    site: Site, page: Page, path: str, tell: Tell, complaints: list[str]
) -> None:
    name = path.split("/")[2]
    tell()
    page.goto(site.url + path)
    expect(page.locator(".progress strong")).to_have_text("1,573 of 12,100 plays checked")
    expect(page).to_have_title(f"13\u00a0% · {name}’s 2021 · LastYear.fm")
    expect(page.locator(".progress .quiet")).to_contain_text("You may close this page.")
    tell(done=3_200)
    expect(page).to_have_title(f"26\u00a0% · {name}’s 2021 · LastYear.fm")
    expect(page.locator(".progress strong")).to_have_text("3,200 of 12,100 plays checked")
    tell(WHOLE)
    expect(page).to_have_title(f"{name}’s 2021, by release year · LastYear.fm")
    expect(page.locator(".progress")).to_have_count(0)
    assert complaints == []


def seconds_left(page: Page) -> int:
    """What the page says in seconds."""
    minutes, seconds = re.findall(r"^about (?:(\d+)\smin\s)?(\d+)\ss left$", page.inner_text("#left"))[0]
    return 60 * int(minutes or 0) + int(seconds)


def test_the_seconds_are_counted_down_and_never_go_up(site: Site, page: Page, path: str, tell: Tell) -> None:
    tell(seconds_left=63)
    stop_clock(page)
    page.goto(site.url + path)
    expect(page.locator("html.live")).to_be_attached()  # from here on it loads by events alone
    left, checked = page.locator("#left"), page.locator(".progress strong")
    expect(left).to_have_text("about 1\u00a0min\u00a003\u00a0s left")
    page.clock.run_for(1_000)
    expect(left).to_have_text("about 1\u00a0min\u00a002\u00a0s left")
    page.clock.run_for(3_000)
    expect(left).to_have_text("about 59\u00a0s left")
    tell(seconds_left=80, done=3_200)
    expect(checked).to_contain_text("3,200")  # without that any time has passed
    assert seconds_left(page) <= 59
    page.clock.run_for(400)
    tell(seconds_left=9, done=4_200)
    expect(checked).to_contain_text("4,200")
    assert seconds_left(page) == 9
    page.clock.run_for(5_000)
    expect(left).to_have_text("a few seconds left")
    page.clock.run_for(8_000)
    expect(left).to_have_text("a few seconds left")
    page.clock.run_for(2_000)
    expect(left).to_have_text("takes a little longer")


def test_it_is_told_to_take_longer_only_where_it_was_told_how_long(
    site: Site, page: Page, path: str, tell: Tell
) -> None:
    tell(seconds_left=None, done=999)
    page.goto(site.url + path)
    expect(page.locator("html.live")).to_be_attached()
    left, checked = page.locator("#left"), page.locator(".progress p").first
    expect(checked).to_have_text("999 of 12,100 plays checked")
    tell(seconds_left=None, done=1_999)
    expect(checked).to_have_text("1,999 of 12,100 plays checked")
    tell(seconds_left=40, done=3_000)
    expect(left).to_contain_text("s left")
    tell(seconds_left=None, done=4_000)
    expect(left).to_have_text("takes a little longer")


@pytest.mark.parametrize("motion", ["no-preference", "reduce"])
def test_the_bar_glides_to_what_is_checked_or_is_there_at_once(
    site: Site, page: Page, path: str, tell: Tell, until: Until, motion: Literal["no-preference", "reduce"]
) -> None:
    seen: list[float] = []

    def look() -> bool:
        page.clock.run_for(100)
        seen.append(page.evaluate("document.querySelector('progress').value"))
        return "5,000" in page.inner_text(".progress strong")

    tell(done=1_000)
    page.emulate_media(reduced_motion=motion)
    stop_clock(page)
    page.goto(site.url + path)
    look()
    tell(done=5_000)
    until(look)
    for _ in range(80):
        look()
    assert seen == sorted(seen)
    assert (seen[0], seen[-1]) == (1_000, 5_000)
    assert (len(set(seen)) == 2) == (motion == "reduce")


def test_a_guess_stays_in_the_browser_and_is_told_how_near_it_was(
    site: Site, context: BrowserContext, page: Page, path: str, tell: Tell, complaints: list[str]
) -> None:
    tell()
    page.goto(site.url + path)
    sent: list[str] = []
    page.on("request", lambda request: sent.append(request.url + (request.post_data or "")))
    other = context.new_page()
    other.goto(site.url + path)
    page.get_by_label("Guess the middle year of this music").fill(str(MIDDLE - 6))
    page.keyboard.press("Enter")
    kept = f"You guessed {MIDDLE - 6}. How near that is shows when all plays are in."
    expect(page.locator("#guess")).to_have_text(kept)
    expect(other.locator("#guess")).to_have_text(kept)
    page.reload()
    expect(page.locator("#guess")).to_have_text(kept)
    tell(done=3_200)
    expect(page.locator(".progress strong")).to_contain_text("3,200")
    tell(WHOLE)
    for tab in (page, other):
        expect(tab.locator("#guess")).to_have_text(f"You guessed {MIDDLE - 6}; it is {MIDDLE}: six years off.")
    assert not any(str(MIDDLE - 6) in url for url in sent)
    page.goto(site.url + path)
    expect(page.locator(".headline")).to_be_visible()
    expect(page.locator("#guess")).to_be_hidden()
    assert str(MIDDLE - 6) in page.evaluate(KEPT)
    page.goto(site.url)
    page.locator("#recent button").click()
    assert page.evaluate(KEPT) == "[]"
    assert complaints == []


def test_what_is_typed_survives_what_comes_in_and_nobody_has_to_guess(
    site: Site, page: Page, path: str, tell: Tell
) -> None:
    tell()
    page.goto(site.url + path)
    field = page.get_by_label("Guess the middle year of this music")
    field.press_sequentially("19")
    tell(done=3_200)
    expect(page.locator(".progress strong")).to_contain_text("3,200")
    expect(field).to_have_value("19")
    expect(field).to_be_focused()
    before = place(page)
    tell(WHOLE)
    expect(page.locator("#guess")).to_have_text(f"The middle year of this music is {MIDDLE}.")
    assert place(page) == before, "nothing moves"
    expect(page.locator("#guess p")).to_be_focused()


def middle_year(page: Page) -> str:
    """What is to be seen in the place of the middle year: itself, or something in front of it."""
    place = page.locator(".middle dd")
    return place.inner_text() if place.evaluate("one => getComputedStyle(one).visibility") == "visible" else "?"


def test_the_middle_year_is_hidden_only_while_it_is_asked_for_and_plays_come_in(
    site: Site, page: Page, path: str, tell: Tell
) -> None:
    tell()
    page.goto(site.url + path)
    field = page.get_by_label("Guess the middle year of this music")
    expect(field).to_be_visible()
    assert middle_year(page) == "?"
    chart = page.locator("svg.chart")
    assert "middle year" not in (chart.get_attribute("aria-label") or "")
    page.emulate_media(media="print")
    assert middle_year(page).isdecimal()
    page.emulate_media(media="screen")
    before = place(page)
    tell(phase="queued")
    expect(field).to_have_count(0)
    assert middle_year(page).isdecimal()
    tell()
    expect(field).to_be_visible()
    assert place(page) == before, "nothing moves"
    tell(phase="failed", error=Failure.BROKEN)
    expect(page.locator("#guess")).to_be_hidden()
    assert middle_year(page).isdecimal()
    assert "middle year" in (chart.get_attribute("aria-label") or "")
    tell(done=3_200)
    page.goto(site.url + path)  # one that failed follows no more
    field.fill(str(MIDDLE))
    page.keyboard.press("Enter")
    expect(page.locator("#guess p")).to_be_focused()
    assert middle_year(page).isdecimal()
    page.locator("#years").focus()
    tell(WHOLE)
    expect(page.locator("#told")).to_contain_text(f"You guessed {MIDDLE}, and {MIDDLE} it is.")


@pytest.mark.parametrize("typed", ["", "0", "-5", "99999", "2022", "1988.5", "1e3", "text"])
def test_a_guess_that_is_no_year_is_not_taken(site: Site, page: Page, path: str, tell: Tell, typed: str) -> None:
    tell()
    page.goto(site.url + path)
    field = page.get_by_label("Guess the middle year of this music")
    field.press_sequentially(typed)
    page.locator("#guess button").click()
    expect(field).to_be_visible()
    assert not field.evaluate("field => field.validity.valid")
    assert page.evaluate(KEPT) is None


@pytest.mark.parametrize("kept", ["no JSON", "{}", "[7]", '[["NAME/2021", "<b>1988"]]', '[["NAME/2021", 1e9]]'])
def test_what_others_have_kept_there_is_no_guess(site: Site, page: Page, path: str, tell: Tell, kept: str) -> None:
    tell()
    kept = kept.replace("NAME", path.split("/")[2])
    page.add_init_script(f"localStorage.setItem('lastyear:guesses', {kept!r})")
    page.goto(site.url + path)
    expect(page.get_by_label("Guess the middle year of this music")).to_be_visible()


def test_without_scripts_and_on_a_finished_year_nobody_is_asked(
    site: Site, chromium: Browser, path: str, tell: Tell
) -> None:
    tell(seconds_left=27)
    context = chromium.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(site.url + path)
    expect(page.locator("#left")).to_have_text("about 27\u00a0s left")
    expect(page.locator("#guess")).to_be_hidden()
    tell(WHOLE)
    page.goto(site.url + path)
    expect(page.locator("#guess")).to_be_hidden()
    context.close()
