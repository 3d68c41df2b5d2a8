"""The pool: RQ workers that take up a killed one's job within half a minute and need no year to stop."""

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

from worker import (
    jobs,  # noqa: F401  loaded once here, not again in every process that is forked for a job
    stopping,
)

log = structlog.get_logger()

HEARTBEAT = 5  # seconds between a working worker's signs of life
SILENCE = 15  # seconds without one after which its job is another's
MAINTENANCE = 10  # seconds between looks for abandoned jobs
LIFE = 30  # seconds for which an idle worker stays registered
LOOKS_UP = 1  # seconds after which an idle worker looks up from its queue: has it to stop, is anything abandoned


class FetchWorker(Worker):
    """RQ's worker with intervals that suit a page somebody is looking at."""

    max_connection_wait_time = 5.0  # seconds between two looks for a Redis that is away

    def __init__(self, *arguments: Any, **options: Any) -> None:
        intervals = {
            "worker_ttl": LIFE,
            "maintenance_interval": MAINTENANCE,
            "job_monitoring_interval": HEARTBEAT,
            "log_job_description": False,  # it would name the listener
        }
        super().__init__(*arguments, **{**options, **intervals})

    def work(self, *arguments: Any, **options: Any) -> bool:
        """Works without a scheduler process of its own: nothing of ours is scheduled, retries go at once.

        RQ's own lines stay out of the log below a warning; what a job does, the job says.
        """
        self._install_signal_handlers()  # type: ignore[no-untyped-call]  # RQ does so after it has spoken to Redis
        ours = {"with_scheduler": False, "logging_level": "WARNING"}
        return bool(super().work(*arguments, **{**options, **ours}))

    def get_heartbeat_ttl(self, job: Job, working_time: float = 0.0) -> int:
        """Seconds until a worker that says nothing more is held for dead."""
        return SILENCE

    def main_work_horse(self, job: Job, queue: Any) -> None:
        """Runs the job in the forked process, which ends with its parent."""
        threading.Thread(target=_end_with_parent, args=[os.getppid()], daemon=True).start()
        super().main_work_horse(job, queue)

    def setup_work_horse_signals(self) -> None:
        """Has a SIGTERM stop the job at the next page, also one that came before there was a job to stop."""
        super().setup_work_horse_signals()  # type: ignore[no-untyped-call]
        signal.signal(signal.SIGTERM, lambda *_: stopping.ask())
        if self._stop_requested:
            stopping.ask()

    def fork_work_horse(self, job: Job, queue: Any) -> None:
        """Starts the process for the job, and stops it at once if that was asked for while it came to be."""
        super().fork_work_horse(job, queue)
        self._stop_the_horse()

    def handle_warm_shutdown_request(self) -> None:
        """Has the job stop: it goes on behind its last committed page wherever it is taken up next."""
        self._stop_requested = True
        self._stop_the_horse()

    def _shutdown(self) -> None:
        # RQ would end an idle worker in the midst of whatever it does, and lose a job that it has just taken.
        pass

    @property
    def dequeue_timeout(self) -> int:
        """Seconds after which an idle worker looks up from its queue."""
        return LOOKS_UP

    @property
    def should_run_maintenance_tasks(self) -> bool:
        """RQ asks this before it takes a job, and never with one in hand: the place to end."""
        if self._stop_requested:
            raise StopRequested
        return bool(super().should_run_maintenance_tasks)

    def heartbeat(self, *arguments: Any, **options: Any) -> None:
        """A worker that has lost Redis looks for it again, unless it has to stop."""
        try:
            super().heartbeat(*arguments, **options)
        except (RedisConnectionError, RedisTimeout):
            if self._stop_requested and not self.horse_pid:
                raise StopRequested from None
            raise

    def _stop_the_horse(self) -> None:
        if self._stop_requested and self.horse_pid:
            # Not its group, as RQ does: before it has one of its own that is ours.
            with suppress(ProcessLookupError):
                os.kill(self.horse_pid, signal.SIGTERM)


def _end_with_parent(parent: int) -> None:
    # An orphan would go on beside the worker that takes its job up, and outlive a stop of everything.
    while os.getppid() == parent:
        time.sleep(0.5)
    os._exit(1)


def serve(redis: Redis, queues: tuple[str, ...], workers: int) -> None:
    """Runs `workers` workers on these queues, and new ones for those that die, until SIGTERM or SIGINT."""
    log.info("Workers start", queues=",".join(queues), workers=workers)
    pool = WorkerPool(
        list(queues),
        connection=redis,
        num_workers=workers,
        worker_class=FetchWorker,
        serializer=JSONSerializer,
    )
    pool.start(logging_level="WARNING")
