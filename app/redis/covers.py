"""Covers: which album covers are wanted, what became of each, and how workers hand them to the pages.

All of it expires or is bounded. What is lost with Redis is asked for again when somebody looks.
"""

import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from typing import cast
from uuid import UUID

from redis import Redis
from redis.client import Pipeline

SIZES = SMALL, LARGE = (64, 250)
"""Pixels of the longer side: in a list, and on the album's own page."""

MAX_WANTED = 1000
"""How many covers may be waited for; beyond that those are dropped that were looked at first."""
WANTED_FOR = timedelta(hours=1)
HANDED_OVER_FOR = timedelta(minutes=15)
"""How long the pages have to take a cover over; they look every second. Both sizes are some 15 kB."""
GOOD_FOR = timedelta(days=180)
"""When a cover is fetched again, since MusicBrainz may have a better one by then."""
MISSING_FOR = timedelta(days=30)
"""How long it holds that an album has none."""
PAUSES = tuple(timedelta(hours=hours) for hours in (1, 6, 24, 24 * 7))
"""After the first, second ... failure in a row to fetch a cover."""
FAILURES_KEPT = timedelta(days=30)
FOLDER_HOLDS = timedelta(days=7)
"""How long it holds what a machine keeps; where covers are shown, that is noted anew every day."""
FULL_DISK_HOLDS = timedelta(minutes=15)
FETCH_TAKES = timedelta(seconds=30)
"""How long a fetch takes at most."""

_WANTED = "lastyear:covers:wanted"
_FATE = "lastyear:cover:"
_FOLDERS = "lastyear:covers:folders"
_FOLDERS_NOTED = "lastyear:covers:folders-noted"
_FULL_DISKS = "lastyear:covers:full-disks"


class Fate(StrEnum):
    """What became of a cover."""

    UNKNOWN = "unknown"
    """Nobody has asked for it, or not for long."""
    BEGUN = "begun"
    """A worker is fetching it."""
    FETCHED = "fetched"
    MISSING = "missing"
    """The archive has none."""
    FAILED = "failed"
    """It could not be fetched, and its pause is not over."""


@dataclass(frozen=True)
class Handover:
    """What workers say of a cover, and its pictures by size, if they were fetched just now."""

    fate: Fate
    pictures: Mapping[int, bytes]


@dataclass(frozen=True)
class FolderSize:
    """How much the pages of one machine keep."""

    machine: str
    covers: int
    bytes: int


def want(redis: Redis, release_group: UUID) -> None:
    """Ask for a cover. The one that was asked for last comes first. Raises redis.exceptions.RedisError."""
    pipeline = redis.pipeline()
    pipeline.zadd(_WANTED, {str(release_group): time.time()})
    pipeline.zremrangebyrank(_WANTED, 0, -1 - MAX_WANTED)
    pipeline.expire(_WANTED, WANTED_FOR)
    pipeline.execute()


def take_wanted(redis: Redis) -> UUID | None:
    """Take the cover that was asked for last; None where nobody waits for one."""
    taken = cast("list[tuple[bytes, float]]", redis.zpopmax(_WANTED))
    return UUID(taken[0][0].decode()) if taken else None


def count_wanted(redis: Redis) -> int:
    """Count the covers that somebody waits for."""
    return redis.zcard(_WANTED)


def is_any_wanted(redis: Redis) -> bool:
    """Whether somebody waits for a cover."""
    return bool(redis.exists(_WANTED))


def hand_over(redis: Redis, release_group: UUID, pictures: Mapping[int, bytes]) -> None:
    """Give the pages a cover in all sizes."""
    key = _pictures(release_group)
    pipeline = redis.pipeline()
    pipeline.delete(key)
    pipeline.hset(key, mapping={str(size): picture for size, picture in pictures.items()})
    pipeline.expire(key, HANDED_OVER_FOR)
    pipeline.set(_fate(release_group), Fate.FETCHED, ex=GOOD_FOR)
    pipeline.execute()


def mark_missing(redis: Redis, release_group: UUID) -> None:
    """Remember that there is no such cover."""
    redis.set(_fate(release_group), Fate.MISSING, ex=MISSING_FOR)


def begin(redis: Redis, release_group: UUID) -> None:
    """Note that a cover is being fetched. If nothing more is heard of that, it has failed."""
    kept = _text(redis.get(_fate(release_group))).split()
    times = int(kept[1]) if kept[:1] == [Fate.FAILED] else 0
    now = time.time()
    until = now + PAUSES[min(times, len(PAUSES) - 1)].total_seconds()
    text = f"{Fate.FAILED} {times + 1} {until:.0f} {now + FETCH_TAKES.total_seconds():.0f}"
    redis.set(_fate(release_group), text, ex=FAILURES_KEPT)


def mark_failed(redis: Redis, release_group: UUID) -> None:
    """Let a cover rest that could not be fetched: longer each time, as long as that goes on."""
    begun = _text(redis.get(_fate(release_group))).split()
    if begun[:1] == [Fate.FAILED]:
        redis.set(_fate(release_group), " ".join(begun[:3]), ex=FAILURES_KEPT)


def forget_fate(redis: Redis, release_group: UUID) -> None:
    """Forget what became of a cover, so that it is fetched at the next look."""
    redis.delete(_fate(release_group))


def fate_of(redis: Redis, release_group: UUID) -> Fate:
    """Return what became of a cover. Raises redis.exceptions.RedisError."""
    return _read_fate(redis.get(_fate(release_group)))


def look_up(redis: Redis, release_groups: Iterable[UUID]) -> dict[UUID, Handover]:
    """Return what workers say of these covers. Raises redis.exceptions.RedisError."""
    asked = list(release_groups)
    pipeline: Pipeline = redis.pipeline(transaction=False)
    for one in asked:
        pipeline.get(_fate(one))
        pipeline.hgetall(_pictures(one))
    found = pipeline.execute()
    return {
        one: Handover(_read_fate(fate), {int(size): picture for size, picture in pictures.items()})
        for one, fate, pictures in zip(asked, found[::2], found[1::2], strict=True)
    }


def note_folder(redis: Redis, folder: FolderSize) -> None:
    """Note how much the pages of a machine keep, for the operator to see; forget machines that are gone."""
    now = time.time()
    redis.zadd(_FOLDERS_NOTED, {folder.machine: now})
    redis.zremrangebyscore(_FOLDERS_NOTED, "-inf", now - FOLDER_HOLDS.total_seconds())
    redis.hset(_FOLDERS, folder.machine, f"{folder.covers} {folder.bytes}")
    for key in (_FOLDERS, _FOLDERS_NOTED):
        redis.expire(key, FOLDER_HOLDS)
    known = cast("list[bytes]", redis.zrange(_FOLDERS_NOTED, 0, -1))
    gone = set(cast("list[bytes]", redis.hkeys(_FOLDERS))).difference(known)
    if gone:
        redis.hdel(_FOLDERS, *gone)


def read_folders(redis: Redis) -> list[FolderSize]:
    """Return how much each machine keeps that has looked at its folder lately."""
    since = time.time() - FOLDER_HOLDS.total_seconds()
    noted = set(cast("list[bytes]", redis.zrangebyscore(_FOLDERS_NOTED, since, "+inf")))
    kept = cast("dict[bytes, bytes]", redis.hgetall(_FOLDERS))
    parts = {machine.decode(): text.split() for machine, text in sorted(kept.items()) if machine in noted}
    return [FolderSize(machine, int(covers), int(size)) for machine, (covers, size) in parts.items()]


def note_full_disk(redis: Redis, machine: str) -> None:
    """Note that the pages of a machine cannot keep a cover."""
    redis.zadd(_FULL_DISKS, {machine: time.time()})
    redis.expire(_FULL_DISKS, FULL_DISK_HOLDS)


def read_full_disks(redis: Redis) -> list[str]:
    """Return the machines whose pages could not keep a cover a short while ago."""
    since = time.time() - FULL_DISK_HOLDS.total_seconds()
    return [name.decode() for name in cast("list[bytes]", redis.zrangebyscore(_FULL_DISKS, since, "+inf"))]


def _fate(release_group: UUID) -> str:
    return f"{_FATE}{release_group}"


def _pictures(release_group: UUID) -> str:
    return f"{_FATE}{release_group}:pictures"


def _read_fate(kept: object) -> Fate:
    state, *parts = _text(kept).split() or [Fate.UNKNOWN]
    if state != Fate.FAILED:
        return Fate(state)
    _, rests_until, *begun_until = map(float, parts)
    if any(until > time.time() for until in begun_until):
        return Fate.BEGUN
    return Fate.FAILED if rests_until > time.time() else Fate.UNKNOWN


def _text(kept: object) -> str:
    return kept.decode() if isinstance(kept, bytes) else ""
