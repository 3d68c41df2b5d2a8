"""Access: axe-core finds nothing serious on any page, in any state, narrow and wide, light and dark."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page

from tests.browser.axe import faults
from tests.browser.conftest import Site
from tests.browser.states import STATES, put_all
from tests.browser.test_looks import SIZES


@pytest.fixture
def examined(chromium: Browser) -> Iterator[Page]:
    """A tab into which the test may bring its own script; what the pages themselves may do is not its business."""
    context = chromium.new_context(bypass_csp=True, reduced_motion="reduce")
    yield context.new_page()
    context.close()


@pytest.mark.parametrize("size", SIZES)
def test_nothing_serious_is_found_on_any_page_in_any_state(site: Site, examined: Page, size: str) -> None:
    put_all(site)
    width, height = SIZES[size]
    examined.set_viewport_size({"width": width, "height": height})
    found = {}
    for state, path in STATES.items():
        examined.goto(site.url + path)
        if faulty := faults(examined):
            found[state] = faulty
    assert found == {}


@pytest.mark.parametrize("size", SIZES)
def test_nothing_serious_is_found_in_what_opens(site: Site, examined: Page, size: str) -> None:
    put_all(site)
    width, height = SIZES[size]
    examined.set_viewport_size({"width": width, "height": height})
    examined.goto(site.url + STATES["fetching"])
    examined.locator("#lost").evaluate("line => { line.hidden = false }")  # or the browser waits ten seconds
    assert faults(examined) == []
    for state, bar in (("complete", "b1977"), ("years all fetched", ""), ("compare", "b1996")):
        examined.goto(site.url + STATES[state])
        examined.locator("#same").click()
        if bar:
            examined.locator(f"[id='{bar}']").focus()
            examined.locator(".tip").wait_for()
        assert faults(examined) == [], state


@pytest.mark.parametrize("size", SIZES)
def test_nothing_serious_is_found_in_opened_spellings(site: Site, examined: Page, size: str) -> None:
    put_all(site)
    width, height = SIZES[size]
    examined.set_viewport_size({"width": width, "height": height})
    for state in ("bar of spellings", "unknown spellings"):
        examined.goto(site.url + STATES[state])
        for summary in examined.locator(".spellings summary").all():
            summary.click()
        assert faults(examined) == [], state


def test_the_examiner_sees_what_is_wrong(site: Site, examined: Page) -> None:
    examined.goto(site.url)
    examined.evaluate("document.querySelector('label').remove()")
    assert any(fault.startswith("light: label:") for fault in faults(examined))


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_examiner_sees_what_is_pale_in_one_scheme_alone(site: Site, examined: Page, scheme: str) -> None:
    examined.goto(site.url)
    examined.add_style_tag(content=f"@media (prefers-color-scheme: {scheme}) {{ h1 {{ color: var(--line) }} }}")
    assert {fault.split(": ")[:2] == [scheme, "color-contrast"] for fault in faults(examined)} == {True}
