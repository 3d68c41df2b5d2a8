"""First paint: how soon the largest part of a finished year is seen, over a slow network and without a cache."""

from collections.abc import Iterator
from statistics import median
from uuid import uuid4

from playwright.sync_api import Browser, sync_playwright
from redis import Redis

from app.events import Event
from app.redis.event_stream import Topic, publish
from tests.bench.installation import Figure, Installation, web
from tests.browser.conftest import CHROMIUM, QUIET

PAGE = "/user/HeavyHelen/2024"
ROUNDS, MOST_SECONDS = 9, 1.0
SCREENS = {"phone": (390, 844), "wide screen": (1440, 900)}
SLOW_4G = {"offline": False, "latency": 150, "downloadThroughput": 1.6e6 / 8, "uploadThroughput": 750e3 / 8}
LARGEST = """
    () => new Promise(found => new PerformanceObserver(paints => found(paints.getEntries().at(-1).startTime))
        .observe({type: "largest-contentful-paint", buffered: true}))
"""


def measure(installation: Installation) -> Iterator[Figure]:
    """Measure it on a phone's screen and on a wide one, each time in a browser without a past."""
    years = {year: 1 + (year * 37) % 400 for year in range(1955, 2025)}
    plays = sum(years.values())
    event = Event(run=uuid4(), phase="completed", scrobbles=plays, expected=plays, matched=plays, years=years)
    with Redis.from_url(installation.environ["REDIS_URL"]) as redis:
        publish(redis, Topic("HeavyHelen", 2024), event)
    with web(installation, "tests.compressed:site()") as port, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=QUIET)
        for screen in SCREENS:
            seconds = median(_largest(browser, f"http://127.0.0.1:{port}{PAGE}", screen) for _ in range(ROUNDS))
            yield Figure(
                f"largest contentful paint of a finished year, {screen}, 1.6 Mbit/s, 150 ms a round trip",
                f"< {MOST_SECONDS:g} s",
                f"{seconds:.2f} s",
                seconds < MOST_SECONDS,
            )
        browser.close()


def _largest(browser: Browser, url: str, screen: str) -> float:
    width, height = SCREENS[screen]
    context = browser.new_context(viewport={"width": width, "height": height})
    page = context.new_page()
    context.new_cdp_session(page).send("Network.emulateNetworkConditions", SLOW_4G)
    page.goto(url, wait_until="networkidle")
    milliseconds: float = page.evaluate(LARGEST)
    context.close()
    return milliseconds / 1000
