"""The canary: a job that goes the way of every fetch and reports each step, sent by `lastyear canary`.

It waits in a queue of its machine's own, before all others: how much else waits makes no difference.
"""

import socket
import time
from collections.abc import Iterator
from contextlib import suppress
from uuid import uuid4

from pydantic import BaseModel, ConfigDict
from redis import Redis
from redis.exceptions import RedisError
from rq.exceptions import NoSuchJobError
from rq.job import JobStatus
from rq.serializers import JSONSerializer

from app.jobs.queues import CANARY, QueueAway, queue
from app.jobs.stored_job import StoredJob

WORKER, LASTFM, MIRROR, STORE = STEPS = ("worker", "Last.fm", "mirror", "app database")
"""Its steps, in this order."""

KEPT = 600
"""Seconds for which its report is kept."""

GONE = "the job is gone: Redis has lost it, or it was never sent"

_ENDED = (JobStatus.FAILED, JobStatus.STOPPED, JobStatus.CANCELED)
_LOOK_SECONDS = 1
_MAX_REPORTED = 100


class Step(BaseModel):
    """How a step went. `passed` is None where that says nothing about this program, as when Last.fm is away."""

    model_config = ConfigDict(frozen=True)

    name: str
    passed: bool | None
    seen: str


def queue_name() -> str:
    """Return the queue from which the workers of this machine take canaries."""
    return f"canary-{socket.gethostname()}"


def send(redis: Redis) -> str:
    """Send a canary, and return its id. Raises QueueAway."""
    canary = f"canary-{uuid4().hex}"
    try:
        queue(redis, queue_name()).enqueue(
            CANARY, canary, job_id=canary, ttl=KEPT, result_ttl=0, failure_ttl=KEPT, job_timeout=KEPT
        )
    except RedisError as error:
        raise QueueAway from error
    return canary


def report(redis: Redis, canary: str, step: Step) -> None:
    """Report a step to whoever has sent it."""
    with redis.pipeline() as pipeline:
        pipeline.rpush(_key(canary), step.model_dump_json())
        pipeline.expire(_key(canary), KEPT)
        pipeline.execute()


def follow(redis: Redis, canary: str, seconds: float) -> Iterator[Step]:
    """Yield each step as it is reported, at most `seconds` long; in the end nothing is left of the canary.

    The last one says so if it did not come through. Raises QueueAway.
    """
    try:
        yield from _steps(redis, canary, time.monotonic() + seconds, seconds)
    except RedisError as error:
        raise QueueAway from error
    finally:
        _remove(redis, canary)


def _steps(redis: Redis, canary: str, deadline: float, seconds: float) -> Iterator[Step]:
    waiting = list(STEPS)
    while True:
        ended = _how_it_ended(redis, canary)
        # Looked at afterwards, since it reports before it ends.
        for text in _reported(redis, canary, wait=ended is None):
            step = Step.model_validate_json(text)
            if step.name in waiting:  # after its worker was killed it goes once more
                waiting.remove(step.name)
                yield step
        if ended is None and time.monotonic() > deadline:
            ended = "no worker of this machine has taken the job" if WORKER in waiting else "it has not ended"
            ended += f" in {seconds:.0f} s"
        elif ended is None:
            continue
        if waiting or ended:
            yield Step(name=[*waiting, WORKER][0], passed=False, seen=ended or GONE)
        return


def _reported(redis: Redis, canary: str, *, wait: bool) -> list[str | bytes]:
    first = redis.blpop([_key(canary)], timeout=_LOOK_SECONDS) if wait else None
    rest = redis.lpop(_key(canary), _MAX_REPORTED)
    found = [first[1]] if isinstance(first, list | tuple) else []
    return [*found, *(rest if isinstance(rest, list) else [])]


def _how_it_ended(redis: Redis, canary: str) -> str | None:
    """Say what went wrong with a job that has ended: nothing, if it is gone. None while it goes on."""
    try:
        job = StoredJob.fetch(canary, connection=redis, serializer=JSONSerializer)
        if job.get_status() not in _ENDED:
            return None
        result = job.latest_result()
    except NoSuchJobError:
        return ""
    lines = (result.exc_string if result else None) or "killed"
    return f"the job failed: {lines.strip().splitlines()[-1]}"


def _remove(redis: Redis, canary: str) -> None:
    """Remove it, unless it is under way: then it goes by itself when it ends."""
    with suppress(RedisError):
        redis.delete(_key(canary))
        with suppress(NoSuchJobError):
            job = StoredJob.fetch(canary, connection=redis, serializer=JSONSerializer)
            if job.get_status() in (JobStatus.QUEUED, *_ENDED):
                job.delete()
        # Others may have sent one meanwhile.
        if (ours := queue(redis, queue_name())).is_empty():
            redis.srem(ours.redis_queues_keys, ours.key)


def _key(canary: str) -> str:
    return f"lastyear:{canary}"
