"""Lost claims: years that a run has claimed, and whose jobs Redis has lost, are queued again without a visit."""

from collections.abc import Callable

import structlog
from redis import Redis

from app.jobs.enqueue import enqueue_year
from app.jobs.job_status import LOST_AFTER, has_job
from app.jobs.lines import LOST
from app.store import Connection, fetch_jobs, listeners

log = structlog.get_logger()


def requeue_lost_years(connection: Connection, redis: Redis, sleep: Callable[[float], None]) -> int:
    """Queue every year that is claimed and has no job, and return how many. Raises QueueAway, QueueFull.

    Nobody knows any more who asked for them, so they wait for each other. What was claimed a moment ago may be
    about to get its job: it is looked at again later.
    """
    queued = _requeue(connection, redis)
    if _lost(connection, redis):
        sleep(LOST_AFTER.total_seconds())
        queued += _requeue(connection, redis)
    log.info("Queued years whose jobs were lost", years=queued)
    return queued


def _requeue(connection: Connection, redis: Redis) -> int:
    queued = 0
    for job in _lost(connection, redis):
        listener = listeners.find(connection, job.username_key)
        username = listener.username if listener else job.username_key
        queued += enqueue_year(connection, redis, username, job.year, requester=LOST) is not None
    return queued


def _lost(connection: Connection, redis: Redis) -> list[fetch_jobs.FetchJob]:
    return [job for job in fetch_jobs.running(connection) if not has_job(redis, job.run)]
