"""The chart in a browser: pointed at by mouse, finger and keys, in the dark, while it grows, compared."""

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from tests.browser.conftest import Site
from tests.browser.states import STATES, put_all
from tests.browser.test_first_visits import is_complete, plays_drawn

Until = Callable[..., None]


@pytest.fixture
def states(site: Site) -> Site:
    """A site in which every state is to be found."""
    put_all(site)
    return site


@pytest.fixture
def chart(states: Site, page: Page) -> Page:
    """A tab with HeavyHelen's 2021."""
    page.goto(states.url + STATES["complete"])
    return page


def height(page: Page) -> int:
    return int(page.evaluate("document.documentElement.scrollHeight"))


def overlap(one: Locator, other: Locator) -> bool:
    a, b = one.bounding_box(), other.bounding_box()
    assert a
    assert b
    return a["x"] < b["x"] + b["width"] and b["x"] < a["x"] + a["width"]


@pytest.mark.parametrize("year", [1960, 1977, 2021])
def test_pointing_at_a_bar_tells_its_albums_beside_it(chart: Page, complaints: list[str], year: int) -> None:
    before = height(chart)
    bar = chart.locator(f"#b{year}")
    # The answer is waited for, lest it be made of what the next test has put there by half.
    with chart.expect_response("**/top.json"):
        bar.locator(".hit").hover(position={"x": 2, "y": 30})
    tip = chart.locator(".tip")
    expect(tip).to_contain_text(re.compile(rf"^{year} [\d,]+ plays, [\d.]+\s%"))
    if year == 1977:
        expect(tip.locator("li")).to_have_count(3)
        expect(tip.locator("li").first).to_contain_text(re.compile(r"\d$"))
    assert not overlap(tip, bar.locator("[data-bar]"))
    assert height(chart) == before, "nothing moves"
    box = tip.bounding_box()
    assert box
    assert box["x"] >= 0
    assert box["x"] + box["width"] <= 1280
    chart.mouse.move(5, 5)
    expect(tip).to_have_count(0)
    assert complaints == []


def test_albums_are_asked_for_once(chart: Page) -> None:
    asked: list[str] = []
    chart.on("request", lambda request: asked.append(request.url))
    for year in (1975, 1977, 1990):
        chart.locator(f"#b{year} .hit").hover(position={"x": 2, "y": 30})
        expect(chart.locator(".tip")).to_contain_text(str(year))
    chart.wait_for_load_state("networkidle")
    assert [url.rpartition("/")[2] for url in asked if "/user/" in url] == ["top.json"]


def test_where_the_albums_cannot_be_had_the_numbers_are_told(states: Site, page: Page) -> None:
    page.route("**/top.json", lambda route: route.fulfill(status=503, body="{}"))
    page.goto(states.url + STATES["complete"])
    with page.expect_response("**/top.json"):
        page.locator("#b1977").focus()
    expect(page.locator(".tip")).to_contain_text("1977")
    expect(page.locator(".tip li")).to_have_count(0)


def test_once_there_is_a_connection_again_a_tip_has_albums(states: Site, page: Page) -> None:
    page.goto(states.url + STATES["complete"])
    page.context.set_offline(True)
    with page.expect_event("requestfailed"):
        page.locator("#b1977").focus()
    expect(page.locator(".tip")).to_contain_text("1977")
    page.context.set_offline(False)
    page.locator("#b1976").focus()
    page.locator("#b1977").focus()
    expect(page.locator(".tip li")).to_have_count(3)


def test_a_decade_tells_the_albums_of_all_its_years(states: Site, page: Page) -> None:
    page.goto(states.url + STATES["by decade"])
    with page.expect_response("**/top.json") as answer:
        page.locator("[id='b1970-1979']").focus()
    years = answer.value.json()
    plays = sorted((one[2] for year in range(1970, 1980) for one in years.get(str(year), [])), reverse=True)[:3]
    expect(page.locator(".tip li")).to_have_count(3)
    told = page.locator(".tip li > small").all_text_contents()
    assert [int(text) for text in told] == plays


def test_arrow_keys_walk_the_bars(chart: Page) -> None:
    chart.locator("#b1976").focus()
    for key, year in (
        ("ArrowRight", "1977"),
        ("ArrowLeft", "1976"),
        ("Home", "1957"),
        ("ArrowLeft", "1957"),
        ("ArrowRight", "1960"),
        ("End", "2021"),
    ):
        chart.keyboard.press(key)
        expect(chart.locator(f"#b{year}")).to_be_focused()
        expect(chart.locator(".tip")).to_contain_text(f"{year} ")
    chart.keyboard.press("Escape")
    expect(chart.locator(".tip")).to_have_count(0)
    chart.keyboard.press("Enter")
    expect(chart).to_have_url(re.compile("/2021/2021$"))


def test_a_finger_shows_a_bar_first_and_opens_it_then(states: Site, chromium: Browser) -> None:
    context = chromium.new_context(viewport={"width": 375, "height": 667}, has_touch=True, is_mobile=True)
    page = context.new_page()
    page.goto(states.url + STATES["complete"])
    page.locator("#b1977").tap()
    expect(page.locator(".tip")).to_contain_text("1977")
    expect(page.locator(".tip")).to_contain_text("Tap again")
    expect(page).to_have_url(re.compile("/2021$"))
    page.locator("#b1990").tap()
    expect(page.locator(".tip")).to_contain_text("1990")
    box = page.locator(".tip").bounding_box()
    assert box
    assert box["x"] >= 0
    assert box["x"] + box["width"] <= 375
    page.locator("h1").tap()
    expect(page.locator(".tip")).to_have_count(0)
    page.locator("#b1977").tap()
    page.locator("#b1977").tap()
    expect(page).to_have_url(re.compile("/2021/1977$"))
    context.close()


def test_a_finger_moved_sideways_walks_over_the_bars(states: Site, chromium: Browser) -> None:
    context = chromium.new_context(viewport={"width": 375, "height": 667}, has_touch=True, is_mobile=True)
    page = context.new_page()
    page.goto(states.url + STATES["complete"])
    box = page.locator(".chart").bounding_box()
    assert box
    touch = context.new_cdp_session(page)
    seen: list[str] = []

    def send(kind: str, x: float | None = None) -> None:
        points = [] if x is None else [{"x": x, "y": box["y"] + 100}]
        touch.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})

    send("touchStart", box["x"] + 80)
    for step in range(80, 200, 20):
        send("touchMove", box["x"] + step)
        page.wait_for_timeout(20)
        seen += page.locator(".tip b").all_text_contents()
    send("touchEnd")
    assert len(set(seen)) > 3
    assert seen == sorted(seen)
    context.close()


def test_decades_and_years_are_a_link_apart_without_scripts_too(states: Site, chromium: Browser) -> None:
    context = chromium.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(states.url + STATES["complete"])
    page.get_by_role("link", name="Decades").click()
    expect(page).to_have_url(re.compile(r"\?by=decade$"))
    expect(page.locator(".bars a")).to_have_count(8)
    expect(page.locator(".by [aria-current]")).to_have_text("Decades")
    page.locator("[id='b1970-1979']").click()
    expect(page.locator("h1")).to_contain_text("music from the 1970s")
    page.get_by_role("link", name=re.compile("by release year")).click()
    expect(page).to_have_url(re.compile(r"\?by=decade$"))
    page.get_by_role("link", name="Years", exact=True).click()
    expect(page.locator("#b1977")).to_be_visible()
    context.close()


def test_what_is_earlier_than_the_axis_opens_too(states: Site, page: Page) -> None:
    page.goto(states.url + STATES["a stray year"])
    bar = page.get_by_role("link", name=re.compile(r"^before 1957: 5 plays, 0\.1 %$"))
    bar.focus()
    assert (bar.get_attribute("href") or "").endswith("/1889-1956")
    box = page.get_by_text("earlier", exact=True).bounding_box()
    assert box
    assert box["width"] > 30


def colour(page: Page, selector: str, what: str = "fill") -> tuple[float, ...]:
    text = page.locator(selector).first.evaluate(f"one => getComputedStyle(one).{what}")
    return tuple(map(float, re.findall(r"[\d.]+", text)[:3]))


def luminance(rgb: tuple[float, ...]) -> float:
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in (one / 255 for one in rgb)]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: tuple[float, ...], other: tuple[float, ...]) -> float:
    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_colours_can_be_told_apart_in_the_dark_and_by_whoever_sees_none(
    states: Site, page: Page, scheme: str
) -> None:
    page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
    page.goto(states.url + STATES["complete"])
    grounds = colour(page, "body", "backgroundColor"), colour(page, ".bands")
    bar, own = colour(page, "#b1977 [data-bar]"), colour(page, "#b2021 [data-bar]")
    assert len({*grounds, bar, own}) == 4
    assert min(contrast(one, ground) for one in (bar, own) for ground in grounds) >= 3
    assert contrast(own, bar) >= 1.7, "by their lightness alone"
    assert contrast(colour(page, ".years text"), grounds[0]) >= 4.5
    page.goto(states.url + STATES["compare"])
    assert min(contrast(colour(page, ".other .line", "stroke"), ground) for ground in grounds) >= 3


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_who_wants_more_contrast_gets_it(states: Site, page: Page, scheme: str) -> None:
    page.emulate_media(color_scheme=scheme, contrast="more")  # type: ignore[arg-type]
    page.goto(states.url + STATES["complete"])
    ground = colour(page, "body", "backgroundColor")
    assert colour(page, ".bands") == ground
    bar, own = colour(page, "#b1977 [data-bar]"), colour(page, "#b2021 [data-bar]")
    assert min(contrast(bar, ground), contrast(own, ground)) >= 4.5
    assert contrast(own, bar) >= 1.7, "by their lightness alone"
    for text in (".years text", ".scale text"):
        assert contrast(colour(page, text), ground) >= 7
    assert contrast(colour(page, ".facts dt", "color"), colour(page, ".facts div", "backgroundColor")) >= 7


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_in_forced_colours_everything_in_the_chart_is_seen(states: Site, page: Page, scheme: str) -> None:
    page.emulate_media(color_scheme=scheme, forced_colors="active")  # type: ignore[arg-type]
    page.goto(states.url + STATES["mostly new music"])
    ground = colour(page, "body", "backgroundColor")
    assert colour(page, ".bands") == colour(page, ".break") == ground
    bar, own = colour(page, "#b1977 [data-bar]"), colour(page, "#b2020 [data-bar]")
    assert own != bar
    seen = [bar, own, *(colour(page, f"{text} text") for text in (".years", ".scale")), colour(page, "text.cut")]
    assert min(contrast(one, ground) for one in seen) >= 3
    assert colour(page, ".key.own", "backgroundColor") == own
    page.goto(states.url + STATES["compare"])
    assert contrast(colour(page, ".other .line", "stroke"), ground) >= 3


def test_a_bar_that_would_squeeze_the_others_is_cut_and_has_its_number(states: Site, page: Page) -> None:
    page.goto(states.url + STATES["mostly new music"])
    plot, own, cut, number = (
        page.locator(one).bounding_box() for one in ("svg.chart", "#b2020 [data-bar]", ".break path", "text.cut")
    )
    assert plot
    assert own
    assert cut
    assert number
    expect(page.locator("text.cut")).to_have_text("4,321")
    expect(page.get_by_role("link", name=re.compile("^2020: 4,321 plays"))).to_have_count(1)
    assert own["height"] == pytest.approx(plot["height"], abs=1)
    assert cut["x"] <= own["x"]
    assert cut["x"] + cut["width"] >= own["x"] + own["width"]
    assert number["y"] + number["height"] <= plot["y"] + 1
    others = [
        box["height"] for one in page.locator(".bars [data-bar]:not(.own)").all() if (box := one.bounding_box())
    ]
    assert max(others) > 0.7 * plot["height"]


def test_bars_move_unless_that_is_not_wanted(chart: Page) -> None:
    moving = "one => getComputedStyle(one).transitionDuration"
    bar = chart.locator("#b1977 [data-bar]")
    assert "0.45s" in bar.evaluate(moving)
    chart.emulate_media(reduced_motion="reduce")
    assert "0.45s" not in bar.evaluate(moving)


def test_what_is_pointed_at_stays_so_while_the_page_grows(site: Site, page: Page, until: Until) -> None:
    site.lastfm.hold(after=3)
    page.goto(f"{site.url}/user/HeavyHelen/2024")
    until(lambda: plays_drawn(page) > 0)
    bar = page.locator(".bars a").nth(3)
    bar.focus()
    name, drawn = bar.get_attribute("id"), plays_drawn(page)
    page.locator("#with").fill("LightLuca")
    page.locator(f"#{name}").focus()
    site.lastfm.let_go()
    until(lambda: plays_drawn(page) > drawn)
    expect(page.locator(f"#{name}")).to_be_focused()
    expect(page.locator(".tip")).to_have_count(1)
    expect(page.locator("#with")).to_have_value("LightLuca")
    until(lambda: is_complete(page))
    expect(page.locator(".tip li").first).to_be_visible()


def test_both_grow_when_two_are_compared(site: Site, page: Page, until: Until, complaints: list[str]) -> None:
    page.goto(f"{site.url}/user/SingleSam/2023")
    until(lambda: is_complete(page))
    page.get_by_label("Compare with another listener").fill("lightluca")
    page.get_by_role("button", name="Compare").click()
    expect(page).to_have_url(re.compile(r"/SingleSam/2023\?with=lightluca$"))
    until(
        lambda: page.locator("#page:not([data-live])").count() == 1 and page.locator(".other .line").count() == 1
    )
    expect(page.locator(".two")).to_contain_text("half of LightLuca’s")
    expect(page.locator(".bars a").nth(3)).to_be_attached()
    assert complaints == []


@pytest.fixture
def compared(states: Site, page: Page) -> Page:
    """A tab with HeavyHelen's 2021 and GrowingGus's."""
    page.goto(states.url + STATES["compare"])
    return page


def told(page: Page) -> list[tuple[str, int]]:
    """Each line of what is told of a bar, with how many albums stand below it."""
    lines = page.locator(".tip p:has(.key)").all()
    return [
        (one.inner_text().strip(), one.locator("xpath=following-sibling::*[1][self::ol]/li").count())
        for one in lines
    ]


def test_pointing_at_a_bar_of_two_tells_the_albums_of_both(
    compared: Page, complaints: list[str], until: Until
) -> None:
    before = height(compared)
    compared.locator("#b1975 .hit").hover(position={"x": 2, "y": 30})
    expect(compared.locator(".tip > b")).to_have_text("1975")
    until(lambda: [albums for _, albums in told(compared)] == [2, 2])
    (one, _), (other, _) = told(compared)
    assert re.fullmatch(r"HeavyHelen [\d.]+\s%", one)
    assert re.fullmatch(r"GrowingGus [\d.]+\s%", other)
    keys = compared.locator(".tip .key")
    for nth, same in enumerate((".bars", ".other .line")):
        shade = keys.nth(nth).evaluate("key => getComputedStyle(key).backgroundColor")
        drawn = compared.locator(same).first.evaluate(
            "one => [getComputedStyle(one).fill, getComputedStyle(one).stroke]"
        )
        assert shade in drawn
    assert height(compared) == before, "nothing moves"
    compared.locator("#b1990 .hit").hover(position={"x": 2, "y": 30})
    expect(compared.locator(".tip > b")).to_have_text("1990")
    assert [albums for _, albums in told(compared)] == [0, 0]
    compared.mouse.move(5, 5)
    expect(compared.locator(".tip")).to_have_count(0)
    assert complaints == []


def test_the_albums_of_two_are_asked_for_once_each_and_not_before_a_bar_is_pointed_at(
    states: Site, page: Page
) -> None:
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.goto(states.url + STATES["compare"])
    page.wait_for_load_state("networkidle")
    assert [url for url in asked if "top.json" in url] == []
    for year in (1975, 1977, 1990, 1975):
        page.locator(f"#b{year}").focus()
        expect(page.locator(".tip > b")).to_have_text(str(year))
    expect(page.locator(".tip li")).to_have_count(4)
    found = [url.partition("/user/")[2] for url in asked if "top.json" in url]
    assert found == ["HeavyHelen/2021/top.json", "GrowingGus/2021/top.json"]


@pytest.mark.parametrize(("away", "albums"), [("HeavyHelen", [0, 2]), ("GrowingGus", [2, 0])])
def test_of_two_the_albums_of_one_are_told_where_the_others_cannot_be_had(
    states: Site, page: Page, until: Until, away: str, albums: list[int]
) -> None:
    page.route(f"**/{away}/2021/top.json", lambda route: route.abort())
    page.goto(states.url + STATES["compare"])
    with page.expect_event("requestfailed"):
        page.locator("#b1975").focus()
    until(lambda: [count for _, count in told(page)] == albums)


def test_arrow_keys_walk_the_bars_of_two(compared: Page, until: Until) -> None:
    compared.locator("#b1976").focus()
    compared.keyboard.press("ArrowLeft")
    expect(compared.locator("#b1975")).to_be_focused()
    until(lambda: [albums for _, albums in told(compared)] == [2, 2])
    compared.keyboard.press("Escape")
    expect(compared.locator(".tip")).to_have_count(0)
    compared.keyboard.press("Enter")
    expect(compared).to_have_url(re.compile("/HeavyHelen/2021/1975$"))


def test_a_finger_shows_the_albums_of_both_and_the_page_is_no_wider(
    states: Site, chromium: Browser, until: Until
) -> None:
    context = chromium.new_context(viewport={"width": 375, "height": 667}, has_touch=True, is_mobile=True)
    page = context.new_page()
    page.goto(states.url + STATES["compare"])
    for bar in ("#b1975", "#b1977"):
        page.locator(bar).tap()
        until(lambda: page.locator(".tip li").count() == 4)
        expect(page.locator(".tip")).to_contain_text("Tap again")
        box = page.locator(".tip").bounding_box()
        assert box
        assert box["x"] >= 0
        assert box["x"] + box["width"] <= 375
        assert page.evaluate("document.documentElement.scrollWidth") <= 375
        page.locator("h1").tap()
        expect(page.locator(".tip")).to_have_count(0)
    context.close()
