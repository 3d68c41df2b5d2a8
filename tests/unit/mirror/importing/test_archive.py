"""An archive whose decompressor or source stops responding, and which of them is blamed."""

import bz2
import hashlib
import io
import random
import sys
import tarfile
from collections.abc import Callable, Iterator
from pathlib import Path
from threading import Event, Thread
from threading import enumerate as threads

import pytest

from mirror.errors import DecompressorStuck, ExportAway
from mirror.importing import archive
from mirror.importing.archive import open_archive
from tests.conftest import PATIENCE

SHORT = 0.3  # for those that stand still
FAIR = 3.0  # for those that work, on a machine that has other work too
NOTES = {"TIMESTAMP": "2026-09-05 00:25:20.1+00", "REPLICATION_SEQUENCE": "190000", "SCHEMA_SEQUENCE": "31"}
ROWS = random.Random(0).randbytes(3_000_000)


def packed() -> bytes:
    """Return an archive with one table, larger than any pipe holds."""
    file = io.BytesIO()
    with tarfile.open(fileobj=file, mode="w") as tar:
        for name, content in {**{n: t.encode() for n, t in NOTES.items()}, "mbdump/release": ROWS}.items():
            member = tarfile.TarInfo(name)
            member.size = len(content)
            tar.addfile(member, io.BytesIO(content))
    return bz2.compress(file.getvalue(), 1)


PACKED = packed()


class Source:
    """The compressed archive, with a function that is called before each read of its second half."""

    def __init__(self, then: Callable[[], None] = lambda: None) -> None:
        self.size, self.closed = len(PACKED), Event()
        self._content, self._then = io.BytesIO(PACKED), then

    def read(self, count: int, /) -> bytes:
        if self._content.tell() > self.size // 2:
            self._then()
        return self._content.read(min(count, 1 << 16))

    def close(self) -> None:
        self.closed.set()


def pause(seconds: float, woken: Event | None = None) -> None:
    """Wait this long."""
    (woken or Event()).wait(seconds)


Decompressor = Callable[[str], None]


@pytest.fixture
def decompressor(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Decompressor:
    """Return a function that installs a program as lbzip2."""

    def put(program: str) -> None:
        path = tmp_path / "lbzip2"
        path.write_text(f"#!{sys.executable} -I\nimport bz2, os, shutil, signal, sys\n{program}\n")
        path.chmod(0o755)
        monkeypatch.setenv("PATH", str(tmp_path))

    return put


@pytest.fixture(autouse=True)
def _nobody_left() -> Iterator[None]:
    """Check that the feeder ends, whatever happens."""
    yield
    for thread in threads():
        if thread.name == "archive feeder":
            thread.join(PATIENCE)
            assert not thread.is_alive()


def rows(source: Source, patience: float, reader_pause: float = 0.0) -> bytes:
    """Return the rows of the archive, read after a pause."""
    content = b""
    with open_archive(source, hashlib.sha256(PACKED).hexdigest(), patience) as opened:
        assert opened.header.replication_sequence == 190_000
        Event().wait(reader_pause)
        for _, member in opened.tables({"release"}):
            content += b"".join(iter(member.read, b""))
        opened.verify(lambda: None)
    return content


WORKS = "shutil.copyfileobj(bz2.open(sys.stdin.buffer), sys.stdout.buffer)"
BEGINS = """
sys.stdout.buffer.write(bz2.BZ2Decompressor().decompress(sys.stdin.buffer.read(1 << 20)))
sys.stdout.flush()
"""


@pytest.mark.parametrize(
    "program",
    [
        pytest.param("signal.pause()", id="takes nothing"),
        pytest.param("sys.stdin.buffer.read(); signal.pause()", id="takes all and gives nothing"),
        pytest.param(f"{BEGINS}signal.pause()", id="stops midway"),
        pytest.param("os.close(0); os.close(1); signal.pause()", id="closes its pipes but does not end"),
    ],
)
def test_a_decompressor_that_is_stuck_is_killed_and_reported(decompressor: Decompressor, program: str) -> None:
    decompressor(program)
    with pytest.raises(DecompressorStuck, match=r"import again.*uninstall that.*0\.3 s without a byte at [1-9]"):
        rows(Source(), SHORT)


def test_a_slow_source_is_not_the_decompressors_fault(decompressor: Decompressor) -> None:
    decompressor(WORKS)
    pauses = iter([1.3 * FAIR])
    assert rows(Source(lambda: pause(next(pauses, 0))), FAIR) == ROWS


def test_nor_is_a_slow_reader(decompressor: Decompressor) -> None:
    decompressor(WORKS)
    assert rows(Source(), FAIR, reader_pause=1.3 * FAIR) == ROWS


def test_a_source_that_fails_within_a_table_is_blamed_for_what_is_missing(decompressor: Decompressor) -> None:
    def fail() -> None:
        raise ExportAway("broke off")

    decompressor(WORKS)
    with pytest.raises(ExportAway):
        rows(Source(fail), FAIR)


def test_closing_does_not_wait_for_a_source_that_cannot_be_interrupted(
    decompressor: Decompressor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(archive, "CLOSE_SECONDS", 0.1)
    decompressor(WORKS)
    woken = Event()

    def leave() -> None:
        with open_archive(Source(lambda: pause(20, woken)), "", FAIR) as opened:
            assert opened.header

    leaving = Thread(target=leave)
    leaving.start()
    leaving.join(PATIENCE)
    try:
        assert not leaving.is_alive()
    finally:
        woken.set()
