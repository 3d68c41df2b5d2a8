"""Histories as JSON: an object on each line, as ListenBrainz exports them, or a list of objects, as Spotify does.

A list is decoded object by object. Objects are kept as they are written.
"""

import json
import re
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Iterator, Mapping
from itertools import chain
from typing import Any, NamedTuple

from worker.histories.columns import Columns, is_short, play_of
from worker.histories.rows import ADDED, ReleaseYear, Row, UnknownForm, is_unicode
from worker.histories.texts import Text, is_whole, skip_line

MAX_CHARACTERS = 1 << 20  # of one object
QUOTED = [f'"{name}"' for name in ADDED]
MAX_FAULTS = 100  # at the beginning, before the form counts as unknown
NEXT_OBJECT = re.compile(r"[,\n]\s*(?=\{)")
"""Where to continue after an object that cannot be decoded."""
LONGEST_GAP = 100  # characters between two objects
SPACE = re.compile(r"[\s,]*")
CHUNK = 1 << 18
DECODER = json.JSONDecoder(strict=False)  # which lets signs stand in texts that should be escaped


class _Element(NamedTuple):
    """An object of a history, or what is wrong with it."""

    text: str
    value: Mapping[str, Any]
    fault: str = ""


class JsonHistory(ABC):
    """A history with an object for each play, in one file or in several."""

    opening = closing = ""

    def __init__(self, texts: Iterable[Text]) -> None:
        self._elements = chain.from_iterable(self._read(text) for text in texts)
        begun = list[_Element]()
        for element in self._elements:
            begun.append(element)
            if not element.fault or len(begun) == MAX_FAULTS:
                break
        self._elements = chain(begun, self._elements)
        if begun:
            self._row_of = _reader_of(begun[-1])

    def rows(self) -> Iterator[Row]:
        """Read the rows."""
        for element in self._elements:
            yield Row(element.text, None, fault=element.fault) if element.fault else self._row_of(element)

    def addition(self, found: ReleaseYear) -> str:
        """Return three members more, and the end of the object."""
        return json.dumps(dict(zip(ADDED, found, strict=False)))[1:]

    def extended(self, text: str, addition: str) -> str:
        """Return the object with three members more."""
        if any(name in text for name in QUOTED):
            return json.dumps(DECODER.decode(text) | DECODER.decode(f"{{{addition}"))
        members = text[:-1].rstrip()
        return f"{members}{'' if members == '{' else ', '}{addition}"

    @abstractmethod
    def _read(self, text: Text) -> Iterator[_Element]:
        """Read the objects of a file."""


class JsonLines(JsonHistory):
    """A history with an object on each line."""

    def extended(self, text: str, addition: str) -> str:
        """Return the line with the object."""
        return super().extended(text, addition) + "\n"

    def _read(self, text: Text) -> Iterator[_Element]:
        number = 0
        while line := text.file.readline(MAX_CHARACTERS):
            number += 1
            place = _place(text, "line", number)
            if len(line) == MAX_CHARACTERS and not is_whole(line, text.file):
                skip_line(text.file)
                yield _faulty(f"{place} has more than {MAX_CHARACTERS:,} characters")
            elif body := line.strip():
                yield _decoded(body, place)


class JsonList(JsonHistory):
    """A history that is a list of objects."""

    opening, closing = "[", "\n]\n"

    def __init__(self, texts: Iterable[Text]) -> None:
        self._separator = "\n"
        super().__init__(texts)

    def extended(self, text: str, addition: str) -> str:
        """Return the object on a line of its own."""
        separator, self._separator = self._separator, ",\n"
        return separator + super().extended(text, addition)

    def _read(self, text: Text) -> Iterator[_Element]:
        return _List(text).elements()


class _List:
    """A list that is decoded element by element, with no more of it in memory than one may be long."""

    def __init__(self, text: Text) -> None:
        self._text = text
        self._buffer, self._at = "", 0

    def elements(self) -> Iterator[_Element]:
        """Decode the elements. After one that cannot be decoded, continue with the next object."""
        self._begin()
        number = 1
        while self._has_next():
            at = self._at
            try:
                value, self._at = DECODER.raw_decode(self._buffer, at)
            except (ValueError, RecursionError):
                if len(self._buffer) - at < MAX_CHARACTERS and self._read_on():
                    continue
                yield _faulty(f"{_place(self._text, 'row', number)} is not valid JSON")
                if not self._find_next_object():
                    return
            else:
                yield _checked(self._buffer[at : self._at], value, _place(self._text, "row", number))
            number += 1
        if self._at == len(self._buffer):
            yield _faulty(f"{_place(self._text, 'row', number)} is missing: the list has no end")

    def _begin(self) -> None:
        self._read_on()
        before, begin, _ = self._buffer.partition("[")
        if not begin:  # half of a sign of UTF-16
            raise UnknownForm("This file ends where it begins")
        self._at = len(before) + 1

    def _has_next(self) -> bool:
        """Go to the next element and tell whether there is one: not at the end of the list or of the file."""
        while True:
            found = SPACE.match(self._buffer, self._at)
            self._at = found.end() if found else self._at
            if self._at < len(self._buffer):
                return self._buffer[self._at] != "]"
            if not self._read_on():
                return False

    def _find_next_object(self) -> bool:
        self._at += 1
        while not (found := NEXT_OBJECT.search(self._buffer, self._at)):
            self._at = max(self._at, len(self._buffer) - LONGEST_GAP)
            if not self._read_on():
                return False
        self._at = found.end()
        return True

    def _read_on(self) -> bool:
        read = self._text.file.read(CHUNK)
        self._buffer, self._at = self._buffer[self._at :] + read, 0
        return bool(read)


def _decoded(text: str, place: str) -> _Element:
    try:
        return _checked(text, DECODER.decode(text), place)
    except (ValueError, RecursionError):
        return _faulty(f"{place} is not valid JSON")


def _checked(text: str, value: object, place: str) -> _Element:
    if not isinstance(value, dict):
        return _faulty(f"{place} is not an object")
    if not is_unicode(text):
        return _faulty(f"{place} is not UTF-8")
    return _Element(text, value)


def _faulty(fault: str) -> _Element:
    return _Element("", {}, fault)


def _place(text: Text, what: str, number: int) -> str:
    return f"{text.name}, {what} {number:,}" if text.name else f"{what} {number:,}"


def _reader_of(element: _Element) -> Callable[[_Element], Row]:
    """Return how objects like this one are read. Raises UnknownForm."""
    if "track_metadata" in element.value:
        return _listenbrainz_row
    if columns := Columns.among(element.value):
        return lambda element: _flat_row(columns, element)
    raise UnknownForm(element.fault or "Its first object names no artist and no album")


def _listenbrainz_row(element: _Element) -> Row:
    named = _object(element.value.get("track_metadata"))
    info, mapping = _object(named.get("additional_info")), _object(named.get("mbid_mapping"))
    album = named.get("release_name")
    mbid = info.get("release_mbid") or info.get("release_group_mbid")
    # ListenBrainz maps songs: without the name of an album, the release may be any that has the song.
    if album and not mbid:
        mbid = mapping.get("release_mbid")
    names = (named.get("artist_name"), album, mbid, named.get("track_name"))
    return Row(element.text, play_of(*map(_text, names)))


def _flat_row(columns: Columns, element: _Element) -> Row:
    *names, milliseconds = map(element.value.get, columns)
    return Row(element.text, play_of(*map(_text, names)), milliseconds is not None and is_short(milliseconds))


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""


def _object(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}
