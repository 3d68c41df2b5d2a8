"""Access: axe-core finds nothing serious on any page, in any state, light or dark."""

from collections.abc import Iterator
from typing import Any, Literal

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page

from tests.browser.conftest import Site
from tests.browser.states import STATES, put_all
from tests.browser.test_looks import SCHEMES, SIZES

RULES = {
    "resultTypes": ["violations"],
    "runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"],
}
MATTERS = ("serious", "critical")


@pytest.fixture
def examined(chromium: Browser) -> Iterator[Page]:
    """A tab into which the test may bring its own script; what the pages themselves may do is not its business."""
    context = chromium.new_context(bypass_csp=True, reduced_motion="reduce")
    yield context.new_page()
    context.close()


def found(page: Page) -> list[str]:
    """What is seriously wrong on a page, and with what."""
    violations: list[dict[str, Any]] = Axe().run(page, options=RULES).response["violations"]
    return [
        f"{one['id']}: {node['html'][:120]} {node['failureSummary']}"
        for one in violations
        if one["impact"] in MATTERS
        for node in one["nodes"][:3]
    ]


@pytest.mark.timeout(300)
@pytest.mark.parametrize(("size", "scheme"), list(zip(SIZES, SCHEMES, strict=True)))
def test_nothing_serious_is_found_on_any_page_in_any_state(
    site: Site, examined: Page, size: str, scheme: Literal["light", "dark"]
) -> None:
    put_all(site)
    width, height = SIZES[size]
    examined.set_viewport_size({"width": width, "height": height})
    examined.emulate_media(color_scheme=scheme)
    faults = {}
    for state, path in STATES.items():
        examined.goto(site.url + path)
        if faulty := found(examined):
            faults[state] = faulty
    assert faults == {}


def test_nothing_serious_is_found_in_what_opens(site: Site, examined: Page) -> None:
    put_all(site)
    for state, bar in (("complete", "b1977"), ("years all fetched", ""), ("compare", "b1996")):
        examined.goto(site.url + STATES[state])
        examined.locator("#same").click()
        if bar:
            examined.locator(f"[id='{bar}']").focus()
            examined.locator(".tip").wait_for()
        for scheme in SCHEMES:
            examined.emulate_media(color_scheme=scheme)
            assert found(examined) == [], (state, scheme)


def test_the_examiner_sees_what_is_wrong(site: Site, examined: Page) -> None:
    examined.goto(site.url)
    examined.evaluate("document.querySelector('label').remove()")
    assert any(fault.startswith("label:") for fault in found(examined))
