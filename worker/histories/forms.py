"""The forms of histories that are understood, and which of them a file has."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import chain
from typing import IO

from worker.histories.csv_history import CsvHistory
from worker.histories.json_history import JsonLines, JsonList
from worker.histories.rows import History, UnreadableHistory
from worker.histories.texts import Meter, Text, open_texts

FORMS = (
    "CSV, separated by commas, semicolons, tabs or bars, with a header that names the artist and the album",
    "CSV of lastfm-to-csv, without a header: artist, album, track, date",
    "JSON lines of ListenBrainz's export, or its ZIP",
    "JSON lists of Spotify's extended streaming history or account data, or their ZIP",
    "other JSON lines or lists of objects that name the artist and the album",
)


@dataclass(frozen=True)
class OpenHistory:
    """A history that has been begun to be read."""

    history: History
    encoding: str
    """In which it is written again."""


def open_history(file: IO[bytes], meter: Meter) -> OpenHistory:
    """Begin to read a history. Raises UnreadableHistory, and UnknownForm if it has none of the forms."""
    texts = open_texts(file, meter)
    first = next(texts)
    if not first.sign:
        raise UnreadableHistory("There is nothing in this file")
    return OpenHistory(_history(first, texts), first.encoding)


def _history(first: Text, others: Iterator[Text]) -> History:
    if first.sign == b"[":
        return JsonList(chain([first], others))
    if first.sign == b"{":
        return JsonLines(chain([first], others))
    return CsvHistory(first)
