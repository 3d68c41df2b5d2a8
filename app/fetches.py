"""The contract with the worker: queue and job names, ask for a year, ask for a listener, look."""

from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

from redis import Redis
from redis.exceptions import RedisError
from rq import Queue, Retry
from rq.exceptions import DuplicateJobError
from rq.serializers import JSONSerializer

from app.progress import Event, Failure, RedisPublisher, Topic
from app.store import Connection, jobs
from app.store.listeners import key
from app.store.scrobbles import Standing, year_bounds

FETCHES = "fetches"
LOOKUPS = "lookups"
CHORES = "chores"
QUEUES = (LOOKUPS, FETCHES, CHORES)

FETCH_YEAR = "worker.jobs.fetch_year"
LOOK_UP_LISTENER = "worker.jobs.look_up_listener"
REMATCH = "worker.jobs.rematch"

FIRST_YEAR = 2002
LATE = timedelta(days=15)
"""Scrobbles may reach Last.fm this long after they were played, so that a year is final only after them."""

# How long an answer holds before somebody's look makes us ask again.
RUNNING_YEAR = timedelta(hours=1)
LISTENER = timedelta(hours=24)
FAILURES = {
    Failure.NO_SUCH_USER: timedelta(minutes=15),
    Failure.LISTENING_HIDDEN: timedelta(minutes=5),
    Failure.LASTFM_AWAY: timedelta(minutes=1),
    Failure.LASTFM_REFUSES: timedelta(minutes=5),
    Failure.BROKEN: timedelta(minutes=5),
}

_KEPT = {"result_ttl": 600, "failure_ttl": 7 * 24 * 3600, "ttl": 24 * 3600, "job_timeout": 6 * 3600}
# What goes under one name for all times makes way for the next.
_GONE = {"result_ttl": 0, "failure_ttl": 1}
# A killed worker's job is taken up again at once: it goes on behind its last committed page.
_AGAIN = Retry(max=10)


class QueueAway(Exception):
    """The queue cannot be reached, so that nothing new can be fetched. Look at REDIS_URL and at Redis itself."""


def is_final(year: int, fetched: datetime) -> bool:
    """Whether a year that was whole at `fetched` cannot have grown since."""
    return fetched >= year_bounds(year)[1] + LATE


def is_fresh(year: int, fetched: datetime, now: datetime) -> bool:
    """Whether a year that was whole at `fetched` need not be asked for again at `now`."""
    return is_final(year, fetched) or now - fetched < RUNNING_YEAR


def queue(redis: Redis, name: str) -> Queue:
    """The queue of that name. Jobs are JSON: whoever can write to Redis can run no code through it."""
    return Queue(name, connection=redis, serializer=JSONSerializer)


def ask_for_year(
    connection: Connection, redis: Redis, username: str, year: int, stored: Standing, *, anew: bool = False
) -> Event | None:
    """Claims the year and sends a worker after it; None when another run is at it already.

    `stored` is shown while the run waits. However many ask at once, one wins the claim and one job is made.
    Raises QueueAway, with the claim let go.
    """
    held = jobs.look(connection, username, year)
    if held is not None and _position(redis, held.run) is not None:
        # A claim grows old while it waits its turn, and who took it over would have to wait from the beginning.
        return None
    run = uuid4()
    end = min(year_bounds(year)[1], datetime.now(UTC).replace(microsecond=0))
    if not jobs.claim(connection, username, year, run, window_end=end, anew=anew):
        return None
    try:
        # Before the job can start: what it publishes must come after this.
        event = Event(run=run, phase="queued", queued_ahead=waiting(redis), **asdict(stored))
        RedisPublisher(redis).publish(Topic(username, year), event)
        queue(redis, FETCHES).enqueue(
            FETCH_YEAR, username, year, str(run), job_id=job_id(run), retry=_AGAIN, **_KEPT
        )
    except (RedisError, QueueAway) as error:
        jobs.fail(connection, run, Failure.BROKEN)
        raise QueueAway from error
    return event


def ask_for_listener(redis: Redis, username: str) -> bool:
    """Sends a worker to see who that is and how much was scrobbled in which year; False when one is on its way.

    Raises QueueAway.
    """
    try:
        queue(redis, LOOKUPS).enqueue(
            LOOK_UP_LISTENER,
            username,
            str(uuid4()),
            job_id=f"listener-{key(username).encode().hex()}",
            unique=True,
            retry=_AGAIN,
            **{**_KEPT, **_GONE},
        )
    except DuplicateJobError:
        return False
    except RedisError as error:
        raise QueueAway from error
    return True


def ask_for_rematch(redis: Redis) -> bool:
    """Sends a worker through all albums without a year; False when one is at it. Raises QueueAway."""
    try:
        queue(redis, CHORES).enqueue(REMATCH, job_id="rematch", unique=True, retry=_AGAIN, **{**_KEPT, **_GONE})
    except DuplicateJobError:
        return False
    except RedisError as error:
        raise QueueAway from error
    return True


def job_id(run: UUID) -> str:
    """The RQ job of a run."""
    return f"fetch-{run.hex}"


def waiting(redis: Redis) -> int:
    """How many fetches a new one stands behind: those that wait and those at work.

    Raises QueueAway.
    """
    fetches = queue(redis, FETCHES)
    try:
        return int(fetches.count) + int(fetches.started_job_registry.get_job_count(cleanup=False))
    except RedisError as error:
        raise QueueAway from error


def ahead(redis: Redis, run: UUID) -> int:
    """How many fetches wait before this run's; 0 when it is at work or gone. Raises QueueAway."""
    return _position(redis, run) or 0


def _position(redis: Redis, run: UUID) -> int | None:
    try:
        position = queue(redis, FETCHES).get_job_position(job_id(run))
    except RedisError as error:
        raise QueueAway from error
    return None if position is None else int(position)


def cancel(redis: Redis, run: UUID) -> None:
    """Takes a run out of the queue; one that is at work ends at its next page, since its claim is gone."""
    queue(redis, FETCHES).remove(job_id(run))
