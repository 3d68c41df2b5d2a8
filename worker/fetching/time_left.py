"""Time left: how long a fetch still takes, played through with what is known, and what pages are told of that.

Neither asks anybody: what is known is handed in, and the time as well.
"""

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from heapq import heapify, heappop, heappush
from itertools import count
from math import ceil

from app.redis.allowance import PACE_GROWS_FOR, Allowance
from worker.fetching.proof import Ask, Search, parts_of
from worker.lastfm.demand import Demand

SPREAD = (0.7, 1.1, 0.9, 1.3)
"""How unequal the parts of a rest are, so that not all of them take a call more for a few plays."""
NEW_ALBUMS = 0.8
"""With what power of its plays the albums of a year grow: later plays are of albums that came before."""
WEIGHT = 0.3  # of a new measurement in an average
SILENT = 2.5  # seconds
MOST_CALLS = 1000
"""More are not made in thought."""
LATE, SLACK = 1.2, 0.5
"""A figure is held while not more than this many times as much, and so many seconds, seem to be left."""
FEW = 6.0  # seconds; as long as no more seem to be left, a page says "a few seconds" and not that it takes longer


@dataclass
class Speed:
    """How long the steps of a fetch take, in seconds, as measured so far; at first as in the last fetch."""

    answer: float = 0.4
    """A call of Last.fm's, on the wire."""
    store: float = 0.1
    """What is done with an answer: match its albums exactly, store, count, publish."""
    match: float = 0.01
    """To match an album by its name, spelling errors allowed."""
    _has_stored: bool = False
    _matched: int = 0
    _matching: float = 0.0

    def stored(self, seconds: float) -> None:
        """Take in how long it took to store a stretch; the first time counts for all that was known before."""
        self.store += (WEIGHT if self._has_stored else 1.0) * (seconds - self.store)
        self._has_stored = True

    def matched(self, albums: int, seconds: float) -> None:
        """Take in how long it took to match some albums by their names."""
        self._matched += albums
        self._matching += seconds
        self.match = self._matching / max(1, self._matched)

    def to_match(self, albums: float) -> float:
        """Return how long it takes from the last stretch to the end."""
        return self.match * albums + self.store


class Family:
    """The parts of a rest. What each of them leaves open is asked for when all of them are answered."""

    def __init__(self, parts: int = 1, rests: Iterable[float] = ()) -> None:
        self.open = parts
        self.rests = list(rests)
        """How many plays the parts that are answered have besides those that were shown."""


Part = tuple[float, Family]
"""About how many plays it has, and where it belongs."""


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


def parts_left(asked: Sequence[Ask], todo: Iterable[Ask], granted: int) -> tuple[list[Part], list[Part]]:
    """Return what calls are under way about, and what is to be asked for, as far as it is known by now."""
    families: dict[int, Family] = {}

    def part(ask: Ask) -> Part:
        plays = float(granted if ask.plays is None else ask.plays)
        claim = ask.claim
        if claim is None:
            return plays, Family()
        if id(claim) not in families:
            rests = [(rows.total or 0) - rows.granted for rows in claim.answers.values() if rows]
            families[id(claim)] = Family(claim.parts - len(claim.answers), [rest for rest in rests if rest > 0])
        return plays, families[id(claim)]

    return [part(ask) for ask in asked], [part(ask) for ask in todo]


def albums_left(found: int, read: int, expected: int) -> float:
    """Return how many albums there will be in the end of which `found` are in the plays read so far."""
    return found * (max(1, expected) / max(1, read)) ** NEW_ALBUMS if expected > read else float(found)


def rehearse(work: Work, allowance: Allowance, others: Sequence[Demand], speed: Speed) -> tuple[float, Demand]:
    """Make all calls that are left in thought, those of others too.

    Returns how many seconds it takes until all is read and stored, and what that asks of Last.fm.
    """
    parts = [*work.asked, *work.todo]
    families = {id(family): family for _, family in parts}.values()
    plays = [*(plays for plays, _ in parts), *(rest for family in families for rest in family.rests)]
    calls = sum(ceil(left / work.granted) for left in plays)
    if calls > MOST_CALLS:
        # That takes long whatever else there is; and a count may be nonsense.
        rate = allowance.rate or allowance.full_rate / 2
        return calls * (1 + len(others)) / rate, Demand(calls, work.most)
    rehearsal = _Rehearsal(work, allowance, others, speed)
    return rehearsal.last(), rehearsal.demand


class _Rehearsal:
    """Makes all calls that are left in thought. Fetches that wait for the rate limit get a call in turn."""

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

    def _take_in(self, at: float, plays: float, family: Family) -> None:
        at = max(at, self._main_free)
        self._busy -= 1
        family.open -= 1
        if plays > self._work.granted:
            family.rests.append(plays - self._work.granted)
        if family.open <= 0:
            for rest in family.rests:
                self._todo.extendleft(self._parts(rest))
        self._start(at)
        self._main_free = at + self._speed.store

    def _parts(self, rest: float) -> list[Part]:
        number = parts_of(ceil(rest), self._work.granted, self._may_cut)
        self._may_cut -= number - 1
        shares = SPREAD if number == len(SPREAD) else (1.0,) * number
        family = Family(number)
        return [(rest * share / number, family) for share in shares]

    def _start(self, at: float) -> None:
        while self._todo and self._busy < self._work.most:
            heappush(self._waiting, (at, next(self._order), self._todo.popleft()))
            self._busy += 1


@dataclass
class _Other:
    """Another fetch, in thought."""

    calls: int
    pause: float
    """How long it does not wait for the rate limit between two calls."""
    ready: float = 0.0
    served_at: float = -1.0


def _tokens(allowance: Allowance) -> Iterator[float]:
    """Tell when the rate limit allows the next call, and the one after it ..., in seconds from now."""
    for _ in range(allowance.left):
        yield 0.0
    at, full = float(allowance.seconds_to_wait), allowance.full_rate
    rate = allowance.rate or full / 2  # as it is after a pause
    began = at
    while True:
        at += 1 / min(full, rate + full * (at - began) / PACE_GROWS_FOR.total_seconds())
        yield at


class Promise:
    """What pages are told of the time left. It never goes up: it falls, stands still, or is withdrawn for a while.

    `began` is when the run began: what seems to be left in its first seconds is not told yet, since it would bind.
    """

    def __init__(self, began: float, least: float | None = None) -> None:
        self._began = began
        self._least = least
        self._at: float | None = None
        """When pages began to count down from it; None while it is withdrawn."""

    def told(self, now: float, seconds: float | None) -> int | None:
        """Return what to tell when `seconds` seem to be left; None for no figure."""
        if self._at is not None and self._least is not None:
            self._least = max(0.0, self._least - max(0.0, now - self._at))  # pages have counted down
        self._at = None
        if seconds is None or now < self._began + SILENT:
            return None
        if self._least is not None and seconds > max(FEW, LATE * self._least + SLACK):
            return None
        told = round(seconds if self._least is None else min(self._least, seconds))
        self._least, self._at = float(told), now
        return told


class Forecast:
    """Follows the calls of a fetch, and says how long it still takes.

    `look` says what the rate limit allows and what other fetches ask of it; `note` has them know of this one.
    """

    def __init__(
        self,
        search: Search,
        most: int,
        speed: Speed,
        promise: Promise,
        look: Callable[[], tuple[Allowance, Sequence[Demand]]],
        note: Callable[[Demand], None],
    ) -> None:
        self._search, self._most, self._look, self._note = search, most, look, note
        self._promise = promise
        self._asked: list[Ask] = []
        self._again_at = float("-inf")
        self.speed = speed
        self.unmatched = 0
        """How many albums there are so far that are to be matched by their names."""

    def started(self, ask: Ask) -> None:
        """Take in that a call is under way."""
        self._asked.append(ask)

    def ended(self, ask: Ask) -> None:
        """Take in that it has ended."""
        self._asked.remove(ask)

    def delayed(self, now: float, seconds: float) -> None:
        """Take in that a call has failed, and is made again in so many seconds."""
        self._again_at = max(self._again_at, now + seconds)

    def told(self, now: float, *, on_wire: int, granted: int, read: int, expected: int | None) -> int | None:
        """Return how many seconds are left, to be told; None where that cannot be said."""
        if expected is None or not granted:
            return None
        delayed = max(0.0, self._again_at - now)
        asked, todo = parts_left(self._asked, self._search.todo, granted)
        work = Work(
            asked=asked,
            on_wire=max(0, min(on_wire, len(self._asked)) - (delayed > 0)),
            todo=todo,
            granted=granted,
            may_cut=self._search.may_cut(expected - read, granted),
            most=self._most,
            delayed=delayed,
        )
        allowance, others = self._look()
        seconds, demand = rehearse(work, allowance, others, self.speed)
        self._note(demand)
        # A search takes as long as it takes. Nobody knows how much a fetch asks for that has just begun, nor how
        # many albums have to be matched by name before the first stretch is stored.
        if self._search.is_searching or not read or any(other.calls is None for other in others):
            return self._promise.told(now, None)
        seconds += self.speed.to_match(albums_left(self.unmatched, read, expected))
        return self._promise.told(now, seconds)
