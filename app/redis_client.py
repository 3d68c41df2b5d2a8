"""Redis: one way to connect, with the same time-outs for every process."""

from typing import Any

from redis import BlockingConnectionPool, Redis
from redis.backoff import ConstantBackoff
from redis.exceptions import OutOfMemoryError, ReadOnlyError, RedisError, ResponseError
from redis.retry import Retry

from app.settings import Settings

_MOST_CONNECTIONS = 50  # of one process; whoever needs another one waits for its turn
_TURN_SECONDS = 5
_CONNECT_SECONDS = 2
_ANSWER_SECONDS = (
    5  # blocking reads set their own: RQ while it waits for a job, a subscription for its next message
)


def connect_redis(settings: Settings, *, outage_seconds: int = 0) -> Redis:
    """Create a client for REDIS_URL. It connects when it is first used.

    While Redis cannot be reached, it tries again once a second for `outage_seconds`, if that is given.
    """
    more: dict[str, Any] = {"retry": Retry(ConstantBackoff(1), outage_seconds)} if outage_seconds else {}
    pool = BlockingConnectionPool.from_url(
        settings.redis_url.get_secret_value(),
        max_connections=_MOST_CONNECTIONS,
        timeout=_TURN_SECONDS,
        socket_connect_timeout=_CONNECT_SECONDS,
        socket_timeout=_ANSWER_SECONDS,
        **more,
    )
    return Redis.from_pool(pool)


def is_outage(error: Exception) -> bool:
    """Whether Redis is away or takes nothing, so that the same will work later."""
    if not isinstance(error, ResponseError):
        return isinstance(error, RedisError)
    return isinstance(error, OutOfMemoryError | ReadOnlyError) or "MISCONF" in str(error)
