"""Replication: one packet after the other, each in one transaction that ends with its sequence number."""

import random
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from threading import Event

import psycopg

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
from mirror.importing.swap import IMPORT_LOCK, is_locked
from mirror.replication.apply import APPLY_SETTINGS, AppliedPacket, apply_packet
from mirror.replication.packet_source import PacketSource
from mirror.state import mirror_state, note_error

REPLICATION_LOCK = IMPORT_LOCK + 1
TEMPORARY_ERRORS = (ImportRunning, MirrorAway, MirrorFull, PacketAway, PacketBroken, PacketMissing)


def is_importing(connection: Connection) -> bool:
    """Return whether an import is running. Applying a packet takes the same lock, but a replication's besides."""
    return is_locked(connection, IMPORT_LOCK) and not is_locked(connection, REPLICATION_LOCK)


@dataclass(frozen=True)
class ReplicationProgress:
    """The mirror's packet and the newest one; the packet that was just applied, or the reason to wait."""

    sequence: int | None
    newest: int | None
    applied: AppliedPacket | None = None
    waiting: str = ""


@dataclass(frozen=True)
class ReplicationResult:
    """The packet that a replication has reached, and the sums of what it applied."""

    sequence: int | None = None
    packets: int = 0
    changes: int = 0
    kept: int = 0
    drift: int = 0

    def plus(self, applied: AppliedPacket) -> "ReplicationResult":
        """Return the result after one more packet."""
        return ReplicationResult(
            applied.sequence,
            self.packets + 1,
            self.changes + applied.changes,
            self.kept + applied.kept,
            self.drift + applied.drift,
        )


@dataclass(frozen=True)
class ReplicationOptions:
    """How to replicate: whether to follow new packets, which profile the mirror must have, how long to wait."""

    follow: bool = False
    profile: str | None = None
    retry_pauses: tuple[float, ...] = (10.0, 10.0)  # seconds before each further attempt at one packet
    poll_seconds: float = 600.0  # until the next look for a new packet; about one an hour is published


Report = Callable[[ReplicationProgress], None]


def replicate(
    owner_url: str,
    source: PacketSource,
    options: ReplicationOptions | None = None,
    *,
    report: Report = lambda progress: None,
    stop: Event | None = None,
) -> ReplicationResult:
    """Apply every packet that follows; with `follow`, continue as new ones are published, until `stop` is set.

    May be stopped and run again at any time: it continues after the last packet that was applied.
    """
    run = _Replication(source, options or ReplicationOptions(), report, stop or Event())
    while True:
        try:
            with _replication_connection(owner_url) as connection:
                run.catch_up(connection)
                while run.options.follow and not run.pause():
                    run.catch_up(connection)
            return run.result
        except TEMPORARY_ERRORS as error:
            if not run.options.follow:
                raise
            run.report_wait(str(error))
            if run.pause():
                return run.result


@dataclass
class _Replication:
    """A replication from its start to its end."""

    source: PacketSource
    options: ReplicationOptions
    report: Report
    stop: Event
    result: ReplicationResult = field(default_factory=ReplicationResult)
    newest: int | None = None

    def pause(self) -> bool:
        """Wait for the next poll, not all mirrors at the same time; return whether to stop."""
        return self.stop.wait(self.options.poll_seconds * random.uniform(0.9, 1.1))  # noqa: S311 - no secret

    def report_wait(self, reason: str) -> None:
        """Report why no packet is being applied."""
        self.report(ReplicationProgress(self.result.sequence, self.newest, waiting=reason))

    def catch_up(self, connection: Connection) -> None:
        """Apply packets up to the newest. An error is noted in the mirror, so that `status` can show it."""
        try:
            self.newest = self._find_newest()
            while not self.stop.is_set() and (applied := self._apply_next(connection)):
                self.result = self.result.plus(applied)
                self.report(ReplicationProgress(applied.sequence, self.newest, applied))
        except ImportRunning:
            raise  # nothing is wrong, and the new mirror would not have the note
        except MirrorError as error:
            with suppress(MirrorError, psycopg.Error):
                note_error(connection, str(error))
            raise

    def _apply_next(self, connection: Connection) -> AppliedPacket | None:
        sequence = self._sequence(connection) + 1
        if applied := self._apply_with_retries(connection, sequence):
            return applied
        self.newest = self._find_newest()
        if self.newest is None or self.newest < sequence:
            note_error(connection, None)
            self.report_wait("up to date")
            return None
        # It may have been published between the two requests.
        if applied := self._apply_with_retries(connection, sequence):
            return applied
        raise PacketMissing(f"{sequence}, the newest is {self.newest}")

    def _apply_with_retries(self, connection: Connection, sequence: int) -> AppliedPacket | None:
        for pause in self.options.retry_pauses:
            try:
                return self._apply(connection, sequence)
            except (PacketAway, PacketBroken):
                if self.stop.wait(pause):
                    raise
        return self._apply(connection, sequence)

    def _apply(self, connection: Connection, sequence: int) -> AppliedPacket | None:
        with self.source.download(sequence) as file:
            return apply_packet(connection, file) if file else None

    def _sequence(self, connection: Connection) -> int:
        state = mirror_state(connection)
        if state is None:
            raise MirrorEmpty
        if self.options.profile not in {None, state.profile}:
            raise OtherProfile(f"it has {state.profile}")
        if state.replication_sequence is None:
            raise NotReplicable
        self.result = replace(self.result, sequence=state.replication_sequence)
        return state.replication_sequence

    def _find_newest(self) -> int | None:
        """Return the newest packet's sequence number: good to know, but replication works without."""
        try:
            return self.source.newest_sequence()
        except PacketAway:
            return None


@contextmanager
def _replication_connection(url: str) -> Iterator[Connection]:
    """Open the connection of the only replication; its lock is released with it."""
    with open_connection(url, "lastyear mirror replicate", APPLY_SETTINGS) as connection:
        with readable_errors():
            row = connection.execute("SELECT pg_try_advisory_lock(%s)", [REPLICATION_LOCK]).fetchone()
            if not (row and row[0]):
                raise ReplicationRunning
        try:
            yield connection
        finally:
            with suppress(psycopg.Error):  # the server releases it as well once the connection is closed
                connection.execute("SELECT pg_advisory_unlock(%s)", [REPLICATION_LOCK])
