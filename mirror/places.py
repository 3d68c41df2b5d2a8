"""Where exports lie: in a local folder or on a web server, asked in the same way."""

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Protocol
from urllib.parse import urlsplit
from urllib.request import url2pathname

from mirror.errors import ExportMissing, LocationUnknown
from mirror.web import Manners, Site


class Source(Protocol):
    """A file that is read once, from its beginning to its end."""

    @property
    def size(self) -> int: ...

    def read(self, count: int, /) -> bytes: ...

    def close(self) -> None: ...


class Place(Protocol):
    """A directory with files in it."""

    @property
    def name(self) -> str: ...

    def below(self, name: str) -> "Place": ...

    def has(self, name: str) -> bool: ...

    def read(self, name: str) -> bytes: ...

    def open(self, name: str) -> AbstractContextManager[Source]: ...


@dataclass(frozen=True)
class LocalFile:
    """A file on this machine."""

    content: BinaryIO
    size: int

    def read(self, count: int, /) -> bytes:
        return self.content.read(count)

    def close(self) -> None:
        """It is closed by whoever opened it; nothing here waits for a network."""


@dataclass(frozen=True)
class Folder:
    """A directory on this machine."""

    path: Path

    def __str__(self) -> str:
        return f"{self.path}/"

    @property
    def name(self) -> str:
        return self.path.name

    def below(self, name: str) -> "Folder":
        return Folder(self.path / name)

    def has(self, name: str) -> bool:
        return (self.path / name).is_file()

    def read(self, name: str) -> bytes:
        try:
            return (self.path / name).read_bytes()
        except (FileNotFoundError, NotADirectoryError) as error:
            raise ExportMissing(f"no {error.filename}") from error

    @contextmanager
    def open(self, name: str) -> Iterator[Source]:
        path = self.path / name
        with path.open("rb") as content:
            yield LocalFile(content, path.stat().st_size)


def place(location: str, manners: Manners) -> Folder | Site:
    """What a path or URL leads to."""
    url = urlsplit(location)
    if url.scheme in {"http", "https"} and url.hostname:
        return Site(location, manners)
    if not location or url.scheme not in {"", "file"} or url.netloc not in {"", "localhost"}:
        raise LocationUnknown(f"{url.scheme}://{url.hostname}" if url.scheme else repr(location))
    return Folder(Path(url2pathname(url.path) if url.scheme else location).resolve())
