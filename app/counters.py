"""Counters that outlive their process: workers are many and short-lived, so `/metrics` reads sums from Redis."""

from redis import Redis

_KEY = "lastyear:counters"


def increment(redis: Redis, name: str, label: str = "", by: int = 1) -> None:
    """Add to the counter `name`, under one label value where it has any."""
    redis.hincrby(_KEY, f"{name}|{label}", by)


def totals(redis: Redis) -> dict[tuple[str, str], int]:
    """Return (name, label value) -> sum since the counters were first kept."""
    raw: dict[bytes, bytes] = redis.hgetall(_KEY)  # type: ignore[assignment]  # redis-py types serve both worlds
    pairs = [(field.decode().partition("|"), int(value)) for field, value in raw.items()]
    return {(name, label): value for (name, _, label), value in pairs}
