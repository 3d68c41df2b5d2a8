"""Nothing jumps: while a year comes in, everything stays where it was when the visitor began to read."""

from collections.abc import Callable, Iterator, Sequence

import pytest
from playwright.sync_api import Browser, Page

from tests.browser.conftest import Site
from tests.browser.live.growing import EXPECTED, GrowingYear
from tests.browser.live.movement import Frame, record, recorded, score
from tests.browser.states import WITH_GAPS, ends, taste
from tests.browser.test_first_visits import is_complete, plays_drawn

Until = Callable[..., None]
BARELY = 0.02
"""Of the sum of all shifts; five times that is what web.dev calls good."""
SIZES = {"phone": (390, 844), "wide": (1440, 900)}


@pytest.fixture(params=SIZES)
def watched(chromium: Browser, request: pytest.FixtureRequest) -> Iterator[Page]:
    """A tab, on a phone and on a wide screen, that records where its parts are."""
    width, height = SIZES[request.param]
    context = chromium.new_context(viewport={"width": width, "height": height})
    record(context)
    yield context.new_page()
    context.close()


def most_moved(page: Page) -> tuple[float, dict[str, float]]:
    """How much has moved, and what: seen from the top, or, since there are bars, from further down."""
    frames = recorded(page)
    size = page.viewport_size
    assert size
    width, height = size["width"], size["height"]
    assert any("chart 0" in frame for frame in frames)
    # The footer gives way to what comes last.
    with_bars = [
        {name: box for name, box in frame.items() if name != "footer 0"} for frame in frames if "chart 0" in frame
    ]
    tops = range(height // 2, int(_bottom(with_bars)) - height // 2, height // 2)
    further_down = [score(with_bars, width, height, top=top) for top in tops]
    return max([score(frames, width, height), *further_down], key=lambda one: one[0])


def _bottom(frames: Sequence[Frame]) -> float:
    return max(top + height for frame in frames for _, top, _, height in frame.values())


def test_nothing_moves_while_a_year_comes_in(site: Site, watched: Page, until: Until) -> None:
    watched.goto(f"{site.url}/user/HeavyHelen/2023")
    until(lambda: is_complete(watched))
    assert plays_drawn(watched) > 0
    whole, by_part = most_moved(watched)
    assert whole <= BARELY, by_part


def test_nothing_moves_whatever_comes_late(site: Site, watched: Page) -> None:
    year = GrowingYear(site)
    year.open(watched)
    year.say(watched, 0, years={})
    year.say(watched, 300, preview=True, years=taste(11_000, 2023))
    for done in (1_000, 6_000, 11_000):
        year.say(watched, done, song_years=taste(done, 2023, middles=(1969, 1990)), seconds_left=12_000 - done)
    year.say(watched, EXPECTED, phase="augmenting")
    plays = taste(11_000, 2023)
    remarks = {**WITH_GAPS, "song_years": taste(11_000, 2023, middles=(1969, 1990))}
    year.end(watched, phase="completed", years=plays, oldest_and_newest=ends(plays), **remarks)
    assert watched.locator("#share").is_visible()
    assert watched.locator("#of-song").is_visible()
    whole, by_part = most_moved(watched)
    assert whole <= BARELY, by_part


def test_what_is_replaced_by_its_like_elsewhere_has_moved(site: Site, watched: Page) -> None:
    year = GrowingYear(site)
    year.open(watched)
    year.say(watched, 1_000)
    watched.evaluate(
        """async () => {
            const frame = () => new Promise(requestAnimationFrame);
            await frame(); await frame();
            const main = document.querySelector("main");
            const like = [...main.childNodes].map(node => node.cloneNode(true));
            const above = document.createElement("div");
            above.style.height = "175px";
            main.replaceChildren(above, ...like);
            await frame(); await frame();
        }"""
    )
    whole, by_part = most_moved(watched)
    assert whole > 2 * BARELY, by_part
