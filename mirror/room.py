"""How much disk an import needs, and whether it is there."""

import shutil
from dataclasses import dataclass
from pathlib import Path

from rich.filesize import decimal

from mirror.database import Connection
from mirror.errors import RoomMissing
from mirror.tables import ROOM

LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})
# Where Debian's PostgreSQL listens and where it keeps its data, for roles that it does not tell.
DEBIAN_SOCKETS, DEBIAN_DATA = frozenset({"/run/postgresql", "/var/run/postgresql"}), Path("/var/lib/postgresql")

# An official archive in the autumn of 2026: its bytes, and the release groups in it. Both grow at one pace.
ARCHIVE, RELEASE_GROUPS = 7_000_000_000, 4_500_000


@dataclass(frozen=True)
class Room:
    """How much disk the next import will need, and how much is free; None if that cannot be seen from here."""

    needed: int
    free: int | None
    folder: Path | None

    @property
    def enough(self) -> bool:
        """Whether the import can begin, as far as can be seen."""
        return self.free is None or self.free >= self.needed


def next_room(connection: Connection, profile: str, release_groups: int = RELEASE_GROUPS) -> Room:
    """The room for a mirror of this profile, made from an export as large as one with so many release groups."""
    compressed, data = ARCHIVE * release_groups // RELEASE_GROUPS, _data_directory(connection)
    return Room(int(compressed * ROOM[profile]), shutil.disk_usage(data).free if data else None, data)


def check_room(connection: Connection, profile: str, compressed: int) -> str:
    """Say how much disk an archive of this size will need as a mirror; refuse to begin where it is not there."""
    needed, data = int(compressed * ROOM[profile]), _data_directory(connection)
    sentence = f"The new mirror will take about {decimal(needed)} of disk, beside the one that serves meanwhile"
    if data is None:
        return f"{sentence}. How much is free at the database server cannot be seen from here."
    free = shutil.disk_usage(data).free
    if free < needed:
        raise RoomMissing(f"{data} has {decimal(free)} free, needed are about {decimal(needed)}")
    return f"{sentence}; {decimal(free)} are free."


def _data_directory(connection: Connection) -> Path | None:
    """Where a server on this machine keeps its data; None if that cannot be known."""
    host = connection.info.host
    if not (host.startswith("/") or host in LOOPBACK):
        return None
    row = connection.execute("SELECT setting FROM pg_settings WHERE name = 'data_directory'").fetchone()
    data = Path(str(row[0])) if row else DEBIAN_DATA if host in DEBIAN_SOCKETS else None
    return data if data and _is_there(data) else None


def _is_there(path: Path) -> bool:
    try:
        return path.exists()
    except OSError:
        return False
