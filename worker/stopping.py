"""Stopping: a worker that is told to end finishes the page it has in hand and gives its job back."""

import os
import threading
from collections.abc import Callable
from functools import wraps
from typing import ParamSpec

import structlog
from rq import Retry

log = structlog.get_logger()

PATIENCE = 10.0  # seconds; Last.fm may not answer, and a page that is not stored is only fetched once more

P = ParamSpec("P")

_asked = threading.Event()


class Stopped(Exception):
    """This process is to end: let go of everything. What is committed stays, and the job goes on from there."""


def ask() -> None:
    """Has the job of this process stop at its next `check`, and the process end even if there is none."""
    _asked.set()
    timer = threading.Timer(PATIENCE, os._exit, [1])
    timer.daemon = True
    timer.start()


def check() -> None:
    """Called by jobs wherever they can be left. Raises Stopped."""
    if _asked.is_set():
        raise Stopped


def given_back(job: Callable[P, None]) -> Callable[P, Retry | None]:
    """A job that goes back to the head of its queue when it is stopped, however often, for who is there next."""

    @wraps(job)
    def stoppable(*arguments: P.args, **named: P.kwargs) -> Retry | None:
        try:
            job(*arguments, **named)
        except Stopped:
            log.info("The job is given back, since this worker stops")
            return Retry(max=1_000_000, enqueue_at_front=True)
        return None

    return stoppable
