"""Exports of MusicBrainz: find the newest one, verify its checksums, open its archive."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from threading import Event

from mirror.errors import ExportMissing
from mirror.importing.archive import Archive, open_archive
from mirror.importing.export_sources import ExportFolder, find_folder
from mirror.importing.http import HttpOptions
from mirror.importing.signature import SUMS, check_signature

CORE = "mbdump.tar.bz2"
STAMP = re.compile(rb"\d{8}-\d{6}")


@dataclass(frozen=True)
class Export:
    """A directory of archives and their checksums, named after the time when it was made."""

    folder: ExportFolder

    @property
    def stamp(self) -> str:
        return self.folder.name

    @contextmanager
    def open(self, name: str = CORE) -> Iterator[Archive]:
        """Read one archive of this export as a stream."""
        checksum = self.checksum(name)
        with self.folder.open(name) as compressed, open_archive(compressed, checksum) as archive:
            yield archive

    def checksum(self, name: str) -> str:
        """Return the SHA-256 of an archive from this export's list. Raises ExportMissing."""
        for line in self._sums.decode(errors="replace").splitlines():
            checksum, _, listed = line.partition(" ")
            if listed.lstrip(" *") == name:
                return checksum.lower()
        raise ExportMissing(f"{self.folder}{SUMS} does not list {name}")

    def check_signature(self, required_key: str = "") -> str:
        """Check whether MusicBrainz, or the key that is required, has signed the checksums; return a sentence."""
        return check_signature(self.folder, self._sums, required_key)

    @cached_property
    def _sums(self) -> bytes:
        return self.folder.read(SUMS)


def find_export(location: str, http: HttpOptions | None = None) -> Export:
    """Find the export at a directory or URL, which is itself an export or contains a LATEST that names one.

    Raises LocationUnknown, ExportMissing, ExportAway.
    """
    http = http or HttpOptions()
    folder = _newest(find_folder(location, http), http.retry_pauses if location.startswith("http") else ())
    if not folder.has(CORE):
        raise ExportMissing(f"neither LATEST nor {CORE} in {folder}")
    return Export(folder)


def _newest(folder: ExportFolder, pauses: tuple[float, ...]) -> ExportFolder:
    """Return the newest export. LATEST is missing for a moment while the publisher rewrites it."""
    for pause in (*pauses, None):
        try:
            latest = folder.read("LATEST").strip()
        except ExportMissing:
            latest = b""
        if STAMP.fullmatch(latest):
            return folder.subfolder(latest.decode())
        if pause is None or folder.has(CORE):
            break
        Event().wait(pause)
    return folder
