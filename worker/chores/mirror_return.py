"""The mirror's return: what was fetched while it was away is looked up as soon as it answers, without a visit."""

from redis import Redis

from app.jobs.queues import CHORES, someone_waits
from app.redis.pause import is_paused
from worker import shutdown
from worker.context import Clock
from worker.fetching.mirror_client import mirror_answers
from worker.queues_ahead import queues_ahead

# In seconds.
FIRST_PAUSE, LONGEST_PAUSE = 2.0, 30.0  # between two looks; it doubles from one to the other
GIVE_WAY_AFTER = 3600.0  # long before RQ ends the job


def await_mirror(url: str, redis: Redis, clock: Clock) -> None:
    """Wait until the mirror answers.

    Raises GaveWay if others wait for this worker, ShutdownRequested, QueueAway.
    """
    names = queues_ahead(redis, CHORES)
    pause, until = FIRST_PAUSE, clock.now() + GIVE_WAY_AFTER
    while not mirror_answers(url):
        next_look = clock.now() + pause
        pause = min(LONGEST_PAUSE, 2 * pause)
        while clock.now() < next_look:
            shutdown.raise_if_requested()
            # While fetching is paused, nobody gets that turn.
            if (someone_waits(redis, names) and not is_paused(redis)) or clock.now() > until:
                raise shutdown.GaveWay
            clock.sleep(min(1.0, max(0.0, next_look - clock.now())))
