"""Shutdown: a worker told to stop stores the stretch in hand and puts its job back into the queue."""

import os
import threading
from collections.abc import Callable
from functools import wraps
from typing import ParamSpec

import structlog
from rq import Retry

log = structlog.get_logger()

GRACE_PERIOD = 10.0  # seconds; Last.fm may not answer, and what is not proven is merely asked for again

P = ParamSpec("P")

_requested = threading.Event()


class ShutdownRequested(Exception):
    """This process has to end: let go of everything. What is committed stays, and the job resumes there."""


class FetchingPaused(ShutdownRequested):
    """The operator has paused fetching: let go of everything. The job waits at the head of its queue."""


class GaveWay(Exception):
    """The job has nothing to do for now, and others wait for its worker: it goes on after them."""


def request() -> None:
    """Stop this process's job at its next safe point, and end the process after the grace period in any case."""
    _requested.set()
    timer = threading.Timer(GRACE_PERIOD, os._exit, [1])
    timer.daemon = True
    timer.start()


def raise_if_requested() -> None:
    """Raise ShutdownRequested if this process has to end. Jobs call this wherever they can be interrupted."""
    if _requested.is_set():
        raise ShutdownRequested


def requeued_on_shutdown(job: Callable[P, None]) -> Callable[P, Retry | None]:
    """Put the job back at the head of its queue when it is interrupted, and at the end when it has given way."""

    @wraps(job)
    def interruptible(*arguments: P.args, **named: P.kwargs) -> Retry | None:
        try:
            job(*arguments, **named)
        except FetchingPaused:
            log.info("Fetching is paused; the job goes back to its queue")
            return Retry(max=1_000_000, enqueue_at_front=True)
        except ShutdownRequested:
            log.info("This worker is stopping; the job goes back to its queue")
            return Retry(max=1_000_000, enqueue_at_front=True)
        except GaveWay:
            return Retry(max=1_000_000)
        return None

    return interruptible
