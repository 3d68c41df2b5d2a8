"""How far an import is, shown to whoever started it: a bar on a terminal, plain lines in a journal."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from time import monotonic

from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, TextColumn, TimeRemainingColumn, TransferSpeedColumn
from rich.progress import Progress as Bar

from mirror.load import Progress

SECONDS_BETWEEN_LINES = 30.0


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

    def __call__(self, progress: Progress) -> None:
        if progress.table == self._table and monotonic() - self._said < SECONDS_BETWEEN_LINES:
            return
        self._table, self._said = progress.table, monotonic()
        percent = 100 * progress.bytes_read // max(progress.bytes_total, 1)
        self._console.print(f"{percent:3} %  {_words(progress)}", markup=False, highlight=False)


def _words(progress: Progress) -> str:
    return f"{progress.table}: {progress.rows:,} rows" if progress.rows else progress.table
