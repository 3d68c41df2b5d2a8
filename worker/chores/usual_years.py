"""Usual years: every night all years that are counted here are added up, for pages to compare one with."""

import structlog
from redis import Redis

from app.redis.usual_years import write_usual_years
from app.store import Connection
from app.store.plays import usual_years

log = structlog.get_logger()


def count_usual_years(connection: Connection, redis: Redis) -> None:
    """Count what is usual here, and keep it in Redis without names. May run twice."""
    with connection.transaction():
        counted = usual_years.count(connection)
    write_usual_years(redis, counted.shares, counted.ages)
    log.info("Counted what is usual here", listening_years=len({year for year, _ in counted.shares}))
