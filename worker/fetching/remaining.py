"""Remaining: how fast the latest fetch was, kept in Redis for the forecast of those that follow."""

from redis import Redis

from worker.fetching.time_left import Speed

SPEED_KEY = "lastyear:speed"
"""Seconds that it took to `store` a stretch and to `match` an album by its name."""


def known_speed(redis: Redis) -> Speed:
    """Return the speed of the latest fetch, as far as it is known."""
    store, match = redis.hmget(SPEED_KEY, "store", "match")
    guess = Speed()
    return Speed(store=float(store or guess.store), match=float(match or guess.match))


def save_speed(redis: Redis, speed: Speed) -> None:
    """Keep it for the fetches that follow."""
    redis.hset(SPEED_KEY, mapping={"store": f"{speed.store:.6f}", "match": f"{speed.match:.6f}"})
