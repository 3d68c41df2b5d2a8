"""Queue status: what waits and for how long, which worker runs what, what has failed."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import pairwise

from redis import Redis
from rq import Queue, Worker
from rq.exceptions import DeserializationError
from rq.job import Job
from rq.serializers import JSONSerializer
from rq.worker import BaseWorker

from app.jobs.lines import waiting_ids
from app.jobs.queues import (
    COUNT_USUAL,
    FETCH_COVERS,
    FETCH_YEAR,
    FETCHES,
    IN_LINES,
    LOOK_UP_LISTENER,
    PLACE_WAITING,
    QUEUES,
    RECOVER,
    REMATCH,
    REMOVE_LISTENER,
    queue,
)
from app.jobs.stored_job import StoredJob

JOB_KINDS = {
    FETCH_YEAR: "a year",
    LOOK_UP_LISTENER: "a listener's years",
    REMATCH: "rematch",
    RECOVER: "recovery",
    COUNT_USUAL: "what is usual here",
    PLACE_WAITING: "what waits for the mirror",
    REMOVE_LISTENER: "a removal",
    FETCH_COVERS: "covers",
}
"""What a job is about. Arguments and ids of jobs contain names of listeners, so they are not shown."""

LONG_WAIT = timedelta(minutes=10)
"""A year takes under a minute: a job that waits this long has many ahead of it, or no worker is running."""

RECENT_FAILURE = timedelta(days=1)
"""Failed jobs are kept for a week, but an operator who has seen one need not be warned for so long."""

LOOKED_AT = 50  # how many jobs at a queue's head are searched for the oldest: some of them may have expired
EXCEPTION = re.compile(r"(?=.*[a-z])[A-Za-z_][\w.]*(?=:|$)")
ERROR = re.compile(r"\w*Error\b")  # as in what RQ itself says of a job: moved to the registry, due to ...


@dataclass(frozen=True)
class QueueStatus:
    """One queue."""

    name: str
    waiting: int
    oldest: timedelta | None
    """How long the first job has waited; None where none waits."""
    failed: int


@dataclass(frozen=True)
class RunningJob:
    """A job that a worker has taken."""

    kind: str
    queue: str
    worker: str
    running_for: timedelta | None


@dataclass(frozen=True)
class FailedJob:
    """A job that failed because of a bug: where Last.fm or the listener is the reason, the job succeeds."""

    kind: str
    queue: str
    ago: timedelta | None
    reason: str
    """The class of the exception. Its message may contain the name of a listener."""


@dataclass(frozen=True)
class WorkerStatus:
    """A worker that is alive."""

    name: str
    state: str
    queues: tuple[str, ...]
    """Those in QUEUES that it serves."""
    age: timedelta | None
    done: int


@dataclass(frozen=True)
class Overview:
    """All queues and workers at one moment."""

    queues: tuple[QueueStatus, ...]
    running: tuple[RunningJob, ...]
    failed: tuple[FailedJob, ...]
    """The latest ones, the newest first."""
    workers: tuple[WorkerStatus, ...]

    @property
    def waiting(self) -> int:
        """How many jobs wait in all queues."""
        return sum(one.waiting for one in self.queues)

    @property
    def oldest(self) -> timedelta | None:
        """The longest time that a job has waited."""
        return max((one.oldest for one in self.queues if one.oldest is not None), default=None)

    @property
    def failures(self) -> int:
        """How many failed jobs are kept, for a week."""
        return sum(one.failed for one in self.queues)

    @property
    def unserved(self) -> tuple[str, ...]:
        """Queues that no worker serves."""
        return tuple(name for name in QUEUES if not any(name in worker.queues for worker in self.workers))


def read_queues(redis: Redis, *, latest: int = 5) -> Overview:
    """Read all queues and workers. Changes nothing. Raises redis.exceptions.RedisError."""
    now, ours = datetime.now(UTC), [queue(redis, name) for name in QUEUES]
    failed = [job for one in ours for job in _last_failed(one, latest)]
    failed.sort(key=lambda job: in_utc(job.ended_at or datetime.min.replace(tzinfo=UTC)), reverse=True)
    workers = Worker.all(connection=redis, serializer=JSONSerializer)
    return Overview(
        queues=tuple(_queue_status(one, now) for one in ours),
        running=tuple(_running_job(job, now) for one in ours for job in _started(one)),
        failed=tuple(_failed_job(job, now) for job in failed[:latest]),
        workers=tuple(sorted((_worker_status(worker, now) for worker in workers), key=lambda one: one.name)),
    )


def _queue_status(one: Queue, now: datetime) -> QueueStatus:
    in_lines = ids_in_lines(one)
    waiting = jobs_of(one, [*one.get_job_ids(0, LOOKED_AT), *in_lines[:LOOKED_AT]])
    waits = [_time_since(job.enqueued_at or job.created_at, now) for job in waiting]
    return QueueStatus(
        name=one.name,
        waiting=int(one.count) + len(in_lines),
        oldest=max((wait for wait in waits if wait is not None), default=None),
        failed=int(one.failed_job_registry.get_job_count(cleanup=False)),
    )


def _started(one: Queue) -> list[Job]:
    return jobs_of(one, one.started_job_registry.get_job_ids(cleanup=False))


def _last_failed(one: Queue, limit: int) -> list[Job]:
    # They are kept equally long, so the one to expire last is the newest.
    return jobs_of(one, one.failed_job_registry.get_job_ids(0, limit - 1, desc=True, cleanup=False))


def ids_in_lines(one: Queue) -> list[str]:
    """Return the ids of the jobs that wait in lines for their turn in this queue."""
    return waiting_ids(one.connection, fetches=one.name == FETCHES) if one.name in IN_LINES else []


def jobs_of(one: Queue, ids: Iterable[str]) -> list[Job]:
    """Return the jobs of these ids that are still there."""
    found = StoredJob.fetch_many(ids, connection=one.connection, serializer=JSONSerializer)
    return [job for job in found if job is not None]


def _running_job(job: Job, now: datetime) -> RunningJob:
    return RunningJob(kind_of(job), job.origin, job.worker_name or "", _time_since(job.started_at, now))


def _failed_job(job: Job, now: datetime) -> FailedJob:
    result = job.latest_result()
    reason = reason_of((result.exc_string if result else None) or "")
    return FailedJob(kind_of(job), job.origin, _time_since(job.ended_at, now), reason)


def _worker_status(worker: BaseWorker, now: datetime) -> WorkerStatus:
    return WorkerStatus(
        name=worker.name,
        state=str(worker.get_state()),
        queues=tuple(one.name for one in worker.queues if one.name in QUEUES),
        age=_time_since(worker.birth_date, now),
        done=int(worker.successful_job_count),
    )


def kind_of(job: Job) -> str:
    """Say what the job is about, without the listener's name."""
    try:
        return JOB_KINDS.get(str(job.func_name), "another job")
    except DeserializationError:
        return "unreadable"


def reason_of(traceback: str) -> str:
    """Find the class of the exception at the end of a traceback."""
    lines = traceback.rstrip().splitlines()
    if lines and lines[-1].startswith("Work-horse terminated"):
        return "its worker was killed"
    # The exception follows the indented lines; its message may have more than one line.
    ends = [line for before, line in pairwise(lines) if before[:1] == " " != line[:1]]
    kinds = [found[0] for line in ends if (found := EXCEPTION.match(line))]
    kinds = kinds or ERROR.findall(" ".join(lines[-1:]))
    return kinds[-1].rpartition(".")[2] if kinds else "not known"


def _time_since(at: datetime | None, now: datetime) -> timedelta | None:
    return max(now - in_utc(at), timedelta()) if at else None


def in_utc(at: datetime) -> datetime:
    """Return one of RQ's times with its time zone, which is UTC, said or not."""
    return at if at.tzinfo else at.replace(tzinfo=UTC)
