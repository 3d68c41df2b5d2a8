"""The pool: RQ workers that take up a killed one's job within half a minute and need no year to stop."""

import os
import signal
import threading
import time
from typing import Any

import structlog
from redis import Redis
from rq import Worker
from rq.job import Job
from rq.serializers import JSONSerializer
from rq.worker_pool import WorkerPool

from worker import jobs  # noqa: F401  loaded once here, not again in every process that is forked for a job

log = structlog.get_logger()

HEARTBEAT = 5  # seconds between a working worker's signs of life
SILENCE = 15  # seconds without one after which its job is another's
MAINTENANCE = 10  # seconds between looks for abandoned jobs
LIFE = 30  # seconds for which an idle worker stays registered; it also looks up from its queue twice in this time


class FetchWorker(Worker):
    """RQ's worker with intervals that suit a page somebody is looking at."""

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
        ours = {"with_scheduler": False, "logging_level": "WARNING"}
        return bool(super().work(*arguments, **{**options, **ours}))

    def get_heartbeat_ttl(self, job: Job, working_time: float = 0.0) -> int:
        """Seconds until a worker that says nothing more is held for dead."""
        return SILENCE

    def main_work_horse(self, job: Job, queue: Any) -> None:
        """Runs the job in the forked process, which ends with its parent."""
        threading.Thread(target=_end_with_parent, args=[os.getppid()], daemon=True).start()
        super().main_work_horse(job, queue)

    def handle_warm_shutdown_request(self) -> None:
        """Lets the job go: it goes on behind its last committed page wherever it is taken up next."""
        super().handle_warm_shutdown_request()  # type: ignore[no-untyped-call]
        if self.horse_pid:
            self.kill_horse(signal.SIGTERM)


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
