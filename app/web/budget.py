"""Budgets: how often one address may start a fetch, search, have a picture drawn, guess. Charts are free."""

import math
import time
from collections.abc import Callable
from ipaddress import IPv6Address, ip_address, ip_network

import structlog
from flask import request
from limits import parse_many
from limits.errors import StorageError
from limits.storage import RedisStorage
from limits.strategies import MovingWindowRateLimiter
from redis import Redis
from redis.exceptions import RedisError
from werkzeug.exceptions import TooManyRequests

log = structlog.get_logger()

BUDGETS = {
    "fetch": "20 per minute; 300 per day",
    "all years": "3 per minute; 20 per day",
    "refresh": "5 per minute; 60 per day",
    "albums": "100 per minute; 2000 per day",
    "pictures": "60 per minute; 2000 per day",
    "password": "10 per minute; 100 per day",
}


class Budget:
    """Counts in Redis, over a window that moves with the time."""

    def __init__(self, redis: Redis, budgets: dict[str, str] = BUDGETS) -> None:
        storage = RedisStorage("redis://", connection_pool=redis.connection_pool, wrap_exceptions=True)
        self._limiter = MovingWindowRateLimiter(storage)
        self._limits = {name: parse_many(text) for name, text in budgets.items()}

    def spend(self, name: str) -> None:
        """Takes one from the visitor's budget. Raises TooManyRequests, which says when there is one again."""
        self._try(name, self._limiter.hit)

    def look(self, name: str) -> None:
        """Takes nothing. Raises TooManyRequests where `spend` would."""
        self._try(name, self._limiter.test)

    def _try(self, name: str, allows: Callable[..., bool]) -> None:
        address = household(request.remote_addr or "unix")
        try:
            for limit in self._limits[name]:
                if not allows(limit, name, address):
                    again = self._limiter.get_window_stats(limit, name, address).reset_time
                    raise TooManyRequests(retry_after=max(1, math.ceil(again - time.time())))
        except (StorageError, RedisError) as error:
            # Without Redis nothing can be queued either: the visitor is told that, not this.
            log.warning("A budget could not be counted", reason=type(error).__name__)


def household(address: str) -> str:
    """The address itself, or of IPv6 the network of 64 bits that one household has for itself."""
    try:
        parsed = ip_address(address)
    except ValueError:
        return address
    if isinstance(parsed, IPv6Address) and parsed.ipv4_mapped is None:
        return str(ip_network((parsed, 64), strict=False))
    return address
