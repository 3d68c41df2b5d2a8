"""First bars: how long a new listener's visitor looks at a page without a chart."""

import json
import time
from collections.abc import Iterator
from contextlib import closing

import requests
import websocket

from tests.bench.stage import Row, Stage, running, web

LATENCY = 0.3
MOST = 1.0
VISITS = (("LightLuca", 2024), ("HeavyHelen", 2024))


def measure(stage: Stage) -> Iterator[Row]:
    """From the first request to a page with bars on it, as the page itself gets there: told by its websocket, it
    asks again. Nobody has heard of these listeners before, and nothing else is fetched."""
    stage.lastfm.latency = LATENCY
    with web(stage) as port, running(stage, "lastyear", "work", "--workers", "2"):
        list(_looks(port, "SingleSam", 2023))  # out of the measurement: worker and pages are warm
        for name, year in VISITS:
            _make_up(stage, name)
            time.sleep(5)  # the allowance is saved up again
            seconds, page = next(look for look in _looks(port, name, year) if "<rect" in look[1])
            kind = "a preview" if 'id="preview"' in page else "pages"
            yield Row(
                f"first bars of {name}'s {year}, latency {LATENCY:g} s",
                f"< {MOST:g} s",
                f"{seconds:.2f} s, {kind}",
                seconds < MOST,
            )
    stage.lastfm.latency = 0.0


def _make_up(stage: Stage, name: str) -> None:
    # Everything somebody ever played: it takes the stand-in longer than any latency, the first time.
    params = {"method": "user.getInfo", "user": name, "api_key": "bench"}
    requests.get(stage.lastfm.api_url, params=params, timeout=30).raise_for_status()


def _looks(port: int, name: str, year: int) -> Iterator[tuple[float, str]]:
    """The page after every event, and when it was there, until the year is whole."""
    address = f"http://127.0.0.1:{port}/user/{name}/{year}"
    began = time.monotonic()
    requests.get(address, timeout=10).raise_for_status()
    with closing(websocket.create_connection(address.replace("http", "ws") + "/live", timeout=30)) as open_page:
        running = True
        while running:
            event = json.loads(open_page.recv())
            running = event["phase"] not in ("completed", "failed")
            page = requests.get(address, timeout=10).text
            yield time.monotonic() - began, page
