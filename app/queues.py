"""The queues as they stand: what waits and since when, who works on what, what has failed. Changes nothing."""

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

from app.fetches import FETCH_YEAR, LOOK_UP_LISTENER, QUEUES, REMATCH, queue

KINDS = {FETCH_YEAR: "a year", LOOK_UP_LISTENER: "a listener's years", REMATCH: "rematch"}
"""What a job is about. Arguments and ids of jobs name listeners: they stay out of here."""

LONG = timedelta(minutes=10)
"""With all workers at it a year takes under a minute: who waits so long is behind many, or nobody is at work."""

FIRST = 50  # how far into a queue the oldest job is looked for: some at its head may have expired
EXCEPTION = re.compile(r"(?=.*[a-z])[A-Za-z_][\w.]*(?=:|$)")
ERROR = re.compile(r"\w*Error\b")  # as in what RQ itself says of a job: moved to the registry, due to ...


@dataclass(frozen=True)
class Line:
    """One queue."""

    name: str
    waiting: int
    oldest: timedelta | None
    """How long the job has waited that came first; None where none waits."""
    failed: int


@dataclass(frozen=True)
class AtWork:
    """A job that a worker has taken."""

    kind: str
    queue: str
    worker: str
    since: timedelta | None


@dataclass(frozen=True)
class Failed:
    """A job that was given up: a fault of ours, since what Last.fm or a listener is to blame for does not fail."""

    kind: str
    queue: str
    ago: timedelta | None
    reason: str
    """The kind of the exception. Its text may name a listener."""


@dataclass(frozen=True)
class Hand:
    """A worker that has given a sign of life of late."""

    name: str
    state: str
    queues: tuple[str, ...]
    age: timedelta | None
    done: int


@dataclass(frozen=True)
class Queues:
    """All of it, at one moment."""

    lines: tuple[Line, ...]
    at_work: tuple[AtWork, ...]
    failed: tuple[Failed, ...]
    """The latest ones, the newest first."""
    workers: tuple[Hand, ...]

    @property
    def waiting(self) -> int:
        """How many jobs wait in all queues."""
        return sum(line.waiting for line in self.lines)

    @property
    def oldest(self) -> timedelta | None:
        """How long the job has waited that has waited longest."""
        return max((line.oldest for line in self.lines if line.oldest is not None), default=None)

    @property
    def failures(self) -> int:
        """How many failed jobs are kept, for a week."""
        return sum(line.failed for line in self.lines)

    @property
    def unserved(self) -> tuple[str, ...]:
        """Queues that no worker looks at."""
        return tuple(name for name in QUEUES if not any(name in worker.queues for worker in self.workers))


def queues(redis: Redis, *, latest: int = 5) -> Queues:
    """What there is to see. Raises redis.exceptions.RedisError."""
    now, ours = datetime.now(UTC), [queue(redis, name) for name in QUEUES]
    failed = [job for one in ours for job in _last_failed(one, latest)]
    failed.sort(key=lambda job: _moment(job.ended_at) or datetime.min.replace(tzinfo=UTC), reverse=True)
    return Queues(
        lines=tuple(_line(one, now) for one in ours),
        at_work=tuple(_at_work(job, now) for one in ours for job in _started(one)),
        failed=tuple(_failed(job, now) for job in failed[:latest]),
        workers=tuple(sorted((_hand(worker, now) for worker in _workers(redis)), key=lambda hand: hand.name)),
    )


def _line(one: Queue, now: datetime) -> Line:
    waiting = [_since(job.enqueued_at, now) for job in _jobs(one, one.get_job_ids(0, FIRST))]
    return Line(
        name=one.name,
        waiting=int(one.count),
        oldest=max((age for age in waiting if age is not None), default=None),
        failed=int(one.failed_job_registry.get_job_count(cleanup=False)),
    )


def _started(one: Queue) -> list[Job]:
    return _jobs(one, one.started_job_registry.get_job_ids(cleanup=False))


def _last_failed(one: Queue, most: int) -> list[Job]:
    # They are kept equally long, so that the one to go last is the newest.
    return _jobs(one, one.failed_job_registry.get_job_ids(0, most - 1, desc=True, cleanup=False))


def _jobs(one: Queue, ids: Iterable[str]) -> list[Job]:
    found = Job.fetch_many(ids, connection=one.connection, serializer=JSONSerializer)
    return [job for job in found if job is not None]


def _workers(redis: Redis) -> list[Worker]:
    return Worker.all(connection=redis, serializer=JSONSerializer)  # type: ignore[return-value]


def _at_work(job: Job, now: datetime) -> AtWork:
    return AtWork(kind_of(job), job.origin, job.worker_name or "", _since(job.started_at, now))


def _failed(job: Job, now: datetime) -> Failed:
    result = job.latest_result()
    reason = reason_of((result.exc_string if result else None) or "")
    return Failed(kind_of(job), job.origin, _since(job.ended_at, now), reason)


def _hand(worker: Worker, now: datetime) -> Hand:
    return Hand(
        name=worker.name,
        state=str(worker.get_state()),
        queues=tuple(one.name for one in worker.queues),
        age=_since(worker.birth_date, now),
        done=int(worker.successful_job_count),
    )


def kind_of(job: Job) -> str:
    """What the job is about, without about whom."""
    try:
        return KINDS.get(str(job.func_name), "another job")
    except DeserializationError:
        return "unreadable"


def reason_of(traceback: str) -> str:
    """The kind of the exception that ends a traceback."""
    lines = traceback.rstrip().splitlines()
    if lines and lines[-1].startswith("Work-horse terminated"):
        return "its worker was killed"
    # Below the indented lines stands the exception; what it says may run over more lines.
    ends = [line for before, line in pairwise(lines) if before[:1] == " " != line[:1]]
    kinds = [found[0] for line in ends if (found := EXCEPTION.match(line))]
    kinds = kinds or ERROR.findall(" ".join(lines[-1:]))
    return kinds[-1].rpartition(".")[2] if kinds else "not known"


def _since(at: datetime | None, now: datetime) -> timedelta | None:
    moment = _moment(at)
    return max(now - moment, timedelta()) if moment else None


def _moment(at: datetime | None) -> datetime | None:
    # RQ gives times of UTC, with and without saying so.
    return at.replace(tzinfo=UTC) if at and at.tzinfo is None else at
