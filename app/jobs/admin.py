"""Admin: what the operator does by hand, by a command or on the operator's page; both call these functions."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from redis import Redis
from rq.exceptions import DeserializationError
from rq.job import Job

from app.jobs.enqueue import enqueue_year
from app.jobs.log_context import log_context_of
from app.jobs.queue_status import ids_in_lines, in_utc, jobs_of, kind_of, reason_of
from app.jobs.queues import FETCH_YEAR, QUEUES, queue
from app.logs.names import LISTENER
from app.store import Connection, fetch_jobs, forgetting, listeners

WAITING, RUNNING, FAILED = "waiting", "running", "failed"


class ForgottenForGood(Exception):
    """The listener was forgotten for good: nothing is read of them. `lastyear admit` has them shown again."""


class NoSuchJob(Exception):
    """There is no failed job of that id. `lastyear jobs --failed` lists them."""


@dataclass(frozen=True)
class RequestedYear:
    """A year that the operator has requested."""

    username: str
    year: int
    run: UUID
    is_new: bool
    """Whether the run was queued for this, or was on its way already."""


@dataclass(frozen=True)
class JobLine:
    """A job, as the operator's list has it."""

    id: str
    kind: str
    queue: str
    state: str
    since: datetime | None
    """When it began to wait, began to run, or failed."""
    listener: str
    year: int | None
    reason: str
    """Why it failed."""


def ask_for_year(
    connection: Connection, redis: Redis, username: str, year: int, *, anew: bool = False
) -> RequestedYear:
    """Have a worker fetch what is missing of a year; with `anew`, all of it. What is stored is shown meanwhile.

    Raises ForgottenForGood, QueueAway, QueueFull.
    """
    if forgetting.is_barred(connection, username):
        raise ForgottenForGood
    listener = listeners.find(connection, username)
    name = listener.username if listener else username
    if event := enqueue_year(connection, redis, name, year, refresh=anew):
        return RequestedYear(name, year, event.run, is_new=True)
    job = fetch_jobs.find(connection, name, year)
    if job is None:  # forgotten in between
        raise ForgottenForGood
    return RequestedYear(name, year, job.run, is_new=False)


def list_jobs(redis: Redis, *, failed_only: bool = False) -> list[JobLine]:
    """Return every job that runs, waits or has failed, in this order. Raises redis.exceptions.RedisError."""
    states = (FAILED,) if failed_only else (RUNNING, WAITING, FAILED)
    return [_line(job, state) for state in states for name in QUEUES for job in _jobs(redis, name, state)]


def retry(connection: Connection, redis: Redis, job_id: str | None = None) -> Iterator[JobLine]:
    """Queue failed jobs again: the one of this id, or all. Yield each that is queued.

    A year is asked for like any other: it goes on where it stopped. Raises NoSuchJob, QueueAway, QueueFull.
    """
    found = [job for name in QUEUES for job in _jobs(redis, name, FAILED) if job_id in (None, job.id)]
    if job_id is not None and not found:
        raise NoSuchJob
    for job in found:
        line = _line(job, FAILED)
        if _function(job) == FETCH_YEAR and len(job.args) > 1:
            enqueue_year(connection, redis, str(job.args[0]), int(job.args[1]))
            job.delete()
        else:
            job.requeue()
        yield line


def _jobs(redis: Redis, name: str, state: str) -> list[Job]:
    one = queue(redis, name)
    if state == RUNNING:
        ids = one.started_job_registry.get_job_ids(cleanup=False)
    elif state == FAILED:
        ids = one.failed_job_registry.get_job_ids(cleanup=False)
    else:
        ids = [*one.get_job_ids(), *ids_in_lines(one)]
    return jobs_of(one, ids)


def _function(job: Job) -> str:
    try:
        return str(job.func_name)
    except DeserializationError:
        return ""


def _line(job: Job, state: str) -> JobLine:
    result = job.latest_result() if state == FAILED else None
    since = {WAITING: job.enqueued_at or job.created_at, RUNNING: job.started_at, FAILED: job.ended_at}[state]
    return JobLine(
        id=job.id,
        kind=kind_of(job),
        queue=job.origin,
        state=state,
        since=in_utc(since) if since else None,
        listener=log_context_of(job).get(LISTENER, ""),
        year=job.args[1] if _function(job) == FETCH_YEAR and len(job.args) > 1 else None,
        reason=reason_of((result.exc_string if result else None) or "") if state == FAILED else "",
    )
