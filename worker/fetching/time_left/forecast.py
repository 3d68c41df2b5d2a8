"""The forecast: what pages are told of the time that is left of a fetch, while its calls are made."""

from collections.abc import Callable, Iterable, Sequence

from app.redis.allowance import Allowance
from worker.fetching.proof import Ask, Search
from worker.fetching.time_left.rehearsal import Part, Split, Work, rehearse
from worker.fetching.time_left.speed import Speed
from worker.lastfm.demand import Demand

NEW_ALBUMS = 0.8
"""The albums of a year grow with this power of its plays: later plays are of albums that came before."""
SILENT = 2.5  # seconds at the beginning of a run in which no figure is told
LATE, SLACK = 1.2, 0.5
"""A figure is held while not more than this many times as much, and so many seconds, seem to be left."""
FEW = 6.0  # seconds; as long as no more seem to be left, a page says "a few seconds" and not that it takes longer


def parts_left(asked: Sequence[Ask], todo: Iterable[Ask], granted: int) -> tuple[list[Part], list[Part]]:
    """Return what calls are under way about, and what is to be asked for, as far as it is known by now."""
    splits: dict[int, Split] = {}

    def part(ask: Ask) -> Part:
        plays = float(granted if ask.plays is None else ask.plays)
        partial = ask.partial
        if partial is None:
            return plays, Split()
        if id(partial) not in splits:
            rests = [(rows.total or 0) - rows.granted for rows in partial.answers.values() if rows]
            unanswered = partial.parts - len(partial.answers)
            splits[id(partial)] = Split(unanswered, [rest for rest in rests if rest > 0])
        return plays, splits[id(partial)]

    return [part(ask) for ask in asked], [part(ask) for ask in todo]


def albums_left(found: int, read: int, expected: int) -> float:
    """Return how many albums there will be in the end of which `found` are in the plays read so far."""
    return found * (max(1, expected) / max(1, read)) ** NEW_ALBUMS if expected > read else float(found)


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
