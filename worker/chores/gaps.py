"""Gaps: every night Last.fm is asked again for plays that it counted and did not hand over."""

from contextlib import suppress
from datetime import timedelta
from random import shuffle

import structlog
from redis import Redis

from app.jobs.enqueue import enqueue_year
from app.jobs.lines import GAPS
from app.jobs.queues import QueueFull
from app.store import Connection, stretches

log = structlog.get_logger()

ASKED_AGAIN_AFTER = timedelta(days=1)
MAX_A_NIGHT = 200  # years, chosen by lot


def retry_gaps(connection: Connection, redis: Redis) -> int:
    """Queue fetches of MAX_A_NIGHT years with a gap that was last tried over a day ago. Returns how many.

    Such a fetch asks for little more than the gap. They wait for each other: visitors come first. What a full
    queue does not take waits for the next night. Raises QueueAway.
    """
    years = stretches.years_with_gaps(connection, ASKED_AGAIN_AFTER)
    shuffle(years)
    queued = 0
    with suppress(QueueFull):
        for username, year in years[:MAX_A_NIGHT]:
            queued += enqueue_year(connection, redis, username, year, requester=GAPS) is not None
    log.info("Asking again for plays that are missing", years=queued)
    return queued
