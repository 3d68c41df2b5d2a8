"""Lines: of the fetches that one visitor asked for, only one is queued or runs at a time; so with the look-ups.

When it ends, the next one goes to the end of the queue: whoever asks for a hundred years delays others by one.

RQ's `RateLimit` moves them on. This module says how many wait there, and when the turn of each comes.
"""

import hashlib
from dataclasses import dataclass

from redis import Redis
from rq import Queue
from rq.job import Job
from rq.rate_limit import RateLimitRegistry

from app.store import Connection, fetch_jobs
from app.store.listeners import username_key

GAPS, LOST = "gaps", "lost"
OURS = frozenset({GAPS, LOST})
"""The lines of what no visitor asked for: gaps of the night, and claims whose jobs Redis has lost."""

COUNTS, INTRODUCTIONS = "counts-", "introductions-"
"""With these begin the lines of what is asked about listeners and strangers, which are no fetches."""


@dataclass(frozen=True)
class _Line:
    """A line at one moment."""

    first: int | None
    """The place in the queue of its job whose turn it is; None if that runs."""
    waiting: int
    """How many wait behind that."""


def choose_line(connection: Connection, redis: Redis, username: str, requester: str) -> str:
    """Return the line in which a listener's year waits: the requester's own.

    It is the listener's, if the requester has asked for nothing else and others for years of this listener: a
    hundred visitors who want the years of one listener are like one visitor.
    """
    if not _registry(redis, requester).get_allowed_job_count() and fetch_jobs.is_any_running(connection, username):
        digest = hashlib.blake2b(username_key(username).encode(), digest_size=8)
        return f"listener-{digest.hexdigest()}"
    return requester


def waiting_ids(redis: Redis, *, fetches: bool) -> list[str]:
    """Return the ids of all fetches, or else all look-ups, that wait in lines for their turn to be queued."""
    with redis.pipeline() as pipeline:
        for line in _registries(redis, fetches=fetches):
            pipeline.zrange(line.rate_limited_key, 0, -1)
        return [job_id.decode() for ids in pipeline.execute() for job_id in ids]


def count_waiting(redis: Redis, *, fetches: bool) -> int:
    """Count them."""
    with redis.pipeline() as pipeline:
        for line in _registries(redis, fetches=fetches):
            pipeline.zcard(line.rate_limited_key)
        return sum(pipeline.execute())


def count_jobs(redis: Redis, line: str) -> int:
    """Count the jobs of a line: the one whose turn it is, and those that wait behind it."""
    registry = _registry(redis, line)
    return int(registry.get_allowed_job_count() + registry.get_rate_limited_job_count())


def count_ahead(fetches: Queue, job_id: str) -> int | None:
    """Count the fetches that begin before one that waits in a line; None if it waits in none."""
    key = fetches.connection.hget(Job.key_for(job_id), "rate_limit_key")
    if not isinstance(key, bytes):
        return None
    rank = fetches.connection.zrank(_registry(fetches.connection, key.decode()).rate_limited_key, job_id)
    return _count_ahead(fetches, key.decode(), rank) if isinstance(rank, int) else None


def count_ahead_of_next(fetches: Queue, line: str) -> int | None:
    """Count the fetches that would begin before one that joins this line; None if it would be queued at once."""
    registry = _registry(fetches.connection, line)
    if not registry.get_allowed_job_count():
        return None
    return _count_ahead(fetches, line, registry.get_rate_limited_job_count())


def _count_ahead(fetches: Queue, own_line: str, rank: int) -> int:
    """Count what begins before the job with this rank in its line, if all take equally long and nobody else comes.

    Until it is queued, its line has `rank + 1` turns; in each of them, each other line has one as well.
    """
    queued = {job_id: place for place, job_id in enumerate(fetches.get_job_ids())}
    lines, in_lines = _read_lines(fetches.connection, queued)
    own = lines.pop(own_line, _Line(None, 0))
    ahead = rank + (own.first is not None) + len(queued.keys() - in_lines)
    for other in lines.values():
        is_first = other.first is not None and (own.first is None or other.first < own.first)
        to_come = other.waiting + (other.first is not None and not is_first)
        turns = rank + 1 - (is_first and own.first is None)
        ahead += is_first + min(to_come, turns)
    return ahead


def _read_lines(redis: Redis, queued: dict[str, int]) -> tuple[dict[str, _Line], set[str]]:
    """Return the lines by key, and which jobs are the first of one."""
    registries = _registries(redis, fetches=True)
    with redis.pipeline() as pipeline:
        for one in registries:
            pipeline.zrange(one.allowed_key, 0, -1)
            pipeline.zcard(one.rate_limited_key)
        found = pipeline.execute()
    lines, in_lines = {}, set()
    for one, allowed, waiting in zip(registries, found[::2], found[1::2], strict=True):
        ids = [job_id.decode() for job_id in allowed]
        in_lines.update(ids)
        lines[one.key] = _Line(next((queued[job_id] for job_id in ids if job_id in queued), None), waiting)
    return lines, in_lines


def _registries(redis: Redis, *, fetches: bool) -> list[RateLimitRegistry]:
    every = RateLimitRegistry.all(redis)
    return [one for one in every if one.key.startswith((COUNTS, INTRODUCTIONS)) is not fetches]


def _registry(redis: Redis, line: str) -> RateLimitRegistry:
    return RateLimitRegistry(line, redis)
