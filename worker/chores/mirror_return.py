"""The mirror's return: what was fetched while it was away is looked up as soon as it answers, without a visit."""

from redis import Redis

from app.jobs.enqueue import someone_waits
from worker import shutdown
from worker.context import Clock
from worker.fetching.mirror_client import mirror_answers

# In seconds.
FIRST_PAUSE, LONGEST_PAUSE = 2.0, 30.0  # between two looks; it doubles from one to the other
GIVE_WAY_AFTER = 3600.0  # long before RQ ends the job


def await_mirror(url: str, redis: Redis, clock: Clock) -> None:
    """Wait until the mirror answers. Raises GaveWay if others wait for a worker, ShutdownRequested, QueueAway."""
    pause, until = FIRST_PAUSE, clock.now() + GIVE_WAY_AFTER
    while not mirror_answers(url):
        next_look = clock.now() + pause
        pause = min(LONGEST_PAUSE, 2 * pause)
        while clock.now() < next_look:
            shutdown.raise_if_requested()
            if someone_waits(redis) or clock.now() > until:
                raise shutdown.GaveWay
            clock.sleep(min(1.0, max(0.0, next_look - clock.now())))
