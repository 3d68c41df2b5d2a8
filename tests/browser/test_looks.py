"""Looks: every state of every page, narrow and wide, light and dark. The pictures are there to be looked at."""

import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Literal

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Site
from tests.browser.states import AHEAD, STATES, put_again, put_all
from tests.browser.walk import faults

SIZES = {"wide": (1440, 900), "phone": (390, 844)}
SCHEMES: tuple[Literal["light", "dark"], ...] = ("light", "dark")
# A page that is an error is told to the console as one, by the browser itself.
EXPECTED = re.compile(
    r"error: Failed to load resource: the server responded with a status of (400|403|404|410|429|500|503)"
)


@pytest.fixture
def pictures(tmp_path: Path) -> Path:
    """Where the pictures go: the folder named by SCREENSHOTS, or one that pytest keeps for a while."""
    folder = Path(os.environ.get("SCREENSHOTS") or tmp_path)
    folder.mkdir(parents=True, exist_ok=True)
    return folder


@pytest.fixture
def states(site: Site) -> Site:
    """A site in which every state is to be found."""
    put_all(site)
    return site


def is_wider_than_the_screen(page: Page) -> bool:
    """Whether one would have to scroll sideways."""
    return bool(page.evaluate("document.documentElement.scrollWidth > document.documentElement.clientWidth"))


def looks(page: Page, state: str, pictures: Path) -> Iterator[str]:
    """The page in every size, which has to fit, pictured in both schemes."""
    for size, (width, height) in SIZES.items():
        page.set_viewport_size({"width": width, "height": height})
        assert not is_wider_than_the_screen(page), (state, size)
        assert faults(page, touched=size == "phone") == [], (state, size)
        for scheme in SCHEMES:
            page.emulate_media(color_scheme=scheme)
            picture = pictures / f"{size}-{scheme}-{state.replace(' ', '-')}.png"
            page.screenshot(path=picture, full_page=True, animations="disabled")
        yield size


def test_every_page_fits_every_screen_and_nothing_complains(
    states: Site, page: Page, complaints: list[str], pictures: Path
) -> None:
    for state, path in STATES.items():
        put_again(states, state)
        page.goto(states.url + path)
        assert page.locator("h1").count() == 1, state
        assert [*looks(page, state, pictures)] == [*SIZES]
    assert [complaint for complaint in complaints if not EXPECTED.match(complaint)] == []


def test_at_twice_the_size_on_a_phone_nothing_is_wider_than_the_screen(states: Site, page: Page) -> None:
    page.set_viewport_size({"width": 195, "height": 422})
    for state in ("complete", "compare", "fetching"):
        page.goto(states.url + STATES[state])
        assert not is_wider_than_the_screen(page), state


def test_what_was_loaded_ahead_fits_every_screen_and_its_button_has_the_year_counted(
    states: Site, page: Page, pictures: Path
) -> None:
    for state, path in AHEAD.items():
        page.set_extra_http_headers({"Sec-Purpose": "prefetch"})
        page.goto(states.url + path)
        assert [*looks(page, state, pictures)] == [*SIZES]
        page.set_extra_http_headers({})
        page.locator("#count").click()
        expect(page.locator("#count")).to_have_count(0)
        # Last.fm's answer may be here before one looks.
        answered = page.get_by_text("Last.fm knows no listener")
        expect(page.locator("main[data-live]").or_(answered).first).to_be_visible()


def test_the_same_in_numbers_fits_every_screen(states: Site, page: Page, pictures: Path) -> None:
    for state in ("complete", "complete with remarks", "compare", "compare with the longest name"):
        page.goto(states.url + STATES[state])
        page.get_by_text("Show as a table").click()
        for size, (width, height) in SIZES.items():
            page.set_viewport_size({"width": width, "height": height})
            assert not is_wider_than_the_screen(page), (state, size)
            page.screenshot(path=pictures / f"{size}-numbers-{state.replace(' ', '-')}.png", full_page=True)


def test_what_is_told_of_a_bar_fits_every_screen(states: Site, page: Page, pictures: Path) -> None:
    for state, bar in (
        ("complete", "b1977"),
        ("complete", "b2021"),
        ("by decade", "b1970-1979"),
        ("compare", "b1975"),
        ("compare", "b1977"),
        ("compare by decade", "b1970-1979"),
        ("compare with the longest name", "b1977"),
    ):
        for size, (width, height) in SIZES.items():
            page.set_viewport_size({"width": width, "height": height})
            page.goto(states.url + STATES[state])
            page.locator(f"[id='{bar}']").focus()
            page.wait_for_load_state("networkidle")
            box = page.locator(".tip").bounding_box()
            assert box
            assert box["x"] >= 0, (state, size)
            assert box["x"] + box["width"] <= width, (state, size)
            assert not is_wider_than_the_screen(page), (state, size)
            page.screenshot(path=pictures / f"{size}-told-{state.replace(' ', '-')}-{bar}.png")


def test_opened_spellings_fit_every_screen_and_move_nothing_above_them(
    states: Site, page: Page, pictures: Path
) -> None:
    for state in ("bar of spellings", "unknown spellings"):
        page.goto(states.url + STATES[state])
        for size, (width, height) in SIZES.items():
            page.set_viewport_size({"width": width, "height": height})
            for nth, summary in enumerate(page.locator(".spellings summary").all()):
                summary.scroll_into_view_if_needed()
                before = boxes_above(page, nth)
                summary.click()
                assert boxes_above(page, nth) == before, (state, size, nth)
            page.keyboard.press("Home")
            for scheme in SCHEMES:
                page.emulate_media(color_scheme=scheme)
                name = f"{size}-{scheme}-opened-{state.replace(' ', '-')}.png"
                page.screenshot(path=pictures / name, full_page=True, animations="disabled")
            assert not is_wider_than_the_screen(page), (state, size)
            page.reload()


def boxes_above(page: Page, nth: int) -> list[dict[str, float]]:
    """Where the lines begin that are not below one whose spellings open, and how wide their cells are."""
    found: list[dict[str, float]] = page.evaluate(
        """nth => {
            const opened = document.querySelectorAll(".spellings")[nth].closest("tr");
            const rows = [...document.querySelectorAll(".albums tr")];
            const cells = rows.slice(0, rows.indexOf(opened) + 1).flatMap(row => [...row.children]);
            return cells.map(cell => cell.getBoundingClientRect()).map(({x, y, width}) => ({x, y, width}));
        }""",
        nth,
    )
    return found


def test_the_two_schemes_are_two(states: Site, page: Page) -> None:
    page.goto(states.url)
    colours = set()
    for scheme in SCHEMES:
        page.emulate_media(color_scheme=scheme)
        colours.add(page.evaluate("getComputedStyle(document.body).backgroundColor"))
    assert len(colours) == 2


def test_on_a_phone_fewer_years_are_named(states: Site, page: Page) -> None:
    page.goto(states.url + STATES["complete"])
    wide = [one.text_content() for one in page.locator(".years text").all() if one.is_visible()]
    page.set_viewport_size({"width": 375, "height": 667})
    phone = [one.text_content() for one in page.locator(".years text").all() if one.is_visible()]
    assert 3 <= len(phone) < len(wide)
    for text in page.locator(".years text:visible").all():
        box = text.bounding_box()
        assert box
        assert box["x"] >= 0
        assert box["x"] + box["width"] <= 375


@pytest.mark.parametrize("state", ["complete", "by song", "compare"])
def test_on_a_phone_a_finished_year_is_shared_within_a_screen_and_a_half(
    states: Site, page: Page, state: str
) -> None:
    width, height = SIZES["phone"]
    page.set_viewport_size({"width": width, "height": height})
    page.goto(states.url + STATES[state])
    box = page.locator("#share").bounding_box()
    assert box
    assert box["y"] + box["height"] <= 1.5 * height


def test_a_year_is_printed_on_one_page_with_its_table_in_dark_ink(
    states: Site, page: Page, pictures: Path
) -> None:
    page.emulate_media(media="print", color_scheme="dark")
    for state in (
        "complete",
        "what stands out",
        "with gaps",
        "every year",
        "by decade",
        "compare",
        "compare by decade",
    ):
        page.goto(states.url + STATES[state])
        assert len(re.findall(rb"/Type\s*/Page[^s]", page.pdf(prefer_css_page_size=True))) == 1, state
        assert page.locator("#numbers table").is_visible(), state
        assert page.locator("svg.chart").is_visible(), state
        assert faults(page, touched=False) == [], state
        page.screenshot(path=pictures / f"print-{state.replace(' ', '-')}.png", full_page=True)
    assert page.evaluate("getComputedStyle(document.body).color") == "rgb(29, 27, 25)"
