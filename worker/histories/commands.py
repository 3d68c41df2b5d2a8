"""The command `lastyear years`."""

import gc
import io
import os
import select
import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import IO, NoReturn, Self

import click
from rich.console import Console

from app.formatting import counted
from mirror.commands import MirrorSettings
from mirror.errors import MirrorError
from mirror.progress import ProgressDisplay
from worker.histories.annotate import Report, annotate
from worker.histories.forms import FORMS, OpenHistory, open_history
from worker.histories.output import open_output, uninterrupted, whole_file
from worker.histories.release_years import ReleaseYears
from worker.histories.rows import UnknownForm, UnreadableHistory
from worker.histories.tally import By, Tally
from worker.histories.texts import Meter

ROWS_LEFT_OUT, INTERRUPTED, BROKEN_PIPE = 3, 130, 141
"""Exit codes; the last two are those that shells give for these signals."""
READABLE = click.Path(exists=True, dir_okay=False, readable=True, allow_dash=True, path_type=Path)
WRITABLE = click.Path(dir_okay=False, writable=True, path_type=Path)


@click.command("years")
@click.argument("file", type=READABLE)
@click.option("--output", "-o", type=WRITABLE, help="Write to this file, which is there when it is whole.")
@click.option("--chart", type=WRITABLE, help="Draw the chart as an SVG.")
@click.option("--by", type=click.Choice(["year", "decade"]), help="What the chart has a bar for.")
@click.pass_obj
def years_command(
    read_settings: Callable[[], MirrorSettings], file: Path, output: Path | None, chart: Path | None, by: By | None
) -> None:
    """Give each play of a listening history its release year.

    FILE is a history as Last.fm's exporters, ListenBrainz or Spotify write it: CSV, JSON lines, a JSON list, or a
    ZIP from ListenBrainz or Spotify; - is standard input. The rows are written as they are, with release_year,
    release_group_mbid and found_by added. At the end a chart is printed on standard error. Nothing is stored.

    A row that cannot be read is named and left out. Exits with 0 if every row was read, with 3 if some were left
    out, with 1 if the history could not be read at all.
    """
    for path in filter(None, (output, chart)):
        _require_writable(path)
    console, tally = Console(stderr=True), Tally()
    with _interrupts(), _rare_collections(), ExitStack() as stack:
        meter = Meter()
        opened = _open(stack.enter_context(_bytes_of(file, meter)), meter)
        years = stack.enter_context(ReleaseYears.open(read_settings().url))
        try:
            _write(opened, years, output, tally, meter)
        except BrokenPipeError:
            _end_quietly()
        except (UnreadableHistory, MirrorError, OSError) as error:
            raise click.ClickException(f"{error}\n{_broken_off(tally, output)}") from None
        except KeyboardInterrupt:
            click.echo(f"Interrupted. {_broken_off(tally, output)}", err=True)
            sys.exit(INTERRUPTED)
    tally.show(console, by)
    if chart:
        _write_chart(tally.picture("Standard input" if str(file) == "-" else file.name, by), chart)
    sys.exit(ROWS_LEFT_OUT if tally.unreadable else 0)


class _Display(ProgressDisplay[int]):
    """Shows how many rows are done, and how much of the file. A journal gets nothing."""

    def __init__(self, console: Console, meter: Meter) -> None:
        super().__init__(console)
        self._meter = meter

    def __enter__(self) -> Self:
        with uninterrupted():  # so that the thread that draws takes no signals from the one that writes
            return super().__enter__()

    def bar(self, progress: int) -> tuple[str, int, int | None]:
        return f"{progress:,} rows", self._meter.done, self._meter.total

    def line(self, progress: int) -> str | None:
        return None


def _require_writable(path: Path) -> None:
    """Raise ClickException if there is no folder for this file, or none that files can be written in."""
    try:
        if not path.parent.is_dir():
            raise click.ClickException(f"There is no folder {path.parent}")
        is_replaced = path.is_file() or not path.exists()
        if is_replaced and not os.access(folder := path.resolve().parent, os.W_OK):
            raise click.ClickException(f"Nothing can be written in the folder {folder}")
    except OSError as error:  # the name is too long
        raise click.ClickException(str(error)) from None


def _write_chart(picture: str, path: Path) -> None:
    try:
        with whole_file(path) as file:
            file.write(picture.encode())
    except OSError as error:
        raise click.ClickException(f"The chart cannot be written: {error}") from None


def _write(opened: OpenHistory, years: ReleaseYears, path: Path | None, tally: Tally, meter: Meter) -> None:
    # Rows on the same terminal show the progress themselves.
    is_visible = sys.stderr.isatty() and (path is not None or not sys.stdout.isatty())
    console = Console(stderr=True, force_terminal=is_visible)
    with open_output(path, opened.encoding) as output, _Display(console, meter) as display:
        annotate(opened.history, years, output, tally, Report(display, display.say))


def _open(file: IO[bytes], meter: Meter) -> OpenHistory:
    try:
        return open_history(file, meter)
    except UnknownForm as error:
        forms = "".join(f"\n  {form}" for form in FORMS)
        raise click.ClickException(f"{error}. What can be read:{forms}") from None
    except UnreadableHistory as error:
        raise click.ClickException(str(error)) from None


@contextmanager
def _bytes_of(path: Path, meter: Meter) -> Iterator[IO[bytes]]:
    if str(path) == "-":
        yield _standard_input()
        return
    with path.open("rb") as file:
        meter.total = os.fstat(file.fileno()).st_size or None
        yield file


def _standard_input() -> IO[bytes]:
    try:
        return io.BufferedReader(_Watched(sys.stdin.fileno()))
    except io.UnsupportedOperation:  # it stands for input that is there already
        return sys.stdin.buffer


class _Watched(io.RawIOBase):
    """A file looked at every second: Python misses a signal that comes just before it waits for input."""

    def __init__(self, number: int) -> None:
        self._number = number

    def readable(self) -> bool:
        """Say that it can be read."""
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]  # which is what it gets
        """Wait for input and read it; 0 bytes at its end."""
        while not select.select([self._number], [], [], 1.0)[0]:
            pass
        return os.readv(self._number, [buffer])


@contextmanager
def _interrupts() -> Iterator[None]:
    """Have SIGTERM do what Ctrl-C does."""
    before = signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


@contextmanager
def _rare_collections() -> Iterator[None]:
    """Look for cycles of objects rarely: rows have none, and looking for them takes a quarter of the time."""
    before = gc.get_threshold()
    gc.set_threshold(100_000)
    try:
        yield
    finally:
        gc.set_threshold(*before)


def _broken_off(tally: Tally, output: Path | None) -> str:
    kept = "nothing was written" if output else "what was written ends with a whole row"
    return f"Broken off after {counted(tally.rows, 'row')}: {kept}."


def _end_quietly() -> NoReturn:
    """Exit when nobody reads on. What Python would still flush goes nowhere."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    sys.exit(BROKEN_PIPE)
