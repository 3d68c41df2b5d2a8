"""Open pages: what each of 2,000 websockets on one process costs, and how soon an event reaches all of them.

Events come one by one, then one a second, then while another program has names matched, one list after another.
"""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from statistics import median, quantiles
from threading import Event as Flag
from threading import Thread

import psutil
import requests
from redis import Redis

from app.events import Event, new_run
from app.redis.event_stream import Topic, publish
from tests.bench.installation import Figure, Installation, processes_of, scaled, web
from tests.bench.live_pages import LivePages, live_pages, many_files

OPEN_PAGES = scaled(2000)
MOST_BYTES, MOST_SECONDS = 100_000, 0.25
MOST_BESIDE_MATCHING = 2.0  # x what it takes otherwise; in a thread of the same process it would be more
EVENTS = scaled(20)  # one a second
EVENTS_ALONE, PAUSE_ALONE = 20, 0.2
MOST_OF_A_PAGE = 0.1  # x what an event takes to a page alone: what each further page may add
NAMES = [{"artist": f"Nobody {number} & the Unheard", "album": f"Songs ({number}) [CD]"} for number in range(200)]
PATH = "/user/HeavyHelen/2024/live"
TOPIC = Topic("HeavyHelen", 2024)
RUN = new_run()


def measure(installation: Installation) -> Iterator[Figure]:
    """Compare the serving process's memory before and after, and the delays of events with those of one page."""
    numbers = count(1)
    with many_files(), Redis.from_url(installation.environ["REDIS_URL"]) as redis, web(installation) as port:
        publish(redis, TOPIC, _event(0))
        server = _serving_process(port)
        with live_pages(port, PATH) as alone:
            alone.open(1)
            delays_alone = _delays(redis, alone, numbers, EVENTS_ALONE, PAUSE_ALONE)
        with live_pages(port, PATH) as warm, live_pages(port, PATH) as pages:
            warm.open(20)
            before = server.memory_info().rss
            pages.open(OPEN_PAGES)
            bytes_each = (server.memory_info().rss - before) / OPEN_PAGES

            def delay() -> float:
                began, number = time.monotonic(), next(numbers)
                publish(redis, TOPIC, _event(number))
                reached = pages.wait_until_all_heard(number) - began
                warm.listen(0)
                return reached

            delays = [delay() for _ in range(5)]
            steady = _delays(redis, pages, numbers, EVENTS, 1.0)
            grown = (server.memory_info().rss - before) / OPEN_PAGES
            warm.listen(0)
            with _names_matched(port):
                busy_delays = [delay() for _ in range(5)]
    yield Figure(
        f"memory of an open page, {OPEN_PAGES:,} on one process",
        f"< {MOST_BYTES // 1000} KB",
        f"{bytes_each / 1000:.1f} KB, {grown / 1000:.1f} after {EVENTS} events",
        max(bytes_each, grown) < MOST_BYTES,
    )
    yield Figure(
        f"an event reaches all {OPEN_PAGES:,} pages",
        f"<= {MOST_SECONDS * 1000:.0f} ms",
        f"{max(delays) * 1000:.0f} ms at the slowest of 5, {min(delays) * 1000:.0f} at the fastest",
        max(delays) <= MOST_SECONDS,
    )
    yield _steady(steady, delays_alone)
    ratio = median(busy_delays) / median(delays)
    yield Figure(
        "the same while lists of 200 unknown names are matched",
        f"<= {MOST_BESIDE_MATCHING:g} x",
        f"{ratio:.2f} x, {max(busy_delays) * 1000:.0f} ms at the slowest of 5",
        ratio <= MOST_BESIDE_MATCHING,
    )


def _delays(redis: Redis, pages: LivePages, numbers: Iterator[int], events: int, pause: float) -> list[float]:
    """Publish so many events, at such a pace; return the delay of each with each page that heard it."""
    published = {}
    begin = time.monotonic()
    for turn in range(events):
        number = next(numbers)
        published[number] = time.monotonic()
        publish(redis, TOPIC, _event(number))
        pages.listen(begin + (turn + 1) * pause - time.monotonic())
    return [heard - at for number, at in published.items() for heard in pages.heard.get(number, ())]


def _steady(delays: list[float], alone: list[float]) -> Figure:
    """Compare the delays of an event a second with those to one page, and count what was not heard."""
    p99, one = quantiles(delays, n=100)[98], median(alone)
    missed = OPEN_PAGES * EVENTS - len(delays)
    most = MOST_OF_A_PAGE * OPEN_PAGES
    return Figure(
        f"delay of an event a second to {OPEN_PAGES:,} pages, 99th percentile, compared with one page's median",
        f"<= {most:,.0f} x, none missed",
        f"{p99 / one:.1f} x ({p99 * 1000:.1f} of {one * 1000:.2f} ms, the median page"
        f" {median(delays) * 1000:.1f} ms), {missed} of {OPEN_PAGES * EVENTS:,} missed",
        p99 <= most * one and not missed,
    )


@contextmanager
def _names_matched(port: int) -> Iterator[None]:
    """Have one list of names matched after another until the end of the block."""
    stop, answered = Flag(), Flag()

    def ask() -> None:
        for number in count():
            if stop.is_set():
                return
            address = {"X-Forwarded-For": f"10.0.{number // 250}.{number % 250}"}  # each with a budget of its own
            url = f"http://127.0.0.1:{port}/api/release-years"
            requests.post(url, json=NAMES, headers=address, timeout=60).raise_for_status()
            answered.set()

    thread = Thread(target=ask)
    thread.start()
    answered.wait(60)
    try:
        yield
    finally:
        stop.set()
        thread.join()


def _event(page: int) -> Event:
    years = {year: page + year % 90 for year in range(1960, 2025)}
    return Event(run=RUN, phase="fetching", done=page, scrobbles=page * 200, years=years)


def _serving_process(port: int) -> psutil.Process:
    """Return the process that holds the connections: the child of the one that was started."""
    serving = [process for process in processes_of(port) if not process.children()]
    if len(serving) != 1:
        raise RuntimeError(f"one serving process was expected, there are {len(serving)}")
    return serving[0]
