"""Redis and what lies in it: what waits and for how long, who works, what has failed."""

from collections.abc import Iterator
from datetime import timedelta

from redis import Redis
from redis.exceptions import RedisError

from app.queues import LONG, Queues, queues
from app.spans import span
from worker.doctor.finding import Finding, Visit, ill, warning, well
from worker.doctor.machine import has_units

PART, QUEUE, WORKERS, FAILED = "redis", "queue", "workers", "failed jobs"
PARTS = (PART, QUEUE, WORKERS, FAILED)

TOO_LONG = timedelta(hours=1)
RECENT = timedelta(days=1)  # a failed job is kept for a week; what was looked at need not warn so long


def check(visit: Visit) -> Iterator[Finding]:
    """Looks, and changes nothing."""
    url = visit.settings.redis_url.get_secret_value()
    if not url:
        yield from _unseen("not set", "set REDIS_URL")
        return
    try:
        with Redis.from_url(url, socket_timeout=5, socket_connect_timeout=5) as redis:
            found = queues(redis)
    except RedisError as error:
        yield from _unseen(
            f"does not answer ({type(error).__name__})",
            "look at REDIS_URL, and at `systemctl status valkey-server`",
        )
        return
    yield well(PART, "answers")
    yield from (_queue(found), _workers(found), _failed(found))


def _unseen(seen: str, mend: str) -> Iterator[Finding]:
    yield ill(PART, seen, mend)
    yield from (warning(part, "not to be seen without Redis", "mend Redis first") for part in PARTS[1:])


def _queue(found: Queues) -> Finding:
    if found.oldest is None:
        return well(QUEUE, "nothing waits" if not found.waiting else f"{found.waiting} wait")
    seen = f"{found.waiting} waiting, the oldest for {span(found.oldest)}"
    mend = f"see what the workers do: {_journal()}"
    if found.oldest >= TOO_LONG:
        return ill(QUEUE, seen, mend)
    return warning(QUEUE, seen, mend) if found.oldest >= LONG else well(QUEUE, seen)


def _workers(found: Queues) -> Finding:
    start = "`systemctl restart lastyear.target`" if has_units() else "`lastyear work`"
    if not found.workers:
        return ill(WORKERS, "none is alive", start)
    seen = f"{len(found.workers)} alive, {len(found.at_work)} at work"
    if found.unserved:
        return ill(WORKERS, f"{seen}, but none for {' and '.join(found.unserved)}", start)
    return well(WORKERS, seen)


def _failed(found: Queues) -> Finding:
    if not found.failures:
        return well(FAILED, "none")
    last = next((job for job in found.failed if job.ago is not None), None)
    if last is None or last.ago is None:
        return well(FAILED, f"{found.failures}, of which nothing is known any more")
    seen = f"{found.failures}, the last {span(last.ago)} ago ({last.reason})"
    if last.ago > RECENT:
        return well(FAILED, seen)
    return warning(FAILED, seen, f"read what happened, in /operator/queues/ or by {_journal()}")


def _journal() -> str:
    return "`journalctl -u 'lastyear-worker@*' -n 100`" if has_units() else "the output of `lastyear work`"
