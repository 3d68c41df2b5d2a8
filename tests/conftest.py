"""What every kind of test may use. Nothing here starts anything."""

import time
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")


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
