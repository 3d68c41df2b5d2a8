"""Exports of MusicBrainz: where the newest one lies and what belongs to it."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit
from urllib.request import url2pathname

from mirror.archive import Archive
from mirror.errors import ExportMissing, LocationUnknown

CORE = "mbdump.tar.bz2"


@dataclass(frozen=True)
class Export:
    """One export: a folder of archives and their checksums, named by when it was made."""

    folder: Path

    @property
    def stamp(self) -> str:
        return self.folder.name

    @contextmanager
    def open(self, name: str = CORE) -> Iterator[Archive]:
        """Stream one archive of this export."""
        path, checksum = self.folder / name, self._checksum(name)
        with path.open("rb") as compressed, Archive(compressed, path.stat().st_size, checksum) as archive:
            yield archive

    def _checksum(self, name: str) -> str:
        for line in self._lines("SHA256SUMS"):
            checksum, _, listed = line.partition(" ")
            if listed.lstrip(" *") == name:
                return checksum.lower()
        raise ExportMissing(f"{self.folder / 'SHA256SUMS'} does not list {name}")

    def _lines(self, name: str) -> list[str]:
        try:
            return (self.folder / name).read_text().splitlines()
        except FileNotFoundError as error:
            raise ExportMissing(f"no {error.filename}") from error


def find_export(location: str) -> Export:
    """Find the export at a local directory or file: URL: itself one, or the LATEST of several."""
    folder = _folder(location)
    try:
        export = Export(folder / (folder / "LATEST").read_text().strip())
    except (FileNotFoundError, NotADirectoryError):
        export = Export(folder)
    if not (export.folder / CORE).is_file():
        raise ExportMissing(f"neither LATEST nor {CORE} in {export.folder}")
    return export


def _folder(location: str) -> Path:
    url = urlsplit(location)
    if not location or url.scheme not in {"", "file"} or url.netloc not in {"", "localhost"}:
        raise LocationUnknown(f"{url.scheme}://{url.hostname}" if url.scheme else repr(location))
    return Path(url2pathname(url.path) if url.scheme else location).resolve()
