"""Job status: the ids of jobs, and what RQ says of each: whether it waits, runs or is lost."""

from datetime import timedelta
from uuid import UUID

from redis import Redis
from redis.exceptions import RedisError
from rq.job import Job

from app.jobs import lines
from app.jobs.queues import FETCHES, QueueAway, queue
from app.redis.event_stream import Snapshot, Topic
from app.store.listeners import username_key

LOST_AFTER = timedelta(seconds=10)
"""A claim without a job at RQ is lost after this time, which is much longer than it takes to queue the job."""
WAITING = ("queued", "rate_limited")
ALIVE = (*WAITING, "started")
"""RQ's words for jobs that are still to begin, and for those that are not done."""


def job_id(run: UUID) -> str:
    """Return the id of a run's job at RQ."""
    return f"fetch-{run.hex}"


def listener_job_id(username: str) -> str:
    """Return the id of the job that counts a listener's years."""
    return f"listener-{username_key(username).encode().hex()}"


def introduction_job_id(topic: Topic) -> str:
    """Return the id of the job that asks Last.fm whether there is such a listener."""
    return f"introduction-{username_key(topic.username).encode().hex()}-{topic.year}"


def removal_job_id(username: str) -> str:
    """Return the id of the job that checks whether a listener wants to be removed."""
    return f"remove-{username_key(username).encode().hex()}"


def job_status(redis: Redis, job_id: str) -> str | None:
    """Return what RQ says of a job; None where it has none of that id. Raises QueueAway."""
    try:
        status = redis.hget(Job.key_for(job_id), "status")
    except RedisError as error:
        raise QueueAway from error
    return status.decode() if isinstance(status, bytes) else None


def has_job(redis: Redis, run: UUID) -> bool:
    """Whether the run's job waits or runs. Raises QueueAway."""
    return job_status(redis, job_id(run)) in ALIVE


def has_removal_job(redis: Redis, username: str) -> bool:
    """Whether the check whether a listener wants to be removed waits or runs. Raises QueueAway."""
    return job_status(redis, removal_job_id(username)) in ALIVE


def is_being_introduced(redis: Redis, topic: Topic) -> bool:
    """Whether Last.fm is about to be asked for the listener of this year. Raises QueueAway."""
    return job_status(redis, introduction_job_id(topic)) in ALIVE


def is_lost(redis: Redis, topic: Topic, snapshot: Snapshot) -> bool:
    """Whether the latest event of a topic speaks of a run whose job Redis has lost. Raises QueueAway."""
    if not snapshot.event.is_running or abs(snapshot.age) < LOST_AFTER.total_seconds():
        return False
    expected = listener_job_id(topic.username) if topic.year is None else job_id(snapshot.event.run)
    return job_status(redis, expected) not in ALIVE and not is_being_introduced(redis, topic)


def count_ahead(redis: Redis, run: UUID) -> int:
    """Count the fetches that begin before this run's; 0 when it is running or gone. Raises QueueAway."""
    fetches = queue(redis, FETCHES)
    try:
        position = fetches.get_job_position(job_id(run))
        return int(position) if position is not None else lines.count_ahead(fetches, job_id(run)) or 0
    except RedisError as error:
        raise QueueAway from error
