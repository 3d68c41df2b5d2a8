"""A first visit in a browser: from the name to the complete chart, by whatever way progress gets through."""

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from demo.lastfm.faults import Fault
from tests.browser.conftest import Site
from tests.conftest import PATIENCE

Until = Callable[..., None]
NO_WEBSOCKETS = {
    "refused by the network": "constructor() { setTimeout(() => this.onclose(), 50); } close() {}",
    "refused by the browser": "constructor() { throw new DOMException('blocked'); }",
}


def plays_drawn(page: Page) -> int:
    """How many plays the bars stand for."""
    named = "bars => bars.map(bar => bar.getAttribute('aria-label') ?? bar.querySelector('title').textContent)"
    names = page.locator(".chart .bars a").evaluate_all(named)
    return sum(int(re.sub(r"^[^:]+: ([\d,]+) plays?, .+$", r"\1", name).replace(",", "")) for name in names)


def chart_place(page: Page) -> list[float]:
    """How far from the top of the page the chart is, once there is one."""
    boxes = [chart.bounding_box() for chart in page.locator(".chart").all()]
    return [round(box["y"]) for box in boxes if box]


def is_complete(page: Page) -> bool:
    """Whether the page says that nothing more will come."""
    return page.locator("#page:not([data-live])").count() == 1 and page.locator(".progress").count() == 0


@pytest.mark.parametrize("previewed", [True, False])
def test_from_the_name_to_the_complete_chart(
    site: Site, page: Page, until: Until, complaints: list[str], previewed: bool
) -> None:
    if not previewed:
        site.lastfm.faults.add(Fault("500", "user.getWeeklyAlbumChart", times=None))
    page.goto(site.url)
    expect(page.get_by_label("Your Last.fm name")).to_be_focused()
    page.keyboard.type("heavyhelen")
    page.keyboard.press("Enter")
    until(lambda: page.locator(".years").count() == 1 and is_complete(page))
    site.lastfm.hold(after=6)
    page.get_by_role("link", name=re.compile("^2024")).click()
    seen = [0]
    words: list[str] = []
    places: set[float] = set()

    def look() -> None:
        seen.append(plays_drawn(page))
        words.extend(page.locator(".progress strong").all_text_contents())
        places.update(chart_place(page))

    def has_grown() -> bool:
        look()
        return seen[-1] > seen[-2]

    def is_there() -> bool:
        look()
        return is_complete(page)

    until(lambda: page.locator("#preview").count() == 1 if previewed else has_grown())
    look()
    early = seen[-1]
    if not previewed:
        site.lastfm.hold(after=3)
        until(has_grown)
    site.lastfm.let_go()
    until(is_there)
    assert len(places) == 1, "nothing on the page jumps"
    assert seen == sorted(seen), "bars never shrink"
    if previewed:
        assert early > 0.8 * seen[-1], "nearly the whole year is there long before the end"
    else:
        assert early < seen[-1] / 2, "bars are there long before the end, and grow"
    assert any(re.match(r"[\d,]+ of 12,100 plays checked", word) for word in words)
    plays = len(site.lastfm.accounts["HeavyHelen"].plays(2024))
    expect(page.locator(".facts")).to_contain_text(f"{plays:,}")
    assert complaints == []


@pytest.mark.parametrize("way", NO_WEBSOCKETS)
def test_without_websockets_events_complete_the_page(
    site: Site, context: BrowserContext, page: Page, until: Until, way: str
) -> None:
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    context.add_init_script(f"WebSocket = class {{ {NO_WEBSOCKETS[way]} }}")
    page.goto(f"{site.url}/user/HeavyHelen/{2020 + list(NO_WEBSOCKETS).index(way)}")
    until(lambda: any(url.endswith("/events") for url in asked))
    until(lambda: is_complete(page))
    assert plays_drawn(page) > 0


def test_without_scripts_the_page_reloads_itself_to_the_end(site: Site, chromium: Browser) -> None:
    context = chromium.new_context(java_script_enabled=False)
    page = context.new_page()
    loads: list[str] = []
    page.on("load", lambda _: loads.append(page.url))
    site.lastfm.hold(after=0)
    page.goto(f"{site.url}/user/LightLuca/2024")
    expect(page.locator(".progress")).to_be_visible()
    expect(page.locator("noscript meta[http-equiv=refresh]")).to_have_attribute("content", "5")
    site.lastfm.let_go()
    expect(page.locator(".facts")).to_be_visible(timeout=1000 * PATIENCE)
    expect(page.locator(".progress")).to_have_count(0, timeout=1000 * PATIENCE)
    assert len(loads) > 1
    expect(page.locator(".chart .bars [data-bar]").first).to_be_visible()
    context.close()


def test_the_counts_of_the_years_come_in_by_themselves(
    site: Site, page: Page, until: Until, complaints: list[str]
) -> None:
    site.lastfm.hold(after=2)
    page.goto(f"{site.url}/user/HeavyHelen")
    until(lambda: "counting" in page.inner_text("main"))
    page.get_by_role("link", name=re.compile("^2019")).focus()
    site.lastfm.let_go()
    until(lambda: is_complete(page))
    expect(page.get_by_role("link", name=re.compile("^2019"))).to_be_focused()
    counts = page.locator(".years tbody .plays").all_text_contents()
    assert len(counts) >= 7
    assert all(re.fullmatch(r"[\d,]+", count) for count in counts)
    assert complaints == []


def test_a_complete_page_asks_for_nothing_more(site: Site, page: Page, until: Until) -> None:
    page.goto(f"{site.url}/user/SingleSam/2023")
    until(lambda: is_complete(page))
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.on("websocket", lambda socket: asked.append(socket.url))
    page.reload()
    page.wait_for_load_state("networkidle")
    assert not any(re.search("live|events", url) for url in asked), asked


def test_a_second_tab_opened_in_the_middle_is_as_far_as_the_first(
    site: Site, context: BrowserContext, page: Page, until: Until
) -> None:
    page.goto(f"{site.url}/user/HeavyHelen/2022")
    until(lambda: plays_drawn(page) > 0)
    second = context.new_page()
    second.goto(page.url)
    assert plays_drawn(second) > 0
    until(lambda: is_complete(page) and is_complete(second))
    assert plays_drawn(page) == plays_drawn(second)


@pytest.mark.parametrize(("host", "year"), [("127.0.0.1", 2022), ("plain.example", 2023)])
def test_a_refresh_is_asked_for_with_the_pages_own_button(
    site: Site, page: Page, until: Until, complaints: list[str], host: str, year: int
) -> None:
    page.goto(f"http://{host}:{site.port}/user/LightLuca/{year}")
    until(lambda: is_complete(page))
    before = plays_drawn(page)
    with page.expect_navigation() as navigation:
        page.get_by_role("button", name=f"Read all of {year} anew").click()
    assert navigation.value.status == 200
    assert plays_drawn(page) == before, "what is stored stays meanwhile"
    until(lambda: is_complete(page))
    assert plays_drawn(page) == before
    assert complaints == []
