"""The status of a mirror: what it holds, how far it lags behind MusicBrainz, and on which terms it may be used."""

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta

from rich.filesize import decimal

from mirror.database import connect
from mirror.errors import FirstImportRunning, MirrorEmpty, MirrorError
from mirror.replication.packet_source import PacketSource
from mirror.replication.replicate import is_importing
from mirror.state import MirrorState, TableSize, mirror_state, table_sizes

IMPORTED = "CC0: free for every use"
REPLICATED = "CC BY-NC-SA 3.0, as packets were applied: not for commercial use (an import alone is CC0)"


@dataclass(frozen=True)
class MirrorStatus:
    """The mirror's state and sizes, the newest packet or why it is not known, and whether an import is running."""

    state: MirrorState
    tables: list[TableSize]
    newest: int | None
    unknown: str
    importing: bool = False

    @property
    def behind(self) -> int | None:
        """How many published packets the mirror does not have."""
        sequence = self.state.replication_sequence
        return None if self.newest is None or sequence is None else max(self.newest - sequence, 0)

    @property
    def lag(self) -> timedelta | None:
        """How long ago MusicBrainz held the same data."""
        return datetime.now(UTC) - self.state.as_of if self.state.as_of else None

    @property
    def licence(self) -> str:
        """The terms on which this data may be used."""
        return REPLICATED if self.state.packets else IMPORTED


def mirror_status(url: str, source: PacketSource) -> MirrorStatus:
    """Query the mirror, and MetaBrainz for the newest packet if there is a token."""
    with connect(url) as connection:
        state, sizes = mirror_state(connection), table_sizes(connection)
        importing = is_importing(connection)
    if state is None:
        raise FirstImportRunning if importing else MirrorEmpty
    try:
        return MirrorStatus(state, sizes, source.newest_sequence(), "MetaBrainz names none", importing)
    except MirrorError as error:
        return MirrorStatus(state, sizes, None, str(error), importing)


def status_object(status: MirrorStatus) -> dict[str, object]:
    """Return the status as a JSON object."""
    return {
        **asdict(status.state),
        "latest_packet": status.newest,
        "packets_behind": status.behind,
        "as_of": status.state.as_of,
        "lag_seconds": round(status.lag.total_seconds()) if status.lag else None,
        "licence": status.licence,
        "importing": status.importing,
        "tables": [asdict(size) for size in status.tables],
    }


def status_lines(status: MirrorStatus) -> Iterator[str]:
    """Yield the status line by line: facts, then the tables."""
    yield from (f"{name:22}{value}" for name, value in _facts(status).items())
    yield ""
    yield from (f"  {size.table:36}{size.rows:>14,} rows{decimal(size.bytes):>12}" for size in status.tables)


def _facts(status: MirrorStatus) -> dict[str, object]:
    state = status.state
    facts: dict[str, object] = {
        "profile": state.profile,
        "export": state.export_stamp,
        "imported": f"{state.imported_at:%Y-%m-%d %H:%M %Z}",
        "schema sequence": state.schema_sequence,
        "replication sequence": _sequence(status),
        "as of": f"{state.as_of:%Y-%m-%d %H:%M %Z}, {format_age(status.lag)} ago" if status.lag else "not known",
        "packets applied": f"{state.packets:,}, {state.drift:,} rows corrected" if state.packets else "none",
        "licence": status.licence,
        "release groups": f"{state.release_groups:,}",
    }
    if status.importing:
        facts["import"] = "a new import is running; the mirror serves the old one until then"
    if state.last_error:
        facts["last error"] = f"{state.last_error_at:%Y-%m-%d %H:%M %Z}: {state.last_error}"
    return {**facts, "size": decimal(sum(size.bytes for size in status.tables))}


def _sequence(status: MirrorStatus) -> str:
    sequence = status.state.replication_sequence
    if sequence is None:
        return "none: this export cannot be replicated"
    if status.behind is None:
        return f"{sequence}; how far behind is not known: {status.unknown}"
    return f"{sequence}, {status.behind:,} packets behind" if status.behind else f"{sequence}, up to date"


def format_age(time: timedelta) -> str:
    """Format a length of time in its two largest units: `3 d 4 h`, `4 h 5 min`, `5 min`."""
    minutes = max(round(time.total_seconds()), 0) // 60
    days, hours = minutes // 1440, minutes // 60 % 24
    return f"{days} d {hours} h" if days else f"{hours} h {minutes % 60} min" if hours else f"{minutes} min"
