"""What there is to know about a mirror: what it holds, how far behind the master it is, and on which terms."""

from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta

from mirror.database import connect
from mirror.errors import ImportUnderWay, MirrorEmpty, MirrorError
from mirror.feed import Feed
from mirror.replicate import is_importing
from mirror.state import State, TableSize, mirror_state, table_sizes

TIMEOUT = 10.0  # seconds for the server of packets: whoever asks for the status is waiting
IMPORTED = "CC0: free for every use"
REPLICATED = "CC BY-NC-SA 3.0, as packets were applied: not for commercial use (an import alone is CC0)"


@dataclass(frozen=True)
class Status:
    """The mirror's state and sizes, the newest packet's number or why it is not known, whether an import runs."""

    state: State
    tables: list[TableSize]
    latest: int | None
    unknown: str
    importing: bool = False

    @property
    def behind(self) -> int | None:
        """How many packets are published that the mirror does not have."""
        sequence = self.state.replication_sequence
        return None if self.latest is None or sequence is None else max(self.latest - sequence, 0)

    @property
    def as_of(self) -> datetime | None:
        """When the master was as the mirror is."""
        if self.state.replicated_to:
            return self.state.replicated_to
        try:
            return datetime.strptime(self.state.export_stamp, "%Y%m%d-%H%M%S").replace(tzinfo=UTC)
        except ValueError:  # an export may lie in a folder of any name
            return None

    @property
    def lag(self) -> timedelta | None:
        """How long ago that is."""
        return datetime.now(UTC) - self.as_of if self.as_of else None

    @property
    def licence(self) -> str:
        """The terms on which this data may be used."""
        return REPLICATED if self.state.packets else IMPORTED


def mirror_status(url: str, feed: Feed) -> Status:
    """Look at the mirror, and ask MetaBrainz for the newest packet if there is a token."""
    with connect(url) as connection:
        state, sizes = mirror_state(connection), table_sizes(connection)
        importing = is_importing(connection)
    if state is None:
        raise ImportUnderWay if importing else MirrorEmpty
    try:
        return Status(state, sizes, feed.latest(), "MetaBrainz names none", importing)
    except MirrorError as error:
        return Status(state, sizes, None, str(error), importing)


def for_programs(status: Status) -> dict[str, object]:
    """The status as JSON has it."""
    return {
        **asdict(status.state),
        "latest_packet": status.latest,
        "packets_behind": status.behind,
        "as_of": status.as_of,
        "lag_seconds": round(status.lag.total_seconds()) if status.lag else None,
        "licence": status.licence,
        "importing": status.importing,
        "tables": [asdict(size) for size in status.tables],
    }


def for_people(status: Status) -> dict[str, object]:
    """The status as facts by name."""
    state = status.state
    facts: dict[str, object] = {
        "profile": state.profile,
        "export": state.export_stamp,
        "imported": f"{state.imported_at:%Y-%m-%d %H:%M %Z}",
        "schema sequence": state.schema_sequence,
        "replication sequence": _sequence(status),
        "as of": f"{status.as_of:%Y-%m-%d %H:%M %Z}, {span(status.lag)} ago" if status.lag else "not known",
        "packets applied": f"{state.packets:,}, {state.drift:,} rows mended by them" if state.packets else "none",
        "licence": status.licence,
        "release groups": f"{state.release_groups:,}",
    }
    if status.importing:
        facts["import"] = "a new one is under way; this one serves until that is whole"
    if state.last_error:
        facts["last error"] = f"{state.last_error_at:%Y-%m-%d %H:%M %Z}: {state.last_error}"
    return facts


def span(time: timedelta | None) -> str:
    """A length of time in its two largest units."""
    if time is None:
        return "unknown time"
    minutes = max(round(time.total_seconds()), 0) // 60
    days, hours = minutes // 1440, minutes // 60 % 24
    return f"{days} d {hours} h" if days else f"{hours} h {minutes % 60} min" if hours else f"{minutes} min"


def _sequence(status: Status) -> str:
    sequence = status.state.replication_sequence
    if sequence is None:
        return "none: this export cannot be replicated"
    if status.behind is None:
        return f"{sequence}; how far behind cannot be known: {status.unknown}"
    return f"{sequence}, {status.behind:,} packets behind" if status.behind else f"{sequence}, up to date"
