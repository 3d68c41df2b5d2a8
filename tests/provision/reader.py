"""Who has a page open in a browser, and looks whether it says that anything is wrong."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from playwright.sync_api import Page, sync_playwright

from tests.browser.conftest import CHROMIUM, QUIET
from tests.conftest import PATIENCE, wait_until
from tests.provision.operator import DOMAIN
from tests.provision.visitor import Visitor


@dataclass
class Reader:
    """A page that is open."""

    page: Page
    heard: list[str | bytes] = field(default_factory=list)
    """What came by websockets."""
    complaints: list[str] = field(default_factory=list)

    def open(self, path: str) -> None:
        """Open a page of the site, and follow it as its scripts do."""
        self.page.on(
            "websocket", lambda socket: socket.on("framereceived", lambda frame: self.heard.append(frame))
        )
        self.page.goto(f"https://{DOMAIN}{path}", timeout=PATIENCE * 1000)
        self._wait(lambda: len(self.heard) > 0)

    def wait_for_more(self) -> None:
        """Until it says that more plays are read than now."""
        before = self.progress()
        self._wait(lambda: self.progress() != before)

    def wait_until_whole(self) -> None:
        """Until it shows the whole year."""
        self._wait(lambda: self.page.locator(".headline").count() > 0)

    def progress(self) -> str:
        """What it says of how many plays are read; nothing once all are."""
        return str(self.page.evaluate("document.querySelector('.progress strong')?.textContent ?? ''"))

    def text(self) -> str:
        """All that it says."""
        return self.page.inner_text("main")

    def _wait(self, condition: Callable[[], bool]) -> None:
        def looked() -> bool:
            self.page.wait_for_timeout(50)  # lets its events come in
            if self.page.locator("#lost").is_visible():
                self.complaints.append(self.text())
            return condition()

        wait_until(looked, seconds=3 * PATIENCE, otherwise=self.text)


@contextmanager
def reader(visitor: Visitor) -> Iterator[Reader]:
    """A browser that finds the site where the visitor does."""
    rules = f"--host-resolver-rules=MAP {DOMAIN} {visitor.address}"
    with sync_playwright() as playwright:
        options = [option for option in QUIET if "host-resolver" not in option]
        with playwright.chromium.launch(executable_path=CHROMIUM, args=[*options, rules]) as browser:
            # Its authority is the visitor's, whom no browser knows.
            yield Reader(browser.new_page(ignore_https_errors=True))
