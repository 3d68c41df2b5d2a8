"""Wishes: the years that a listener still waits for, asked for one at a time, so that nobody holds up the others.

A wish becomes a job only when the listener's one before it has ended; by then whoever came in between is ahead of
it in the queue. The newest year comes first, so that everybody who looks agrees on which it is.
"""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from enum import Enum, auto

from redis import Redis

from app.fetches import FAILURES, ask_for_year
from app.progress import Failure
from app.store import Connection, jobs, listeners, scrobbles
from app.store.jobs import FetchJob
from app.store.listeners import key
from app.store.scrobbles import Standing

KEPT = timedelta(days=7)

ABOUT_THE_LISTENER = (Failure.NO_SUCH_USER, Failure.LISTENING_HIDDEN, Failure.LASTFM_REFUSES)
"""What ends one year like this would end all the others too."""


class Next(Enum):
    """What becomes of a wish whose turn it is."""

    ASK = auto()
    WAIT = auto()
    PASS = auto()
    END = auto()


def wish(redis: Redis, username: str, years: Iterable[int]) -> None:
    """Adds years to what the listener waits for. `go_on` sends a worker after the first of them."""
    if wanted := list(years):
        redis.sadd(_key(username), *wanted)
        redis.expire(_key(username), KEPT)


def wished(redis: Redis, username: str) -> list[int]:
    """The years the listener waits for, in the order in which their turn comes."""
    return sorted(map(int, redis.smembers(_key(username))), reverse=True)


def forget(redis: Redis, username: str) -> None:
    """Drops all wishes of a listener."""
    redis.delete(_key(username))


def go_on(connection: Connection, redis: Redis, username: str) -> None:
    """Sends a worker after the first year that is still wished for, unless one is on its way.

    Called whenever a fetch of the listener has ended. May be called by several at once: the claim decides. Raises
    QueueAway.
    """
    for year in wished(redis, username):
        job = jobs.look(connection, username, year)
        turn = whose_turn(job, datetime.now(UTC))
        if turn is Next.PASS:
            redis.srem(_key(username), year)
            continue
        if turn is Next.END:
            forget(redis, username)
        elif turn is Next.ASK:
            listener = listeners.find(connection, username)
            stored = scrobbles.standing(connection, listener.id, year) if listener else Standing()
            ask_for_year(connection, redis, listener.username if listener else username, year, stored)
        return


def whose_turn(job: FetchJob | None, now: datetime) -> Next:
    """What becomes of the wish for a year that stands like this."""
    if job is None:
        return Next.ASK
    if job.completed_at is not None:
        return Next.PASS
    if job.status != "failed":
        # Somebody is at it, or has fallen silent: then the claim can be taken over.
        return Next.ASK
    failure = Failure(job.error_message) if job.error_message in list(Failure) else Failure.BROKEN
    if now - job.updated_at > FAILURES[failure]:
        return Next.ASK
    if failure in ABOUT_THE_LISTENER:
        return Next.END
    return Next.WAIT if failure is Failure.LASTFM_AWAY else Next.PASS


def _key(username: str) -> str:
    return f"lastyear:wishes:{key(username)}"
