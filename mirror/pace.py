"""How far a replication is, shown to whoever started it."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import UTC, datetime

from rich.console import Console
from rich.progress import MofNCompleteColumn

from mirror.bars import frame
from mirror.replicate import Progress
from mirror.status import span


def pace(console: Console) -> AbstractContextManager[Callable[[Progress], None]]:
    """What a replication reports its progress to."""
    return frame(console, (MofNCompleteColumn(),), _Bar(), _Lines())


class _Bar:
    """Packets applied, of those that were to be applied when it began or have come since."""

    done = 0

    def __call__(self, progress: Progress) -> tuple[str, int, int]:
        self.done += progress.applied is not None
        left = max((progress.last or 0) - (progress.sequence or 0), 0)
        return _words(progress), self.done, self.done + left


class _Lines:
    """A line for each packet, and for each new reason to wait."""

    said = ""

    def __call__(self, progress: Progress) -> str | None:
        before, self.said = self.said, _words(progress, f" of {max(progress.last or 0, progress.sequence or 0)}")
        return self.said if self.said != before else None


def _words(progress: Progress, of: str = "") -> str:
    applied = progress.applied
    if applied is None:
        return f"at packet {progress.sequence}: {progress.waiting}" if progress.sequence else progress.waiting
    drift = f", {applied.drift:,} rows mended" if applied.drift else ""
    age = span(datetime.now(UTC) - applied.timestamp)
    return f"packet {applied.sequence}{of}: {applied.changes:,} changes, {applied.kept:,} for us{drift}, {age} old"
