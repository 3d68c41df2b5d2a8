"""A job as Redis holds it, with what RQ lists of its runs."""

from rq.executions import Execution, ExecutionRegistry
from rq.job import Job


class Executions(ExecutionRegistry):
    """The executions of a job: more than one if a worker has died of it, or was taken for dead."""

    def get_executions(self, start: int = 0, end: int = -1) -> list[Execution]:
        """Return all that are listed.

        RQ reads each, and raises an error where one has expired, which it does a minute before its entry in the
        list: a job that was taken up after a dead worker would fail at its end, and be run again, time after time;
        nor could it be deleted.
        """
        ids = self.get_execution_ids(start, end)
        return [Execution(one, self.job_id, self.connection) for one in ids]


class StoredJob(Job):
    """RQ's job. It can be deleted whatever has become of the workers that took it."""

    @property
    def execution_registry(self) -> Executions:
        """The executions of this job."""
        return Executions(self.id, connection=self.connection)
