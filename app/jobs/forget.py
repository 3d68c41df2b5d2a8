"""Forget: everything about a listener, or about all, in the database and in Redis, runs under way included."""

from collections.abc import Sequence
from uuid import UUID

from redis import Redis
from rq.exceptions import DeserializationError
from rq.job import Job

from app.events import new_run
from app.jobs import backlog, removal
from app.jobs.queue_status import ids_in_lines, jobs_of
from app.jobs.queues import ABOUT_ONE_LISTENER, QUEUES, queue
from app.redis import event_stream, known_names, looks
from app.store import Connection, forgetting
from app.store.listeners import username_key
from app.store.upkeep import orphans


def forget_listener(connection: Connection, redis: Redis, username: str, *, for_good: bool = False) -> bool:
    """Delete everything about a listener; with `for_good` nothing is fetched again. False if there was nothing.

    May run twice. Raises StoreAway and redis.exceptions.RedisError: then it has to run again.
    """
    return forget_listeners(connection, redis, [username], for_good=for_good) == 1


def forget_listeners(
    connection: Connection, redis: Redis, usernames: Sequence[str], *, for_good: bool = False
) -> int:
    """Do so for several, and return of how many there was something. All are gone from the database first."""
    run, found = new_run(), 0
    for username in usernames:
        with connection.transaction():
            found += forgetting.forget(connection, username, run, for_good=for_good)
    # After the database, so that no run that is under way can bring anything back.
    for username in usernames:
        forget_in_redis(redis, username, voiding=run)
    # It may take long, and names nobody; if it fails, the removal that was asked for goes on where it was.
    with connection.transaction():
        orphans.remove(connection)
    for username in usernames:
        removal.drop(redis, username)
    return found


def forget_in_redis(redis: Redis, username: str, *, voiding: UUID | None = None) -> None:
    """Delete what Redis has about a listener, except how far their removal is; `voiding` as for their events."""
    backlog.clear(redis, username)
    event_stream.forget_listener(redis, username, voiding=voiding)
    looks.forget_looks(redis, username)
    known_names.remove_stored(redis, username)
    _delete_jobs(redis, username_key(username))


def forget_everyone(connection: Connection, redis: Redis) -> int:
    """Delete everything that comes from Last.fm, and return of how many listeners. May run twice, too."""
    run = new_run()
    with connection.transaction():
        found = forgetting.forget_all(connection, run)
    backlog.clear_all(redis)
    event_stream.forget_everyone(redis, voiding=run)
    looks.drop_looks(redis)
    removal.drop_all(redis)
    known_names.remove_all_stored(redis)
    _delete_jobs(redis, None)
    return found


def _delete_jobs(redis: Redis, key: str | None) -> None:
    """Delete the jobs that name the listener, or any listener. One that a worker has taken ends by itself."""
    for name in QUEUES:
        for job in _jobs(redis, name):
            listener = _listener_of(job)
            if listener is not None and key in (None, listener):
                job.delete()


def _jobs(redis: Redis, name: str) -> list[Job]:
    one = queue(redis, name)
    return jobs_of(
        one,
        [
            *one.get_job_ids(),
            *ids_in_lines(one),
            *one.failed_job_registry.get_job_ids(cleanup=False),
            *one.finished_job_registry.get_job_ids(cleanup=False),
        ],
    )


def _listener_of(job: Job) -> str | None:
    """Return the key of the listener whom the job is about; None if it is about no one."""
    try:
        is_about_one = job.func_name in ABOUT_ONE_LISTENER
        return username_key(str(job.args[0])) if is_about_one and job.args else None
    except DeserializationError:
        return None
