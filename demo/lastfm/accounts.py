"""The Last.fm accounts of invented listeners. Their plays come from a seed and are the same on every run."""

from bisect import bisect_left
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from functools import cache, cached_property
from operator import attrgetter
from threading import Lock
from typing import Literal

from demo.lastfm.habits import Habit, midnight

SAME_SECOND_EVERY = 1500  # plays; Last.fm has some that share their second with another

Oddity = Literal["", "unserved", "ghost", "date_null", "no_date", "uts_0", "null", "text", "nameless"]

_second = attrgetter("uts")


@dataclass(frozen=True)
class Play:
    """One scrobble; `album` and `album_mbid` are empty where Last.fm has none.

    With an `oddity` it is counted, but not handed over as a play: an answer that would list an `unserved` one
    fails with error 8, a `ghost` is left out, the others become a row without a time or one that is no track.
    """

    uts: int
    artist: str
    title: str
    album: str
    album_mbid: str
    oddity: Oddity = ""


@dataclass(frozen=True, eq=False)
class Account:
    """A listener's account. Its plays follow `habit`, and in some months `seasonal` too.

    `own` plays are added to those, and `deleted` ones left out. The plays of a `hidden` account are not public.
    `now_playing` is the track that is playing at this moment. `former_names` lead to the account, too.
    """

    name: str
    registered: datetime
    habit: Habit | None = None
    seasonal: Habit | None = None
    own: tuple[Play, ...] = ()
    deleted: frozenset[Play] = frozenset()
    hidden: bool = False
    now_playing: Play | None = None
    former_names: tuple[str, ...] = ()
    real_name: str = ""

    def plays(self, year: int) -> tuple[Play, ...]:
        """Return the plays of a calendar year in UTC, oldest first, including those in the future."""
        return self.plays_between(midnight(date(year, 1, 1)), midnight(date(year + 1, 1, 1)))

    def plays_between(self, start: int, end: int) -> tuple[Play, ...]:
        """Return the plays from `start` to before `end`, in UNIX seconds, oldest first."""
        own, plays = _part(self._own_in_order, start, end), _part(self._habitual_plays(start, end), start, end)
        if own:
            plays = tuple(sorted([*plays, *own], key=_second))
        return tuple(play for play in plays if play not in self.deleted) if self.deleted else plays

    @cached_property
    def _own_in_order(self) -> tuple[Play, ...]:
        return tuple(sorted(self.own, key=_second))

    def _habitual_plays(self, start: int, end: int) -> tuple[Play, ...]:
        """Return the plays by habit of every year that the period touches."""
        if start >= end:
            return ()
        years = range(_year(start), _year(end - 1) + 1)
        plays: tuple[Play, ...] = ()
        for habit in filter(None, (self.habit, self.seasonal)):
            plays += sum((_habitual_year(habit, year) for year in years if year >= habit.since.year), ())
        return tuple(sorted(plays, key=_second)) if self.seasonal else plays


class Accounts:
    """All accounts, found by name in any case. Safe to change while the server runs."""

    def __init__(self, accounts: Iterable[Account]) -> None:
        self._lock = Lock()
        self._by_key = {account.name.casefold(): account for account in accounts}

    def __iter__(self) -> Iterator[Account]:
        return iter(list(self._by_key.values()))

    def __getitem__(self, name: str) -> Account:
        return self._by_key[name.casefold()]

    def find(self, name: str) -> Account | None:
        """Return the account that has that name, or had it formerly; or None."""
        key = name.casefold()
        renamed = (each for each in self if key in (former.casefold() for former in each.former_names))
        return self._by_key.get(key) or next(renamed, None)

    def add(self, account: Account) -> None:
        """Add an account, or replace the one of that name."""
        with self._lock:
            self._by_key[account.name.casefold()] = account

    def rename(self, name: str, new: str) -> None:
        """Give an account another name."""
        with self._lock:
            old = self._by_key.pop(name.casefold())
            self._by_key[new.casefold()] = replace(old, name=new, former_names=(*old.former_names, old.name))

    def add_plays(self, name: str, plays: Iterable[Play]) -> None:
        """Let plays arrive late; deleted ones come back."""
        arrived = tuple(plays)
        with self._lock:
            old = self[name]
            new = [play for play in arrived if play not in old.deleted]
            self._by_key[name.casefold()] = replace(
                old, own=(*old.own, *new), deleted=old.deleted.difference(arrived)
            )

    def remove_plays(self, name: str, plays: Iterable[Play]) -> None:
        """Delete plays, as listeners can on Last.fm's pages."""
        with self._lock:
            old = self[name]
            self._by_key[name.casefold()] = replace(old, deleted=old.deleted.union(plays))


def _part(plays: tuple[Play, ...], start: int, end: int) -> tuple[Play, ...]:
    return plays[bisect_left(plays, start, key=_second) : bisect_left(plays, end, key=_second)]


@cache
def _habitual_year(habit: Habit, year: int) -> tuple[Play, ...]:
    times = habit.times(year)
    plays = [Play(uts, *track) for uts, track in zip(times, habit.taste.tracks(year, len(times)), strict=True)]
    for index in range(SAME_SECOND_EVERY, len(plays), SAME_SECOND_EVERY):
        if plays[index].title != plays[index - 1].title:
            plays[index] = replace(plays[index], uts=plays[index - 1].uts)
    return tuple(plays)


def _year(uts: int) -> int:
    return datetime.fromtimestamp(uts, UTC).year
