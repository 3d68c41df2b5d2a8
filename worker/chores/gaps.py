"""Gaps: every night Last.fm is asked again for plays that it counted and did not hand over."""

from datetime import timedelta
from random import shuffle

import structlog
from redis import Redis

from app.jobs.enqueue import enqueue_year
from app.store import Connection, stretches

log = structlog.get_logger()

ASKED_AGAIN_AFTER = timedelta(days=1)
MOST_A_NIGHT = 200  # years, chosen by lot
REQUESTER = "gaps"  # they wait for each other: visitors come first


def retry_gaps(connection: Connection, redis: Redis) -> int:
    """Queue fetches of MOST_A_NIGHT years with a gap that was last tried over a day ago. Returns how many.

    Such a fetch asks for little more than the gap. Raises QueueAway.
    """
    years = stretches.years_with_gaps(connection, ASKED_AGAIN_AFTER)
    shuffle(years)
    queued = sum(
        enqueue_year(connection, redis, username, year, requester=REQUESTER) is not None
        for username, year in years[:MOST_A_NIGHT]
    )
    log.info("Asking again for plays that are missing", years=queued)
    return queued
