"""A process that imports or replicates and is killed, once before and once during its Nth step.

    python -m tests.integration.mirror.master.dying STEP before|during import URL LOCATION
    python -m tests.integration.mirror.master.dying STEP before|during replicate URL PACKET_URL

A step is a statement, a piece of a COPY, or the end of a transaction. With step 0 it lives, and prints how many
there were.
"""

import os
import signal
import sys
from collections.abc import Callable
from itertools import count
from threading import Thread
from typing import Any

import psycopg

from demo.musicbrainz.stand_in import TOKEN
from mirror.importing.load import ImportOptions, import_export
from mirror.replication.packet_source import PacketSource
from mirror.replication.replicate import replicate


def import_whole(url: str, location: str) -> None:
    """Import with every table that a mirror can keep."""
    import_export(url, location, options=ImportOptions(profile="recordings"))


JOBS: dict[str, Callable[[str, str], object]] = {
    "import": import_whole,
    "replicate": lambda url, packets: replicate(url, PacketSource(packets, TOKEN)),
}


class Death:
    """Comes at one step."""

    def __init__(self, step: int, when: str) -> None:
        self._steps, self._last, self._when = count(1), step, when

    @property
    def steps(self) -> int:
        """How many there were."""
        return next(self._steps) - 1

    def watch(self, owner: type[Any], name: str) -> None:
        """Count every call of this method as a step."""
        method = getattr(owner, name)

        def watched(*arguments: Any, **options: Any) -> Any:
            self._step()
            return method(*arguments, **options)

        setattr(owner, name, watched)

    def _step(self) -> None:
        if next(self._steps) == self._last:
            if self._when == "before":
                _die()
            Thread(target=_die).start()


def _die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def main(step: str, when: str, job: str, url: str, location: str) -> None:
    """Do the job, or die from it."""
    death = Death(int(step), when)
    death.watch(psycopg.Cursor, "execute")
    death.watch(psycopg.Copy, "write")
    death.watch(psycopg.Transaction, "__exit__")
    JOBS[job](url, location)
    print(death.steps)  # noqa: T201 - what whoever started us reads


if __name__ == "__main__":
    main(*sys.argv[1:])
