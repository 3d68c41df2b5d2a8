"""Where rows are written to: standard output, or a file that is there when it is whole."""

import codecs
import os
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import IO


class Output:
    """Writes text that ends with a whole row, whatever happens meanwhile."""

    def __init__(self, file: IO[bytes], encoding: str) -> None:
        errors = "replace" if encoding.startswith("utf-16") else "surrogateescape"
        self._file, self._encoder = file, codecs.getincrementalencoder(encoding)(errors)

    def write(self, text: str) -> None:
        """Write and flush the text; Ctrl-C waits until it is written."""
        with uninterrupted():
            self._file.write(self._encoder.encode(text))
            self._file.flush()


@contextmanager
def open_output(path: Path | None, encoding: str) -> Iterator[Output]:
    """Open the file at this path, to be replaced at the end unless an error is raised; or standard output."""
    if path is None:
        yield Output(sys.stdout.buffer, encoding)
        return
    with whole_file(path) as file:
        yield Output(file, encoding)


@contextmanager
def whole_file(path: Path) -> Iterator[IO[bytes]]:
    """Replace a file at the end of the block, unless an error is raised. Of a device, nothing is replaced."""
    if path.exists() and not path.is_file():
        with path.open("wb") as device:
            yield device
        return
    path = path.resolve()
    with NamedTemporaryFile(dir=path.parent, prefix=f".{path.name[:100]}.", delete=False) as file:
        try:
            yield file
            file.flush()
            Path(file.name).chmod(0o666 & ~_umask())
            Path(file.name).replace(path)
        except BaseException:
            Path(file.name).unlink(missing_ok=True)
            raise


@contextmanager
def uninterrupted() -> Iterator[None]:
    """Hold back Ctrl-C and SIGTERM until the end of the block."""
    before = block_signals()
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def block_signals() -> set[int]:
    """Leave Ctrl-C and SIGTERM to other threads, or to later; return what was blocked before."""
    return {int(number) for number in signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT, signal.SIGTERM})}


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask
