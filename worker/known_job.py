"""The jobs that a worker runs: our own, and no other function, whatever Redis says."""

from contextlib import suppress
from datetime import datetime
from typing import Any

from redis.client import Pipeline
from rq.exceptions import InvalidJobOperation
from rq.utils import utcformat

from app.jobs.queues import JOBS
from app.jobs.stored_job import StoredJob

# RQ would create a job anew that is gone, and delete it in a second step: in between none of its id can be queued.
_HEARTBEAT = """
if redis.call('EXISTS', KEYS[1]) == 1 then redis.call('HSET', KEYS[1], 'last_heartbeat', ARGV[1]) end
return 0
"""


class UnknownJob(Exception):
    """The queue holds a job that is none of ours. Look at who can write to Redis."""


class KnownJob(StoredJob):
    """A job of ours. RQ imports and calls whatever function a job names, so another one is refused before that."""

    @property
    def func(self) -> Any:
        """Return the function to call. Raises UnknownJob."""
        if self.instance is not None or self.func_name not in JOBS:
            raise UnknownJob(f"there is no job {self.func_name!r}")
        return super().func

    def heartbeat(self, timestamp: datetime, ttl: int, pipeline: Pipeline | None = None, xx: bool = False) -> None:
        """Note that the job is at work, if it is still there."""
        self.last_heartbeat = timestamp
        connection = self.connection if pipeline is None else pipeline
        connection.eval(_HEARTBEAT, 1, self.key, utcformat(timestamp))

    def _remove_from_registries(self, *arguments: Any, **options: Any) -> None:
        """Take the job out of RQ's lists; one that Redis has lost is in none."""
        with suppress(InvalidJobOperation):
            super()._remove_from_registries(*arguments, **options)

    @property
    def success_callback(self) -> None:
        """No job of ours has one."""

    @property
    def failure_callback(self) -> None:
        """No job of ours has one."""

    @property
    def stopped_callback(self) -> None:
        """No job of ours has one."""
