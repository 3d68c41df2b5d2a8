"""A day: 24 simulated hours of every kind of visit, after which nothing may have grown that is kept.

First comes a day of warming up, since some of what Redis keeps expires after a day. A step is a number of visits,
after which all that expires in Redis is an hour older, or more where fewer steps make a day, and what workers tidy
every ten seconds is tidied. No other clock is moved.
"""

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, fields
from http import HTTPStatus
from itertools import count
from pathlib import Path
from random import Random
from typing import cast

import psutil
import psycopg
import requests
from redis import Redis
from rq.rate_limit import RateLimitRegistry

from app.jobs.forget import forget_listener
from app.jobs.queues import QUEUES, count_waiting, queue
from app.redis.event_stream import MAX_SNAPSHOTS
from app.store import connect
from tests.bench import first_bars
from tests.bench.installation import Figure, Installation, processes_of, running, scaled, web
from tests.bench.live_pages import live_pages
from tests.conftest import wait_until
from tests.processes import Running, family

STEPS = 4 * scaled(6)  # of the day, and of the one before it
STEP_MS = 24 * 3_600_000 // STEPS
ROUNDS = 2  # of all that somebody asks for who comes back, in a step
WORKERS = 2
OPENED, UNKNOWN = 5, 2  # pages that are opened and closed, names that nobody has, in a step
CAST = (("LightLuca", 2024), ("SpellingSia", 2024), ("GappyGreta", 2023), ("EmptyEve", 2023))
FORGOTTEN = CAST[:2]
"""Of these one is forgotten in each step, and comes as a new listener."""
BARS = ("1970-1979", "2012", "1985")
NAMES = [{"artist": f"Nobody {number}", "album": f"Songs ({number}) [CD]"} for number in range(20)]
RENEWED = (b"rq:worker", b"lastyear:workers")
"""Keys that workers renew by a clock that is not moved."""
SEED = "a day"
TRIES = 50


@dataclass(frozen=True)
class Held:
    """What the installation holds while nobody asks for anything."""

    web_mb: float
    worker_mb: float
    processes: int
    open_files: int
    database_connections: int
    redis_connections: int
    redis_keys: int
    remembered: int
    temporary_files: int


LABELS: dict[str, tuple[str, float | None]] = {
    "web_mb": ("MB of memory of the site's processes", 1.1),
    "worker_mb": (f"MB of memory of {WORKERS} workers", 1.1),
    "processes": ("processes", 1.0),
    "open_files": ("files and sockets open in them", 1.1),
    "database_connections": ("connections at PostgreSQL", 2.0),
    "redis_connections": ("connections at Redis", 1.5),
    "redis_keys": ("keys in Redis, remembered years and listeners aside", 1.1),
    "remembered": ("remembered years and listeners", None),
    "temporary_files": ("temporary files", 1.0),
}
"""What each is called, and how many times as much may be there at the end as at half-time, or MAX_SNAPSHOTS."""


class Day:
    """The visits, and what is held after each step."""

    def __init__(self, installation: Installation, port: int, worker: Running, redis: Redis, temporary: Path):
        self._installation, self._port, self._worker = installation, port, worker
        self._redis, self._temporary = redis, temporary
        self._random, self._clients, self._strangers = Random(SEED), count(), count()
        self.made = dict.fromkeys(("first visits", "visits", "pages opened", "lists of names", "unknown names"), 0)

    def take(self, step: int) -> None:
        """Make a step's visits, wait until all that they have started is done, and let Redis age."""
        self._visit_first(*FORGOTTEN[step % len(FORGOTTEN)])
        self._open_and_close()
        for _ in range(UNKNOWN):
            self._ask(f"/user/Stranger{next(self._strangers)}/2024", "unknown names")
        self._match_names()
        for _ in range(ROUNDS):
            for path in self._paths():
                self._ask(path, "visits")
        wait_until(self._is_idle)
        for line in RateLimitRegistry.all(self._redis):
            line.cleanup()
        _age(self._redis)

    def begin(self) -> None:
        """Have the years of all of the cast fetched."""
        for name, year in CAST:
            list(first_bars.pages(self._port, name, year, self._client()))

    def held(self) -> Held:
        """Count what is held while nothing waits or runs."""
        for _ in range(TRIES):
            wait_until(self._is_idle)
            with suppress(psutil.Error):  # a job has begun, or ended, meanwhile
                held = self._held_now()
                if self._is_idle():
                    return held
        raise RuntimeError("the workers never rest")

    def _held_now(self) -> Held:
        site = processes_of(self._port)
        workers = [psutil.Process(pid) for pid in family(self._worker.pid)]
        every = [*site, *workers]
        with psycopg.connect(self._installation.admin) as connection:
            row = connection.execute(
                "SELECT count(*) FROM pg_stat_activity WHERE datname IN ('lastyear', 'musicbrainz')"
            ).fetchone()
        remembered = sum(1 for _ in self._redis.scan_iter("lastyear:progress:*", count=1000))
        clients = cast("dict[str, int]", self._redis.info("clients"))
        return Held(
            web_mb=sum(process.memory_info().rss for process in site) / 1e6,
            worker_mb=sum(process.memory_info().rss for process in workers) / 1e6,
            processes=len(every),
            open_files=sum(process.num_fds() for process in every),
            database_connections=row[0] if row else -1,
            redis_connections=clients["connected_clients"] - 1,
            redis_keys=self._redis.dbsize() - remembered,
            remembered=remembered,
            temporary_files=sum(path.is_file() for path in self._temporary.rglob("*")),
        )

    def _visit_first(self, name: str, year: int) -> None:
        with connect(self._installation.environ["DATABASE_URL"]) as connection:
            forget_listener(connection, self._redis, name)
        client, address = self._client(), f"http://127.0.0.1:{self._port}/user/{name}/{year}"
        # The site keeps a finished page for a second, also that of somebody who was forgotten.
        wait_until(
            lambda: "data-live=" in requests.get(address, headers={"X-Forwarded-For": client}, timeout=30).text
        )
        list(first_bars.pages(self._port, name, year, client))
        self.made["first visits"] += 1

    def _open_and_close(self) -> None:
        name, year = self._random.choice(CAST)
        with live_pages(self._port, f"/user/{name}/{year}/live") as pages:
            pages.open(OPENED)
        # Of somebody whose next fetch brings events: the site notices at its next message that a stream is closed.
        name, year = self._random.choice(FORGOTTEN)
        events = f"http://127.0.0.1:{self._port}/user/{name}/{year}/events"
        with requests.get(events, headers=self._client_header(), stream=True, timeout=30) as stream:
            next(stream.iter_content(64))
        self.made["pages opened"] += OPENED + 1

    def _match_names(self) -> None:
        url = f"http://127.0.0.1:{self._port}/api/release-years"
        requests.post(url, json=NAMES, headers=self._client_header(), timeout=60).raise_for_status()
        self.made["lists of names"] += 1

    def _paths(self) -> Iterator[str]:
        """Yield what somebody asks for who comes back, each of somebody else."""
        for path in (
            "",
            "?by=decade",
            "?with=HeavyHelen",
            f"?month={self._random.randint(1, 12)}",
            "/months",
            "/insights",
            "/share",
            ".json",
            ".csv",
            ".png",
            ".png?shape=square&theme=dark",
            ".png?shape=story",
            ".svg?by=decade",
            "/badge.svg",
            "/unknown",
            f"/{self._random.choice(BARS)}",
            "/top.json",
        ):
            name, year = self._random.choice(CAST)
            yield f"/user/{name}/{year}{path}"
        yield f"/user/{name}"
        yield f"/user/{name}/eras"
        yield f"/user/{name}/released/{self._random.choice(BARS)}"
        yield f"/embed/{name}/{year}"
        yield f"/api/v1/users/{name}/years/{year}"
        yield f"/api/v1/users/{name}/years/{year}/insights"
        yield "/about"

    def _ask(self, path: str, kind: str) -> None:
        url = f"http://127.0.0.1:{self._port}{path}"
        answer = requests.get(url, headers=self._client_header(), timeout=30)
        if not (answer.ok or answer.status_code == HTTPStatus.NOT_FOUND):  # not everybody has music of each bar
            raise RuntimeError(f"{path} is answered with {answer.status_code}\n{answer.text[:2000]}")
        self.made[kind] += 1

    def _client(self) -> str:
        """Return the address of somebody who was not here before."""
        number = next(self._clients)
        return f"10.{5 + number // 62_500}.{number // 250 % 250}.{number % 250}"

    def _client_header(self) -> dict[str, str]:
        return {"X-Forwarded-For": self._client()}

    def _is_idle(self) -> bool:
        queues = [queue(self._redis, name) for name in QUEUES]
        if len(family(self._worker.pid)) > 1 + WORKERS:  # each forks for a job
            return False
        return not any(
            count_waiting(self._redis, one.name) or one.started_job_registry.get_job_count(cleanup=False)
            for one in queues
        )


def measure(installation: Installation) -> Iterator[Figure]:
    """Pass a day to warm up, then another one; compare what is held at its end with what was at half-time."""
    temporary = installation.folder / "temporary"
    temporary.mkdir(exist_ok=True)
    points: list[Held] = []
    with (
        Redis.from_url(installation.environ["REDIS_URL"]) as redis,
        web(installation, TMPDIR=str(temporary)) as port,
        running(
            installation,
            *("lastyear", "work", "--workers", str(WORKERS)),
            TMPDIR=str(temporary),
            LASTFM_REQUESTS_PER_SECOND="50",
        ) as worker,
    ):
        day = Day(installation, port, worker, redis, temporary)
        day.begin()
        for step in range(1, 2 * STEPS + 1):
            day.take(step)
            if step >= STEPS and step % (STEPS // 4) == 0:
                points.append(day.held())
    made = ", ".join(f"{number:,} {kind}" for kind, number in day.made.items())
    yield Figure(f"what two simulated days were, in {2 * STEPS} steps", "", made, reached=True)
    for field in fields(Held):
        name, most = LABELS[field.name]
        yield _growth(name, most, [getattr(held, field.name) for held in points])


def _growth(name: str, most: float | None, values: list[float]) -> Figure:
    half, end = values[len(values) // 2], values[-1]
    ratio = end / half if half else 1.0 + end
    return Figure(
        f"{name} after 24 simulated hours, compared with half-time",
        f"<= {most:g} x" if most else f"<= {MAX_SNAPSHOTS:,} of them",
        f"{ratio:.2f} x (" + ", ".join(f"{value:,.0f}" for value in values) + ")",
        ratio <= most if most else end <= MAX_SNAPSHOTS,
    )


def _age(redis: Redis) -> None:
    """Make all that expires older by a step."""
    keys = [key for key in redis.scan_iter(count=1000) if not key.startswith(RENEWED)]
    with redis.pipeline(transaction=False) as pipeline:
        for key in keys:
            pipeline.pttl(key)
        left = pipeline.execute()
        for key, milliseconds in zip(keys, left, strict=True):
            if milliseconds > STEP_MS:
                pipeline.pexpire(key, milliseconds - STEP_MS)
            elif milliseconds > 0:
                pipeline.delete(key)
        pipeline.execute()
