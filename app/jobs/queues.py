"""The queues: their names, the jobs that they may hold, and how one is put there. Jobs go by name."""

from collections.abc import Iterable
from datetime import timedelta

import structlog
from redis import Redis
from redis.exceptions import RedisError
from rq import Queue, RateLimit, Retry
from rq.exceptions import DuplicateJobError
from rq.serializers import JSONSerializer

from app.counters.counts import increment
from app.jobs import lines

FETCHES = "fetches"
LOOKUPS = "lookups"
CHORES = "chores"
COVERS = "covers"
QUEUES = (LOOKUPS, FETCHES, CHORES, COVERS)
IN_LINES = (LOOKUPS, FETCHES)
"""Queues before which jobs wait in lines."""
FETCH_YEAR = "worker.jobs.fetch_year"
LOOK_UP_LISTENER = "worker.jobs.look_up_listener"
INTRODUCE = "worker.jobs.introduce"
REMATCH = "worker.jobs.rematch"
RECOVER = "worker.jobs.recover"
COUNT_USUAL = "worker.jobs.count_usual"
PLACE_WAITING = "worker.jobs.place_waiting"
REMOVE_LISTENER = "worker.jobs.remove_listener"
FETCH_COVERS = "worker.jobs.fetch_covers"
CANARY = "worker.jobs.canary"
ABOUT_ONE_LISTENER = frozenset({FETCH_YEAR, LOOK_UP_LISTENER, INTRODUCE})
"""Their first argument is the listener's name."""
JOBS = ABOUT_ONE_LISTENER | {
    REMATCH,
    RECOVER,
    COUNT_USUAL,
    PLACE_WAITING,
    REMOVE_LISTENER,
    FETCH_COVERS,
    CANARY,
}
"""All there are: workers run no other function, whatever Redis says."""
REQUEST = "request"
"""What lines of the log, and jobs, call the id of the request that they come from."""
ASKED_AT = "asked_at"
"""Where a job says when somebody asked for it, if that was before it was queued."""
MAX_WAITING = 1000
"""How many jobs may wait in one queue. At two calls a second they take two hours."""
MAX_IN_LINE = 100
"""How many years of one visitor may wait behind the one whose turn it is."""
_TAKES_WRITES = "lastyear:takes-writes"
_JOB_TIMEOUT = 6 * 3600
# No `ttl`: a full Valkey evicts what expires, and a job that somebody waits for must not be among that.
_KEPT = {"result_ttl": 600, "failure_ttl": 7 * 24 * 3600}
# A job with a fixed id is gone at once, so that the next one with that id can be queued.
_NOT_KEPT = {"result_ttl": 0, "failure_ttl": 1}


class QueueAway(Exception):
    """The queue cannot be reached, so nothing new can be fetched. Look at REDIS_URL and at Redis itself."""


class QueueFull(QueueAway):
    """As many jobs wait as may wait, so nothing new is taken on. Try again when some of them are done."""


class LineFull(QueueFull):
    """As many jobs of this visitor wait as may wait. Others are still let in."""


def queue(redis: Redis, name: str) -> Queue:
    """Open the queue of that name. Jobs are JSON: whoever can write to Redis cannot run code through it."""
    return Queue(name, connection=redis, serializer=JSONSerializer)


def put(
    redis: Redis,
    name: str,
    function: str,
    *arguments: object,
    job_id: str,
    unique: bool = False,
    line: str | None = None,
    asked_at: float | None = None,
    waits: timedelta | None = None,
) -> bool:
    """Put a job into a queue, or into a line before it. False where a `unique` one of this id waits or runs.

    `asked_at` is when somebody asked for it, in UNIX seconds, if not just now; `waits` is how long it stays there,
    if that is not for ever. Raises QueueAway.
    """
    # A killed worker's job is retried at once: it goes on with what is not proven.
    options = {
        "retry": Retry(max=10),
        "job_timeout": _JOB_TIMEOUT,
        **(_NOT_KEPT if unique or name == LOOKUPS else _KEPT),
        **({"ttl": int(waits.total_seconds())} if waits else {}),
    }
    rate_limit = RateLimit(line, 1) if line else None
    request = structlog.contextvars.get_contextvars().get(REQUEST)
    meta = {key: value for key, value in ((REQUEST, request), (ASKED_AT, asked_at)) if value}
    try:
        queue(redis, name).enqueue(
            function, *arguments, job_id=job_id, unique=unique, rate_limit=rate_limit, meta=meta, **options
        )
    except DuplicateJobError:
        return False
    except RedisError as error:
        raise QueueAway from error
    return True


def check_room(redis: Redis, name: str, line: str | None = None) -> None:
    """Raise QueueFull if too many jobs wait, LineFull if too many of the line do, and QueueAway if Redis takes
    nothing, as with a full disk.

    The first job of a line is kept out by no other line, since it is queued at once: of those only one is.
    """
    try:
        redis.set(_TAKES_WRITES, 1)
        in_line = lines.count_jobs(redis, line) if line else 0
        waiting = count_waiting(redis, name) if in_line else int(queue(redis, name).count)
    except RedisError as error:
        raise QueueAway from error
    if in_line > MAX_IN_LINE and line not in lines.OURS:
        increment(redis, "queue_refusals", name, "line_full")
        raise LineFull
    if waiting >= MAX_WAITING:
        increment(redis, "queue_refusals", name, "queue_full")
        raise QueueFull


def count_waiting(redis: Redis, name: str) -> int:
    """Count the jobs that wait, in the queue and in lines. Raises redis.exceptions.RedisError."""
    in_lines = lines.count_waiting(redis, fetches=name == FETCHES) if name in IN_LINES else 0
    return int(queue(redis, name).count) + in_lines


def someone_waits(redis: Redis, names: Iterable[str]) -> bool:
    """Whether a job is in one of these queues. Raises QueueAway."""
    try:
        return any(queue(redis, name).count for name in names)
    except RedisError as error:
        raise QueueAway from error
