"""How far a replication is, shown to whoever started it: a bar on a terminal, plain lines in a journal."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeRemainingColumn
from rich.progress import Progress as Bar

from mirror.replicate import Progress
from mirror.status import span


@contextmanager
def pace(console: Console) -> Iterator[Callable[[Progress], None]]:
    """What a replication reports its progress to."""
    if not console.is_terminal:
        yield _Lines(console)
        return
    columns = (
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("packets"),
        TimeRemainingColumn(),
    )
    with Bar(*columns, console=console) as bar:
        yield _Bar(bar)


class _Bar:
    """Packets applied, of those that were to be applied when it began or have come since."""

    def __init__(self, bar: Bar) -> None:
        self._bar, self._task, self._done = bar, bar.add_task("replication", total=None), 0

    def __call__(self, progress: Progress) -> None:
        self._done += progress.applied is not None
        left = max((progress.last or 0) - (progress.sequence or 0), 0)
        self._bar.update(self._task, description=_words(progress), completed=self._done, total=self._done + left)


class _Lines:
    """A line for each packet, and for each new reason to wait."""

    def __init__(self, console: Console) -> None:
        self._console, self._said = console, ""

    def __call__(self, progress: Progress) -> None:
        words = _words(progress)
        if words != self._said:
            self._console.print(words, markup=False, highlight=False, soft_wrap=True)
        self._said = words


def _words(progress: Progress) -> str:
    applied = progress.applied
    if applied is None:
        return f"at packet {progress.sequence}: {progress.waiting}" if progress.sequence else progress.waiting
    number = f"{applied.sequence} of {max(progress.last or 0, applied.sequence)}"
    drift = f", {applied.drift:,} rows mended" if applied.drift else ""
    age = span(datetime.now(UTC) - applied.timestamp)
    return f"packet {number}: {applied.changes:,} changes, {applied.kept:,} for us{drift}, {age} old"
