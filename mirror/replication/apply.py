"""Apply one packet to the mirror: all of it in one transaction, or nothing."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import IO

import psycopg

from mirror.database import SCHEMA, Connection, readable_errors
from mirror.derived.name_index import usable_state
from mirror.derived.updates import StaleRows
from mirror.errors import (
    ImportRunning,
    NotReplicable,
    PacketBroken,
    PacketOutOfTurn,
    SchemaChanged,
)
from mirror.importing.swap import IMPORT_LOCK
from mirror.replication.changes import (
    PacketStaging,
    apply_final_rows,
    drop_conflicting_rows,
    find_final_rows,
    target_tables,
)
from mirror.replication.packets import Packet, PacketHeader, open_packet
from mirror.state import MirrorState, note_packet
from mirror.tables import KNOWN_SCHEMAS, PROFILES

APPLY_SETTINGS = {
    "search_path": SCHEMA,
    "statement_timeout": "0",
    "lock_timeout": "60s",
    "work_mem": "64MB",
    "jit": "off",
    "client_connection_check_interval": "1s",  # so that the next one need not wait for a killed one
    # A packet touches few rows of large tables: look them up, wherever they lie.
    "random_page_cost": "1.1",
}


@dataclass(frozen=True)
class AppliedPacket:
    """A packet that was applied, and the counts of what it did."""

    sequence: int
    timestamp: datetime
    changes: int
    """All changes in the packet, most of them to tables and columns that the mirror does not keep."""
    kept: int
    """The changes to tables and columns that it keeps."""
    drift: int
    """Rows that differed from what the packet found at MusicBrainz. They are now as it left them."""


def apply_packet(connection: Connection, file: Path | str | IO[bytes]) -> AppliedPacket:
    """Apply a packet completely or not at all. It must be the next one, undamaged, and of the mirror's schema."""
    with open_packet(file) as packet, _readable_errors():
        try:
            return _apply(connection, packet)
        except psycopg.errors.UniqueViolation:
            return _apply(connection, packet, drifted=True)


@contextmanager
def _readable_errors() -> Iterator[None]:
    try:
        with readable_errors():
            yield
    except (psycopg.DataError, psycopg.IntegrityError) as error:
        raise PacketBroken(error) from error


def _apply(connection: Connection, packet: Packet, *, drifted: bool = False) -> AppliedPacket:
    with connection.transaction():
        state = _lock_state(connection, packet.header)
        tables = target_tables(connection, PROFILES[state.profile])
        staging = PacketStaging(connection, tables)
        staging.add(packet.changes(set(tables)))
        changed = [tables[name] for name in staging.changes]
        drift = sum(find_final_rows(connection, table) for table in changed)
        if drifted:
            drift += sum(drop_conflicting_rows(connection, table) for table in changed)
        stale = StaleRows(connection, staging.changes)
        growth = {table.table.name: apply_final_rows(connection, table) for table in changed}
        stale.recompute()
        header = packet.header
        note_packet(connection, header.sequence, header.timestamp, drift, growth.get("release_group", 0))
    return AppliedPacket(header.sequence, header.timestamp, packet.change_count, staging.changes.total(), drift)


def _lock_state(connection: Connection, header: PacketHeader) -> MirrorState:
    """Return the mirror's state if this packet is the next one. It is locked until the end of the transaction."""
    for name, value in APPLY_SETTINGS.items():
        connection.execute("SELECT set_config(%s, %s, true)", [name, value])
    row = connection.execute("SELECT pg_try_advisory_xact_lock(%s)", [IMPORT_LOCK]).fetchone()
    if not (row and row[0]):
        raise ImportRunning
    state = usable_state(connection, lock=True)
    if state.replication_sequence is None:
        raise NotReplicable
    if header.sequence != state.replication_sequence + 1:
        raise PacketOutOfTurn(f"it is {header.sequence}, the mirror is at {state.replication_sequence}")
    if header.schema_sequence != state.schema_sequence or header.schema_sequence not in KNOWN_SCHEMAS:
        raise SchemaChanged(f"this packet has {header.schema_sequence}, the mirror {state.schema_sequence}")
    return state
