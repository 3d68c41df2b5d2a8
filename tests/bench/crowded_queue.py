"""A crowded queue: how long a new visitor waits for bars while one address has a hundred years waiting."""

import time
from collections.abc import Iterator

import requests
from redis import Redis

from app.jobs.enqueue import enqueue_year
from app.jobs.queues import FETCHES, count_waiting
from app.store import connect
from tests.bench.first_bars import LATENCY_SECONDS, pages
from tests.bench.installation import Figure, Installation, running, web

WAITING = 100
MOST_SECONDS = 3.0
CROWD, CROWDS_YEAR = "HeavyHelen", 2024
VISITOR, VISITORS_YEAR = "LightLuca", 2024


def measure(installation: Installation) -> Iterator[Figure]:
    """Time it from the visitor's first request to a page with bars, once the crowd's first year is being read."""
    installation.lastfm.latency = LATENCY_SECONDS
    with (
        web(installation) as port,
        running(installation, "lastyear", "work", "--workers", "2"),
        Redis.from_url(installation.environ["REDIS_URL"]) as redis,
    ):
        list(pages(port, "SingleSam", 2023))  # warms up the workers and the web process
        for name in (CROWD, VISITOR):
            installation.make_up(name)
        with connect(installation.environ["DATABASE_URL"]) as connection:
            enqueue_year(connection, redis, CROWD, CROWDS_YEAR, requester="crowd")
            for number in range(WAITING):
                enqueue_year(connection, redis, f"Crowd{number}", CROWDS_YEAR, requester="crowd")
        _await_scrobbles(port)
        waiting = count_waiting(redis, FETCHES)
        seconds, _ = next(timed for timed in pages(port, VISITOR, VISITORS_YEAR) if "<rect" in timed[1])
        yield Figure(
            f"first bars of a new visitor while one address has {waiting} years waiting",
            f"< {MOST_SECONDS:g} s",
            f"{seconds:.2f} s",
            seconds < MOST_SECONDS,
        )
    installation.lastfm.latency = 0.0


def _await_scrobbles(port: int) -> None:
    """Wait until plays of the crowd's first year are stored."""
    deadline = time.monotonic() + 60
    address = f"http://127.0.0.1:{port}/user/{CROWD}/{CROWDS_YEAR}.json"
    while not requests.get(address, timeout=10).json()["progress"]["scrobbles"]:
        if time.monotonic() > deadline:
            raise AssertionError("the crowd's first year is not read")
        time.sleep(0.1)
