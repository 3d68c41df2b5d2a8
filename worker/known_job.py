"""The jobs that a worker runs: our own, and no other function, whatever Redis says."""

from typing import Any

from rq.job import Job

from app.jobs.queues import JOBS


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
