"""The rehearsal: simulate the calls that are left of a fetch, by its own rules for cutting stretches.

It asks nobody: all that is known is handed in.
"""

from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from heapq import heapify, heappop, heappush
from itertools import count
from math import ceil

from app.redis.allowance import PACE_GROWS_FOR, Allowance
from worker.fetching.proof import parts_of
from worker.fetching.time_left.speed import Speed
from worker.lastfm.demand import Demand

SPREAD = (0.7, 1.1, 0.9, 1.3)
"""How unequal the parts of a rest are, so that not all of them take another call for a few plays."""
MAX_CALLS = 1000
"""More are not simulated."""


class Split:
    """A rest that is split into parts. What these leave open is asked for when all of them are answered."""

    def __init__(self, parts: int = 1, rests: Iterable[float] = ()) -> None:
        self.unanswered = parts
        self.rests = list(rests)
        """The plays that each answered part has besides those that were shown."""


Part = tuple[float, Split]
"""About how many plays it has, and the split that it is a part of."""


@dataclass(frozen=True)
class Work:
    """What is still to be asked of Last.fm for a fetch."""

    asked: Sequence[Part]
    """What calls are under way about, those first that began first."""
    on_wire: int
    """How many of them Last.fm is answering; the others wait for the rate limit."""
    todo: Sequence[Part]
    """What nobody has been asked for yet."""
    granted: int
    """How many rows an answer holds."""
    may_cut: int
    """How many cuts may be made before more plays are seen."""
    most: int
    """How many calls are made side by side."""
    delayed: float = 0.0
    """In how many seconds a call is made again that failed."""


def rehearse(work: Work, allowance: Allowance, others: Sequence[Demand], speed: Speed) -> tuple[float, Demand]:
    """Simulate all calls that are left, those of other fetches too.

    Return how many seconds it takes until all is read and stored, and which demand that is on Last.fm.
    """
    parts = [*work.asked, *work.todo]
    splits = {id(split): split for _, split in parts}.values()
    plays = [*(plays for plays, _ in parts), *(rest for split in splits for rest in split.rests)]
    calls = sum(ceil(left / work.granted) for left in plays)
    if calls > MAX_CALLS:
        # That takes long in any case; and a count may be nonsense.
        rate = allowance.rate or allowance.full_rate / 2
        return calls * (1 + len(others)) / rate, Demand(calls, work.most)
    rehearsal = _Rehearsal(work, allowance, others, speed)
    return rehearsal.last(), rehearsal.demand


class _Rehearsal:
    """Simulates all calls that are left. Fetches that wait for the rate limit get a call in turn."""

    def __init__(self, work: Work, allowance: Allowance, others: Sequence[Demand], speed: Speed) -> None:
        self._work, self._speed = work, speed
        self._tokens = _tokens(allowance)
        self._order = count()
        self._answers: list[tuple[float, int, Part]] = []
        self._todo = deque(work.todo)
        self._busy = len(work.asked)
        self._may_cut = work.may_cut
        self._main_free = 0.0
        self._calls = self._side_by_side = 0
        for nth, part in enumerate(work.asked[: work.on_wire]):
            rest = speed.answer * (nth + 1) / (work.on_wire + 1)
            heappush(self._answers, (rest, next(self._order), part))
        # Of those that wait, the one that began first waits for its second attempt.
        self._waiting = [
            (0.0 if nth else work.delayed, next(self._order), part)
            for nth, part in enumerate(work.asked[work.on_wire :])
        ]
        heapify(self._waiting)
        self._others = [_Other(demand.calls or 0, speed.answer / demand.at_once) for demand in others]
        self._served_at = -1.0

    @property
    def demand(self) -> Demand:
        """The calls that were made, and how many of them side by side on average."""
        return Demand(self._calls, max(1, round(self._side_by_side / max(1, self._calls))))

    def last(self) -> float:
        """Return when the last answer is stored."""
        self._start(0.0)
        token = next(self._tokens)
        while self._answers or self._waiting:
            ready = [other.ready for other in self._others if other.calls > 0]
            granted = max(
                token, min([*ready, self._waiting[0][0] if self._waiting else float("inf")], default=0.0)
            )
            if self._answers and self._answers[0][0] <= granted:
                at, _, part = heappop(self._answers)
                self._take_in(at, *part)
            else:
                token = next(self._tokens)
                self._grant(granted)
        return self._main_free

    def _grant(self, at: float) -> None:
        """Give a call to whoever had none for longest."""
        waiting = [other for other in self._others if other.calls > 0 and other.ready <= at]
        first = min(waiting, key=lambda other: other.served_at, default=None)
        is_ours = self._waiting and self._waiting[0][0] <= at
        if first is not None and not (is_ours and self._served_at <= first.served_at):
            first.calls -= 1
            first.served_at, first.ready = at, at + first.pause
            return
        _, _, part = heappop(self._waiting)
        self._served_at = at
        self._calls += 1
        self._side_by_side += self._busy
        heappush(self._answers, (at + self._speed.answer, next(self._order), part))

    def _take_in(self, at: float, plays: float, split: Split) -> None:
        at = max(at, self._main_free)
        self._busy -= 1
        split.unanswered -= 1
        if plays > self._work.granted:
            split.rests.append(plays - self._work.granted)
        if split.unanswered <= 0:
            for rest in split.rests:
                self._todo.extendleft(self._parts(rest))
        self._start(at)
        self._main_free = at + self._speed.store

    def _parts(self, rest: float) -> list[Part]:
        number = parts_of(ceil(rest), self._work.granted, self._may_cut)
        self._may_cut -= number - 1
        shares = SPREAD if number == len(SPREAD) else (1.0,) * number
        split = Split(number)
        return [(rest * share / number, split) for share in shares]

    def _start(self, at: float) -> None:
        while self._todo and self._busy < self._work.most:
            heappush(self._waiting, (at, next(self._order), self._todo.popleft()))
            self._busy += 1


@dataclass
class _Other:
    """Another fetch, as it is simulated."""

    calls: int
    pause: float
    """How long it does not wait for the rate limit between two calls."""
    ready: float = 0.0
    served_at: float = -1.0


def _tokens(allowance: Allowance) -> Iterator[float]:
    """Yield when the rate limit allows each call that follows, in seconds from now."""
    for _ in range(allowance.left):
        yield 0.0
    at, full = float(allowance.seconds_to_wait), allowance.full_rate
    rate = allowance.rate or full / 2  # as it is after a pause
    began = at
    while True:
        at += 1 / min(full, rate + full * (at - began) / PACE_GROWS_FOR.total_seconds())
        yield at
