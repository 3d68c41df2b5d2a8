"""Known names: whom the app database has, and whom Last.fm does not have, kept in Redis.

With them nobody wakes the database by asking for names that are not stored. A name that is missing among those
costs a question to Last.fm; one too many, a question to the database.
"""

from collections.abc import Iterable
from datetime import timedelta

from redis import Redis

from app.events import Failure

COMPLETE_FOR = timedelta(days=7)
"""After this the list is read from the database again."""

_STORED = "lastyear:stored-names"
_IS_COMPLETE = "lastyear:stored-names-are-complete"
_UNKNOWN = "lastyear:unknown-name:"


def is_stored(redis: Redis, username: str) -> bool | None:
    """Whether the database has the listener; None if the list has to be read from it first."""
    with redis.pipeline() as pipeline:
        pipeline.sismember(_STORED, username.casefold())
        pipeline.exists(_IS_COMPLETE)
        found, is_complete = pipeline.execute()
    return bool(found) or (False if is_complete else None)


def save_stored(redis: Redis, usernames: Iterable[str]) -> None:
    """Save the names of all listeners that are stored; who was added meanwhile stays."""
    with redis.pipeline() as pipeline:
        if keys := [username.casefold() for username in usernames]:
            pipeline.sadd(_STORED, *keys)
        pipeline.set(_IS_COMPLETE, 1, ex=COMPLETE_FOR)
        pipeline.execute()


def add_stored(redis: Redis, username: str) -> None:
    """Add a listener who is about to be stored."""
    redis.sadd(_STORED, username.casefold())


def remove_stored(redis: Redis, username: str) -> None:
    """Remove a listener who is stored no more."""
    redis.srem(_STORED, username.casefold())


def remove_all_stored(redis: Redis) -> None:
    """Remove all listeners."""
    redis.delete(_STORED)


def is_unknown(redis: Redis, username: str) -> bool:
    """Whether Last.fm has said a moment ago that there is no such listener."""
    return bool(redis.exists(_UNKNOWN + username.casefold()))


def add_unknown(redis: Redis, username: str) -> None:
    """Remember that Last.fm has no such listener, as long as that holds."""
    redis.set(_UNKNOWN + username.casefold(), 1, ex=Failure.NO_SUCH_USER.retry_after)
