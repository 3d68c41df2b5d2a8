"""A first visit: how long a year takes against what the allowed rate makes it take, with a slow Last.fm."""

import threading
import time
from collections.abc import Iterator

from redis import Redis

from app import fetches
from app.progress import Event, parse, subscription
from app.store import connect
from app.store.scrobbles import Standing
from tests.bench.stage import Row, Stage, running

RATE = 10.0
NAME, YEAR = "HeavyHelen", 2024  # 61 pages
MOST = 1.03


def measure(stage: Stage) -> Iterator[Row]:
    """A 61-page year at 10 calls a second, Last.fm taking 0.8 s and then 1 s for each answer."""
    redis = Redis.from_url(stage.environ["REDIS_URL"])
    # The stand-in turns away what is faster than 10 a second, averaged over ten seconds.
    stage.lastfm.traffic.rate, stage.lastfm.traffic.window = RATE, 10.0
    with running(stage, "lastyear", "work", "--workers", "1", LASTFM_REQUESTS_PER_SECOND=str(RATE)):
        # Out of the measurement: the listener is confirmed and the worker warm.
        _fetch(stage, redis, 2023)
        for latency in (0.8, 1.0):
            stage.lastfm.latency = latency
            _forget(stage)
            time.sleep(10)  # the averages of both limits begin anew
            stage.lastfm.traffic.forget()
            wall, first_bars, pages = _fetch(stage, redis, YEAR)
            turned_away = stage.lastfm.traffic.counts()["rejected"]
            ratio = wall / (pages / RATE)
            yield Row(
                f"first visit, {pages} pages, latency {latency:g} s, {RATE:g} calls a second",
                f"<= {MOST} x pages / rate",
                f"{ratio:.2f} x ({wall:.2f} s), first bars {first_bars:.2f} s, turned away {turned_away}",
                ratio <= MOST and not turned_away,
            )
    stage.lastfm.latency, stage.lastfm.traffic.rate = 0.0, None
    redis.close()


def _fetch(stage: Stage, redis: Redis, year: int) -> tuple[float, float, int]:
    events: list[tuple[float, Event]] = []
    began = time.monotonic()
    ready = threading.Event()

    def listen() -> None:
        with subscription(redis) as pubsub:
            pubsub.get_message(timeout=1)
            ready.set()
            while not events or events[-1][1].running:
                message = pubsub.get_message(timeout=1)
                if message and (snapshot := parse(message["data"])):
                    events.append((time.monotonic() - began, snapshot.event))

    listener = threading.Thread(target=listen)
    listener.start()
    ready.wait(5)
    began = time.monotonic()
    with connect(stage.environ["DATABASE_URL"]) as connection:
        fetches.ask_for_year(connection, redis, NAME, year, Standing())
    listener.join(120)
    last = events[-1][1]
    if last.phase != "completed" or last.scrobbles != last.expected:
        raise RuntimeError(f"the fetch ended with {last}")
    return events[-1][0], next(at for at, event in events if event.years), last.pages


def _forget(stage: Stage) -> None:
    with connect(stage.environ["DATABASE_URL"]) as connection:
        connection.execute("DELETE FROM fetch_jobs WHERE year = %s", [YEAR])
        connection.execute("DELETE FROM scrobbles")
        connection.execute("TRUNCATE albums CASCADE")
