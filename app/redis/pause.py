"""The pause: while the operator has paused fetching, no worker asks Last.fm for anything. It survives restarts."""

from datetime import UTC, datetime

from redis import Redis

# It never expires: a full Valkey evicts what does.
_PAUSED = "lastyear:paused"


def pause(redis: Redis) -> bool:
    """Pause fetching. False when it was paused already."""
    return bool(redis.set(_PAUSED, datetime.now(UTC).isoformat(), nx=True))


def resume(redis: Redis) -> bool:
    """Have workers go on. False when fetching was not paused."""
    return redis.delete(_PAUSED) == 1


def is_paused(redis: Redis) -> bool:
    """Whether fetching is paused."""
    return bool(redis.exists(_PAUSED))


def paused_since(redis: Redis) -> datetime | None:
    """Return since when fetching is paused; None if it is not."""
    since = redis.get(_PAUSED)
    if not isinstance(since, bytes):
        return None
    try:
        return datetime.fromisoformat(since.decode()).astimezone(UTC)
    except ValueError:
        return datetime.now(UTC)  # paused by hand, at Redis itself
