"""A finished year tells a browser once what has changed since it was last seen there, and tells nobody else."""

import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from app.events import Event, new_run
from app.redis.event_stream import Topic, publish
from tests.browser.conftest import Site
from tests.browser.live.movement import record, recorded, score
from tests.browser.states import event, show, stored
from tests.browser.test_looks import SIZES, looks, pictures

__all__ = ["pictures"]

Until = Callable[..., None]
MARCH, MAY = datetime(2026, 3, 3, 12, tzinfo=UTC), datetime(2026, 5, 1, 12, tzinfo=UTC)
YEARS = {1975: 100, 1976: 50, 1999: 10}
BEFORE = "200 1975:100 1976:50 1999:10"
SINCE = "Since your last visit on 3 March: "


def put(site: Site, year: int, said: Event) -> Topic:
    """Makes this the latest that is known of a year of LightLuca's."""
    topic = Topic("LightLuca", year)
    show(site, topic, said)
    return topic


@pytest.fixture(params=[(390, 844), (1440, 900)], ids=["phone", "wide"])
def tab(chromium: Browser, request: pytest.FixtureRequest) -> Iterator[Page]:
    """A tab of a visitor whose clock says 1 May."""
    width, height = request.param
    context = chromium.new_context(viewport={"width": width, "height": height})
    context.clock.set_fixed_time(MAY)
    yield context.new_page()
    context.close()


def year_for(tab: Page, *, phone: int, wide: int) -> int:
    """The year for this width: another one for each, since a page may be kept for a second."""
    assert tab.viewport_size
    return phone if tab.viewport_size["width"] == 390 else wide


def visited(page: Page, kept: dict[str, str] | None = None, at: datetime = MARCH) -> None:
    """Makes the last visit be one in March, to years that came to this then; by default to what is kept."""
    now = page.evaluate("localStorage.getItem('lastyear:years')")
    records = [[year, 0, counts] for year, counts in kept.items()] if kept else json.loads(now)
    records = [[year, at.timestamp() * 1000, counts] for year, _, counts in records]
    page.evaluate("text => localStorage.setItem('lastyear:years', text)", json.dumps(records))


def test_it_is_told_once_what_has_changed_since_the_last_visit(site: Site, tab: Page, until: Until) -> None:
    year = year_for(tab, phone=2021, wide=2016)
    address, line = f"{site.url}/user/LightLuca/{year}", tab.locator("#since")
    put(site, year, stored(YEARS, scrobbles=200))
    until(lambda: tab.goto(address) and 'data-counts="200 ' in tab.content())
    expect(line).to_be_empty()
    tab.reload()
    expect(line).to_be_empty()
    put(site, year, stored(YEARS, scrobbles=510))

    def is_new() -> bool:
        visited(tab)  # also after one of today, to a page that was kept for a second
        tab.reload()
        return 'data-counts="510 ' in tab.content()

    until(is_new)
    expect(line).to_have_text(SINCE + "310 plays more.")
    tab.reload()
    expect(line).to_be_empty()


CHANGES: list[tuple[dict[int, int], int, str]] = [
    (YEARS, 200, ""),
    (YEARS, 1_510, "1,310 plays more."),
    ({1975: 100, 1976: 50}, 190, "10 plays fewer."),
    ({**YEARS, 1980: 39}, 200, "release year found for 39 plays."),
    ({**YEARS, 1980: 20}, 201, "1 play more, release year found for 19 plays."),
    ({1975: 93, 1976: 57, 1999: 10}, 200, "release year corrected for 7 plays."),
    ({1975: 100, 1976: 50}, 200, "release year withdrawn for 10 plays."),
    (
        {1974: 3, 1975: 101, 1976: 60},
        200,
        "release year found for 4 plays, corrected for 10 plays.",
    ),
    ({}, 0, "200 plays fewer."),
]


def test_plays_that_were_added_or_are_gone_are_told_and_years_that_were_found_corrected_or_withdrawn(
    site: Site, page: Page, pictures: Path
) -> None:
    page.clock.set_fixed_time(MAY)
    page.goto(site.url)
    for nth, (years, plays, told) in enumerate(CHANGES):
        year = 2005 + nth
        put(site, year, stored(years, scrobbles=plays))
        visited(page, {f"LightLuca/{year}": BEFORE})
        page.goto(f"{site.url}/user/LightLuca/{year}")
        expect(page.locator("#since")).to_have_text(SINCE + told if told else "")
        if told.count("plays") > 1:
            assert [*looks(page, f"what changed {nth}", pictures)] == [*SIZES]


@pytest.mark.parametrize(
    ("at", "told"),
    [
        (datetime(2026, 5, 1, 11, tzinfo=UTC), "earlier today"),
        (datetime(2025, 12, 31, 12, tzinfo=UTC), "on 31 December 2025"),
    ],
)
def test_the_day_of_the_last_visit_is_named(site: Site, page: Page, at: datetime, told: str) -> None:
    page.clock.set_fixed_time(MAY)
    year = at.year - 3
    put(site, year, stored(YEARS, scrobbles=510))
    page.goto(site.url)
    visited(page, {f"LightLuca/{year}": BEFORE}, at)
    page.goto(f"{site.url}/user/LightLuca/{year}")
    expect(page.locator("#since")).to_have_text(f"Since your last visit {told}: 310 plays more.")


def test_a_first_visit_is_told_nothing_and_one_year_knows_nothing_of_another(site: Site, page: Page) -> None:
    for year in (2019, 2020):
        put(site, year, stored(YEARS, scrobbles=year))
        page.goto(f"{site.url}/user/LightLuca/{year}")
        expect(page.locator(".facts")).to_be_visible()
        expect(page.locator("#since")).to_be_empty()


def test_a_year_that_goes_on_tells_it_when_it_is_read_and_nothing_moves(site: Site, tab: Page) -> None:
    assert tab.viewport_size
    year = year_for(tab, phone=2018, wide=2015)
    record(tab.context)
    tab.goto(site.url)
    visited(tab, {f"LightLuca/{year}": BEFORE})
    topic = put(site, year, event(phase="fetching", was_whole=True, years=YEARS, scrobbles=200))
    tab.goto(f"{site.url}/user/LightLuca/{year}")
    tab.locator("main[data-live]").wait_for()
    expect(tab.locator("#since")).to_be_empty()
    publish(site.redis, topic, stored(YEARS, scrobbles=510).model_copy(update={"run": new_run()}))
    expect(tab.locator("#since")).to_have_text(SINCE + "310 plays more.")
    expect(tab.locator("main[data-live]")).to_have_count(0)
    _, moved = score(recorded(tab), tab.viewport_size["width"], tab.viewport_size["height"])
    assert moved.keys() <= {"share 1"}, "all but what gives way to the button that only a script can show"


def test_what_is_kept_is_bounded_and_what_others_wrote_there_is_no_trouble(
    site: Site, page: Page, complaints: list[str]
) -> None:
    put(site, 2017, stored(YEARS, scrobbles=200))
    page.goto(site.url)
    for nonsense in ("{", "null", "[1, null, [], [1, 2, 3], ['LightLuca/2017']]", '[["LightLuca/2017", 1, 7]]'):
        page.evaluate("text => localStorage.setItem('lastyear:years', text)", nonsense)
        page.goto(f"{site.url}/user/LightLuca/2017")
        expect(page.locator(".facts")).to_be_visible()
        expect(page.locator("#since")).to_be_empty()
    many = [[f"Somebody/{year}", 1, "1 1975:1"] for year in range(1900, 2000)]
    page.evaluate("text => localStorage.setItem('lastyear:years', text)", json.dumps(many))
    page.reload()
    kept = json.loads(page.evaluate("localStorage.getItem('lastyear:years')"))
    assert [one[0] for one in kept] == ["LightLuca/2017", *(f"Somebody/{year}" for year in range(1900, 1949))]
    assert complaints == []


def test_a_browser_that_keeps_nothing_shows_the_same_page(
    site: Site, context: BrowserContext, page: Page, complaints: list[str]
) -> None:
    context.add_init_script(
        "Object.defineProperty(window, 'localStorage', { get() { throw new DOMException('no'); } })"
    )
    put(site, 2016, stored(YEARS, scrobbles=200))
    page.goto(f"{site.url}/user/LightLuca/2016")
    expect(page.locator(".facts")).to_be_visible()
    page.goto(site.url)
    expect(page.locator("#recent")).to_be_hidden()
    assert complaints == []
