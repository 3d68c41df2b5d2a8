"""Histories as comma-separated values, or with another delimiter, with a header or as lastfm-to-csv without one.

Rows are kept as they are written, so that quotes and line ends stay the same.
"""

import csv
import re
from collections import deque
from collections.abc import Iterator
from operator import itemgetter
from typing import TextIO

from app.formatting import counted
from worker.histories.columns import Columns, is_short, play_of
from worker.histories.rows import ADDED, ReleaseYear, Row, UnknownForm, UnreadableHistory, is_unicode
from worker.histories.texts import Text, is_whole, skip_line

DELIMITERS = (",", ";", "\t", "|")
MAX_LINES = 20  # of one row, whose names may contain line breaks
MAX_CHARACTERS = 1 << 20  # of one line
UNCLOSED = "has a quote that is not closed"
HEADERLESS = ("artist", "album", "track", "date")
DATE = re.compile(r"\d{1,2} \w{3,9} \d{4},? \d{1,2}:\d\d(?::\d\d)?|")
"""The last column of the exporters that write no header; empty for what is playing now."""


class CsvHistory:
    """A history with a row for each play."""

    closing = ""

    def __init__(self, text: Text) -> None:
        self._lines = _Lines(text.file)
        try:
            first = self._lines.first()
        except _Unreadable as error:
            raise UnknownForm(f"The first line {error}") from None
        self._delimiter, header, has_header = _understood(first)
        self._width = len(header)
        columns = Columns.among(header)
        assert columns  # noqa: S101  # _understood has made sure
        # What there is no column for is empty, as is what comes after the last one.
        self._pick = itemgetter(*(header.index(name) if name else -1 for name in columns))
        body = first.rstrip("\r\n")
        self._line_end = first[len(body) :] or "\n"
        self.opening = ""
        if has_header:
            if taken := [name for name in header if name in ADDED]:
                raise UnreadableHistory(f"This history has a column {taken[0]} already")
            self.opening = self._delimiter.join((body, *ADDED)) + self._line_end
        else:
            self._lines.put_back([first])

    def rows(self) -> Iterator[Row]:
        """Read the rows. Where quotes are wrong, only the line that they begin in is lost."""
        lines, reader = self._lines, csv.reader(self._lines, delimiter=self._delimiter)
        while True:
            lines.taken.clear()
            try:
                fields = next(reader)
            except StopIteration:
                return
            except _Unreadable as error:
                yield self._faulty(str(error))
            except csv.Error as error:
                yield self._faulty(f"cannot be read: {error}")
            else:
                if len(fields) == self._width:
                    yield self._row(fields)
                elif fields:
                    yield self._faulty(f"has {counted(len(fields), 'column')} instead of {self._width}")

    def addition(self, found: ReleaseYear) -> str:
        """Return three columns more."""
        return self._delimiter.join(("", str(found.year or ""), found.release_group or "", found.found_by or ""))

    def extended(self, text: str, addition: str) -> str:
        """Return the row with three columns more, and its own line end."""
        body = text.rstrip("\r\n")
        return f"{body}{addition}{text[len(body) :] or self._line_end}"

    def _row(self, fields: list[str]) -> Row:
        taken = self._lines.taken
        text = taken[0] if len(taken) == 1 else "".join(taken)
        if not is_unicode(text):
            return self._faulty("is not UTF-8")
        fields.append("")
        artist, album, mbid, song, milliseconds = self._pick(fields)
        return Row(text, play_of(artist, album, mbid, song), bool(milliseconds) and is_short(milliseconds))

    def _faulty(self, fault: str) -> Row:
        first, *others = self._lines.taken
        self._lines.put_back(others)
        return Row(first, None, fault=f"line {self._lines.number:,} {fault}")


class _Unreadable(Exception):
    """The row cannot be read."""


class _Lines:
    """The lines of a file, one after the other, and those that were taken for the row in hand."""

    def __init__(self, file: TextIO) -> None:
        self._file, self._next = file, deque[str]()
        self.taken: list[str] = []
        self.number = 0
        """How many lines have been taken, without those that were put back."""

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        if len(self.taken) == MAX_LINES:
            raise _Unreadable(UNCLOSED)
        is_new = not self._next
        line = self._file.readline(MAX_CHARACTERS) if is_new else self._next.popleft()
        if not line:
            if self.taken:
                raise _Unreadable(UNCLOSED)
            raise StopIteration
        self.taken.append(line)
        self.number += 1
        if len(line) == MAX_CHARACTERS and not is_whole(line, self._file):
            if is_new:
                skip_line(self._file)
            is_first = len(self.taken) == 1
            raise _Unreadable(f"has more than {MAX_CHARACTERS:,} characters" if is_first else UNCLOSED)
        return line

    def first(self) -> str:
        """Return the first line that is not empty; an empty text if there is none."""
        return next((line for line in self if self._is_something(line)), "")

    def put_back(self, lines: list[str]) -> None:
        """Have these lines, the last that were taken, read again."""
        self._next.extendleft(reversed(lines))
        self.number -= len(lines)

    def _is_something(self, line: str) -> bool:
        self.taken.clear()
        return bool(line.strip())


def _understood(line: str) -> tuple[str, tuple[str, ...], bool]:
    """Return the delimiter, the names of the columns, and whether this line is a header."""
    split = {delimiter: next(csv.reader([line], delimiter=delimiter), []) for delimiter in DELIMITERS}
    for delimiter, fields in split.items():
        if Columns.among(fields):
            return delimiter, tuple(fields), True
    for delimiter, fields in split.items():
        if len(fields) == len(HEADERLESS) and DATE.fullmatch(fields[-1].strip()):
            return delimiter, HEADERLESS, False
    raise UnknownForm("The first line names no columns of an artist and an album")
