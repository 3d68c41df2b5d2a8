"""Enqueue: claim a year and queue its fetch; queue what is to be asked about a listener, and the chores."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

import structlog
from redis import Redis
from redis.exceptions import RedisError

from app.events import Event, Failure, new_run
from app.jobs import lines
from app.jobs.job_status import (
    ALIVE,
    LOST_AFTER,
    WAITING,
    introduction_job_id,
    job_id,
    job_status,
    listener_job_id,
    removal_job_id,
)
from app.jobs.queues import (
    CHORES,
    COUNT_USUAL,
    COVERS,
    FETCH_COVERS,
    FETCH_YEAR,
    FETCHES,
    INTRODUCE,
    LOOK_UP_LISTENER,
    LOOKUPS,
    PLACE_WAITING,
    REMATCH,
    REMOVE_LISTENER,
    QueueAway,
    check_room,
    put,
    queue,
)
from app.listening_years import year_bounds
from app.redis.event_stream import Topic, latest_snapshot, publish
from app.store import Connection, fetch_jobs, forgetting, listeners
from app.store.plays.year_events import year_event

log = structlog.get_logger()

LISTENER_HOLDS = timedelta(hours=24)
"""How long the counts of a listener's years hold before a visit makes us ask Last.fm again."""

COVERS_WAIT = timedelta(minutes=5)

JOINED = "Joined a run that is under way"


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
    status = job_status(redis, job_id(job.run)) if job else None
    if job is not None and status in WAITING:
        # A claim grows old while its job is queued; a new one would have to start again at the end of the queue.
        log.info(JOINED, year=year, run=str(job.run))
        return None
    run = new_run(job.run if job else None)
    if job is None and forgetting.is_barred(connection, username):
        event = Event(run=run, phase="failed", error=Failure.BARRED)
        publish(redis, Topic(username, year), event)
        return event
    line = _choose_line(connection, redis, username, requester)
    check_room(redis, FETCHES, line)
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
        put(redis, FETCHES, FETCH_YEAR, *arguments, job_id=job_id(run), line=line, asked_at=asked_at)
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
    check_room(redis, LOOKUPS, line)
    try:
        latest = latest_snapshot(redis, Topic(username))
    except RedisError as error:
        raise QueueAway from error
    run = new_run(latest.event.run if latest else None)
    job_id = listener_job_id(username)
    is_new = _enqueue_once(redis, LOOK_UP_LISTENER, username, str(run), job_id=job_id, line=line)
    if is_new:
        log.info("Queued the count of a listener's years", run=str(run))
    return is_new


def enqueue_removal(redis: Redis, username: str) -> bool:
    """Queue the check whether a listener wants to be removed. False when one is queued or running.

    Raises QueueAway, QueueFull.
    """
    check_room(redis, LOOKUPS)
    return put(redis, LOOKUPS, REMOVE_LISTENER, username, job_id=removal_job_id(username), unique=True)


def enqueue_introduction(redis: Redis, topic: Topic, run: UUID, requester: str) -> bool:
    """Queue the question to Last.fm whether there is such a listener; then the year is fetched.

    The database is not asked for that. Questions of the same requester wait for each other, as their fetches do.
    False when it is queued or under way. Raises QueueAway, QueueFull, LineFull.
    """
    line = f"{lines.INTRODUCTIONS}{requester}"
    check_room(redis, LOOKUPS, line)
    arguments = (topic.username, topic.year, str(run), requester)
    is_new = _enqueue_once(redis, INTRODUCE, *arguments, job_id=introduction_job_id(topic), line=line)
    if is_new:
        log.info("Queued the question to Last.fm whether the listener exists", year=topic.year, run=str(run))
    return is_new


def enqueue_rematch(redis: Redis) -> bool:
    """Queue a rematch of all albums without a year. False when one is queued or running. Raises QueueAway."""
    return put(redis, CHORES, REMATCH, job_id="rematch", unique=True)


def enqueue_count_of_usual_years(redis: Redis) -> bool:
    """Queue the count of what is usual here. False when one is queued or running. Raises QueueAway."""
    return put(redis, CHORES, COUNT_USUAL, job_id="count-usual", unique=True)


def enqueue_placing(redis: Redis) -> bool:
    """Queue the look-up of what waits for the mirror. False when one is queued or running. Raises QueueAway."""
    return put(redis, CHORES, PLACE_WAITING, job_id="place-waiting", unique=True)


def enqueue_covers(redis: Redis) -> bool:
    """Queue the fetch of wanted covers. False when one is queued or running. Raises QueueAway.

    While others go first it does not wait for long, so that no one is alarmed: the pages queue it again.
    """
    return put(redis, COVERS, FETCH_COVERS, job_id="covers", unique=True, waits=COVERS_WAIT)


def _enqueue_once(redis: Redis, function: str, *arguments: object, job_id: str, line: str | None) -> bool:
    """Queue a look-up, in a line if there is one. False when it is queued or under way. Raises QueueAway."""
    if line is None:
        return put(redis, LOOKUPS, function, *arguments, job_id=job_id, unique=True)
    # RQ itself does not check in a line that a job is unique. Of several at once the first one sets the key.
    key = f"lastyear:{job_id}"
    try:
        if not redis.set(key, 1, nx=True, ex=LOST_AFTER):
            return False
        is_new = job_status(redis, job_id) not in ALIVE
        if is_new:
            put(redis, LOOKUPS, function, *arguments, job_id=job_id, line=line)
        redis.delete(key)
    except RedisError as error:
        raise QueueAway from error
    return is_new


def _choose_line(connection: Connection, redis: Redis, username: str, requester: str | None) -> str | None:
    try:
        return lines.choose_line(connection, redis, username, requester) if requester else None
    except RedisError as error:
        raise QueueAway from error


def _count_ahead_of_next(redis: Redis, line: str | None) -> int:
    """Count the fetches that begin, or have begun, before one that joins this line."""
    fetches = queue(redis, FETCHES)
    running = int(fetches.started_job_registry.get_job_count(cleanup=False))
    in_line = lines.count_ahead_of_next(fetches, line) if line else None
    return running + (int(fetches.count) if in_line is None else in_line)
