"""First bars: how long the page of a new listener's year has no chart."""

import json
import time
from collections.abc import Iterator
from contextlib import closing

import requests
import websocket

from tests.bench.installation import Figure, Installation, running, web

LATENCY_SECONDS = 0.3
MOST_SECONDS = 1.0
REST_SECONDS = 5  # in which the rate limiter saves up its allowance
VISITS = (("LightLuca", 2024), ("HeavyHelen", 2024))


def measure(installation: Installation) -> Iterator[Figure]:
    """Time it from the first request to a page with bars. As in a browser, each event requests the page again.

    The listeners are new to the installation, and nothing else is fetched.
    """
    installation.lastfm.latency = LATENCY_SECONDS
    with web(installation) as port, running(installation, "lastyear", "work", "--workers", "2"):
        list(pages(port, "SingleSam", 2023))  # warms up the worker and the web process
        for name, year in VISITS:
            installation.make_up(name)
            time.sleep(REST_SECONDS)
            seconds, page = next(timed for timed in pages(port, name, year) if "<rect" in timed[1])
            kind = "a preview" if 'id="preview"' in page else "exact"
            yield Figure(
                f"first bars of {name}'s {year}, latency {LATENCY_SECONDS:g} s",
                f"< {MOST_SECONDS:g} s",
                f"{seconds:.2f} s, {kind}",
                seconds < MOST_SECONDS,
            )
    installation.lastfm.latency = 0.0


def pages(port: int, name: str, year: int, client: str = "") -> Iterator[tuple[float, str]]:
    """Yield the page after each event, and when it was there, until the fetch ends.

    `client` is the address of who asks; without one, all who ask share this machine's.
    """
    headers = {"X-Forwarded-For": client} if client else {}
    address = f"http://127.0.0.1:{port}/user/{name}/{year}"
    began = time.monotonic()
    requests.get(address, headers=headers, timeout=10).raise_for_status()
    live = address.replace("http", "ws") + "/live"
    with closing(websocket.create_connection(live, timeout=30, header=headers)) as open_page:
        running = True
        while running:
            event = json.loads(open_page.recv())
            running = event["phase"] not in ("completed", "failed")
            page = requests.get(address, headers=headers, timeout=10).text
            yield time.monotonic() - began, page
