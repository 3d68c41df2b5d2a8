"""axe-core in a page: what is seriously wrong with it, in its light and its dark colours."""

from typing import Any

from axe_playwright_python.base import AXE_SCRIPT
from playwright.sync_api import Page

from tests.browser.test_looks import SCHEMES

Rules = dict[str, Any]
ALL: Rules = {"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]}
OF_COLOURS: Rules = {"runOnly": {"type": "rule", "values": ["color-contrast", "link-in-text-block"]}}
"""The rules whose answer depends on colours: the others need no second look at the same page."""
MATTERS = ("serious", "critical")
# Only what is wrong comes back to us: all that is right is a hundred times as much.
RUN = """
    options => axe.run({...options, resultTypes: ["violations"], preload: false}).then(found => found.violations)
"""


def faults(page: Page) -> list[str]:
    """What is wrong on a page that the test may bring its own script into, and with what."""
    page.evaluate(AXE_SCRIPT)
    found = []
    for scheme, rules in zip(SCHEMES, (ALL, OF_COLOURS), strict=True):
        page.emulate_media(color_scheme=scheme)
        found += [f"{scheme}: {fault}" for fault in _found(page, rules)]
    return found


def _found(page: Page, rules: Rules) -> list[str]:
    violations: list[dict[str, Any]] = page.evaluate(RUN, rules)
    return [
        f"{one['id']}: {node['html'][:120]} {node['failureSummary']}"
        for one in violations
        if one["impact"] in MATTERS
        for node in one["nodes"][:3]
    ]
