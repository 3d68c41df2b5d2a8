"""Check Redis and the queues in it: how long jobs wait, which workers run, what has failed."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

from redis import Redis
from redis.exceptions import RedisError

from app.durations import format_duration
from app.formatting import listed
from app.jobs.queue_status import LONG_WAIT, RECENT_FAILURE, Overview, read_queues
from app.redis.client import connect_redis
from app.redis.pause import paused_since
from app.redis.sentinel_url import is_sentinel_url
from app.settings import Settings
from worker.doctor.finding import CheckContext, Finding, ill, unknown, warning, well
from worker.doctor.systemd import has_units

PART, QUEUE, WORKERS, FAILED = "redis", "queue", "workers", "failed jobs"
PARTS = (PART, QUEUE, WORKERS, FAILED)

TOO_LONG_WAIT = timedelta(hours=1)


def check_queue(context: CheckContext) -> Iterator[Finding]:
    """Check the queues, without changing anything."""
    if not context.settings.redis_url.get_secret_value():
        yield from _unknown("not set", "set REDIS_URL")
        return
    try:
        with connect_redis(context.settings) as redis:
            found, cannot_write, since = read_queues(redis), _cannot_write(redis), paused_since(redis)
    except RedisError as error:
        by_sentinels = is_sentinel_url(context.settings.redis_url.get_secret_value())
        where = "ask the sentinels: `SENTINEL MASTERS`" if by_sentinels else "at `systemctl status valkey-server`"
        yield from _unknown(f"does not answer ({type(error).__name__})", f"look at REDIS_URL, and {where}")
        return
    if cannot_write:
        seen = "answers, but cannot write to its disk, so that nothing can be started"
        yield ill(PART, seen, "make room where its data is: `df -h`; it goes on by itself")
    else:
        yield well(PART, "answers")
    yield from (_paused(found, since) if since else _queue(found), _workers(found), _failed(found))


def _cannot_write(redis: Redis) -> bool:
    """Whether Redis refuses to change anything, since its last write to the disk has failed."""
    persistence = redis.info("persistence")
    assert isinstance(persistence, dict)  # noqa: S101  redis' types allow for its asynchronous client
    return "err" in {persistence.get("aof_last_write_status"), persistence.get("rdb_last_bgsave_status")}


def is_busy(settings: Settings) -> bool:
    """Whether a worker is running a job. Unknown without Redis, and then taken for no."""
    try:
        with connect_redis(settings) as redis:
            return bool(read_queues(redis).running)
    except (RedisError, ValueError):
        return False


def _unknown(seen: str, mend: str) -> Iterator[Finding]:
    yield ill(PART, seen, mend)
    yield from (unknown(part, "unknown without Redis", "fix Redis first") for part in PARTS[1:])


def _paused(found: Overview, since: datetime) -> Finding:
    long = format_duration(max(datetime.now(UTC) - since, timedelta()))
    return warning(QUEUE, f"fetching is paused for {long}; {found.waiting} waiting", "`lastyear resume`")


def _queue(found: Overview) -> Finding:
    if found.oldest is None:
        return well(QUEUE, f"{found.waiting} waiting" if found.waiting else "no job is waiting")
    seen = f"{found.waiting} waiting, the oldest for {format_duration(found.oldest)}"
    mend = f"see what the workers are doing: {_journal()}"
    if found.oldest >= TOO_LONG_WAIT:
        return ill(QUEUE, seen, mend)
    return warning(QUEUE, seen, mend) if found.oldest >= LONG_WAIT else well(QUEUE, seen)


def _workers(found: Overview) -> Finding:
    start = "`systemctl restart lastyear.target`" if has_units() else "`lastyear work`"
    if not found.workers:
        return ill(WORKERS, "none is running", start)
    seen = f"{len(found.workers)} running, {len(found.running)} busy"
    if found.unserved:
        return ill(WORKERS, f"{seen}, but none serves {listed(found.unserved)}", start)
    return well(WORKERS, seen)


def _failed(found: Overview) -> Finding:
    if not found.failures:
        return well(FAILED, "none")
    last = next((job for job in found.failed if job.ago is not None), None)
    if last is None or last.ago is None:
        return well(FAILED, f"{found.failures}, without details")
    seen = f"{found.failures}, the last {format_duration(last.ago)} ago ({last.reason})"
    if last.ago > RECENT_FAILURE:
        return well(FAILED, seen)
    return warning(FAILED, seen, f"see what happened, in /operator/queues/ or {_journal()}")


def _journal() -> str:
    return "`journalctl -u 'lastyear-worker@*' -n 100`" if has_units() else "the output of `lastyear work`"
