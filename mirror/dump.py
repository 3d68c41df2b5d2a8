"""Exports of MusicBrainz: where the newest one lies and what belongs to it."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from threading import Event

from mirror.archive import Archive
from mirror.download import Step, download
from mirror.errors import ExportMissing
from mirror.places import Place, place
from mirror.signature import SIGNING_KEY, SUMS, check_signature
from mirror.web import Manners

CORE = "mbdump.tar.bz2"
STAMP = re.compile(rb"\d{8}-\d{6}")


@dataclass(frozen=True)
class Export:
    """One export: a directory of archives and their checksums, named by when it was made."""

    place: Place

    @property
    def stamp(self) -> str:
        return self.place.name

    @contextmanager
    def open(self, name: str = CORE) -> Iterator[Archive]:
        """Stream one archive of this export."""
        checksum = self.checksum(name)
        with self.place.open(name) as compressed, Archive(compressed, checksum) as archive:
            yield archive

    @contextmanager
    def open_verified(self, folder: Path, report: Step, name: str = CORE) -> Iterator[Archive]:
        """Stream one archive from this folder, once it is there as a whole and its checksum is right.

        It is deleted when the work with it is done, and kept for the next try if that fails.
        """
        checksum = self.checksum(name)
        path = download(self.place, name, checksum, folder / f"{self.stamp}-{name}", report)
        with place(str(folder), Manners()).open(path.name) as compressed, Archive(compressed, checksum) as archive:
            yield archive
        path.unlink()

    def checksum(self, name: str) -> str:
        """The SHA-256 that this export's list has for the archive."""
        for line in self._sums.decode(errors="replace").splitlines():
            checksum, _, listed = line.partition(" ")
            if listed.lstrip(" *") == name:
                return checksum.lower()
        raise ExportMissing(f"{self.place}{SUMS} does not list {name}")

    def check_signature(self, key: str = SIGNING_KEY) -> str:
        """Say whether MusicBrainz has signed the checksums."""
        return check_signature(self.place, self._sums, key)

    @cached_property
    def _sums(self) -> bytes:
        return self.place.read(SUMS)


def find_export(location: str, manners: Manners | None = None) -> Export:
    """Find the export at a directory or URL: itself one, or the LATEST of several."""
    manners = manners or Manners()
    found = place(location, manners)
    export = _latest(found, manners.pauses if location.startswith("http") else ())
    if not export.has(CORE):
        raise ExportMissing(f"neither LATEST nor {CORE} in {export}")
    return Export(export)


def _latest(exports: Place, pauses: tuple[float, ...]) -> Place:
    """The newest export. A publisher takes LATEST away for a moment when it writes a new one."""
    for pause in (*pauses, None):
        try:
            latest = exports.read("LATEST").strip()
        except ExportMissing:
            latest = b""
        if STAMP.fullmatch(latest):
            return exports.below(latest.decode())
        if pause is None or exports.has(CORE):
            break
        Event().wait(pause)
    return exports
