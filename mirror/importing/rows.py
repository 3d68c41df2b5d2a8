"""Narrow the rows of a dumped table to the columns that we keep."""

from collections.abc import Iterator
from operator import itemgetter
from typing import Protocol

from mirror.errors import ExportBroken
from mirror.tables import Table

READ_BYTES = 1 << 17  # of a table at once; larger blocks would be mapped anew each time, six times as slow


class TableDump(Protocol):
    """A table's rows as PostgreSQL writes them, read in pieces."""

    def read(self, count: int, /) -> bytes: ...


def narrow(table: Table, dumped: TableDump) -> Iterator[tuple[bytes, int]]:
    """Yield pieces of COPY text with the kept columns only, and the rows in each. Raises ExportBroken."""
    pick, splits = itemgetter(*table.positions), max(table.positions) + 1
    whole = table.kept == table.dumped
    try:
        for number, lines in enumerate(_lines(dumped)):
            if number == 0:
                _check_columns(table, lines)
            if whole:  # PostgreSQL itself refuses a row of another length
                yield lines, lines.count(b"\n")
                continue
            rows = lines.split(b"\n")
            rows.pop()
            yield b"\n".join([b"\t".join(pick(row.split(b"\t", splits))) for row in rows]) + b"\n", len(rows)
    except IndexError as error:
        raise ExportBroken(f"{table.name} is torn: {error}") from error


def _lines(dumped: TableDump) -> Iterator[bytes]:
    """Yield pieces that end where a row ends."""
    rest = b""
    while block := dumped.read(READ_BYTES):
        end = block.rfind(b"\n") + 1
        if end:
            yield rest + block[:end]
        rest = block[end:] if end else rest + block
    if rest:
        raise ExportBroken("a table ends in the middle of a row")


def _check_columns(table: Table, lines: bytes) -> None:
    found, known = lines.partition(b"\n")[0].count(b"\t") + 1, len(table.dumped)
    if found != known:
        raise ExportBroken(f"{table.name} has {found} columns where {known} are known")
