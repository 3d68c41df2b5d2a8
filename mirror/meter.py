"""How far an import is, shown to whoever started it: a bar on a terminal, plain lines in a journal."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from time import monotonic

from rich.console import Console
from rich.filesize import decimal
from rich.progress import BarColumn, DownloadColumn, TextColumn, TimeRemainingColumn, TransferSpeedColumn
from rich.progress import Progress as Bar

from mirror.load import Progress

SECONDS_BETWEEN_LINES = 30.0
SECONDS_BEFORE_PACE = 5.0


@contextmanager
def meter(console: Console) -> Iterator[Callable[[Progress], None]]:
    """What an import reports its progress to."""
    if not console.is_terminal:
        yield _Lines(console)
        return
    columns = (
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        DownloadColumn(),
        TransferSpeedColumn(),
        TimeRemainingColumn(),
    )
    with Bar(*columns, console=console) as bar:
        task = bar.add_task("import", total=None)
        yield lambda progress: bar.update(
            task,
            description=_words(progress),
            completed=progress.bytes_read,
            total=progress.bytes_total,
        )


class _Lines:
    """A line whenever the table changes, and now and then while it does not."""

    def __init__(self, console: Console) -> None:
        self._console, self._table, self._said = console, "", 0.0
        self._began = monotonic()

    def __call__(self, progress: Progress) -> None:
        if progress.table == self._table and monotonic() - self._said < SECONDS_BETWEEN_LINES:
            return
        self._table, self._said = progress.table, monotonic()
        percent = 100 * progress.bytes_read // max(progress.bytes_total, 1)
        line = f"{percent:3} %  {_words(progress)}{self._pace(progress)}"
        self._console.print(line, markup=False, highlight=False, soft_wrap=True)

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
