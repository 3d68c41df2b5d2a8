"""Replication: one packet after the other, each in one transaction that ends with its number."""

import random
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from threading import Event

import psycopg

from mirror.apply import APPLYING, Applied, apply_packet
from mirror.database import Connection, open_connection, readable_errors
from mirror.errors import (
    ImportRunning,
    MirrorAway,
    MirrorEmpty,
    MirrorError,
    MirrorFull,
    NotReplicable,
    OtherProfile,
    PacketAway,
    PacketBroken,
    PacketMissing,
    ReplicationRunning,
)
from mirror.feed import Feed
from mirror.load import LOCK
from mirror.state import mirror_state, note_error
from mirror.swap import is_locked

ONE_AT_A_TIME = LOCK + 1
PASSING = (ImportRunning, MirrorAway, MirrorFull, PacketAway, PacketBroken, PacketMissing)
PAUSES = (10.0, 10.0)  # seconds between the tries at one packet
WAIT = 600.0  # seconds until the next packet is looked for; about one an hour is published


def is_importing(connection: Connection) -> bool:
    """Whether an import is at work. A packet takes its lock too, but who applies packets has another besides."""
    return is_locked(connection, LOCK) and not is_locked(connection, ONE_AT_A_TIME)


@dataclass(frozen=True)
class Progress:
    """How far a replication is: at which packet, which is the newest, and why it waits where it does."""

    sequence: int | None
    last: int | None
    applied: Applied | None = None
    waiting: str = ""


@dataclass(frozen=True)
class ReplicationResult:
    """What a replication did until it ended, and the number that it brought the mirror to."""

    sequence: int | None = None
    packets: int = 0
    changes: int = 0
    kept: int = 0
    drift: int = 0

    def plus(self, applied: Applied) -> "ReplicationResult":
        """The same after one more packet."""
        return ReplicationResult(
            applied.sequence,
            self.packets + 1,
            self.changes + applied.changes,
            self.kept + applied.kept,
            self.drift + applied.drift,
        )


def replicate(
    owner_url: str,
    packet_url: str,
    token: str,
    *,
    follow: bool = False,
    limit: int | None = None,
    profile: str | None = None,
    agent: str = "LastYear.fm",
    report: Callable[[Progress], None] = lambda progress: None,
    stop: Event | None = None,
    pauses: Sequence[float] = PAUSES,
    wait: float = WAIT,
) -> ReplicationResult:
    """Apply every packet that follows, at most `limit`; with `follow` go on as new ones come, until `stop` is set.

    May be ended and run again at any time: it goes on behind the last packet that was applied.
    """
    run = _Run(Feed(packet_url, token, agent), limit, profile, report, stop or Event(), pauses)
    while True:
        try:
            with _replicator(owner_url) as connection:
                run.catch_up(connection)
                while follow and not run.over and not run.rest(wait):
                    run.catch_up(connection)
            return run.result
        except PASSING as error:
            if not follow:
                raise
            run.tell(waiting=str(error))
            if run.rest(wait):
                return run.result


class _Run:
    """A replication from its start to its end."""

    def __init__(
        self,
        feed: Feed,
        limit: int | None,
        profile: str | None,
        report: Callable[[Progress], None],
        stop: Event,
        pauses: Sequence[float],
    ) -> None:
        self.result = ReplicationResult()
        self._feed, self._limit, self._profile, self._report = feed, limit, profile, report
        self._stop, self._pauses = stop, pauses
        self._last: int | None = None

    @property
    def over(self) -> bool:
        """Whether it shall go no further."""
        return self._stop.is_set() or (self._limit is not None and self.result.packets >= self._limit)

    def rest(self, seconds: float) -> bool:
        """Wait about so long, that not all mirrors ask at once; tells whether it was stopped meanwhile."""
        return self._stop.wait(seconds * random.uniform(0.9, 1.1))  # noqa: S311 - no secret

    def tell(self, applied: Applied | None = None, waiting: str = "") -> None:
        """Report how far it is."""
        self._report(Progress(self.result.sequence, self._last, applied, waiting))

    def catch_up(self, connection: Connection) -> None:
        """Apply what is published, to the newest; what goes wrong is noted where `status` finds it."""
        try:
            self._last = self._latest()
            while not self.over and (applied := self._next(connection)):
                self.result = self.result.plus(applied)
                self.tell(applied)
        except ImportRunning:
            raise  # as it should be, and the new mirror will know nothing of it
        except MirrorError as error:
            with suppress(MirrorError, psycopg.Error):
                note_error(connection, str(error))
            raise

    def _next(self, connection: Connection) -> Applied | None:
        sequence = self._sequence(connection) + 1
        if applied := self._try(connection, sequence):
            return applied
        self._last = self._latest()
        if self._last is None or self._last < sequence:
            note_error(connection, None)
            self.tell(waiting="up to date")
            return None
        # It may have been published between the two questions.
        if applied := self._try(connection, sequence):
            return applied
        raise PacketMissing(f"{sequence}, the newest is {self._last}")

    def _try(self, connection: Connection, sequence: int) -> Applied | None:
        for pause in (*self._pauses, None):
            try:
                with self._feed.packet(sequence) as file:
                    return apply_packet(connection, file) if file else None
            except (PacketAway, PacketBroken):
                if pause is None or self._stop.wait(pause):
                    raise
        return None

    def _sequence(self, connection: Connection) -> int:
        state = mirror_state(connection)
        if state is None:
            raise MirrorEmpty
        if self._profile not in {None, state.profile}:
            raise OtherProfile(f"it has {state.profile}")
        if state.replication_sequence is None:
            raise NotReplicable
        self.result = replace(self.result, sequence=state.replication_sequence)
        return state.replication_sequence

    def _latest(self) -> int | None:
        """Good to know, but not needed to go on."""
        try:
            return self._feed.latest()
        except PacketAway:
            return None


@contextmanager
def _replicator(url: str) -> Iterator[Connection]:
    """The connection that alone may replicate; the lock goes with it."""
    with open_connection(url, "lastyear mirror replicate", APPLYING) as connection:
        with readable_errors():
            row = connection.execute("SELECT pg_try_advisory_lock(%s)", [ONE_AT_A_TIME]).fetchone()
            if not (row and row[0]):
                raise ReplicationRunning
        try:
            yield connection
        finally:
            with suppress(psycopg.Error):  # the server itself would free it a moment after we have gone
                connection.execute("SELECT pg_advisory_unlock(%s)", [ONE_AT_A_TIME])
