"""Store outage: a job whose app database is away waits for it, says so on the page, and goes on."""

from collections.abc import Callable
from contextlib import suppress
from uuid import UUID

import structlog
from redis.exceptions import RedisError

from app.counters.gauges import note_database_use
from app.events import Event
from app.redis.event_stream import Topic, drop_snapshot, latest_snapshot
from app.store import Connection, StoreAway, StoreConflict, connect
from app.store.database import SILENCE_SECONDS
from worker import shutdown
from worker.context import WorkerContext

log = structlog.get_logger()

# All in seconds.
TRY_EVERY = 3.0  # between two attempts to connect; together with one that hangs, less than half a minute
LONGEST_PAUSE = 60.0  # before the steps are taken again that have lost the database time and again
STEADY = 60.0  # steps that went on for so long were not lost at once
TELL_EVERY = 60.0  # well before a page takes a silent run for dead
GIVE_UP_AFTER = 5 * 3600.0  # RQ ends a job after six hours
CONFLICT_PAUSE = 1.0
MAX_CONFLICTS = 10
"""How often the steps are taken again because others went first."""


def with_store(
    context: WorkerContext,
    steps: Callable[[Connection], None],
    *,
    topic: Topic | None = None,
    run: UUID | None = None,
) -> None:
    """Take the steps with a connection to the app database; when it is lost, wait for it and take them again.

    The steps must be safe to take twice; that also happens when others were changing the same rows. Pages that
    follow the `topic` are told what its `run` waits for.
    Raises StoreAway after five hours, ShutdownRequested, and what the steps raise.
    """
    conflicts = 0
    url, outage = context.settings.database_url.get_secret_value(), _Outage(context, topic, run)
    while True:
        began = context.clock.now()
        is_connected = False
        try:
            with connect(url, "lastyear-worker", silence=SILENCE_SECONDS) as connection:
                is_connected = True
                outage.note_connected()
                note_database_use(context.redis)
                steps(connection)
            break
        except StoreConflict:
            conflicts += 1
            if conflicts > MAX_CONFLICTS:
                raise
            log.warning("Others were changing the same rows; trying again")
            context.clock.sleep(CONFLICT_PAUSE)
            shutdown.raise_if_requested()
        except StoreAway as error:
            lasted = context.clock.now() - began if is_connected else 0.0
            outage.wait(error, is_connected=is_connected, is_new=lasted > STEADY)
    note_database_use(context.redis, ends=True)
    outage.end()


class _Outage:
    """What is remembered from one attempt to the next."""

    def __init__(self, context: WorkerContext, topic: Topic | None, run: UUID | None) -> None:
        self._context = context
        self._clock = context.clock
        self._topic, self._run = topic, run
        self._since: float | None = None
        self._losses = 0
        self._told_at = float("-inf")

    def wait(self, error: StoreAway, *, is_connected: bool, is_new: bool) -> None:
        """Wait until the next attempt. Raises the error when that was done for too long, and ShutdownRequested."""
        now = self._clock.now()
        if self._since is None or is_new:
            self._since, self._losses = now, 0
            log.warning("Waiting for the app database", reason=str(error))
        if now - self._since > GIVE_UP_AFTER:
            raise error
        self._losses += is_connected
        self._tell(now)
        # One that lets us in and fails at once, as with a full disk, is not to cost calls to Last.fm without end.
        left = min(LONGEST_PAUSE, 2.0**self._losses) if is_connected else TRY_EVERY
        # Counted down: a clock that is set back meanwhile would put off its end.
        while left > 0:
            shutdown.raise_if_requested()
            self._clock.sleep(min(1.0, left))
            left -= 1.0
        shutdown.raise_if_requested()

    def note_connected(self) -> None:
        """Log that there is a connection again."""
        if self._since is not None:
            log.info("The app database answers again; going on", seconds=round(self._clock.now() - self._since))

    def end(self) -> None:
        """After an outage, have pages look again where nothing has been said since."""
        if self._since is None:
            return
        with suppress(RedisError):
            if self._topic and (said := self._said()) and said.waiting_for:
                # Only the answer to the last commit was lost.
                drop_snapshot(self._context.redis, self._topic)

    def _tell(self, now: float) -> None:
        if self._topic is None or self._run is None or now - self._told_at < TELL_EVERY:
            return
        self._told_at = now
        with suppress(RedisError):
            known = self._said() or Event(run=self._run, phase="fetching")
            waiting = {
                "phase": known.phase if known.is_running else "augmenting",
                "waiting_for": "database",
                "error": None,
                "seconds_left": None,
                "next_try_at": None,
            }
            self._context.publish(self._topic, known.model_copy(update=waiting))

    def _said(self) -> Event | None:
        """Return the run's latest event."""
        snapshot = latest_snapshot(self._context.redis, self._topic) if self._topic else None
        return snapshot.event if snapshot and snapshot.event.run == self._run else None
