"""A listener's true history at a simulated Last.fm, and what it lists and counts of it."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from random import Random

DAY = 24 * 60 * 60
NAMES = ("Kellerassel Quintett", "The Damp Parish Choir", "Ångström & the Slide Rules")


@dataclass(frozen=True)
class Play:
    """A row of Last.fm's: a play, or what looks like one."""

    second: int
    artist: str
    title: str
    album: str
    kind: str = "play"
    """`play`, `twice` (listed and counted twice), `ghost` (counted, never listed), `undated`, `unreadable`, or
    `poison` (no answer that would list it is served)."""

    @property
    def identity(self) -> tuple[int, str, str, str]:
        return self.second, self.artist, self.title, self.album

    @property
    def is_dated(self) -> bool:
        return self.kind in ("play", "twice", "poison")


@dataclass
class History:
    """What a listener has played, as Last.fm knows it now; it may change at any moment.

    `always` and `ever` hold the plays that were there all the time, or at some time, since `watch`.
    """

    start: int
    end: int
    plays: set[Play] = field(default_factory=set)
    always: set[Play] = field(default_factory=set)
    ever: set[Play] = field(default_factory=set)

    def watch(self) -> None:
        self.always, self.ever = set(self.plays), set(self.plays)

    def add(self, play: Play) -> None:
        self.plays.add(play)
        self.ever.add(play)

    def remove(self, play: Play) -> None:
        self.plays.discard(play)
        self.always.discard(play)

    def counted(self, start: int, end: int) -> list[Play]:
        """Return what Last.fm counts from `start` up to `end`, the newest first, in a stable order."""
        found = [play for play in self.plays if start <= play.second < end]
        twice = [play for play in found if play.kind == "twice"]
        return sorted([*found, *twice], key=lambda play: (-play.second, play.title, play.artist, play.album))


def random_history(rng: Random, start: int, end: int) -> History:
    """Make up a history: evenly spread, in bursts, in one week, or whole albums stamped with one second."""
    history = History(start, end)
    many = rng.choice((0, 1, 2, 5, 30, 120, 300, 600, 1000, 1001, 1400))
    next_second = _seconds(rng, start, end)
    for number in range(many):
        second = next_second()
        title = f"Take {number % 40}"
        history.add(Play(second, rng.choice(NAMES), title, rng.choice(("Attic Tapes", ""))))
        while rng.random() < 0.02:
            history.add(Play(second, rng.choice(NAMES), f"Take {rng.randrange(90)}", "Attic Tapes"))
    if many and rng.random() < 0.15:
        second = rng.randrange(start, end)
        number = rng.choice((30, 90))
        history.plays |= {Play(second, NAMES[0], f"Import {nth}", "Attic Tapes") for nth in range(number)}
    _blemish(rng, history)
    return history


def some_play(rng: Random, history: History) -> Play:
    return Play(rng.randrange(history.start, history.end), rng.choice(NAMES), f"Late {rng.randrange(99)}", "")


def _blemish(rng: Random, history: History) -> None:
    """Make some plays what Last.fm is known to have besides: ghosts, duplicates, rows without a time ..."""
    for kind in ("twice", "twice", "ghost", "undated", "unreadable", "poison"):
        if history.plays and rng.random() < 0.15:
            plays = sorted(history.plays, key=Play.__repr__)
            for play in rng.sample(plays, min(len(plays), rng.choice((1, 1, 2, 4)))):
                history.plays.discard(play)
                history.plays.add(Play(*play.identity, kind))


def _seconds(rng: Random, start: int, end: int) -> Callable[[], int]:
    pattern = rng.choice(("even", "even", "bursts", "week", "day"))
    if pattern == "even":
        return lambda: rng.randrange(start, end)
    if pattern == "bursts":
        centres = [rng.randrange(start, end) for _ in range(rng.randint(1, 5))]
        return lambda: min(end - 1, max(start, int(rng.gauss(rng.choice(centres), 2 * DAY))))
    length = 7 * DAY if pattern == "week" else DAY
    first = rng.randrange(start, max(start + 1, end - length))
    return lambda: min(end - 1, rng.randrange(first, first + length))


def dated(plays: set[Play]) -> Iterator[Play]:
    return (play for play in plays if play.is_dated)
