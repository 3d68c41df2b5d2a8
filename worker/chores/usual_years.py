"""Usual years: every night all years that are counted here are added up, for pages to compare one with."""

import structlog
from redis import Redis

from app.jobs.enqueue import enqueue_count_of_usual_years
from app.redis.usual_years import are_usual_years_counted, write_usual_years
from app.store import Connection
from app.store.plays import usual_years

log = structlog.get_logger()


def have_usual_years_counted(redis: Redis) -> None:
    """Queue the count if Redis has none, as a chore: nobody waits for it. May run twice. Raises QueueAway."""
    if not are_usual_years_counted(redis):
        enqueue_count_of_usual_years(redis)


def count_usual_years(connection: Connection, redis: Redis) -> None:
    """Count what is usual here, and keep it in Redis without names. May run twice."""
    with connection.transaction():
        counted = usual_years.count(connection)
    write_usual_years(redis, counted.shares, counted.ages)
    log.info("Counted what is usual here", listening_years=len({year for year, _ in counted.shares}))
