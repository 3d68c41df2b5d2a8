"""Covers: how many wait, what each machine keeps, and what is wrong with the archive or a disk."""

from collections.abc import Sequence
from dataclasses import dataclass

from redis import Redis

from app.redis.cover_archive import Trouble, read_trouble
from app.redis.covers import FolderSize, count_wanted, read_folders, read_full_disks
from app.settings import Settings


@dataclass(frozen=True)
class Covers:
    """What is known of covers."""

    waiting: int
    folders: Sequence[FolderSize]
    limit: int
    """How many megabytes each machine may keep."""
    trouble: Trouble | None
    """Of the archive."""
    full_disks: Sequence[str]
    """The machines that could keep none a short while ago."""


def read_covers(redis: Redis, settings: Settings) -> Covers | None:
    """Read it; None where covers are switched off. Raises redis.exceptions.RedisError."""
    if not settings.cover_art_url:
        return None
    return Covers(
        waiting=count_wanted(redis),
        folders=read_folders(redis),
        limit=settings.covers_mb,
        trouble=read_trouble(redis),
        full_disks=read_full_disks(redis),
    )
