"""Error pages: too much was asked for, something broke, a part is away. Pictured and examined like all others."""

from collections.abc import Iterator
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from playwright.sync_api import Page
from pydantic import SecretStr
from werkzeug.exceptions import TooManyRequests

from app.web.rate_limits import RateLimits
from demo.ports import free_port
from tests import processes
from tests.browser.axe import faults
from tests.browser.conftest import Site
from tests.browser.states import STATES, put_all
from tests.browser.test_looks import EXPECTED, looks, pictures

__all__ = ["pictures"]

NOBODY = SecretStr("postgresql://nobody@127.0.0.1:1/nothing")
NOTHING = SecretStr("redis://127.0.0.1:1/0")


@dataclass(frozen=True)
class Trouble:
    """An error page: what has to be opened and pressed to see it, its status, and the way that leads on."""

    url: str
    status: int
    way: str
    press: str = ""

    def open(self, page: Page) -> None:
        """Brings the page there."""
        answer = page.goto(self.url)
        if self.press:
            with page.expect_navigation() as pressed:
                page.locator(self.press).click()
            answer = pressed.value
        assert answer is not None
        assert answer.status == self.status


@pytest.fixture
def troubles(site: Site, tmp_path: Path) -> Iterator[dict[str, Trouble]]:
    """Every error page that is not one of the states of a site that is well."""
    put_all(site)
    with ExitStack() as stack:

        def site_with(**changes: Any) -> str:
            port = free_port()
            settings = site.settings.model_copy(update=changes)
            stack.enter_context(processes.web(settings, tmp_path / f"{port}.log", port))
            return f"http://127.0.0.1:{port}"

        no_redis, no_database = site_with(redis_url=NOTHING), site_with(database_url=NOBODY)
        # The mirror has none of the tables that the site looks for.
        broken = site_with(database_url=site.settings.mirror_url)
        complete = STATES["complete"]
        yield {
            "too much": Trouble(f"{site.url}/user/OneTooMany/2024", 429, "Try again"),
            "too much by a button": Trouble(f"{site.url}{complete}", 429, "Back to the chart", press="#refresh"),
            "something broke": Trouble(f"{broken}{complete}/1977", 500, "Back to the chart"),
            "without a queue": Trouble(f"{no_redis}/user/OneTooMany/2024", 503, "Try again"),
            "years without a queue": Trouble(f"{no_redis}/user/OneTooMany", 503, "Try again"),
            "a button without a queue": Trouble(
                f"{no_redis}/user/LightLuca/2023", 503, "Back to the chart", press="#refresh"
            ),
            "without a database": Trouble(f"{no_database}/user/OneTooMany/2024", 503, "Try again"),
            "a bar without a database": Trouble(f"{no_database}{complete}/1977", 503, "Back to the chart"),
        }


def use_up(site: Site, *names: str) -> None:
    """Use up these limits for visitors from this machine."""
    rate_limits = RateLimits(site.redis)
    with Flask(__name__).test_request_context(environ_base={"REMOTE_ADDR": "127.0.0.1"}):
        for name in names:
            with suppress(TooManyRequests):
                while True:
                    rate_limits.hit(name)


def test_every_error_page_fits_every_screen_leads_on_and_has_nothing_serious(
    site: Site, troubles: dict[str, Trouble], page: Page, complaints: list[str], pictures: Path
) -> None:
    for state, trouble in sorted(troubles.items(), key=lambda one: one[1].status == 429):
        if trouble.status == 429:
            use_up(site, "fetch", "refresh")  # by one address, so that the others come first
        trouble.open(page)
        assert page.locator("h1").count() == 1, state
        assert page.locator("main").get_by_role("link", name=trouble.way).count() == 1, state
        for size in looks(page, state, pictures):
            assert faults(page) == [], (state, size)
    assert [complaint for complaint in complaints if not EXPECTED.match(complaint)] == []
