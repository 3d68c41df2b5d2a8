"""Show the progress of an import or a replication: a bar on a terminal, plain lines in a journal."""

from abc import ABC, abstractmethod
from collections.abc import Callable
from datetime import UTC, datetime
from io import TextIOBase
from time import monotonic
from typing import IO, Generic, Self, TypeVar, cast

import structlog
from rich.console import Console
from rich.filesize import decimal
from rich.progress import (
    BarColumn,
    DownloadColumn,
    MofNCompleteColumn,
    Progress,
    ProgressColumn,
    TextColumn,
    TimeRemainingColumn,
    TransferSpeedColumn,
)
from rich.table import Column

from mirror.importing.load import ImportProgress
from mirror.replication.judgement import format_age
from mirror.replication.replicate import ReplicationProgress

log = structlog.get_logger()

SECONDS_BETWEEN_LINES = 30.0  # about the same step of an import
SECONDS_BEFORE_RATE = 5.0

Reported = TypeVar("Reported")


class ProgressDisplay(ABC, Generic[Reported]):
    """Called with each report of progress, it shows as much of it as fits where it is shown."""

    def __init__(self, console: Console, *columns: ProgressColumn) -> None:
        self._console = console
        # The text comes last and is cut where there is no room, so that the other columns keep their places.
        text = TextColumn("{task.description}", markup=False, table_column=Column(no_wrap=True, ratio=1))
        self._bars = Progress(BarColumn(12), *columns, TimeRemainingColumn(), text, console=console, expand=True)
        self._task = self._bars.add_task("", total=None)

    def __enter__(self) -> Self:
        if self._console.is_terminal:
            self._bars.start()
        return self

    def __exit__(self, *_: object) -> None:
        if self._console.is_terminal:
            self._bars.stop()

    def __call__(self, progress: Reported) -> None:
        if self._console.is_terminal:
            text, done, total = self.bar(progress)
            self._bars.update(self._task, description=text, completed=done, total=total)
        elif line := self.line(progress):
            self.say(line)

    def say(self, sentence: str) -> None:
        """Print a sentence, above the bar if there is one."""
        self._console.print(sentence, markup=False, highlight=False, soft_wrap=True)

    @abstractmethod
    def bar(self, progress: Reported) -> tuple[str, int, int | None]:
        """Return the bar's text, how much is done, and how much there is to do if that is known."""

    @abstractmethod
    def line(self, progress: Reported) -> str | None:
        """Return the line for a journal, or None if this report needs none."""


class LogLines(TextIOBase):
    """Where a console writes when nobody watches: each line is one of the log."""

    def write(self, text: str) -> int:
        for line in filter(None, map(str.strip, text.splitlines())):
            log.info(line)
        return len(text)


def open_console(*, logs: bool) -> Console:
    """Open standard error; where it is no terminal, the log in its place if the program `logs`."""
    console = Console(stderr=True)
    return Console(file=cast("IO[str]", LogLines())) if logs and not console.is_terminal else console


class ImportDisplay(ProgressDisplay[ImportProgress]):
    """Shows an import in bytes of the archive. A journal gets a line for each step, and one every 30 s."""

    def __init__(self, console: Console, clock: Callable[[], float] = monotonic) -> None:
        super().__init__(console, DownloadColumn(), TransferSpeedColumn())
        self._clock, self._started_at = clock, clock()
        self._step, self._printed_at = "", 0.0

    def bar(self, progress: ImportProgress) -> tuple[str, int, int]:
        return _describe_import(progress), progress.bytes_read, progress.bytes_total

    def line(self, progress: ImportProgress) -> str | None:
        now = self._clock()
        if progress.step == self._step and now - self._printed_at < SECONDS_BETWEEN_LINES:
            return None
        self._step, self._printed_at = progress.step, now
        percent = 100 * progress.bytes_read // max(progress.bytes_total, 1)
        return f"{percent:3} %  {_describe_import(progress)}{_rate(progress, now - self._started_at)}"


class ReplicationDisplay(ProgressDisplay[ReplicationProgress]):
    """Shows a replication in packets. A journal gets a line for each packet and for each new reason to wait."""

    def __init__(self, console: Console) -> None:
        super().__init__(console, MofNCompleteColumn())
        self._applied, self._printed = 0, ""

    def bar(self, progress: ReplicationProgress) -> tuple[str, int, int]:
        self._applied += progress.applied is not None
        left = max((progress.newest or 0) - (progress.sequence or 0), 0)
        return _describe_replication(progress), self._applied, self._applied + left

    def line(self, progress: ReplicationProgress) -> str | None:
        newest = max(progress.newest or 0, progress.sequence or 0)
        before, self._printed = self._printed, _describe_replication(progress, f" of {newest}")
        return self._printed if self._printed != before else None


def _describe_import(progress: ImportProgress) -> str:
    return f"{progress.step}: {progress.rows:,} rows" if progress.rows else progress.step


def _rate(progress: ImportProgress, seconds: float) -> str:
    """Return how fast the archive is read and how long the rest takes, once both can be told."""
    left = progress.bytes_total - progress.bytes_read
    if seconds < SECONDS_BEFORE_RATE or not progress.bytes_read or not left:
        return ""
    rate = progress.bytes_read / seconds
    return f", {decimal(int(rate))}/s, {max(1, round(left / rate / 60))} min left"


def _describe_replication(progress: ReplicationProgress, of_newest: str = "") -> str:
    applied = progress.applied
    if applied is None:
        return f"at packet {progress.sequence}: {progress.waiting}" if progress.sequence else progress.waiting
    drift = f", {applied.drift:,} rows corrected" if applied.drift else ""
    age = format_age(datetime.now(UTC) - applied.timestamp)
    counts = f"{applied.changes:,} changes, {applied.kept:,} of them kept"
    return f"packet {applied.sequence}{of_newest}: {counts}{drift}, {age} old"
