"""Browser tests need chromium and the whole thing running: the site, its workers, a Last.fm with latency."""

import shutil
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, expect, sync_playwright
from redis import Redis

from app.settings import WORKER_NEEDS, Settings, read_settings
from app.store import connect
from demo import services
from demo.cover_art.stand_in import CoverArtStandIn
from demo.ports import free_port
from tests import processes
from tests.browser.held_lastfm import HeldLastfm
from tests.conftest import database_folder, wait_until
from tests.processes import Running

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
QUIET = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    # A name that is not this machine's, so that the browser trusts the site no more than any other.
    "--host-resolver-rules=MAP plain.example 127.0.0.1",
]
RATE, LATENCY = 15.0, 0.15
DELETE_STATE = "if redis.call('HLEN', KEYS[1]) == 1 then redis.call('DEL', KEYS[1]) end"
"""Deletes a job that only a state speaks of."""
NO_SERVICE_WORKER = "Service Worker registration blocked by Playwright"
MOST_SHOWN = 10_000
"""Characters of a log."""

expect.set_options(timeout=30_000)  # ms; how fast the machine is decides nothing


class Site:
    """The whole thing. Its web process, its workers and its Redis can be ended and started meanwhile."""

    def __init__(self, settings: Settings, folder: Path, lastfm: HeldLastfm, valkey: ExitStack) -> None:
        self.settings = settings
        self.lastfm = lastfm
        self.redis = Redis.from_url(settings.redis_url.get_secret_value())
        self.port = free_port()
        self._folder = folder
        self._valkey = valkey
        self._read = Counter[str]()  # how much of each log
        self.last_test = "its start"
        self.foreseen: set[str] = set()
        """Names of exceptions that the test at hand wants to be logged."""
        self._stack = ExitStack()
        self.start_web()
        self.start_workers()

    @property
    def url(self) -> str:
        """Where it answers."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def output(self) -> str:
        """What its processes wrote."""
        return "\n".join(process.output for process in (self.web, self.workers))

    def new_exceptions(self) -> str:
        """What its processes wrote since this was asked last, from the first exception on that is not foreseen."""
        found = []
        for name, process in {"web": self.web, "workers": self.workers}.items():
            written = process.output
            new, self._read[name] = written[self._read[name] :].splitlines(), len(written)
            for nth, line in enumerate(new):
                if "Traceback (most recent call last)" in line and not any(map(line.count, self.foreseen)):
                    told = "\n".join(new[nth:])[:MOST_SHOWN]
                    found.append(f"{name}:\n" + told.replace(r"\n", "\n"))
                    break
        return "\n\n".join(found)

    def start_web(self) -> None:
        """Starts the web process."""
        web = processes.web(self.settings, self._folder / "web.log", self.port)
        self.web: Running = self._stack.enter_context(web)

    def start_workers(self, **changes: Any) -> None:
        """Starts two workers, perhaps with other settings than the site's."""
        settings = self.settings.model_copy(update=changes)
        workers = processes.workers(settings, self._folder / "workers.log", count=2)
        self.workers: Running = self._stack.enter_context(workers)

    def stop_redis(self) -> None:
        """Ends Redis, which keeps what it holds."""
        self._valkey.close()

    def start_redis(self) -> None:
        """Starts Redis again, where it was."""
        port = urlsplit(self.settings.redis_url.get_secret_value()).port or 0
        self._valkey.enter_context(services.valkey(self._folder / "valkey", port))

    def forget(self) -> None:
        """Makes it an installation that nobody has visited yet, but for pages drawn within the last second."""
        with connect(self.settings.database_url.get_secret_value()) as connection:
            connection.execute("TRUNCATE fetch_jobs, lastfm_users, albums CASCADE")
        for pattern in ("lastyear:*", "LIMIT*"):
            for key in self.redis.scan_iter(match=pattern):
                self.redis.delete(key)
        for job in self.redis.scan_iter(match="rq:job:*"):
            self.redis.eval(DELETE_STATE, 1, job)
        self.lastfm.faults.clear()
        self.lastfm.let_go()

    def close(self) -> None:
        """Ends its processes."""
        self._stack.close()
        self.redis.close()


@contextmanager
def started_site() -> Iterator[Site]:
    """The whole thing, as long as the block lasts."""
    with ExitStack() as stack:
        folder = stack.enter_context(database_folder())
        admin = stack.enter_context(services.postgres(folder / "postgres"))
        database, reader, _ = services.create_filled_databases(admin, folder / "fullexport")
        lastfm = stack.enter_context(HeldLastfm(latency=LATENCY, rate=RATE + 5, window=10.0))
        valkey = stack.enter_context(ExitStack())
        cover_art = stack.enter_context(CoverArtStandIn())
        environ = {
            "DATABASE_URL": database,
            "MIRROR_URL": reader,
            "REDIS_URL": valkey.enter_context(services.valkey(folder / "valkey")),
            "LASTFM_API_KEY": "browser",
            "LASTFM_API_URL": lastfm.api_url,
            "LASTFM_WEB_URL": lastfm.url,
            "LASTFM_REQUESTS_PER_SECOND": str(RATE),
            "COVER_ART_URL": cover_art.url,
            "COVERS_FOLDER": str(folder / "covers"),
            "CONTACT": "tests@lastyear.example",
        }
        site = Site(read_settings(environ, WORKER_NEEDS), folder, lastfm, valkey)
        stack.callback(site.close)
        yield site


@pytest.fixture(scope="session")
def whole_site() -> Iterator[Site]:
    """The whole thing, started once."""
    with started_site() as site:
        yield site


@pytest.fixture
def site(whole_site: Site) -> Site:
    """The whole thing as nobody has visited it yet."""
    whole_site.forget()
    return whole_site


@pytest.fixture(autouse=True)
def no_exception_is_logged(request: pytest.FixtureRequest) -> Iterator[None]:
    """Fails the test in which the site logs an exception, and shows it: all tests share one site and its logs."""
    if "whole_site" not in request.fixturenames:
        yield
        return
    site: Site = request.getfixturevalue("whole_site")
    logged = {f"After {site.last_test}": site.new_exceptions()}
    yield
    site.last_test = request.node.nodeid
    logged["In this test"] = site.new_exceptions()
    site.foreseen.clear()
    for when, told in logged.items():
        if told:
            pytest.fail(f"{when} the site has logged an exception.\n{told}", pytrace=False)


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    """A browser without a window."""
    if CHROMIUM is None:
        pytest.skip("no chromium on PATH: install one, on Debian by apt-get install chromium")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=QUIET)
        # A service worker would ask for pages behind the back of tests that answer in the site's place.
        browser.new_context = partial(browser.new_context, service_workers="block")  # type: ignore[method-assign]
        yield browser
        browser.close()


@pytest.fixture
def context(chromium: Browser) -> Iterator[BrowserContext]:
    """A visitor with a large screen and no past."""
    context = chromium.new_context(viewport={"width": 1280, "height": 800})
    yield context
    assert context.cookies() == []
    context.close()


@pytest.fixture
def complaints() -> list[str]:
    """What the browser found fault with: errors of scripts, of the network, of the content security policy."""
    return []


@pytest.fixture
def page(context: BrowserContext, complaints: list[str]) -> Page:
    """A tab."""

    def listen(message: ConsoleMessage) -> None:
        if message.type in ("error", "warning") and message.text != NO_SERVICE_WORKER:
            complaints.append(f"{message.type}: {message.text}")

    page = context.new_page()
    page.on("console", listen)
    page.on("pageerror", lambda error: complaints.append(f"exception: {error}"))
    return page


@pytest.fixture
def until(page: Page, site: Site) -> Callable[..., None]:
    """Waits until something is so on the page; tells the page and the logs when it does not come true."""

    def wait(condition: Callable[[], object], *, seconds: float = 60.0) -> None:
        def look() -> object:
            page.wait_for_timeout(20)  # lets the browser's events in
            return condition()

        wait_until(look, seconds=seconds, otherwise=lambda: f"{page.inner_text('main')}\n{site.output}")

    return wait
