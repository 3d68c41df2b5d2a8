"""The status of a mirror: what it holds, how far it lags behind MusicBrainz, and on which terms it may be used."""

from collections.abc import Iterator
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime, timedelta

from rich.filesize import decimal

from mirror.database import connect
from mirror.errors import FirstImportRunning, MirrorEmpty, MirrorError
from mirror.importing.leftovers import Leftover, find_leftovers
from mirror.importing.swap import is_locked
from mirror.replication.judgement import Judgement, format_age, judge
from mirror.replication.packet_source import PacketSource
from mirror.replication.replicate import REPLICATION_LOCK, is_importing
from mirror.state import MirrorState, TableSize, mirror_state, table_sizes

IMPORTED = "CC0: free for every use"
REPLICATED = "CC BY-NC-SA 3.0, as packets were applied: not for commercial use (an import alone is CC0)"


@dataclass(frozen=True)
class MirrorStatus:
    """The mirror's state and sizes, what goes on in it, and the newest packet or why that is not known."""

    state: MirrorState
    tables: list[TableSize]
    importing: bool
    replicating: bool
    leftovers: list[Leftover]
    """What an import that is over has left."""
    follows: bool
    """Whether there is a token, and so packets are expected."""
    newest: int | None = None
    unknown: str = "MetaBrainz names none"

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
    def judgement(self) -> Judgement:
        """How well the mirror is, and what it still has to catch up."""
        return judge(self.state, follows=self.follows, replicating=self.replicating, behind=self.behind)

    @property
    def licence(self) -> str:
        """The terms on which this data may be used."""
        return REPLICATED if self.state.packets else IMPORTED


def mirror_status(url: str, source: PacketSource) -> MirrorStatus:
    """Query the mirror, and MetaBrainz for the newest packet if there is a token. Raises MirrorError."""
    with connect(url) as connection:
        importing = is_importing(connection)
        leftovers = [] if importing else find_leftovers(connection)
        state = mirror_state(connection)
        if state is None:
            raise FirstImportRunning if importing else MirrorEmpty(*leftovers)
        replicating = is_locked(connection, REPLICATION_LOCK)
        status = MirrorStatus(
            state, table_sizes(connection), importing, replicating, leftovers, follows=bool(source.token)
        )
    try:
        return replace(status, newest=source.newest_sequence())
    except MirrorError as error:
        return replace(status, unknown=str(error))


def status_object(status: MirrorStatus) -> dict[str, object]:
    """Return the status as a JSON object."""
    return {
        **asdict(status.state),
        "state": status.judgement.verdict,
        "seen": status.judgement.seen,
        "latest_packet": status.newest,
        "packets_behind": status.behind,
        "as_of": status.state.as_of,
        "lag_seconds": round(status.lag.total_seconds()) if status.lag else None,
        "licence": status.licence,
        "importing": status.importing,
        "leftovers": [asdict(leftover) for leftover in status.leftovers],
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
        "state": f"{status.judgement.verdict}: {status.judgement.seen}",
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
    if status.leftovers:
        facts["left over"] = f"{'; '.join(map(str, status.leftovers))}: `lastyear mirror import --when needed`"
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
