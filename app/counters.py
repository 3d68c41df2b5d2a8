"""Counters that outlive their process: workers are many and short-lived, `/metrics` reads the sums from Redis."""

from redis import Redis

KEY = "lastyear:counters"


def count(redis: Redis, name: str, label: str = "", by: int = 1) -> None:
    """Adds to the counter `name`, under one label value where it has any."""
    redis.hincrby(KEY, f"{name}|{label}", by)


def totals(redis: Redis) -> dict[tuple[str, str], int]:
    """(name, label value) -> sum since the counters were first kept."""
    raw: dict[bytes, bytes] = redis.hgetall(KEY)  # type: ignore[assignment]  # redis-py types serve both worlds
    pairs = [(field.decode().partition("|"), int(value)) for field, value in raw.items()]
    return {(name, label): value for (name, _, label), value in pairs}
