"""Recovery: queue a search for claims whose jobs Redis may have lost."""

from contextlib import suppress

from redis import Redis
from redis.exceptions import RedisError

from app.jobs.queues import LOOKUPS, RECOVER, QueueAway, put

_NOTHING_LOST = "lastyear:nothing-lost"


def enqueue_recovery(redis: Redis) -> bool:
    """Queue a search for claims whose jobs are lost, if Redis may have lost what it held. Raises QueueAway.

    A key that only this function sets tells: it holds the server's `run_id`. A server that was restarted, or a
    replica that took its place, has another one, and may lack the latest writes.
    """
    try:
        server = str(_info(redis).get("run_id", ""))
        if redis.set(_NOTHING_LOST, server, get=True) == server.encode():
            return False
        is_new = put(redis, LOOKUPS, RECOVER, job_id="recover", unique=True)
        if not is_new:  # one that is about to end may just have asked for another
            redis.delete(_NOTHING_LOST)
        return is_new
    except (RedisError, QueueAway) as error:
        with suppress(RedisError):
            redis.delete(_NOTHING_LOST)
        raise QueueAway from error


def ask_for_recovery(redis: Redis) -> None:
    """Have the next worker that looks after abandoned jobs queue the search for lost claims again."""
    redis.delete(_NOTHING_LOST)


def _info(redis: Redis) -> dict[str, object]:
    info = redis.info("server")
    assert isinstance(info, dict)  # noqa: S101  redis' types allow for its asynchronous client
    return info
