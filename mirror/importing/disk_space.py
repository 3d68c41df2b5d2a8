"""How much disk an import needs, and how much is free."""

import shutil
from dataclasses import dataclass
from pathlib import Path

from rich.filesize import decimal

from mirror.database import Connection
from mirror.errors import DiskSpaceMissing
from mirror.tables import DISK_FACTORS

LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})
# Where Debian's PostgreSQL listens and keeps its data, for roles that may not ask it.
DEBIAN_SOCKETS, DEBIAN_DATA = frozenset({"/run/postgresql", "/var/run/postgresql"}), Path("/var/lib/postgresql")

# An official archive in the autumn of 2026: its size and its release groups. Both grow at the same pace.
ARCHIVE_BYTES, RELEASE_GROUPS = 7_000_000_000, 4_500_000


@dataclass(frozen=True)
class DiskSpace:
    """The bytes of disk that an import needs, and those that are free: None if that cannot be seen from here."""

    needed: int
    free: int | None
    folder: Path | None

    @property
    def is_enough(self) -> bool:
        """Whether the import can start, as far as can be seen."""
        return self.free is None or self.free >= self.needed


def space_for_archive(connection: Connection, profile: str, archive_bytes: int) -> DiskSpace:
    """Return the space for a mirror of this profile, made from an archive of this size."""
    folder = _data_directory(connection)
    free = shutil.disk_usage(folder).free if folder else None
    return DiskSpace(int(archive_bytes * DISK_FACTORS[profile]), free, folder)


def space_for_next_import(connection: Connection, profile: str, release_groups: int = RELEASE_GROUPS) -> DiskSpace:
    """Return the space for a mirror of this profile with so many release groups."""
    return space_for_archive(connection, profile, ARCHIVE_BYTES * release_groups // RELEASE_GROUPS)


def check_disk_space(connection: Connection, profile: str, archive_bytes: int) -> str:
    """Return a sentence on how much disk the new mirror will take. Raises DiskSpaceMissing if it is not free."""
    space = space_for_archive(connection, profile, archive_bytes)
    needed = f"The new mirror will take about {decimal(space.needed)} of disk, beside the one that serves now"
    if space.free is None:
        return f"{needed}. How much is free at the database server cannot be seen from here."
    if not space.is_enough:
        free = decimal(space.free)
        raise DiskSpaceMissing(f"{space.folder} has {free} free, about {decimal(space.needed)} are needed")
    return f"{needed}; {decimal(space.free)} are free."


def _data_directory(connection: Connection) -> Path | None:
    """Return where a server on this machine keeps its data; None if that cannot be known."""
    host = connection.info.host
    if not (host.startswith("/") or host in LOOPBACK):
        return None
    row = connection.execute("SELECT setting FROM pg_settings WHERE name = 'data_directory'").fetchone()
    data = Path(row[0]) if row else DEBIAN_DATA if host in DEBIAN_SOCKETS else None
    return data if data and _is_there(data) else None


def _is_there(path: Path) -> bool:
    try:
        return path.exists()
    except OSError:
        return False
