"""Enqueue: the names of queues and jobs, and how a year, a listener or a rematch is queued. Jobs go by name."""

from collections.abc import Iterable
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from uuid import UUID

import structlog
from redis import Redis
from redis.exceptions import RedisError
from rq import Queue, RateLimit, Retry
from rq.exceptions import DuplicateJobError
from rq.job import Job
from rq.serializers import JSONSerializer

from app.counters.counts import increment
from app.events import Event, Failure, new_run
from app.jobs import lines
from app.listening_years import year_bounds
from app.redis.event_stream import Snapshot, Topic, latest_snapshot, publish
from app.store import Connection, fetch_jobs, forgetting, listeners
from app.store.listeners import username_key
from app.store.year_events import year_event

log = structlog.get_logger()

FETCHES = "fetches"
LOOKUPS = "lookups"
CHORES = "chores"
QUEUES = (LOOKUPS, FETCHES, CHORES)

FETCH_YEAR = "worker.jobs.fetch_year"
LOOK_UP_LISTENER = "worker.jobs.look_up_listener"
INTRODUCE = "worker.jobs.introduce"
REMATCH = "worker.jobs.rematch"
RECOVER = "worker.jobs.recover"
PLACE_WAITING = "worker.jobs.place_waiting"
REMOVE_LISTENER = "worker.jobs.remove_listener"
CANARY = "worker.jobs.canary"
ABOUT_ONE_LISTENER = frozenset({FETCH_YEAR, LOOK_UP_LISTENER, INTRODUCE})
"""Their first argument is the listener's name."""
JOBS = ABOUT_ONE_LISTENER | {REMATCH, RECOVER, PLACE_WAITING, REMOVE_LISTENER, CANARY}
"""All there are: workers run no other function, whatever Redis says."""

REQUEST = "request"
"""What lines of the log, and jobs, call the id of the request that they come from."""

LISTENER_HOLDS = timedelta(hours=24)
"""How long the counts of a listener's years hold before a visit makes us ask Last.fm again."""

MOST_WAITING = 1000
"""How many jobs may wait in one queue. At two calls a second they take two hours."""

MOST_IN_LINE = 100
"""How many years of one visitor may wait behind the one whose turn it is."""

LOST_AFTER = timedelta(seconds=10)
"""A claim without a job at RQ is lost after this time, which is much longer than it takes to queue the job."""

JOINED = "Joined a run that is under way"

ASKED_AT = "asked_at"
"""Where a job says when somebody asked for it, if that was before it was queued."""

_TAKES_WRITES = "lastyear:takes-writes"
_NOTHING_LOST = "lastyear:nothing-lost"
_WAITING = ("queued", "rate_limited")
_ALIVE = (*_WAITING, "started")
_JOB_TIMEOUT = 6 * 3600
# No `ttl`: a full Valkey evicts what expires, and a waiting job must not be among that.
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


def enqueue_year(
    connection: Connection,
    redis: Redis,
    username: str,
    year: int,
    *,
    refresh: bool = False,
    requester: str | None = None,
    asked_at: float | None = None,
) -> Event | None:
    """Claim the year and queue its fetch. None when another run has it already.

    Fetches of the same `requester`, any text, wait for each other (`app/jobs/lines.py`). `asked_at` is when
    somebody asked for it, in UNIX seconds, if not just now.

    What is stored is shown while the fetch is queued. Of a listener who was forgotten for good the event says so.
    However many call this at once, one gets the claim and one job is queued. A claim whose job Redis has lost is
    taken over. Raises QueueAway, with the claim released, and QueueFull or LineFull, without a claim.
    """
    job = fetch_jobs.find(connection, username, year)
    status = _job_status(redis, job_id(job.run)) if job else None
    if job is not None and status in _WAITING:
        # A claim grows old while its job is queued; a new one would have to start again at the end of the queue.
        log.info(JOINED, year=year, run=str(job.run))
        return None
    run = new_run(job.run if job else None)
    if job is None and forgetting.is_barred(connection, username):
        event = Event(run=run, phase="failed", error=Failure.BARRED)
        publish(redis, Topic(username, year), event)
        return event
    line = _choose_line(connection, redis, username, requester)
    _check_queue(redis, FETCHES, line)
    now = datetime.now(UTC)
    end = min(year_bounds(year)[1], now.replace(microsecond=0))
    since = now if refresh else None
    first = Event(run=run, phase="queued")
    if job is not None:
        known = year_event(connection, job, listeners.find(connection, username))
        first = known.queued(run, was_whole=job.was_whole(end))
    silent_for = fetch_jobs.ABANDONED_AFTER if status == "started" else LOST_AFTER
    if not fetch_jobs.claim(
        connection, username, year, run, window_end=end, prove_since=since, silent_for=silent_for
    ):
        log.info(JOINED, year=year, run=str(job.run) if job else None)
        return None
    try:
        # Published before the job can start, since what the job publishes must come later.
        event = first.model_copy(update={"queued_ahead": _count_ahead_of_next(redis, line)})
        publish(redis, Topic(username, year), event)
        arguments = (username, year, str(run))
        _enqueue(redis, FETCHES, FETCH_YEAR, *arguments, job_id=job_id(run), line=line, asked_at=asked_at)
    except (RedisError, QueueAway) as error:
        fetch_jobs.fail(connection, run, Failure.BROKEN, now)
        raise QueueAway from error
    log.info("Queued the fetch of a year", year=year, run=str(run), ahead=event.queued_ahead)
    return event


def enqueue_listener(redis: Redis, username: str, requester: str | None = None) -> bool:
    """Queue the count of a listener's years. False when one is queued or running.

    Counts of the same requester wait for each other. Raises QueueAway, QueueFull, LineFull.
    """
    line = f"{lines.COUNTS}{requester}" if requester else None
    _check_queue(redis, LOOKUPS, line)
    try:
        latest = latest_snapshot(redis, Topic(username))
    except RedisError as error:
        raise QueueAway from error
    run = new_run(latest.event.run if latest else None)
    job_id = _listener_job_id(username)
    is_new = _enqueue_once(redis, LOOK_UP_LISTENER, username, str(run), job_id=job_id, line=line)
    if is_new:
        log.info("Queued the count of a listener's years", run=str(run))
    return is_new


def enqueue_removal(redis: Redis, username: str) -> bool:
    """Queue the check whether a listener wants to be removed. False when one is queued or running.

    Raises QueueAway, QueueFull.
    """
    _check_queue(redis, LOOKUPS)
    return _enqueue(redis, LOOKUPS, REMOVE_LISTENER, username, job_id=_removal_job_id(username), unique=True)


def enqueue_introduction(redis: Redis, topic: Topic, run: UUID, requester: str) -> bool:
    """Queue the question to Last.fm whether there is such a listener; then the year is fetched.

    The database is not asked for that. Questions of the same requester wait for each other, as their fetches do.
    False when it is queued or under way. Raises QueueAway, QueueFull, LineFull.
    """
    line = f"{lines.INTRODUCTIONS}{requester}"
    _check_queue(redis, LOOKUPS, line)
    arguments = (topic.username, topic.year, str(run), requester)
    is_new = _enqueue_once(redis, INTRODUCE, *arguments, job_id=_introduction_job_id(topic), line=line)
    if is_new:
        log.info("Queued the question to Last.fm who that is", year=topic.year, run=str(run))
    return is_new


def _enqueue_once(redis: Redis, function: str, *arguments: object, job_id: str, line: str | None) -> bool:
    """Queue a look-up, in a line if there is one. False when it is queued or under way. Raises QueueAway."""
    if line is None:
        return _enqueue(redis, LOOKUPS, function, *arguments, job_id=job_id, unique=True)
    # RQ itself does not check in a line that a job is unique. Of several at once the first one sets the key.
    key = f"lastyear:{job_id}"
    try:
        if not redis.set(key, 1, nx=True, ex=LOST_AFTER):
            return False
        is_new = _job_status(redis, job_id) not in _ALIVE
        if is_new:
            _enqueue(redis, LOOKUPS, function, *arguments, job_id=job_id, line=line)
        redis.delete(key)
    except RedisError as error:
        raise QueueAway from error
    return is_new


def enqueue_rematch(redis: Redis) -> bool:
    """Queue a rematch of all albums without a year. False when one is queued or running. Raises QueueAway."""
    return _enqueue(redis, CHORES, REMATCH, job_id="rematch", unique=True)


def enqueue_placing(redis: Redis) -> bool:
    """Queue the look-up of what waits for the mirror. False when one is queued or running. Raises QueueAway."""
    return _enqueue(redis, CHORES, PLACE_WAITING, job_id="place-waiting", unique=True)


def someone_waits(redis: Redis, names: Iterable[str]) -> bool:
    """Whether a job is in one of these queues. Raises QueueAway."""
    try:
        return any(queue(redis, name).count for name in names)
    except RedisError as error:
        raise QueueAway from error


def enqueue_recovery(redis: Redis) -> bool:
    """Queue a search for claims whose jobs are lost, if Redis may have lost what it held. Raises QueueAway.

    That is known by a key that only this sets, to what the server calls itself: one that was started again, or a
    replica that has taken its place, may lack what came last.
    """
    try:
        server = str(_info(redis).get("run_id", ""))
        if redis.set(_NOTHING_LOST, server, get=True) == server.encode():
            return False
        is_new = _enqueue(redis, LOOKUPS, RECOVER, job_id="recover", unique=True)
        if not is_new:  # one that is about to end may just have asked for another
            redis.delete(_NOTHING_LOST)
        return is_new
    except (RedisError, QueueAway) as error:
        with suppress(RedisError):
            redis.delete(_NOTHING_LOST)
        raise QueueAway from error


def _info(redis: Redis) -> dict[str, object]:
    info = redis.info("server")
    assert isinstance(info, dict)  # noqa: S101  redis' types allow for its asynchronous client
    return info


def ask_for_recovery(redis: Redis) -> None:
    """Have the next worker that looks after abandoned jobs queue the search for lost claims again."""
    redis.delete(_NOTHING_LOST)


def _enqueue(
    redis: Redis,
    name: str,
    function: str,
    *arguments: object,
    job_id: str,
    unique: bool = False,
    line: str | None = None,
    asked_at: float | None = None,
) -> bool:
    # A killed worker's job is retried at once: it goes on with what is not proven.
    options = {
        "retry": Retry(max=10),
        "job_timeout": _JOB_TIMEOUT,
        **(_NOT_KEPT if unique or name == LOOKUPS else _KEPT),
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


def job_id(run: UUID) -> str:
    """Return the id of a run's job at RQ."""
    return f"fetch-{run.hex}"


def _listener_job_id(username: str) -> str:
    return f"listener-{username_key(username).encode().hex()}"


def _introduction_job_id(topic: Topic) -> str:
    return f"introduction-{username_key(topic.username).encode().hex()}-{topic.year}"


def is_being_introduced(redis: Redis, topic: Topic) -> bool:
    """Whether Last.fm is about to be asked for the listener of this year. Raises QueueAway."""
    return _job_status(redis, _introduction_job_id(topic)) in _ALIVE


def _removal_job_id(username: str) -> str:
    return f"remove-{username_key(username).encode().hex()}"


def has_removal_job(redis: Redis, username: str) -> bool:
    """Whether the check whether a listener wants to be removed waits or runs. Raises QueueAway."""
    return _job_status(redis, _removal_job_id(username)) in _ALIVE


def has_job(redis: Redis, run: UUID) -> bool:
    """Whether the run's job waits or runs. Raises QueueAway."""
    return _job_status(redis, job_id(run)) in _ALIVE


def is_lost(redis: Redis, topic: Topic, snapshot: Snapshot) -> bool:
    """Whether the latest event of a topic speaks of a run whose job Redis has lost. Raises QueueAway."""
    if not snapshot.event.is_running or abs(snapshot.age) < LOST_AFTER.total_seconds():
        return False
    expected = _listener_job_id(topic.username) if topic.year is None else job_id(snapshot.event.run)
    return _job_status(redis, expected) not in _ALIVE and not is_being_introduced(redis, topic)


def _job_status(redis: Redis, job_id: str) -> str | None:
    """Return what RQ says of a job; None where it has none of that id."""
    try:
        status = redis.hget(Job.key_for(job_id), "status")
    except RedisError as error:
        raise QueueAway from error
    return status.decode() if isinstance(status, bytes) else None


def _choose_line(connection: Connection, redis: Redis, username: str, requester: str | None) -> str | None:
    try:
        return lines.choose_line(connection, redis, username, requester) if requester else None
    except RedisError as error:
        raise QueueAway from error


def _check_queue(redis: Redis, name: str, line: str | None = None) -> None:
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
    if in_line > MOST_IN_LINE and line not in lines.OURS:
        increment(redis, "queue_refusals", name, "line_full")
        raise LineFull
    if waiting >= MOST_WAITING:
        increment(redis, "queue_refusals", name, "queue_full")
        raise QueueFull


def count_waiting(redis: Redis, name: str) -> int:
    """Count the jobs that wait, in the queue and in lines. Raises redis.exceptions.RedisError."""
    in_lines = lines.count_waiting(redis, fetches=name == FETCHES) if name != CHORES else 0
    return int(queue(redis, name).count) + in_lines


def _count_ahead_of_next(redis: Redis, line: str | None) -> int:
    """Count the fetches that begin, or have begun, before one that joins this line."""
    fetches = queue(redis, FETCHES)
    running = int(fetches.started_job_registry.get_job_count(cleanup=False))
    in_line = lines.count_ahead_of_next(fetches, line) if line else None
    return running + (int(fetches.count) if in_line is None else in_line)


def count_ahead(redis: Redis, run: UUID) -> int:
    """Count the fetches that begin before this run's; 0 when it is running or gone. Raises QueueAway."""
    fetches = queue(redis, FETCHES)
    try:
        position = fetches.get_job_position(job_id(run))
        return int(position) if position is not None else lines.count_ahead(fetches, job_id(run)) or 0
    except RedisError as error:
        raise QueueAway from error
