"""What every kind of test may use. Nothing here starts anything."""

import os
import shutil
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TypeVar

import pytest
from hypothesis import HealthCheck, settings
from xdist.remote import Producer
from xdist.scheduler import LoadScopeScheduling, Scheduling

T = TypeVar("T")

PATIENCE = 60.0
"""Seconds for what must come: many times what it takes, since how busy the machine is decides nothing."""

# How long an example takes tells of the machine, not of the code. The examples are the same in every run, unless
# somebody looks for more: pytest --hypothesis-profile=exploring.
settings.register_profile(
    "exploring", deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture]
)
settings.register_profile("patient", settings.get_profile("exploring"), derandomize=True)
settings.load_profile("patient")

MEMORY = Path("/dev/shm")  # noqa: S108  a folder of our own is made in it
MEMORY_NEEDED = 2 << 30
"""Bytes that must be free in it. A run has seven servers of up to 300 MB; many a container has 64 MB in all."""


class _Together(LoadScopeScheduling):  # type: ignore[misc]  # xdist carries no types
    """Under xdist the tests of one provisioned machine stay together, and those of a file of the browser's, which
    follow each other on one site; all others go to whoever is free.
    """

    def _split_scope(self, nodeid: str) -> str:
        if nodeid.startswith("tests/provision/"):
            return "provision"
        return nodeid.partition("::")[0] if nodeid.startswith("tests/browser/") else nodeid


def pytest_configure() -> None:
    """A run that is told to end takes down what it has started, as after Ctrl-C."""
    signal.signal(signal.SIGTERM, signal.default_int_handler)


def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> Scheduling:
    """Takes the place of `--dist`: `loadgroup` of xdist 3.8 finds no group under pytest 9."""
    return _Together(config, log)


def wait_until(
    condition: Callable[[], T], *, seconds: float = PATIENCE, otherwise: Callable[[], str] = lambda: ""
) -> T:
    """The first true value of `condition`, tried every 20 ms. Fails after `seconds`, telling `otherwise`."""
    deadline = time.monotonic() + seconds
    while not (value := condition()):
        if time.monotonic() > deadline:
            raise AssertionError(f"not within {seconds:g} s\n{otherwise()}")
        time.sleep(0.02)
    return value


@contextmanager
def database_folder() -> Iterator[Path]:
    """Yield a folder for a server's data, in memory where there is room: each new database is 300 files.

    It is not in pytest's own folder: started by root the server runs as another user, who may not enter that.
    """
    fits = os.access(MEMORY, os.W_OK) and shutil.disk_usage(MEMORY).free >= MEMORY_NEEDED
    with TemporaryDirectory(prefix="lastyear-", dir=MEMORY if fits else None) as name:
        folder = Path(name)
        folder.chmod(0o755)
        yield folder
