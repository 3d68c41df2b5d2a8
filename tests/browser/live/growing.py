"""A year that grows as a test says: its events are published without a worker, and the page waited for."""

import time
from typing import Any

from playwright.sync_api import Page, expect

from app.events import Event, new_run
from app.redis.event_stream import Snapshot, Topic, publish, save_snapshot
from tests.browser.conftest import Site
from tests.browser.states import begin, event, taste
from tests.conftest import wait_until

EXPECTED = 12_100


class GrowingYear:
    """LightLuca's plays of a year, from a run that only the test speaks for."""

    def __init__(self, site: Site, year: int = 2023, **known: Any) -> None:
        self._site, self._run = site, new_run()
        self.topic = Topic("LightLuca", year)
        self.path = f"/user/LightLuca/{year}"
        begin(site, self._run)
        self.keep(phase="queued", **known)

    def open(self, page: Page, query: str = "", *, port: int | None = None) -> None:
        """Opens the page, which follows the year from then on, perhaps by a port before the site's."""
        url = f"http://127.0.0.1:{port or self._site.port}"

        def is_followed() -> bool:
            page.goto(url + self.path + query)
            return page.locator("#page[data-live]").count() == 1

        wait_until(is_followed)  # another test's page of that year may be kept for a second
        expect(page.locator("html.live")).to_be_attached()  # it has got the snapshot that comes first

    def say(self, page: Page, done: int, **fields: Any) -> None:
        """Publishes how many plays are read, with a chart of as many, and waits until the page has it."""
        fields = {"phase": "fetching", "years": taste(done, self.topic.year or 0), "done": done, **fields}
        self.publish(**fields)
        if fields["phase"] == "fetching":
            expect(page.locator(".progress strong")).to_contain_text(f"{done:,} of")

    def end(self, page: Page, **fields: Any) -> None:
        """Publishes the last event, and waits until the page follows no more."""
        self.publish(**fields)
        expect(page.locator("#page[data-live]")).to_have_count(0)

    def publish(self, **fields: Any) -> None:
        """Publishes an event."""
        publish(self._site.redis, self.topic, self._event(**fields))

    def keep(self, **fields: Any) -> None:
        """Makes an event the latest, of which no page hears."""
        username = self.topic.username
        said = Snapshot(at=time.time(), username=username, event=self._event(**fields))
        save_snapshot(self._site.redis, self.topic, said)

    def _event(self, **fields: Any) -> Event:
        return event(**{"expected": EXPECTED, **fields}).model_copy(update={"run": self._run})


def stop_clock(page: Page) -> None:
    """Makes the page's time pass only as the test says, by `page.clock.run_for`.

    It has to say so after each event: the page loads itself again only after a pause.
    """
    page.clock.install(time=1_000_000)
    page.clock.pause_at(1_001_000)
