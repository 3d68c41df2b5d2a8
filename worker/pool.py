"""The worker processes: RQ workers that run our jobs only, resume a killed worker's within half a minute, wait
while Redis is away, and stop promptly.
"""

import logging
import os
import select
import signal
import threading
import time
from collections.abc import Callable, Iterable
from contextlib import suppress
from functools import partial
from typing import Any, TypeVar, cast

import structlog
from redis import Redis
from redis.exceptions import RedisError
from rq import Queue, Worker, worker_registration
from rq.exceptions import StopRequested
from rq.executions import Execution, ExecutionRegistry
from rq.job import Job
from rq.serializers import JSONSerializer
from rq.timeouts import HorseMonitorTimeoutException, UnixSignalDeathPenalty
from rq.utils import now
from rq.worker_pool import WorkerPool

from app.counters.counts import observe
from app.jobs.log_context import log_context_of
from app.jobs.queue_status import in_utc
from app.jobs.queues import FETCHES, QUEUES, QueueAway
from app.jobs.recovery import enqueue_recovery
from app.jobs.workers import give_sign_of_life
from worker import shutdown
from worker.known_job import KnownJob
from worker.safe_queue import RedisAway, SafeQueue, TakenJob, put_back, taken_jobs

log = structlog.get_logger()

T = TypeVar("T")

# All in seconds.
HEARTBEAT_INTERVAL = 5  # between the heartbeats of a busy worker
HEARTBEAT_TTL = 15  # a worker without a heartbeat for this long is considered dead, and its job abandoned
MAINTENANCE_INTERVAL = 10  # between checks for abandoned jobs
WORKER_TTL = 30  # an idle worker stays registered for this long
DEQUEUE_TIMEOUT = 1  # between an idle worker's checks for a stop request and for abandoned jobs
REDIS_RETRY = 1  # between tries while Redis is away or takes nothing
COMPLAINT_INTERVAL = 60  # between two log lines about that


class JobTimeLimit(UnixSignalDeathPenalty):
    """RQ's time limit of a job, by an alarm. A worker that waits for its job's process sets none.

    The exception that an alarm raises would end a stop request that is just being handled, so that it is lost; and
    where the signal reaches another thread, nobody wakes up. See `FetchWorker.wait_for_horse`.
    """

    def setup_death_penalty(self) -> None:
        """Set the alarm for a job."""
        if self._exception is not HorseMonitorTimeoutException:
            super().setup_death_penalty()

    def cancel_death_penalty(self) -> None:
        """Take back the alarm for a job."""
        if self._exception is not HorseMonitorTimeoutException:
            super().cancel_death_penalty()


class FetchWorker(Worker):
    """RQ's worker, with intervals short enough for a visitor who is watching a page.

    It overrides members that RQ does not promise to keep, so RQ is pinned to one release.
    """

    queue_class = SafeQueue
    death_penalty_class = JobTimeLimit

    def __init__(self, queues: Iterable[Queue | str], *arguments: Any, **options: Any) -> None:
        self._complained_at = -float(COMPLAINT_INTERVAL)
        self._outage_at = time.monotonic()  # for all that is known here
        self._taken: set[TakenJob] = set()
        self._is_waiting = False
        fixed = {
            "worker_ttl": WORKER_TTL,
            "maintenance_interval": MAINTENANCE_INTERVAL,
            "job_monitoring_interval": HEARTBEAT_INTERVAL,
            "log_job_description": False,  # it would name the listener
            "job_class": KnownJob,
        }
        names = [one if isinstance(one, str) else one.name for one in queues]
        # Before `work`, which sets it as well: RQ's pool logs "Starting worker started with ..." in between.
        logging.getLogger("rq.worker").setLevel(_rq_level())
        super().__init__(names, *arguments, **{**options, **fixed})

    def work(self, *arguments: Any, **options: Any) -> bool:
        """Run without RQ's scheduler process: no job is scheduled, and retries are queued at once.

        RQ logs warnings only, unless everything is to be logged; the jobs log what they do.
        """
        self._install_signal_handlers()  # RQ itself does so only after it has talked to Redis
        fixed = {"with_scheduler": False, "logging_level": _rq_level()}
        try:
            return bool(super().work(*arguments, **{**options, **fixed}))
        except StopRequested:
            return False

    def get_heartbeat_ttl(self, job: Job, working_time: float = 0.0) -> int:
        """Return the seconds after which a worker without a heartbeat is considered dead."""
        return HEARTBEAT_TTL

    def main_work_horse(self, job: Job, queue: Any) -> None:
        """Run the job in the forked process, which ends when its parent does."""
        threading.Thread(target=_end_with_parent, args=[os.getppid()], daemon=True).start()
        super().main_work_horse(job, queue)

    def setup_work_horse_signals(self) -> None:
        """On SIGTERM, stop the job after the stretch in hand; so does a stop request that came before the fork."""
        super().setup_work_horse_signals()
        signal.signal(signal.SIGTERM, lambda *_: shutdown.request())
        if self._stop_requested:
            shutdown.request()

    def fork_work_horse(self, job: Job, queue: Any) -> None:
        """Start the job's process, and stop it at once if a stop was requested meanwhile."""
        super().fork_work_horse(job, queue)
        self._stop_work_horse()

    def wait_for_horse(self) -> Any:
        """Return how the job's process ended. Raises HorseMonitorTimeoutException if it goes on."""
        with suppress(ProcessLookupError):
            process = os.pidfd_open(self.horse_pid)
            try:
                ended, _, _ = select.select([process], [], [], self.job_monitoring_interval)
            finally:
                os.close(process)
            if not ended:
                raise HorseMonitorTimeoutException
        return super().wait_for_horse()

    def handle_warm_shutdown_request(self) -> None:
        """Stop the job; the next worker to take it asks for what is not proven."""
        self._stop_requested = True
        self._stop_work_horse()

    def _shutdown(self) -> None:
        # RQ would end an idle worker at any point, and lose a job that it has just dequeued.
        pass

    @property
    def dequeue_timeout(self) -> int:
        """Return the seconds for which an idle worker blocks on its queue."""
        return DEQUEUE_TIMEOUT

    @property
    def should_run_maintenance_tasks(self) -> bool:
        """Stop here if requested: RQ asks this before it takes a job, and never while it has one."""
        if self._stop_requested:
            raise StopRequested
        if self.last_cleaned_at and self.last_cleaned_at > now():
            self.last_cleaned_at = None  # by a clock that was ahead
        return bool(super().should_run_maintenance_tasks)

    def register_birth(self) -> None:
        """Register this worker, as soon as Redis takes it."""
        self._until_redis_takes_it(super().register_birth)

    def register_death(self) -> None:
        """Remove this worker, unless Redis is away: then its registration expires."""
        with suppress(RedisError):
            super().register_death()

    def check_for_suspension(self, burst: bool) -> None:
        """Do nothing: nobody suspends our workers, and RQ would ask Redis where it expects no outage."""

    def dequeue_job_and_maintain_ttl(
        self, timeout: int | None, max_idle_time: int | None = None
    ) -> tuple[Job, Queue] | None:
        """Wait for a job, also while Redis is away or takes nothing."""
        wait = partial(super().dequeue_job_and_maintain_ttl, timeout, max_idle_time)
        self._is_waiting = True
        try:
            return self._until_redis_takes_it(wait)
        finally:
            self._is_waiting = False

    def execute_job(self, job: Job, queue: Queue) -> None:
        """Run the job. One that Redis has kept from its beginning or its end is begun again."""
        try:
            with structlog.contextvars.bound_contextvars(**log_context_of(job)):  # the job's process inherits it
                super().execute_job(job, queue)
        except RedisError as error:
            self._complain(error)

    def handle_job_failure(self, *arguments: Any, **options: Any) -> None:
        """Note how the job failed. If Redis does not take that, the job is begun again."""
        self._give_sign_of_life()  # raises what RQ would print with a traceback
        super().handle_job_failure(*arguments, **options)

    def prepare_job_execution(self, job: Job, remove_from_intermediate_queue: bool = True) -> None:
        """Note that the job has begun. RQ removes its note of a taken job only where there is one queue."""
        is_first, waited = job.started_at is None, now() - in_utc(job.created_at)
        super().prepare_job_execution(job, remove_from_intermediate_queue=True)
        if is_first and job.origin in QUEUES:
            observe(self.connection, "queue_wait_seconds", waited.total_seconds(), job.origin)

    def run_maintenance_tasks(self) -> None:
        """Look after what Redis has lost, and after jobs that were abandoned, or taken and not begun."""
        try:
            enqueue_recovery(self.connection)
            # After an outage, whoever runs a job has first to say so.
            if time.monotonic() >= self._outage_at + HEARTBEAT_TTL:
                self._bound_heartbeats()
                super().run_maintenance_tasks()
                self._put_back_taken_jobs()
        except (RedisError, QueueAway) as error:
            self._complain(error)

    def _bound_heartbeats(self) -> None:
        """Let what a clock that was ahead has said of a job hold for no longer than what is said now."""
        latest = time.time() + HEARTBEAT_TTL
        for queue in self.queues:
            key = queue.started_job_registry.key
            late = cast("list[bytes]", self.connection.zrangebyscore(key, f"({latest + HEARTBEAT_TTL}", "+inf"))
            if late:
                self.connection.zadd(key, dict.fromkeys(late, latest), xx=True)

    def _put_back_taken_jobs(self) -> None:
        """Put back what was taken and had not begun at the last turn either."""
        taken = taken_jobs(self.queues)
        for one in taken & self._taken:
            put_back(self.connection, one.queue_key, one.job_id)
        self._taken = taken - self._taken

    def heartbeat(self, timeout: int | None = None, pipeline: Any = None) -> None:
        """Say that this worker is alive, and who it is, if Redis has forgotten that. Raises RedisAway."""
        try:
            super().heartbeat(timeout, pipeline)
            if pipeline is None:
                self._give_sign_of_life()
                if not self._is_registered():
                    self._register_again()
        except RedisError as error:
            if self._is_waiting:
                raise RedisAway(str(error)) from None
            self._complain(error)

    def maintain_heartbeats(self, job: Job, execution: Execution) -> None:
        """Say that the job is alive. While Redis does not take that, the job goes on."""
        try:
            self._give_sign_of_life()
            if not self._is_registered():
                self._register_again()
                self._restore(job, execution)
            super().maintain_heartbeats(job, execution)
        except RedisError as error:
            self._complain(error)

    def _give_sign_of_life(self) -> None:
        if FETCHES in self.queue_names():
            give_sign_of_life(self.connection)

    def _is_registered(self) -> bool:
        with self.connection.pipeline() as pipeline:
            pipeline.sismember(self.redis_workers_keys, self.key)
            pipeline.hexists(self.key, "birth")
            return all(pipeline.execute())

    def _register_again(self) -> None:
        log.warning("Redis has forgotten this worker; it registers again")
        with self.connection.pipeline() as pipeline:
            pipeline.hset(self.key, mapping={**self.serialize(), "state": self.get_state()})
            pipeline.expire(self.key, self.worker_ttl + 60)
            worker_registration.register(self, pipeline)
            pipeline.execute()

    def _restore(self, job: Job, execution: Execution) -> None:
        """Store the job that runs again, so that another worker resumes it if this one is killed."""
        ttl, started_at = self.get_heartbeat_ttl(job), job.started_at
        with self.connection.pipeline() as pipeline:
            job.save(pipeline=pipeline)
            job.prepare_for_execution(self.name, pipeline)
            execution.save(ttl, pipeline)
            ExecutionRegistry(job.id, pipeline).add(execution, ttl, pipeline)
            job.started_job_registry.add_execution(execution, pipeline=pipeline, ttl=ttl, xx=False)
            pipeline.execute()
        job.started_at = started_at

    def _until_redis_takes_it(self, step: Callable[[], T]) -> T:
        """Try until Redis answers and takes what it is told, unless this worker has to stop."""
        while True:
            try:
                return step()
            except RedisError as error:
                self._complain(error)
                if self._stop_requested:
                    raise StopRequested from None
                time.sleep(REDIS_RETRY)

    def _complain(self, error: RedisError | QueueAway) -> None:
        self._outage_at = time.monotonic()
        if time.monotonic() >= self._complained_at + COMPLAINT_INTERVAL:
            self._complained_at = time.monotonic()
            log.error(
                "Redis takes nothing: is it running, and is there room in its memory and on its disk?",
                reason=str(error.__cause__ or error),
            )

    def _set_ip_address(self, connection: Redis) -> None:
        # RQ would ask Redis for it, where it expects no outage; nothing of ours shows it.
        self.ip_address = "unknown"

    def _stop_work_horse(self) -> None:
        if self._stop_requested and self.horse_pid:
            # The child only. RQ signals its process group, which is ours until the child has one of its own.
            with suppress(ProcessLookupError):
                os.kill(self.horse_pid, signal.SIGTERM)


def _end_with_parent(parent: int) -> None:
    # An orphan would run beside the worker that resumes its job, and would survive a stop of the whole service.
    while os.getppid() == parent:
        time.sleep(0.5)
    os._exit(1)


def _rq_level() -> str:
    return "DEBUG" if logging.getLogger().isEnabledFor(logging.DEBUG) else "WARNING"


def run_workers(redis: Redis, queues: tuple[str, ...], workers: int) -> None:
    """Run `workers` workers on these queues, replacing those that die, until SIGTERM or SIGINT."""
    log.info("Starting workers", queues=",".join(queues), workers=workers)
    pool = WorkerPool(
        list(queues),
        connection=redis,
        num_workers=workers,
        worker_class=FetchWorker,
        queue_class=SafeQueue,
        job_class=KnownJob,
        serializer=JSONSerializer,
    )
    pool.start(logging_level=_rq_level())
