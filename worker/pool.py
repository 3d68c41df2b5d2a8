"""The worker processes: RQ workers that run our jobs only, resume a killed worker's within half a minute, and stop
promptly.
"""

import os
import signal
import threading
import time
from contextlib import suppress
from typing import Any

import structlog
from redis import Redis
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import TimeoutError as RedisTimeout
from rq import Worker
from rq.exceptions import StopRequested
from rq.job import Job
from rq.serializers import JSONSerializer
from rq.worker_pool import WorkerPool

from app.jobs.enqueue import JOBS
from worker import shutdown

log = structlog.get_logger()

# All in seconds.
HEARTBEAT_INTERVAL = 5  # between the heartbeats of a busy worker
HEARTBEAT_TTL = 15  # a worker without a heartbeat for this long is considered dead, and its job abandoned
MAINTENANCE_INTERVAL = 10  # between checks for abandoned jobs
WORKER_TTL = 30  # an idle worker stays registered for this long
DEQUEUE_TIMEOUT = 1  # between an idle worker's checks for a stop request and for abandoned jobs


class UnknownJob(Exception):
    """The queue holds a job that is none of ours. Look at who can write to Redis."""


class KnownJob(Job):
    """A job of ours. RQ imports and calls whatever function a job names, so another one is refused before that."""

    @property
    def func(self) -> Any:
        """Return the function to call. Raises UnknownJob."""
        if self.instance is not None or self.func_name not in JOBS:
            raise UnknownJob(f"there is no job {self.func_name!r}")
        return super().func

    @property
    def success_callback(self) -> None:
        """No job of ours has one."""

    @property
    def failure_callback(self) -> None:
        """No job of ours has one."""

    @property
    def stopped_callback(self) -> None:
        """No job of ours has one."""


class FetchWorker(Worker):
    """RQ's worker, with intervals short enough for a visitor who is watching a page.

    It overrides members that RQ does not promise to keep, so RQ is pinned to one release.
    """

    max_connection_wait_time = 5.0  # seconds between attempts to reconnect to Redis

    def __init__(self, *arguments: Any, **options: Any) -> None:
        fixed = {
            "worker_ttl": WORKER_TTL,
            "maintenance_interval": MAINTENANCE_INTERVAL,
            "job_monitoring_interval": HEARTBEAT_INTERVAL,
            "log_job_description": False,  # it would name the listener
            "job_class": KnownJob,
        }
        super().__init__(*arguments, **{**options, **fixed})

    def work(self, *arguments: Any, **options: Any) -> bool:
        """Run without RQ's scheduler process: no job is scheduled, and retries are queued at once.

        RQ logs warnings only; the jobs log what they do.
        """
        self._install_signal_handlers()  # type: ignore[no-untyped-call]  # RQ itself does so only after it has talked to Redis
        fixed = {"with_scheduler": False, "logging_level": "WARNING"}
        return bool(super().work(*arguments, **{**options, **fixed}))

    def get_heartbeat_ttl(self, job: Job, working_time: float = 0.0) -> int:
        """Return the seconds after which a worker without a heartbeat is considered dead."""
        return HEARTBEAT_TTL

    def main_work_horse(self, job: Job, queue: Any) -> None:
        """Run the job in the forked process, which ends when its parent does."""
        threading.Thread(target=_end_with_parent, args=[os.getppid()], daemon=True).start()
        super().main_work_horse(job, queue)

    def setup_work_horse_signals(self) -> None:
        """On SIGTERM, stop the job after the stretch at hand; so does a stop request that came before the fork."""
        super().setup_work_horse_signals()  # type: ignore[no-untyped-call]
        signal.signal(signal.SIGTERM, lambda *_: shutdown.request())
        if self._stop_requested:
            shutdown.request()

    def fork_work_horse(self, job: Job, queue: Any) -> None:
        """Start the job's process, and stop it at once if a stop was requested meanwhile."""
        super().fork_work_horse(job, queue)
        self._stop_work_horse()

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
        return bool(super().should_run_maintenance_tasks)

    def heartbeat(self, *arguments: Any, **options: Any) -> None:
        """Let RQ reconnect when Redis is lost, unless this worker has to stop."""
        try:
            super().heartbeat(*arguments, **options)
        except (RedisConnectionError, RedisTimeout):
            if self._stop_requested and not self.horse_pid:
                raise StopRequested from None
            raise

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


def run_workers(redis: Redis, queues: tuple[str, ...], workers: int) -> None:
    """Run `workers` workers on these queues, replacing those that die, until SIGTERM or SIGINT."""
    log.info("Starting workers", queues=",".join(queues), workers=workers)
    pool = WorkerPool(
        list(queues),
        connection=redis,
        num_workers=workers,
        worker_class=FetchWorker,
        job_class=KnownJob,
        serializer=JSONSerializer,
    )
    pool.start(logging_level="WARNING")
