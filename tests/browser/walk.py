"""The walk over a page: every text inside its box, nothing over anything else, everything to touch high enough."""

from pathlib import Path

from playwright.sync_api import Page

TOUCH = 44  # pixels
WALK = Path(__file__).with_suffix(".js").read_text(encoding="utf-8")


def faults(page: Page, *, touched: bool) -> list[str]:
    """What is not where it should be on a page; where it is `touched`, controls that a thumb would miss, too."""
    found: list[str] = page.evaluate(WALK, TOUCH if touched else 0)
    return found
