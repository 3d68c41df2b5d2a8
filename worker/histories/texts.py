"""The files of a history, decoded as they are read. A ZIP of an export has several."""

import codecs
import io
import re
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import IO, TextIO
from zipfile import BadZipFile, ZipFile

from worker.histories.rows import UnreadableHistory

ZIP = b"PK\x03\x04"
MEMBERS = re.compile(r"(?:^|/)(?:listens/.*\.jsonl|(?:streaming_?history|endsong)[^/]*\.json)$", re.IGNORECASE)
"""The files with plays in a ZIP of ListenBrainz or Spotify."""

CHUNK = 1 << 17  # bytes that are read at once
BEFORE_SIGN = codecs.BOM_UTF8 + codecs.BOM_UTF16 + b"\0 \t\r\n"


@dataclass
class Meter:
    """Counts the bytes that have been read of how many."""

    done: int = 0
    total: int | None = None


@dataclass(frozen=True)
class Text:
    """A file of a history."""

    file: io.TextIOWrapper
    encoding: str
    sign: bytes
    """The first sign in it that is no space; empty if there is none."""
    name: str = ""
    """Of a file in a ZIP."""


def open_texts(file: IO[bytes], meter: Meter) -> Iterator[Text]:
    """Yield the file as text, or each file with plays in it if it is a ZIP. Raises UnreadableHistory."""
    head = file.read(len(ZIP))
    if head != ZIP:
        yield _decoded(file, meter, head)
        return
    if not file.seekable():
        raise UnreadableHistory("A ZIP cannot be read from a pipe: name the file")
    try:
        with ZipFile(file) as archive:
            members = sorted(filter(MEMBERS.search, archive.namelist()), key=_by_number)
            if not members:
                raise UnreadableHistory("This ZIP has no listening history of ListenBrainz or Spotify in it")
            meter.total = sum(archive.getinfo(name).file_size for name in members)
            for name in members:
                with archive.open(name) as member:
                    yield _decoded(member, meter, member.read(len(ZIP)), name)
    except (BadZipFile, NotImplementedError, RuntimeError) as error:  # damaged, of an unusual kind, or encrypted
        raise UnreadableHistory(f"This ZIP cannot be read: {error}") from None


def skip_line(file: TextIO) -> None:
    """Read what is left of a line that is too long to be kept."""
    while (rest := file.readline(CHUNK)) and not is_whole(rest, file):
        pass


def is_whole(line: str, file: TextIO) -> bool:
    """Tell whether a line that was read has its end. Where lines end with "\\r\\n", "\\r" is half of one."""
    if line.endswith("\r"):
        ends = file.newlines
        return "\r" in (ends if isinstance(ends, tuple) else (ends,))
    return line.endswith("\n")


def _by_number(name: str) -> list[tuple[int, str]]:
    """Return a key that sorts 9.jsonl before 10.jsonl."""
    return [(int(part), "") if part.isdecimal() else (-1, part) for part in re.split(r"(\d+)", name)]


def _decoded(file: IO[bytes], meter: Meter, head: bytes, name: str = "") -> Text:
    encoding = _encoding(head)
    # What is not UTF-8 is kept for the row that it is in; UTF-16 has no way to keep it.
    errors = "replace" if encoding.startswith("utf-16") else "surrogateescape"
    buffered = io.BufferedReader(_Metered(file, meter, head), CHUNK)
    sign = buffered.peek(1).lstrip(BEFORE_SIGN)[:1]
    return Text(io.TextIOWrapper(buffered, encoding, errors, newline=""), encoding, sign, name)


def _encoding(head: bytes) -> str:
    if head.startswith(codecs.BOM_UTF8):
        return "utf-8-sig"
    if head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return "utf-16"
    # Without a mark, the first two letters of a header or of JSON tell.
    zeros = "".join("0" if byte == 0 else "x" for byte in head)
    return {"x0x0": "utf-16-le", "0x0x": "utf-16-be"}.get(zeros, "utf-8")


class _Metered(io.RawIOBase):
    """A file whose first bytes have been read already."""

    def __init__(self, file: IO[bytes], meter: Meter, head: bytes) -> None:
        self._file, self._meter, self._head = file, meter, head

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]  # which is what it gets
        head, self._head = self._head, b""
        try:
            read = head + self._file.read(len(buffer) - len(head))
        except (BadZipFile, EOFError, zlib.error) as error:
            raise UnreadableHistory(f"This ZIP is damaged: {error}") from None
        buffer[: len(read)] = read
        self._meter.done += len(read)
        return len(read)
