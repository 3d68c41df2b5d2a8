"""How far an import is, shown to whoever started it."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from time import monotonic

from rich.console import Console
from rich.filesize import decimal
from rich.progress import DownloadColumn, TransferSpeedColumn

from mirror.bars import frame
from mirror.load import Progress

SECONDS_BETWEEN_LINES = 30.0
SECONDS_BEFORE_PACE = 5.0


def meter(console: Console) -> AbstractContextManager[Callable[[Progress], None]]:
    """What an import reports its progress to."""
    return frame(console, (DownloadColumn(), TransferSpeedColumn()), _bar, _Lines())


def _bar(progress: Progress) -> tuple[str, int, int]:
    return _words(progress), progress.bytes_read, progress.bytes_total


class _Lines:
    """A line whenever the table changes, and now and then while it does not."""

    def __init__(self) -> None:
        self._table, self._said, self._read, self._began = "", 0.0, 0, monotonic()

    def __call__(self, progress: Progress) -> str | None:
        if progress.bytes_read < self._read:  # another step, with a pace of its own
            self._began = monotonic()
        self._read = progress.bytes_read
        if progress.table == self._table and monotonic() - self._said < SECONDS_BETWEEN_LINES:
            return None
        self._table, self._said = progress.table, monotonic()
        percent = 100 * progress.bytes_read // max(progress.bytes_total, 1)
        return f"{percent:3} %  {_words(progress)}{self._pace(progress)}"

    def _pace(self, progress: Progress) -> str:
        """How fast it goes and how long that takes, once there is something to tell it from."""
        seconds, left = monotonic() - self._began, progress.bytes_total - progress.bytes_read
        rate = progress.bytes_read / seconds if seconds else 0
        if seconds < SECONDS_BEFORE_PACE or not rate or not left:
            return ""
        minutes = max(1, round(left / rate / 60))
        return f", {decimal(int(rate))}/s, {minutes} min left"


def _words(progress: Progress) -> str:
    return f"{progress.table}: {progress.rows:,} rows" if progress.rows else progress.table
