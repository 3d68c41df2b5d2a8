"""Visits during a fetch: what 64 clients on ended years and a fetch cost each other."""

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from statistics import median
from uuid import uuid4

import requests
from redis import Redis

from app.events import Event
from app.redis.event_stream import Topic, publish
from tests.bench.fetches import Fetcher, fetcher
from tests.bench.first_visit import DEFAULT_RATE, HELEN, USUAL_LATENCY, WARM_UP
from tests.bench.installation import Figure, Installation, scaled, web
from tests.bench.scrobbles import YEAR
from tests.processes import ROOT

CLIENTS = 64
SECONDS = scaled(30)
FETCHES, MOST_FETCHES = 2, 30  # without the clients, and beside them
LISTENERS = 16
LEAST_RATE_RATIO, MOST_P95_RATIO, MOST_FETCH_RATIO = 0.33, 3.0, 2.0


@dataclass(frozen=True)
class Visits:
    """What the clients met."""

    answered: int
    p95: float
    """The 95th percentile of the seconds that a response took."""

    @property
    def rate(self) -> float:
        """Requests a second."""
        return self.answered / SECONDS


def measure(installation: Installation) -> Iterator[Figure]:
    """Let the clients visit alone, then while one fetch of 12,100 plays follows the other; fetch it alone as well.

    The years that they visit are other listeners', are over and whole, and their pictures were drawn before.
    """
    installation.make_up(HELEN.name)
    with web(installation) as port, fetcher(installation, WARM_UP, DEFAULT_RATE) as fetches:
        installation.lastfm.latency = USUAL_LATENCY
        paths = _ended_years(port, fetches.redis)
        fetched_alone = [_seconds(fetches) for _ in range(FETCHES)]
        with _visitors(port, paths) as visiting:
            alone = _ended(visiting)
        fetched: list[float] = []
        with _visitors(port, paths) as visiting:
            while visiting.poll() is None and len(fetched) < MOST_FETCHES:
                fetched.append(_seconds(fetches))
            beside = _ended(visiting)
    rate_ratio, p95_ratio = beside.rate / alone.rate, beside.p95 / alone.p95
    # The clients may have left during the last one.
    whole = fetched[:-1] or fetched
    fetch_ratio = median(whole) / median(fetched_alone)
    yield Figure(
        f"requests a second of {CLIENTS} clients on ended years during a fetch, compared with none",
        f">= {LEAST_RATE_RATIO:g} x",
        f"{rate_ratio:.2f} x ({beside.rate:.0f} and {alone.rate:.0f} a second, for {SECONDS} s each)",
        rate_ratio >= LEAST_RATE_RATIO,
    )
    yield Figure(
        "95th percentile of these responses, compared in the same way",
        f"<= {MOST_P95_RATIO:g} x",
        f"{p95_ratio:.2f} x ({beside.p95 * 1000:.0f} and {alone.p95 * 1000:.0f} ms)",
        p95_ratio <= MOST_P95_RATIO,
    )
    yield Figure(
        f"a fetch of {len(HELEN.plays(YEAR)):,} plays beside these clients, compared with one alone",
        f"<= {MOST_FETCH_RATIO:g} x",
        f"{fetch_ratio:.2f} x ({median(whole):.2f} and {median(fetched_alone):.2f} s, {len(whole)} and {FETCHES})",
        fetch_ratio <= MOST_FETCH_RATIO,
    )


def _seconds(fetches: Fetcher) -> float:
    return fetches.first(HELEN, YEAR).seconds


def _ended_years(port: int, redis: Redis) -> list[str]:
    """Publish whole years, have their pictures drawn, and return what there is to visit."""
    paths = []
    for number in range(LISTENERS):
        years = {year: 1 + (year * 37 + number) % 400 for year in range(1955, YEAR)}
        plays = sum(years.values())
        event = Event(run=uuid4(), phase="completed", scrobbles=plays, expected=plays, matched=plays, years=years)
        publish(redis, Topic(f"Ended{number}", YEAR), event)
        page = f"/user/Ended{number}/{YEAR}"
        paths += [page, f"{page}?by=decade", f"{page}.json", f"{page}.png"]
    for path in paths:
        requests.get(f"http://127.0.0.1:{port}{path}", timeout=30).raise_for_status()
    return paths


@contextmanager
def _visitors(port: int, paths: list[str]) -> Iterator[subprocess.Popen[str]]:
    """Run the clients in a process of their own: the stand-in for Last.fm shares this one."""
    command = [sys.executable, "-m", "tests.bench.visitors", str(port), str(SECONDS), str(CLIENTS), *paths]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        try:
            yield process
        finally:
            process.kill()


def _ended(visiting: subprocess.Popen[str]) -> Visits:
    output, _ = visiting.communicate(timeout=SECONDS + 60)
    if visiting.returncode:
        raise RuntimeError("a client got no page")
    return Visits(**json.loads(output))
