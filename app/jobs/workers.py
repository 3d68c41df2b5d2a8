"""Workers: whether any is there to fetch years. Each renews a key in Redis, which expires when none does."""

from redis import Redis
from redis.exceptions import RedisError

from app.jobs.queues import QueueAway

SILENT_SECONDS = 15
"""Without a sign of life of any worker for so long, none is there."""

_ALIVE = "lastyear:workers:alive"


def give_sign_of_life(redis: Redis) -> None:
    """Say that a worker is there. Raises redis.exceptions.RedisError."""
    redis.set(_ALIVE, 1, ex=SILENT_SECONDS)


def is_any_alive(redis: Redis) -> bool:
    """Whether a worker has given a sign of life. Raises QueueAway."""
    try:
        return bool(redis.exists(_ALIVE))
    except RedisError as error:
        raise QueueAway from error
