"""The members of a tar in a stream, without the copying that Python's own reader does to be general."""

import tarfile
from collections.abc import Iterator
from typing import IO

from mirror.errors import ExportBroken

RECORD = tarfile.BLOCKSIZE
BLOCK = 1 << 20


class Member:
    """A file in the tar: its name, and its bytes to be read once."""

    def __init__(self, stream: IO[bytes], name: str, size: int) -> None:
        self.name, self.left = name, size
        self._stream, self._padding = stream, -size % RECORD

    def read(self, count: int = BLOCK) -> bytes:
        """The next bytes, at most `count`; none at the end."""
        if not (wanted := min(count, self.left)):
            return b""
        block = self._stream.read(wanted)
        if not block:
            raise ExportBroken(f"it ends in the middle of {self.name}")
        self.left -= len(block)
        return block

    def skip(self) -> None:
        """Go to where the next member begins."""
        while self.read():
            pass
        _exactly(self._stream, self._padding)


def members(stream: IO[bytes]) -> Iterator[Member]:
    """Each member in turn; what was not read of it is skipped. Ends where the tar says that it ends."""
    while any(header := _exactly(stream, RECORD)):
        try:
            info = tarfile.TarInfo.frombuf(header, "utf-8", "surrogateescape")
        except tarfile.TarError as error:
            raise ExportBroken(error) from error
        if not info.isreg():
            raise ExportBroken(f"{info.name} is no file")
        member = Member(stream, info.name, info.size)
        yield member
        member.skip()


def _exactly(stream: IO[bytes], count: int) -> bytes:
    content = stream.read(count) if count else b""
    if len(content) != count:
        raise ExportBroken("it ends too early")
    return content
