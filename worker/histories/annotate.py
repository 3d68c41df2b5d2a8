"""Give each row of a history its release year, and count them."""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass

from worker.histories.output import Output, block_signals, uninterrupted
from worker.histories.release_years import ReleaseYears
from worker.histories.rows import History, Play, ReleaseYear, Row
from worker.histories.tally import Tally

MAX_ROWS, MAX_CHARACTERS = 10_000, 1 << 23  # of a batch; up to three are in memory at once
MAX_FAULTS = 20  # that are named


@dataclass(frozen=True)
class Report:
    """What is told while rows are read."""

    progress: Callable[[int], None]
    """Called with the number of rows that are done."""
    say: Callable[[str], None]
    """Called with a sentence about a row that cannot be read."""


def annotate(history: History, years: ReleaseYears, output: Output, tally: Tally, report: Report) -> None:
    """Write the rows with their release years. What is written is whole rows, even if an error is raised."""
    output.write(history.opening)
    try:
        with _looked_up(history.rows(), years) as batches:
            for batch in batches:
                _write(batch, history, output, tally, report)
                report.progress(tally.rows)
    finally:
        output.write(history.closing)


@dataclass(frozen=True)
class _Batch:
    """Rows, what was played in them how often, and the release years of that."""

    rows: Sequence[Row]
    plays: Mapping[Play, int]
    years: Future[Mapping[Play, ReleaseYear]]


@contextmanager
def _looked_up(rows: Iterator[Row], years: ReleaseYears) -> Iterator[Iterator[_Batch]]:
    """Give batches of rows whose years are looked up; those of the next one are, while a batch is written."""
    # Signals are for the thread that writes.
    with ThreadPoolExecutor(1, initializer=block_signals) as pool:
        try:
            yield _one_ahead(_begun(batch, years, pool) for batch in _in_batches(rows))
        finally:
            years.stop()


def _begun(rows: Sequence[Row], years: ReleaseYears, pool: ThreadPoolExecutor) -> _Batch:
    plays = Counter([row.play for row in rows if row.play])
    return _Batch(rows, plays, pool.submit(years.look_up, plays))


def _one_ahead(batches: Iterator[_Batch]) -> Iterator[_Batch]:
    """Yield each batch when the next one is begun."""
    before = next(batches, None)
    for batch in batches:
        if before:
            yield before
        before = batch
    if before:
        yield before


def _write(batch: _Batch, history: History, output: Output, tally: Tally, report: Report) -> None:
    years = batch.years.result()
    additions = {play: history.addition(year) for play, year in years.items()}
    text = "".join([history.extended(row.text, additions[row.play]) for row in batch.rows if row.play])
    short = Counter([row.play for row in batch.rows if row.play and row.is_short])
    with uninterrupted():  # so that what is counted is what is written
        output.write(text)
        for play, times in batch.plays.items():
            tally.count(years[play], times - short[play], short[play])
        for row in batch.rows:
            if row.fault:
                _tell_fault(row.fault, tally, report)


def _tell_fault(fault: str, tally: Tally, report: Report) -> None:
    tally.unreadable += 1
    if tally.unreadable <= MAX_FAULTS:
        report.say(f"Left out: {fault}")
    elif tally.unreadable == MAX_FAULTS + 1:
        report.say("More rows cannot be read. They are only counted.")


def _in_batches(rows: Iterator[Row]) -> Iterator[list[Row]]:
    """Split rows into lists of bounded size."""
    batch, characters = list[Row](), 0
    for row in rows:
        batch.append(row)
        characters += len(row.text)
        if len(batch) == MAX_ROWS or characters > MAX_CHARACTERS:
            yield batch
            batch, characters = [], 0
    if batch:
        yield batch
