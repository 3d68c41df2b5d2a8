"""Fetches in virtual time: the real search and forecast; how long everything takes is what a seed says."""

from bisect import bisect_left
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from heapq import heappop, heappush
from itertools import count
from random import Random
from typing import Any

from app.redis.allowance import Allowance, max_burst
from worker.fetching.plan import plan
from worker.fetching.proof import Ask, Search, Stretch
from worker.fetching.time_left.forecast import Forecast, Promise
from worker.fetching.time_left.speed import Speed
from worker.lastfm.demand import Demand
from worker.lastfm.payloads import Rows

START, END = 1_672_531_200, 1_704_067_200
RATE = 2.0
BATCH = 200


@dataclass(frozen=True)
class Play:
    """All of a scrobble that a search looks at."""

    second: int


@dataclass
class Manners:
    """What a seed decides of a run."""

    plays: int
    latency: float
    store: float
    match: float
    """Seconds an album takes to be matched by name."""
    unmatched: int
    begins: float = 0.0
    fails_at: int = 0
    """Which of its calls fails first; 0 for none."""
    fails_for: float = 0.0


@dataclass
class Told:
    """A figure, and when it was told."""

    at: float
    seconds: int | None


class World:
    """A rate limit, and the fetches that share it."""

    def __init__(self, seed: int, runs: list[Manners]) -> None:
        self.now = 0.0
        self._events: list[tuple[float, int, Callable[[], None]]] = []
        self._order = count()
        self._waiting: dict[int, list[Callable[[], None]]] = {}
        self._paid = 0.0
        self._rng = Random(seed)
        self._served_at: dict[int, float] = {}
        self._is_due = False
        self.demands: dict[int, Demand] = {}
        self.runs = [VirtualRun(self, number, Random(f"{seed} {number}"), run) for number, run in enumerate(runs)]

    def at(self, seconds: float, happens: Callable[[], None]) -> None:
        heappush(self._events, (self.now + seconds, next(self._order), happens))

    def live(self) -> None:
        while self._events:
            self.now, _, happens = heappop(self._events)
            happens()

    @property
    def _tolerance(self) -> float:
        return (max_burst(RATE) - 1) / RATE

    def wait_for_token(self, number: int, granted: Callable[[], None]) -> None:
        """As the limiter in Redis: a leaky bucket, for which one call of each run waits at a time."""
        self._waiting.setdefault(number, []).append(granted)
        self._look()

    def _look(self) -> None:
        while waiting := [number for number, calls in self._waiting.items() if calls]:
            wait = max(self._paid, self.now) - self.now - self._tolerance
            if wait > 1e-9:
                if not self._is_due:
                    self._is_due = True
                    self.at(wait, self._again)
                return
            self._paid = max(self._paid, self.now) + 1 / RATE
            # Who has waited longest wakes up first, mostly.
            longest = min(waiting, key=lambda number: self._served_at.get(number, -1.0))
            number = self._rng.choice(waiting) if self._rng.random() < 0.1 else longest
            self._served_at[number] = self.now
            self._waiting[number].pop(0)()

    def _again(self) -> None:
        self._is_due = False
        self._look()

    def allowance(self) -> Allowance:
        owed = max(0.0, self._paid - self.now)
        left = max(0, int((self._tolerance - owed) * RATE + 1.001))
        return Allowance(left, max_burst(RATE), RATE, RATE, 0, None)

    def look(self, number: int) -> tuple[Allowance, list[Demand]]:
        return self.allowance(), [one for other, one in self.demands.items() if other != number and one.calls != 0]

    def note(self, number: int, demand: Demand) -> None:
        self.demands[number] = demand


class VirtualRun:
    """One fetch: as `worker.fetching.reading` goes about it."""

    def __init__(self, world: World, number: int, rng: Random, manners: Manners) -> None:
        self.world, self.number, self.rng, self.manners = world, number, rng, manners
        pace = [rng.random() ** rng.choice((1.0, 1.0, 1.5)) for _ in range(manners.plays)]
        self.seconds = sorted(START + int(share * (END - START - 1)) for share in pace)
        self.search = Search(plan(Stretch(START, END), [], END + 86_400 * 400))
        self.most = 2 * max_burst(RATE)
        speed = Speed(answer=manners.latency, match=manners.match * rng.uniform(0.8, 1.2))
        self.promise = Promise(manners.begins)
        self.forecast = Forecast(
            self.search,
            self.most,
            speed,
            self.promise,
            look=partial(world.look, number),
            note=partial(world.note, number),
        )
        self.running = self.on_wire = self.calls = self.read = self.seen = self.granted = 0
        self.expected: int | None = None
        self.answers: list[tuple[Ask, Rows]] = []
        self.is_busy = False
        self.told: list[Told] = []
        self.began = manners.begins
        self.ended = 0.0
        self.upsets: list[float] = []
        world.at(manners.begins, self._begin)

    def _begin(self) -> None:
        self.world.note(self.number, Demand(None))
        self._start()

    def _start(self) -> None:
        while self.search.todo and self.running < self.most and (self.expected is not None or not self.running):
            ask = self.search.next()
            self.running += 1
            self.forecast.started(ask)
            self.world.wait_for_token(self.number, lambda ask=ask: self._go(ask))  # type: ignore[misc]

    def _go(self, ask: Ask) -> None:
        self.calls += 1
        self.on_wire += 1
        took = self.manners.latency * self.rng.uniform(0.75, 1.25)
        ends = self._fails if self.calls == self.manners.fails_at else self._answered
        self.world.at(took, lambda: ends(ask))

    def _fails(self, ask: Ask) -> None:
        self.on_wire -= 1
        self.upsets.append(self.world.now)
        self.forecast.delayed(self.world.now, self.manners.fails_for)
        self.world.at(
            self.manners.fails_for, lambda: self.world.wait_for_token(self.number, lambda: self._go(ask))
        )

    def _answered(self, ask: Ask) -> None:
        self.on_wire -= 1
        first, end = (bisect_left(self.seconds, at) for at in (ask.stretch.start, ask.stretch.end))
        shown = self.seconds[max(first, end - ask.size) : end]
        self.answers.append((ask, Rows(None, ask.size, end - first, tuple(Play(at) for at in shown))))  # type: ignore[misc]
        self._work()

    def _work(self) -> None:
        if self.is_busy or not self.answers:
            return
        ask, rows = self.answers.pop(0)
        self.forecast.ended(ask)
        self.running -= 1
        self.granted = rows.granted
        self.expected = rows.total if self.expected is None else self.expected
        findings = self.search.answered(ask, rows)
        self._start()
        self.is_busy = True
        took = sum(self.manners.store * self.rng.uniform(0.6, 1.4) for _ in findings)
        self.world.at(took, lambda: self._stored(findings, took))

    def _stored(self, findings: list[Any], took: float) -> None:
        self.is_busy = False
        self.read += sum(finding.rows.shown for finding in findings)
        share = (self.read / max(1, self.expected or 0)) ** self.power
        self.forecast.unmatched = round(self.manners.unmatched * share)
        for _ in findings:
            self.forecast.speed.stored(took / len(findings))
        self._tell()
        if self.running or self.search.todo or self.answers:
            self._work()
        else:
            self.world.demands.pop(self.number, None)
            self._match(self.manners.unmatched)

    power = 0.75

    def _tell(self) -> None:
        told = self.forecast.told(
            self.world.now,
            on_wire=self.on_wire,
            granted=self.granted,
            read=self.read,
            expected=self.expected,
        )
        self.told.append(Told(self.world.now, told))

    def _match(self, left: int) -> None:
        if left <= 0:
            self.ended = self.world.now
            return
        done = min(BATCH, left)

        def matched() -> None:
            speed = self.forecast.speed
            speed.matched(done, done * self.manners.match)
            self.told.append(Told(self.world.now, self.promise.told(self.world.now, speed.to_match(left - done))))
            self._match(left - done)

        self.world.at(done * self.manners.match, matched)

    def shown(self, at: float) -> int | None:
        """What a page shows at a time: the last figure that was told, counted down."""
        before = [one for one in self.told if one.at <= at]
        if not before or before[-1].seconds is None:
            return None
        return max(0, round(before[-1].seconds - (at - before[-1].at)))
