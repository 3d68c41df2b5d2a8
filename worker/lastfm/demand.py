"""Demand: how many calls each fetch still has to make, noted in Redis, since all of them share one rate limit."""

from dataclasses import dataclass
from typing import cast
from uuid import UUID

from redis import Redis

DEMAND_KEY = "lastyear:lastfm:demand"
"""The runs that read plays: the calls that each has to make, how many side by side, and when it said so, by Redis'
clock."""

HOLDS = 30.0  # seconds; a run that has said nothing for longer is killed, or waits itself


@dataclass(frozen=True)
class Demand:
    """What a fetch still asks of Last.fm."""

    calls: int | None
    """None until its first answer says how much there is."""
    at_once: int = 1
    """How many calls it makes side by side on average."""


def note_demand(redis: Redis, run: UUID, demand: Demand) -> None:
    """Note what a run still asks for."""
    calls = "" if demand.calls is None else demand.calls
    pipeline = redis.pipeline()
    pipeline.hset(DEMAND_KEY, str(run), f"{calls},{demand.at_once},{_now(redis):.3f}")
    pipeline.expire(DEMAND_KEY, int(HOLDS))
    pipeline.execute()


def others_demand(redis: Redis, run: UUID) -> list[Demand]:
    """Return what the other runs still ask for."""
    now, others = _now(redis), []
    for other, text in cast("dict[bytes, bytes]", redis.hgetall(DEMAND_KEY)).items():
        calls, at_once, at = text.decode().split(",")
        # What was said by a clock that was ahead, and is set back, counts as little as what is old.
        if other.decode() != str(run) and abs(now - float(at)) < HOLDS and calls != "0":
            others.append(Demand(int(calls) if calls else None, int(at_once)))
    return others


def drop_demand(redis: Redis, run: UUID) -> None:
    """Forget about a run that asks for no more plays."""
    redis.hdel(DEMAND_KEY, str(run))


def _now(redis: Redis) -> float:
    seconds, microseconds = redis.time()
    return float(seconds + microseconds / 1e6)
