"""One packet applied to the mirror: all of it in one transaction, or nothing."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import IO

import psycopg

from mirror.changes import Gathering, apply, evict, settle, targets
from mirror.database import SCHEMA, Connection, readable_errors
from mirror.derived import Touched
from mirror.errors import (
    ImportRunning,
    MirrorEmpty,
    MirrorOutdated,
    NotReplicable,
    PacketBroken,
    PacketOutOfTurn,
    SchemaChanged,
)
from mirror.load import LOCK
from mirror.names import RULES
from mirror.packets import Header, Packet, open_packet
from mirror.state import State, mirror_state, note_packet
from mirror.tables import KNOWN_SCHEMAS, PROFILES

APPLYING = {
    "search_path": SCHEMA,
    "statement_timeout": "0",
    "lock_timeout": "60s",
    "work_mem": "64MB",
    "jit": "off",
    "client_connection_check_interval": "1s",  # who was killed leaves nothing at work that the next one waits for
    # A packet touches few rows of large tables: look them up, wherever they lie.
    "random_page_cost": "1.1",
}


@dataclass(frozen=True)
class Applied:
    """What a packet did."""

    sequence: int
    timestamp: datetime
    changes: int
    """All in it, most of them of tables and columns that the mirror does not keep."""
    kept: int
    """Those of tables and columns that it keeps."""
    drift: int
    """Rows that were not here as the packet found them at the master. They are now as it left them."""


def apply_packet(connection: Connection, file: Path | str | IO[bytes]) -> Applied:
    """Apply one packet wholly or not at all: it must be the next one, whole, and of the mirror's own schema."""
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


def _checked(header: Header, state: State | None) -> State:
    if state is None:
        raise MirrorEmpty
    if state.replication_sequence is None:
        raise NotReplicable
    if state.names_rules != RULES:
        raise MirrorOutdated(f"its names are folded by {state.names_rules}")
    if header.sequence != state.replication_sequence + 1:
        raise PacketOutOfTurn(f"it is {header.sequence}, the mirror is at {state.replication_sequence}")
    if header.schema_sequence != state.schema_sequence or header.schema_sequence not in KNOWN_SCHEMAS:
        raise SchemaChanged(f"this packet has {header.schema_sequence}, the mirror {state.schema_sequence}")
    return state


def _apply(connection: Connection, packet: Packet, *, drifted: bool = False) -> Applied:
    with connection.transaction():
        state = _ready(connection, packet.header)
        tables = targets(connection, PROFILES[state.profile])
        gathering = Gathering(connection, tables)
        gathering.gather(packet.changes(set(tables)))
        changed = [tables[name] for name in gathering.changes]
        drift = sum(settle(connection, table) for table in changed)
        if drifted:
            drift += sum(evict(connection, table) for table in changed)
        touched = Touched(connection, gathering.changes)
        growth = {table.table.name: apply(connection, table) for table in changed}
        touched.update()
        header = packet.header
        note_packet(connection, header.sequence, header.timestamp, drift, growth.get("release_group", 0))
    return Applied(header.sequence, header.timestamp, packet.rows, gathering.changes.total(), drift)


def _ready(connection: Connection, header: Header) -> State:
    """What the mirror holds, if this packet is the one to follow; nobody else changes it until we are done."""
    for name, value in APPLYING.items():
        connection.execute("SELECT set_config(%s, %s, true)", [name, value])
    row = connection.execute("SELECT pg_try_advisory_xact_lock(%s)", [LOCK]).fetchone()
    if not (row and row[0]):
        raise ImportRunning
    return _checked(header, mirror_state(connection, lock=True))
