"""Fetches: a listener's year, fetched by a worker, with the time, the calls and the memory that it takes."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from redis import Redis

from app.counters.counts import totals
from app.events import Event
from app.jobs import enqueue
from app.redis.allowance import ALLOWANCE_KEY, SAVED_SECONDS
from app.redis.event_stream import follow_all, forget_listener, parse_snapshot
from app.store import connect
from demo.lastfm.accounts import Account
from tests.bench.installation import Installation, running
from tests.processes import Running, family

MOST_SECONDS = 120.0  # a fetch takes far less


@dataclass(frozen=True)
class Fetched:
    """A fetch that brought the whole year: what it took."""

    plays: int
    seconds: float
    first_bars: float
    """Seconds until the first event with release years."""
    calls: int
    """Of the API, whatever their method and their answer."""
    failed: int
    """Of these calls, those without a usable answer."""
    rejected: int
    """Of these calls, those that the stand-in turned away because they came too fast."""
    memory: int
    """The most that the process with the job had in memory, in MB."""

    def ratio(self, rate: float) -> float:
        """Return how long it took, compared with pages of 200 at so many calls a second."""
        return self.seconds / (self.plays / 200 / rate)

    def __str__(self) -> str:
        return f"{self.seconds:.2f} s, first bars {self.first_bars:.2f} s, rejected {self.rejected}"


@dataclass(frozen=True)
class Fetcher:
    """A worker that may make `rate` calls a second, and the stand-in that it calls, which holds it to that."""

    installation: Installation
    redis: Redis
    worker: Running
    rate: float

    def first(self, account: Account, year: int) -> Fetched:
        """Fetch a year of a listener who is new to the installation, which made no call for a while."""
        self.installation.forget_listeners()
        forget_listener(self.redis, account.name)
        return self._fetch(account, year)

    def again(self, account: Account, year: int) -> Fetched:
        """Read a year that is stored anew."""
        return self._fetch(account, year, refresh=True)

    def _fetch(self, account: Account, year: int, *, refresh: bool = False) -> Fetched:
        plays = len(account.plays(year))
        log = self.installation.lastfm.call_log
        log.clear()
        self.redis.delete(ALLOWANCE_KEY)  # which is all saved up then
        failed_before = self._failed()
        events: list[tuple[float, Event]] = []
        with _memory_watched(self.worker.pid) as peaks, self._followed(events):
            began = time.monotonic()
            with connect(self.installation.environ["DATABASE_URL"]) as connection:
                enqueue.enqueue_year(connection, self.redis, account.name, year, refresh=refresh)
        ended, last = events[-1]
        if (
            last.phase != "completed"
            or last.gaps
            or not last.scrobbles + last.duplicates == last.expected == plays
        ):
            raise RuntimeError(f"the fetch ended with {last}")
        return Fetched(
            plays,
            ended - began,
            next(at for at, event in events if event.years) - began,
            calls=sum(call.method != "profile" for call in log.calls),
            failed=self._failed() - failed_before,
            rejected=log.rejected,
            memory=max(peaks) // 1024,
        )

    def _failed(self) -> int:
        return sum(total for name, total in totals(self.redis).items() if name[0] == "lastfm_errors")

    @contextmanager
    def _followed(self, events: list[tuple[float, Event]]) -> Iterator[None]:
        """Note all events of a fetch that the block begins, until it ends."""
        ready = threading.Event()
        deadline = time.monotonic() + MOST_SECONDS

        def follow() -> None:
            with follow_all(self.redis) as pubsub:
                pubsub.get_message(timeout=1)
                ready.set()
                while (not events or events[-1][1].is_running) and time.monotonic() < deadline:
                    message = pubsub.get_message(timeout=1)
                    if message and (snapshot := parse_snapshot(message["data"])):
                        events.append((time.monotonic(), snapshot.event))

        follower = threading.Thread(target=follow)
        follower.start()
        ready.wait(5)
        yield
        follower.join()


@contextmanager
def fetcher(installation: Installation, warm_up: tuple[Account, int], rate: float) -> Iterator[Fetcher]:
    """Run a worker that may make so many calls a second; it has fetched the year `warm_up` before."""
    log = installation.lastfm.call_log
    # Within the seconds that are saved up, a worker may use these and what they bring meanwhile.
    log.rate, log.window = 2 * rate, SAVED_SECONDS
    with (
        Redis.from_url(installation.environ["REDIS_URL"]) as redis,
        running(
            installation, "lastyear", "work", "--workers", "1", LASTFM_REQUESTS_PER_SECOND=str(rate)
        ) as worker,
    ):
        fetches = Fetcher(installation, redis, worker, rate)
        fetches.first(*warm_up)
        yield fetches
    log.rate = None
    installation.lastfm.latency = 0.0


@contextmanager
def _memory_watched(worker: int) -> Iterator[list[int]]:
    """Note, again and again, how much memory the process with the job has had at most so far, in KB."""
    peaks: list[int] = []
    ended = threading.Event()

    def watch() -> None:
        while not ended.wait(0.02):
            # The first are the pool of workers and its only worker, which forks for each job.
            for job in family(worker)[2:]:
                with suppress(OSError, StopIteration):
                    lines = Path(f"/proc/{job}/status").read_text(encoding="ascii").splitlines()
                    peaks.append(next(int(line.split()[1]) for line in lines if line.startswith("VmHWM:")))

    watcher = threading.Thread(target=watch)
    watcher.start()
    try:
        yield peaks
    finally:
        ended.set()
        watcher.join()
