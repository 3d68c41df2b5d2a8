"""Redis: one way to connect, with the same time-outs for every process, by its address or by its sentinels."""

import socket
from typing import Any

from redis import BlockingConnectionPool, Connection, Redis, SSLConnection
from redis.backoff import ConstantBackoff
from redis.connection import parse_url
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import OutOfMemoryError, ReadOnlyError, RedisError, ResponseError
from redis.retry import Retry
from redis.sentinel import Sentinel

from app.redis.sentinel_url import SentinelURL, is_sentinel_url, parse_sentinel_url
from app.settings import Settings

_MAX_CONNECTIONS = 50  # of one process; whoever needs another one waits for its turn
_TURN_SECONDS = 5
_CONNECT_SECONDS = 2
_ANSWER_SECONDS = 5
"""Blocking reads set their own: RQ while it waits for a job, a subscription for its next message."""


def connect_redis(settings: Settings, *, outage_seconds: int = 0, answer_seconds: int = _ANSWER_SECONDS) -> Redis:
    """Create a client for REDIS_URL. It connects when it is first used.

    While Redis cannot be reached, it tries again once a second for `outage_seconds`, if that is given.
    """
    url = settings.redis_url.get_secret_value()
    more: dict[str, Any] = {"retry": Retry(ConstantBackoff(1), outage_seconds)} if outage_seconds else {}
    options = {
        "max_connections": _MAX_CONNECTIONS,
        "timeout": _TURN_SECONDS,
        "socket_connect_timeout": _CONNECT_SECONDS,
        "socket_timeout": answer_seconds,
        **more,
    }
    if is_sentinel_url(url):
        return Redis.from_pool(_sentinel_pool(parse_sentinel_url(url), options))
    return Redis.from_pool(BlockingConnectionPool.from_url(url, **options))


def _sentinel_pool(url: SentinelURL, options: dict[str, Any]) -> BlockingConnectionPool:
    """Create a pool whose connections each ask the sentinels for the primary.

    RQ makes other pools of its class of connections and its options: they do so as well.
    """
    found = {**options, **parse_url(url.primary_url)}
    has_tls = found.pop("connection_class", None) is SSLConnection
    found["connection_class"] = _PrimaryOverTLS if has_tls else _Primary
    return BlockingConnectionPool(sentinels=_Sentinels(url), **found)


class _Sentinels:
    """Asks the sentinels where the primary is, the one that answered last first.

    It keeps no connection: threads and forked processes share it.
    """

    def __init__(self, url: SentinelURL) -> None:
        found = parse_url(url.sentinel_url)
        has_tls = found.pop("connection_class", None) is SSLConnection
        times = {"socket_connect_timeout": _CONNECT_SECONDS, "socket_timeout": _CONNECT_SECONDS}
        self._options = {**found, **times, "ssl": has_tls, "retry": Retry(ConstantBackoff(0), 0)}
        self._name = url.primary
        self._addresses = list(url.sentinels)
        self.primary = ("", 0)
        """Where it was when somebody asked last."""

    def find_primary(self) -> tuple[str, int]:
        """Return the host and port of the primary. Raises redis.exceptions.ConnectionError."""
        with Sentinel(self._addresses, sentinel_kwargs=self._options) as sentinel:
            host, port = sentinel.discover_master(self._name)
            answered = sentinel.sentinels[0].connection_pool.connection_kwargs
        first = (answered["host"], answered["port"])
        self._addresses = [first, *(one for one in self._addresses if one != first)]
        self.primary = (str(host), int(port))
        return self.primary


class _Primary(Connection):
    """A connection to the primary.

    That of redis-py asks the sentinels only when it is taken from its pool. Where a command is tried again, it
    connects to the old primary for as long as that takes (redis-py's issue 3874).
    """

    def __init__(self, *, sentinels: _Sentinels, **options: Any) -> None:
        self._sentinels = sentinels
        super().__init__(**options)

    def connect(self) -> None:
        """Connect, also if this still leads to an old primary, which may be frozen."""
        if self.is_connected and (self.host, self.port) != self._sentinels.primary:
            self.disconnect()
        super().connect()

    def _connect(self) -> socket.socket:
        self.host, self.port = self._sentinels.find_primary()
        return super()._connect()  # type: ignore[no-any-return]

    def read_response(self, *arguments: Any, **options: Any) -> Any:
        """Read an answer. A primary that has become a replica is gone: the next try asks for another one."""
        try:
            return super().read_response(*arguments, **options)
        except ReadOnlyError:
            self.disconnect()
            raise RedisConnectionError("The primary has become a replica") from None


class _PrimaryOverTLS(_Primary, SSLConnection):
    """The same with TLS."""


def is_outage(error: Exception) -> bool:
    """Whether Redis is away or takes nothing, so that the same will work later."""
    if not isinstance(error, ResponseError):
        return isinstance(error, RedisError)
    refusals = ("MISCONF", "NOREPLICAS")  # with a full disk, and with fewer replicas than it is to have
    return isinstance(error, OutOfMemoryError | ReadOnlyError) or any(one in str(error) for one in refusals)
