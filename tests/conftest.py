"""What every kind of test may use. Nothing here starts anything."""

import time
from collections.abc import Callable
from typing import TypeVar

import pytest
from xdist.remote import Producer
from xdist.scheduler import LoadScopeScheduling, Scheduling

T = TypeVar("T")


class _OneWorkerForTheMachine(LoadScopeScheduling):  # type: ignore[misc]  # xdist carries no types
    """Under xdist the tests of one provisioned machine stay together; all others go to whoever is free."""

    def _split_scope(self, nodeid: str) -> str:
        return "provision" if nodeid.startswith("tests/provision/") else nodeid


def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> Scheduling:
    """Takes the place of `--dist`: `loadgroup` of xdist 3.8 finds no group under pytest 9."""
    return _OneWorkerForTheMachine(config, log)


def wait_until(
    condition: Callable[[], T], *, seconds: float = 20.0, otherwise: Callable[[], str] = lambda: ""
) -> T:
    """The first true value of `condition`, tried every 20 ms. Fails after `seconds`, telling `otherwise`."""
    deadline = time.monotonic() + seconds
    while not (value := condition()):
        if time.monotonic() > deadline:
            raise AssertionError(f"not within {seconds:g} s\n{otherwise()}")
        time.sleep(0.02)
    return value
