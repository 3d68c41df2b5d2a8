"""Where exports are: in a local folder or on a web server, behind the same interface."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Protocol, TypeAlias
from urllib.parse import urlsplit
from urllib.request import url2pathname

from mirror.errors import ExportMissing, LocationUnknown
from mirror.importing.http import HttpOptions, RemoteFolder


class ExportFile(Protocol):
    """A file that is read once, from its beginning to its end."""

    @property
    def size(self) -> int: ...

    def read(self, count: int, /) -> bytes: ...

    def close(self) -> None: ...


@dataclass(frozen=True)
class LocalFile:
    """A file on this machine."""

    content: BinaryIO
    size: int

    def read(self, count: int, /) -> bytes:
        return self.content.read(count)

    def close(self) -> None:
        """Do nothing: whoever opened the file closes it, and no read from a disk needs to be interrupted."""


@dataclass(frozen=True)
class LocalFolder:
    """A directory on this machine."""

    path: Path

    def __str__(self) -> str:
        return f"{self.path}/"

    @property
    def name(self) -> str:
        return self.path.name

    def subfolder(self, name: str) -> "LocalFolder":
        return LocalFolder(self.path / name)

    def has(self, name: str) -> bool:
        return (self.path / name).is_file()

    def read(self, name: str) -> bytes:
        try:
            return (self.path / name).read_bytes()
        except (FileNotFoundError, NotADirectoryError) as error:
            raise ExportMissing(f"no {error.filename}") from error

    @contextmanager
    def open(self, name: str) -> Iterator[LocalFile]:
        path = self.path / name
        with path.open("rb") as content:
            yield LocalFile(content, path.stat().st_size)


ExportFolder: TypeAlias = LocalFolder | RemoteFolder


def find_folder(location: str, http: HttpOptions) -> ExportFolder:
    """Return the folder that a path or URL leads to. Raises LocationUnknown."""
    try:
        url = urlsplit(location)
    except ValueError:
        raise LocationUnknown(repr(location)) from None
    if url.scheme in {"http", "https"} and url.hostname:
        return RemoteFolder(location, http)
    if not location or url.scheme not in {"", "file"} or url.netloc not in {"", "localhost"}:
        raise LocationUnknown(f"{url.scheme}://{url.hostname}" if url.scheme else repr(location))
    return LocalFolder(Path(url2pathname(url.path) if url.scheme else location).resolve())
