"""Queues ahead: those from which a worker takes jobs before those of a given queue."""

from redis import Redis
from rq import Worker, get_current_job

from app.jobs.queues import QUEUES


def queues_ahead(redis: Redis, queue: str) -> tuple[str, ...]:
    """Return the queues from which this worker would take a job before one of `queue`, which it runs.

    To others it cannot give way: it would take this one again at once.
    """
    job = get_current_job()
    key = Worker.redis_worker_namespace_prefix + str(job.worker_name if job else "")
    names = redis.hget(key, "queues")
    if not isinstance(names, bytes):  # Redis has lost it
        return QUEUES[: QUEUES.index(queue)]
    before, _, _ = f",{names.decode()},".partition(f",{queue},")
    return tuple(name for name in before.split(",") if name)
