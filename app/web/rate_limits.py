"""Rate limits: how often one address may start a fetch, have the database asked, have a cover fetched, render a
picture, guess the password, and how many names it may have matched.

Looking at a chart that is stored is not limited.
"""

import hashlib
import math
import secrets
import time
from collections.abc import Callable, Sequence
from functools import partial
from ipaddress import IPv6Address, ip_address, ip_network

import structlog
from flask import request
from limits import RateLimitItem, parse_many
from limits.errors import StorageError
from limits.storage import MemoryStorage, RedisStorage
from limits.strategies import FixedWindowRateLimiter, MovingWindowRateLimiter, RateLimiter
from redis import Redis
from redis.exceptions import RedisError
from werkzeug.exceptions import TooManyRequests

log = structlog.get_logger()

LIMITS = {
    "fetch": "20 per minute; 300 per day",
    "database": "60 per minute; 1000 per day",
    "all years": "3 per minute; 20 per day",
    "refresh": "5 per minute; 60 per day",
    "albums": "100 per minute; 2000 per day",
    "covers": "300 per minute; 3000 per day",
    "pictures": "60 per minute; 2000 per day",
    "names": "2000 per minute; 40000 per day",
    "removals": "10 per minute; 60 per day",
    "password": "10 per minute; 100 per day",
}
SITES = 4
"""How many times as much a /48 of IPv6 may have as a /64: whoever has rented one has 65,536 of the other."""


_SALT = secrets.token_bytes(16)


class RateLimits:
    """Counts the requests of each address, in Redis; each process counts by itself while Redis does not answer."""

    def __init__(self, redis: Redis, limits: dict[str, str] = LIMITS) -> None:
        shared = RedisStorage("redis://", connection_pool=redis.connection_pool, wrap_exceptions=True)
        storages = [shared, MemoryStorage()]
        self._limiters = [MovingWindowRateLimiter(storage) for storage in storages]
        # A moving window would store each of thousands of names.
        self._budgets = [FixedWindowRateLimiter(storage) for storage in storages]
        self._limits = {name: parse_many(text) for name, text in limits.items()}
        self._is_redis_away = False

    def hit(self, name: str) -> None:
        """Count this request. Raises TooManyRequests, with the seconds to wait, if it is over the limit."""
        self._check(name, self._limiters, lambda limiter: limiter.hit)

    def test(self, name: str) -> None:
        """Raise TooManyRequests if `hit` would, without counting this request."""
        self._check(name, self._limiters, lambda limiter: limiter.test)

    def spend(self, name: str, amount: int) -> None:
        """Take this much from a budget. Raises TooManyRequests, and takes nothing, if less is left.

        Of two calls at the same moment, one that is refused may still take its amount.
        """
        self._check(name, self._budgets, lambda budget: partial(budget.test, cost=amount))
        self._check(name, self._budgets, lambda budget: partial(budget.hit, cost=amount))

    def _check(
        self, name: str, limiters: Sequence[RateLimiter], question: Callable[[RateLimiter], Callable[..., bool]]
    ) -> None:
        shared, own = limiters
        try:
            self._ask(name, shared, question(shared))
        except (StorageError, RedisError) as error:
            if not self._is_redis_away:
                log.warning("Redis does not count requests, so this process does", reason=type(error).__name__)
            self._is_redis_away = True
            self._ask(name, own, question(own))
        else:
            self._is_redis_away = False

    def _ask(self, name: str, limiter: RateLimiter, is_allowed: Callable[..., bool]) -> None:
        for client, factor in networks(request.remote_addr or "unix"):
            for limit in self._limits[name]:
                allowed = _times(limit, factor)
                if not is_allowed(allowed, name, client):
                    reset_at = limiter.get_window_stats(allowed, name, client).reset_time
                    raise TooManyRequests(retry_after=max(1, math.ceil(reset_at - time.time())))


def requester() -> str:
    """Return an id of the address that asks, which does not tell it. It stays for as long as this process runs.

    The networks of one /48 of IPv6 share SITES ids.
    """
    clients = networks(request.remote_addr or "unix")
    (network, _), (site, most) = clients[0], clients[-1]
    return _digest(f"{site} {int(_digest(network), 16) % most}")


def _digest(text: str) -> str:
    return hashlib.blake2b(text.encode(), key=_SALT, digest_size=8).hexdigest()


def networks(address: str) -> list[tuple[str, int]]:
    """Return what counts as one client, and how many times a limit it may have.

    That is the /64 of an IPv6 address, since one household has all of it, and its /48; any other address as it is.
    """
    try:
        parsed = ip_address(address)
    except ValueError:
        return [(address, 1)]
    if isinstance(parsed, IPv6Address) and parsed.ipv4_mapped is None:
        return [(str(ip_network((parsed, bits), strict=False)), factor) for bits, factor in ((64, 1), (48, SITES))]
    return [(address, 1)]


def _times(limit: RateLimitItem, factor: int) -> RateLimitItem:
    return type(limit)(limit.amount * factor, limit.multiples, limit.namespace)
