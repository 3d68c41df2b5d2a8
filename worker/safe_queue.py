"""A queue that loses no job: whoever takes one leaves a note of it in the same step, until the job has begun."""

import time
from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

from redis import Redis
from redis.exceptions import RedisError
from rq import Queue
from rq.exceptions import DequeueTimeout
from rq.intermediate_queue import IntermediateQueue
from rq.job import Job

from app.jobs.queues import FETCHES, LOOKUPS
from app.redis.pause import is_paused

PAUSED = AWAITED, _ = [Queue.redis_queue_namespace_prefix + name for name in (FETCHES, LOOKUPS)]
LOOK_SECONDS = 0.1
"""How often the other queues are looked at; a job in AWAITED is taken at once."""

# Moves the first job of the first queue that has one to that queue's intermediate queue. One call for all queues
# lets an idle worker look often.
_TAKE = """
for at = 1, #KEYS, 2 do
    local job_id = redis.call('LMOVE', KEYS[at], KEYS[at + 1], 'LEFT', 'RIGHT')
    if job_id then return {KEYS[at], job_id} end
end
return false
"""

# Puts a job back at the head of its queue, if nobody else has done so.
_PUT_BACK = """
if redis.call('LREM', KEYS[1], 1, ARGV[1]) == 1 then redis.call('LPUSH', KEYS[2], ARGV[1]) end
"""


class RedisAway(RedisError):
    """Redis is away or takes nothing. Look at its journal, its memory and its disk.

    RQ catches other errors while a worker waits, prints each, and tells nobody that there was an outage.
    """


class SafeQueue(Queue):
    """RQ's queue. RQ takes a job out first and notes it afterwards, where a worker serves more than one queue: if
    the worker is killed, or the connection lost, in between, the job is gone."""

    @classmethod
    def dequeue_any(cls, *arguments: Any, **options: Any) -> Any:
        """Take a job as RQ does. Raises DequeueTimeout and RedisAway."""
        try:
            return super().dequeue_any(*arguments, **options)
        except RedisError as error:
            raise RedisAway(str(error)) from None

    @classmethod
    def lpop(
        cls, queue_keys: Sequence[str], timeout: int | None, connection: Redis | None = None
    ) -> tuple[Any, Any] | None:
        """Move a job to the intermediate queue; wait `timeout` seconds for one, if that is not None.

        Raises DequeueTimeout.
        """
        assert connection is not None  # noqa: S101  RQ always passes it
        for _ in range(max(1, round((timeout or 0) / LOOK_SECONDS))):
            keys = _served(connection, queue_keys)
            if (taken := _take(connection, keys)) is not None:
                return taken
            if timeout is None:
                return None
            if not keys:
                time.sleep(LOOK_SECONDS)
                continue
            awaited = AWAITED if AWAITED in keys else keys[0]
            note = IntermediateQueue.get_intermediate_queue_key(awaited)
            job_id = connection.blmove(awaited, note, LOOK_SECONDS)  # type: ignore[arg-type]  # it may be a fraction
            if job_id is not None:
                return awaited, job_id
        raise DequeueTimeout(timeout, queue_keys)


def _take(redis: Redis, queue_keys: Sequence[str]) -> tuple[str, Any] | None:
    pairs = [name for key in queue_keys for name in (key, IntermediateQueue.get_intermediate_queue_key(key))]
    key, job_id = redis.eval(_TAKE, len(pairs), *pairs) or (b"", None)
    return (key.decode(), job_id) if key else None


def _served(redis: Redis, queue_keys: Sequence[str]) -> list[str]:
    """Return the queues from which jobs are taken now: in a pause of fetching, not those whose jobs ask Last.fm.

    The queue of canaries is served: a deploy goes on.
    """
    return [key for key in queue_keys if key not in PAUSED] if is_paused(redis) else list(queue_keys)


class TakenJob(NamedTuple):
    """A job that was taken out of its queue and has not begun."""

    queue_key: str
    job_id: str
    enqueued_at: str
    """When it was queued, in RQ's form: jobs of the same id follow each other."""


def taken_jobs(queues: Iterable[Queue]) -> set[TakenJob]:
    """Return which jobs were taken and have not begun."""
    return {
        TakenJob(queue.key, job_id, _enqueued_at(queue, job_id))
        for queue in queues
        for ids in [queue.intermediate_queue.get_job_ids()]
        for job_id in set(ids).difference(queue.started_job_registry.get_job_ids(cleanup=False) if ids else ())
    }


def _enqueued_at(queue: Queue, job_id: str) -> str:
    at = queue.connection.hget(Job.key_for(job_id), "enqueued_at")
    return at.decode() if isinstance(at, bytes) else ""


def put_back(redis: Redis, queue_key: str, job_id: str) -> None:
    """Put a job that was taken, and that nobody runs, back at the head of its queue."""
    redis.eval(_PUT_BACK, 2, IntermediateQueue.get_intermediate_queue_key(queue_key), queue_key, job_id)
