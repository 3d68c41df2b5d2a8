"""The rows of a dumped table, narrowed to the columns that we keep."""

import tarfile
from collections.abc import Iterator
from operator import itemgetter
from typing import IO

from mirror.errors import ExportBroken
from mirror.tables import Table

BLOCK = 1 << 18


def narrow(table: Table, dumped: IO[bytes]) -> Iterator[tuple[bytes, int]]:
    """Pieces of COPY text with the kept columns only, and how many rows each holds."""
    pick, splits = itemgetter(*table.positions), max(table.positions) + 1
    try:
        for number, lines in enumerate(_lines(dumped)):
            if number == 0:
                _check_columns(table, lines[0])
            yield b"\n".join([b"\t".join(pick(line.split(b"\t", splits))) for line in lines]) + b"\n", len(lines)
    except (IndexError, tarfile.TarError) as error:
        raise ExportBroken(f"{table.name} is torn: {error}") from error


def _lines(dumped: IO[bytes]) -> Iterator[list[bytes]]:
    rest = b""
    while block := dumped.read(BLOCK):
        *lines, rest = (rest + block).split(b"\n")
        if lines:
            yield lines
    if rest:
        raise ExportBroken("a table ends in the middle of a row")


def _check_columns(table: Table, line: bytes) -> None:
    found, known = line.count(b"\t") + 1, len(table.dumped)
    if found != known:
        raise ExportBroken(f"{table.name} has {found} columns where {known} are known")
