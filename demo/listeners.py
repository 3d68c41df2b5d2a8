"""Listeners with different lives, made up from a seed, so that every run tells the same story."""

from bisect import bisect_left
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from functools import cache
from operator import attrgetter
from random import Random
from threading import Lock

from demo.taste import Hump, Taste

DAY = 24 * 60 * 60
WAKING = range(7 * 60 * 60, 23 * 60 * 60)
WORKING = range(9 * 60 * 60, 21 * 60 * 60, 20 * 60)
SAME_SECOND_EVERY = 1500

when = attrgetter("uts")


@dataclass(frozen=True)
class Play:
    """One scrobble; `album` and `album_mbid` are empty where Last.fm has none."""

    uts: int
    artist: str
    title: str
    album: str
    album_mbid: str


@dataclass(frozen=True)
class Habit:
    """How somebody listens year after year: what they like, since when, how much.

    `amount` is the least and the most plays of a year, `exact` fixes single years. Who listens `by_the_clock`
    plays something every 20 minutes by day instead, whatever the amount.
    """

    taste: Taste
    since: date
    amount: tuple[int, int] = (0, 0)
    exact: tuple[tuple[int, int], ...] = ()
    by_the_clock: bool = False

    def count(self, year: int) -> int:
        return dict(self.exact).get(year, Random(f"{self.taste.seed} counts {year}").randint(*self.amount))

    def times(self, year: int) -> list[int]:
        """The seconds at which something is played in a year, ascending."""
        days = _days(max(self.since, date(year, 1, 1)), date(year + 1, 1, 1))
        rng = Random(f"{self.taste.seed} lives {year}")
        if self.by_the_clock:
            return [day + second + rng.randrange(WORKING.step) for day in days for second in WORKING]
        return sorted(rng.choice(days) + rng.choice(WAKING) for _ in range(self.count(year)))


@dataclass(frozen=True, eq=False)
class Listener:
    """Somebody with an account: plays that follow a habit, plays of their `own`, minus those they `deleted`.

    `hidden` hides what they listen to from everybody else; `now_playing` is what they are playing at this moment.
    """

    name: str
    registered: datetime
    habit: Habit | None = None
    own: tuple[Play, ...] = ()
    deleted: frozenset[Play] = frozenset()
    hidden: bool = False
    now_playing: Play | None = None

    def plays(self, year: int) -> tuple[Play, ...]:
        """The plays of a whole calendar year in UTC, oldest first, those that lie in the future included."""
        return self.plays_between(_midnight(date(year, 1, 1)), _midnight(date(year + 1, 1, 1)))

    def plays_between(self, start: int, end: int) -> tuple[Play, ...]:
        """The plays from `start` inclusive to `end` exclusive, in UNIX seconds, oldest first."""
        own = [play for play in self.own if start <= play.uts < end]
        habitual = self._habitual(start, end)
        plays = habitual[bisect_left(habitual, start, key=when) : bisect_left(habitual, end, key=when)]
        if own:
            plays = tuple(sorted([*plays, *own], key=when))
        return tuple(play for play in plays if play not in self.deleted) if self.deleted else plays

    def _habitual(self, start: int, end: int) -> tuple[Play, ...]:
        """The plays by habit of every year that the window touches."""
        if self.habit is None or start >= end:
            return ()
        years = range(max(self.habit.since.year, _year(start)), _year(end - 1) + 1)
        return sum((_habitual_year(self.habit, year) for year in years), ())


class Listeners:
    """Everybody who has an account, found by name in any case; safe to change while the server answers."""

    def __init__(self, listeners: Iterable[Listener]) -> None:
        self._lock = Lock()
        self._by_key = {listener.name.casefold(): listener for listener in listeners}

    def __iter__(self) -> Iterator[Listener]:
        return iter(list(self._by_key.values()))

    def __getitem__(self, name: str) -> Listener:
        return self._by_key[name.casefold()]

    def find(self, name: str) -> Listener | None:
        """The listener of that name, None where nobody has it."""
        return self._by_key.get(name.casefold())

    def add(self, listener: Listener) -> None:
        """Take somebody in, in place of whoever had the name."""
        with self._lock:
            self._by_key[listener.name.casefold()] = listener

    def add_plays(self, name: str, plays: Iterable[Play]) -> None:
        """Let plays arrive late; one that had been deleted is there again."""
        arrived = tuple(plays)
        with self._lock:
            old = self[name]
            new = [play for play in arrived if play not in old.deleted]
            self._by_key[name.casefold()] = replace(
                old, own=(*old.own, *new), deleted=old.deleted.difference(arrived)
            )

    def remove_plays(self, name: str, plays: Iterable[Play]) -> None:
        """Delete plays, as a listener can on Last.fm's pages."""
        with self._lock:
            old = self[name]
            self._by_key[name.casefold()] = replace(old, deleted=old.deleted.union(plays))


@cache
def _habitual_year(habit: Habit, year: int) -> tuple[Play, ...]:
    times = habit.times(year)
    plays = [Play(uts, *track) for uts, track in zip(times, habit.taste.tracks(year, len(times)), strict=True)]
    for index in range(SAME_SECOND_EVERY, len(plays), SAME_SECOND_EVERY):
        if plays[index].title != plays[index - 1].title:
            plays[index] = replace(plays[index], uts=plays[index - 1].uts)
    return tuple(plays)


def _days(first: date, end: date) -> list[int]:
    return [_midnight(first + timedelta(days=day)) for day in range((end - first).days)]


def _midnight(day: date) -> int:
    return int(datetime(day.year, day.month, day.day, tzinfo=UTC).timestamp())


def _year(uts: int) -> int:
    return datetime.fromtimestamp(uts, UTC).year


def _habit(
    name: str,
    since: date,
    *humps: Hump,
    news: float = 0.05,
    amount: tuple[int, int] = (0, 0),
    exact: tuple[tuple[int, int], ...] = (),
    by_the_clock: bool = False,
) -> Habit:
    return Habit(Taste(name, humps, news), since, amount, exact, by_the_clock)


def _cast() -> tuple[Listener, ...]:
    return (
        Listener(
            "HeavyHelen",
            datetime(2019, 2, 11, 18, 4, 9, tzinfo=UTC),
            _habit(
                "HeavyHelen",
                date(2019, 2, 12),
                Hump(1975, 5, 0.5),
                Hump(1996, 4, 0.4),
                news=0.08,
                amount=(9_000, 13_000),
                exact=((2024, 12_100),),
            ),
            own=(
                Play(0, "Kellerassel Quintett", "Take 1", "Attic Tapes", ""),
                Play(0, "Kellerassel Quintett", "Take 2", "Attic Tapes", ""),
            ),
            now_playing=Play(0, "Ninth Floor Photocopier", "Take 3", "Attic Tapes", ""),
        ),
        Listener(
            "LightLuca",
            datetime(2021, 6, 3, 9, 30, tzinfo=UTC),
            _habit("LightLuca", date(2021, 6, 4), Hump(2012, 4, 0.7), news=0.25, amount=(670, 730)),
        ),
        Listener(
            "SingleSam",
            datetime(2022, 10, 30, 22, 15, 41, tzinfo=UTC),
            _habit("SingleSam", date(2022, 10, 31), Hump(1985, 6, 1.0), exact=((2023, 1),)),
        ),
        Listener(
            "EmptyEve",
            datetime(2020, 1, 20, 12, 0, 1, tzinfo=UTC),
            _habit("EmptyEve", date(2020, 1, 21), Hump(1968, 4, 1.0), amount=(4, 12), exact=((2022, 0),)),
        ),
        Listener(
            "HiddenHana",
            datetime(2018, 8, 8, 8, 8, 8, tzinfo=UTC),
            _habit("HiddenHana", date(2018, 8, 9), Hump(2003, 6, 0.9), amount=(1_400, 1_600)),
            hidden=True,
        ),
        Listener(
            "GrowingGus",
            datetime(2025, 5, 2, 7, 45, tzinfo=UTC),
            _habit("GrowingGus", date(2025, 5, 3), Hump(1988, 7, 0.8), news=0.15, by_the_clock=True),
            now_playing=Play(0, "dj tape hiss (unsigned)", "Take 8", "Live at the Car Wash", ""),
        ),
    )


CAST = _cast()
