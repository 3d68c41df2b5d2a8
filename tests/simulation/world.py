"""A world for one seed: a simulated Last.fm and clock, a real PostgreSQL and Valkey, and a worker that is killed.

After every run it is checked that what is stored is what Last.fm has, but for named gaps, and that nothing was
lost.
"""

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from random import Random
from types import TracebackType
from typing import Any, Self
from unittest.mock import patch

import psycopg
import requests
from redis import Redis

import worker.jobs
from app.events import Event, YearCounts, new_run
from app.redis.event_stream import Topic, latest_snapshot, publish
from app.settings import WORKER_NEEDS, Settings, read_settings
from app.store import Connection, connect, fetch_jobs, listeners, stretches
from tests.simulation.history import DAY, dated, random_history
from tests.simulation.lastfm import NAME, SimulatedLastFm, random_manners
from worker.context import Clock, WorkerContext
from worker.fetching.proof import SEARCHES, SIZES
from worker.lastfm.client import LastFm

YEAR = 2023
START, END = (int(datetime(year, 1, 1, tzinfo=UTC).timestamp()) for year in (YEAR, YEAR + 1))
MOST_ATTEMPTS = 12  # in bad weather; from then on Last.fm errs no more
MAX_CALLS = 20_000
NOWHERE = "postgresql://nobody@127.0.0.1:1/nothing"


class Killed(BaseException):
    """The worker's process is killed; no code may catch it."""


class Violation(Exception):
    """Something that must hold did not."""


@dataclass
class Effects:
    """Counts what the worker does to the world, and kills it before one of these."""

    left: int | None = None

    def __call__(self) -> None:
        if self.left is not None:
            self.left -= 1
            if self.left <= 0:
                self.left = None
                raise Killed


class Calls:
    """Takes the place of `Overlap`: calls end one at a time, in a random order that the seed decides."""

    def __init__(self, rng: Random, most: int) -> None:
        self._rng, self._most = rng, most
        self._waiting: list[tuple[Any, Callable[[], Any]]] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._waiting.clear()

    def __len__(self) -> int:
        return len(self._waiting)

    @property
    def has_room(self) -> bool:
        return len(self._waiting) < self._most

    def start(self, key: Any, call: Callable[[], Any]) -> None:
        self._waiting.append((key, call))

    def next(self) -> tuple[Any, Callable[[], Any]]:
        key, call = self._waiting.pop(self._rng.randrange(len(self._waiting)))
        try:
            result = call()
        except Exception as error:  # noqa: BLE001  as a future keeps it
            kept = error

            def raising() -> Any:
                raise kept

            return key, raising
        return key, lambda: result


@dataclass
class FreeLimiter:
    """An allowance that is never used up, but for the time that a call takes and a pause."""

    wait_until: Callable[[float], None]
    burst: int = 6
    rate: float = 2.0
    paused: float = 0.0
    refused: bool = False

    def wait(self, *, urgent: bool = False, tell: Callable[[float], None]) -> None:
        self.wait_until(0.5 + self.paused)
        self.paused = 0.0

    def pause(self, seconds: float) -> None:
        self.paused = seconds

    def mark_refused(self, key: str) -> float:
        self.refused = True
        return 3600.0

    def mark_accepted(self) -> None:
        self.refused = False

    def refused_for(self, key: str) -> float:
        return 3600.0 if self.refused else 0.0


@dataclass
class World:
    """Everything that one seed decides."""

    seed: int
    connection: Connection
    redis: Redis
    settings: Settings
    now: float = 0.0
    effects: Effects = field(default_factory=Effects)
    held: set[tuple[int, str, str, str]] = field(default_factory=set)
    story: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.rng = Random(self.seed)
        rng = self.rng
        is_over = rng.random() < 0.7
        self.now = float(END + rng.choice((20, 60, 400)) * DAY if is_over else rng.randrange(START + DAY, END))
        self.history = random_history(rng, START, min(END, int(self.now)))
        self.manners = random_manners(rng)
        self.lastfm = SimulatedLastFm(rng, self.history, self.manners, self.effects, self.pass_time)
        self.limiter = FreeLimiter(self.pass_time)
        self.kills = rng.random() if self.manners.errs else 0.0

    def pass_time(self, seconds: float) -> None:
        self.now += seconds

    def live(self) -> None:
        """Fetch the year, change it, look again, read all anew. Raises Violation."""
        self.history.watch()
        self._fetch_until_completed()
        for _ in range(self.rng.randint(0, 2)):
            self.now += self.rng.choice((60, 4000, 3 * DAY, 31 * DAY))
            self.lastfm.manners.changes = 0.0
            anew = self.rng.random() < 0.4
            for _ in range(self.rng.randint(0, 4)):
                self.lastfm.change_history()
            if anew:
                self.history.watch()
            self._fetch_until_completed(anew=anew)

    def _fetch_until_completed(self, *, anew: bool = False) -> None:
        calls, errors = self.lastfm.calls, self.lastfm.errors
        for attempt in range(2 * MOST_ATTEMPTS):
            if attempt >= MOST_ATTEMPTS:
                self.manners.errs = self.manners.changes = 0.0
            event = self._attempt(anew=anew and attempt == 0)
            if event.phase == "completed":
                self._check_whole(event)
                self._check_calls(self.lastfm.calls - calls, self.lastfm.errors - errors)
                return
            self.limiter.refused = False
            wait = (event.next_try_at or 0) - self.now
            self.pass_time(max(wait, 1.0, event.error.retry_after.total_seconds() if event.error else 1.0))
        raise Violation(f"not completed after {2 * MOST_ATTEMPTS} attempts: {self._event()}")

    def _attempt(self, *, anew: bool) -> Event:
        """Claim the year and run its job until it ends, however often it is killed."""
        end = datetime.fromtimestamp(min(END, int(self.now)), UTC)
        since = datetime.fromtimestamp(self.now, UTC) if anew else None
        run = new_run()
        if not fetch_jobs.claim(self.connection, NAME, YEAR, run, window_end=end, prove_since=since):
            raise Violation("the year cannot be claimed")
        publish(self.redis, Topic(NAME, YEAR), Event(run=run, phase="queued", **YearCounts().numbers))
        while True:
            self.effects.left = self.rng.randint(1, 150) if self.rng.random() < self.kills else None
            try:
                worker.jobs.fetch_year(NAME, YEAR, str(run))
            except Killed:
                self.story.append("killed")
                self.kills /= 2
                self._check_kept()
                continue
            self.effects.left = None
            self._check_kept()
            event = self._event()
            self.story.append(f"{event.phase} {event.error or ''}".strip())
            return event

    def _event(self) -> Event:
        snapshot = latest_snapshot(self.redis, Topic(NAME, YEAR))
        if snapshot is None:
            raise Violation("there is no event")
        return snapshot.event

    def _stored(self) -> set[tuple[int, str, str, str]]:
        query = """
            SELECT extract(epoch FROM scrobbled_at)::bigint, artist_name, track_name, album_name
            FROM scrobbles_flat
        """
        rows = self.connection.execute(query).fetchall()
        if len(rows) != len(set(rows)):
            raise Violation("a play is stored twice")
        return set(rows)

    def _check_kept(self) -> None:
        """Nothing that was stored and is still at Last.fm may be gone."""
        stored = self._stored()
        lost = {play for play in self.history.plays if play.identity in self.held - stored}
        if lost:
            raise Violation(f"lost {len(lost)} plays: {sorted(lost, key=str)[:3]}")
        self.held = stored

    def _check_whole(self, event: Event) -> None:
        """Everything that Last.fm has is stored, and nothing else, but in gaps; all time is proven."""
        listener = listeners.find(self.connection, NAME)
        if listener is None:
            raise Violation("completed without a listener")
        found = stretches.stored(self.connection, listener.id, START, END)
        end = min(END, int(self.now) - 1)
        at = START
        for one in found:
            if one.start != at or one.proven_at is None:
                raise Violation(f"completed, but {at} to {one.start} is not proven, or {one}")
            at = one.end
        if at < min(end, END) - 3600:
            raise Violation(f"completed, but nothing is known from {at} to {end}")
        stored = self._stored()

        def in_gap(second: int) -> bool:
            return any(gap.start <= second < gap.end for gap in event.gaps)

        missing = {
            play
            for play in dated(self.history.always)
            if play.second < at and play.identity not in stored and not in_gap(play.second)
        }
        if missing:
            raise Violation(f"{len(missing)} plays are missing without a gap: {sorted(missing, key=str)[:3]}")
        ever = {play.identity for play in dated(self.history.ever)}
        strange = {play for play in stored if play not in ever and not in_gap(play[0])}
        if strange:
            raise Violation(f"{len(strange)} plays are stored that Last.fm does not have: {sorted(strange)[:3]}")
        if event.scrobbles != len(stored) or event.expected != sum(one.total for one in found):
            raise Violation(f"the event tells other numbers: {event}")

    def _check_calls(self, calls: int, errors: int) -> None:
        rows = min(self.manners.granted, max(size for size in SIZES if size <= self.manners.fails_above))
        plays = len(self.history.ever) + 100
        honest = 1.25 * plays / rows + 3
        odd = any(play.kind != "play" for play in self.history.ever) or self.manners.offset
        odd = odd or not self.manners.has_attributes or "Import" in str(self.history.ever)
        # What is read again may lie in several places, and each finds out for itself how many rows are served.
        bound = honest + (10 if self.manners.fails_above >= SIZES[0] else 30)
        if errors or odd or self.manners.changes or "killed" in self.story:
            bound = 4 * honest * max(1, len(self.story)) + 25 * errors + 12 * SEARCHES + 50
        if calls > bound:
            raise Violation(f"{calls} calls for {plays} plays, {rows} at a time")


@contextmanager
def worlds(database_url: str, redis_url: str) -> Iterator[Callable[[int], World]]:
    """Give a function that makes the world of a seed, one after the other, in this database and this Valkey."""
    settings = read_settings(
        {
            "DATABASE_URL": database_url,
            "MIRROR_URL": NOWHERE,
            "REDIS_URL": redis_url,
            "LASTFM_API_KEY": "simulated",
            "LASTFM_API_URL": "http://lastfm.invalid/2.0/",
            "LASTFM_WEB_URL": "http://lastfm.invalid",
            "LASTFM_HEAD_CHECK": "no",
            "INTERNAL_TOKEN": "simulated",
            "CONTACT": "tests",
        },
        WORKER_NEEDS,
    )
    with ExitStack() as stack:
        connection = stack.enter_context(connect(database_url))
        redis = stack.enter_context(Redis.from_url(redis_url))
        working: list[World] = []

        @contextmanager
        def connected(url: str, name: str, *, silence: float) -> Iterator[Connection]:
            with connect(url, name, silence=silence) as opened:
                opened.cursor_factory = _cursor_that_may_die(working[-1].effects)
                yield opened

        stack.enter_context(patch("worker.fetching.store_outage.connect", connected))
        stack.enter_context(patch("worker.jobs.from_environment", lambda: _context(working[-1])))
        stack.enter_context(patch("worker.fetching.year.start_preview", lambda *_: None))

        def world(seed: int) -> World:
            redis.flushdb()
            connection.execute("TRUNCATE lastfm_users, fetch_jobs, tracks, albums RESTART IDENTITY CASCADE")
            working[:] = [World(seed, connection, redis, settings)]
            return working[0]

        yield world


def _cursor_that_may_die(effects: Effects) -> type[psycopg.Cursor[Any]]:
    class MortalCursor(psycopg.Cursor[Any]):
        def execute(self, *arguments: Any, **named: Any) -> Self:
            effects()
            return super().execute(*arguments, **named)

    return MortalCursor


def _context(world: World) -> WorkerContext:
    session = requests.Session()
    session.mount("http://", world.lastfm)
    clock = Clock(now=lambda: world.now, sleep=world.pass_time)
    lastfm = LastFm(
        api_url=world.settings.lastfm_api_url,
        web_url=world.settings.lastfm_web_url,
        key="simulated",
        contact="tests",
        limiter=world.limiter,  # type: ignore[arg-type]
        sleep=clock.sleep,
        clock=clock.now,
        session=session,
    )

    def publish_or_die(topic: Topic, event: Event) -> None:
        world.effects()
        publish(world.redis, topic, event)

    return WorkerContext(
        world.settings,
        world.redis,
        lastfm,
        publish_or_die,
        clock,
        lambda most: Calls(world.rng, most),  # type: ignore[arg-type,return-value]
    )
