"""Redis: one way to connect, with the same time-outs for every process."""

from redis import BlockingConnectionPool, Redis

from app.settings import Settings

_MOST_CONNECTIONS = 50  # of one process; whoever needs another one waits for its turn
_TURN_SECONDS = 5
_CONNECT_SECONDS = 2
_ANSWER_SECONDS = (
    5  # blocking reads set their own: RQ while it waits for a job, a subscription for its next message
)


def connect_redis(settings: Settings) -> Redis:
    """Create a client for REDIS_URL. It connects when it is first used."""
    pool = BlockingConnectionPool.from_url(
        settings.redis_url.get_secret_value(),
        max_connections=_MOST_CONNECTIONS,
        timeout=_TURN_SECONDS,
        socket_connect_timeout=_CONNECT_SECONDS,
        socket_timeout=_ANSWER_SECONDS,
    )
    return Redis.from_pool(pool)
