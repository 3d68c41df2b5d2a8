"""Whatever a file contains: it is read to its end or refused in a sentence, and what is written is whole."""

import csv
import io
import json
from collections.abc import Sequence
from contextlib import suppress

from hypothesis import example, given
from hypothesis import strategies as st

from worker.histories.forms import OpenHistory, open_history
from worker.histories.rows import ReleaseYear, Row, UnreadableHistory
from worker.histories.texts import Meter

FOUND = ReleaseYear(1977, "0c77a22d-5d9b-5a4c-8dd6-9b4d8e5f0c6e", "names")
TEXTS = ("\0", " ", "\ufeff", "\udcff", "Low", "David Bowie", "ё", "🎷", "\u2028")
CSV_PIECES = st.sampled_from(('"', '""', ",", ";", "\n", "\r", "\r\n", *TEXTS))
PLAY = '{"artist": "David Bowie", "album": "Low", "at": [{"x": 1.5}, {"y": null}]}'
SIGNS = ("{", "}", "[", "]", ",", "\n", '"', "\\", "1e5", "null", "\0", "\udcff")
JSON_PIECES = st.sampled_from((PLAY, PLAY[:20], PLAY[30:], '{"release_year": 1}', *SIGNS))
BEGINNINGS = st.sampled_from([b"", b"PK\x03\x04", b"\xff\xfe", b"\xef\xbb\xbf", b"a\0r\0", b"[", b"{"])


def opened(text: str) -> OpenHistory:
    return open_history(io.BytesIO(text.encode("utf-8", "surrogateescape")), Meter())


def rewritten(history: OpenHistory) -> tuple[list[Row], str]:
    written, rows = history.history, list(history.history.rows())
    texts = [written.extended(row.text, written.addition(FOUND)) for row in rows if row.play]
    return rows, written.opening + "".join(texts) + written.closing


@given(st.lists(CSV_PIECES, max_size=40))
@example(['"', "\n", "Low", '"', ",", "Low", "\n", "Low", '"'])
def test_of_any_csv_the_rows_are_written_with_three_columns_more(pieces: Sequence[str]) -> None:
    rows, written = rewritten(opened("artist,album\n" + "".join(pieces)))
    header, *lines = csv.reader(io.StringIO(written, newline=""))
    assert header == ["artist", "album", "release_year", "release_group_mbid", "found_by"]
    plays = [row.play for row in rows if row.play]
    assert [(line[0].strip(), line[1].strip()) for line in lines] == [(play.artist, play.album) for play in plays]
    assert {tuple(line[2:]) for line in lines} <= {("1977", FOUND.release_group, "names")}
    assert all(row.play or row.fault.startswith("line ") for row in rows)


@given(st.lists(JSON_PIECES, max_size=20))
def test_any_json_list_is_written_as_one(pieces: Sequence[str]) -> None:
    rows, written = rewritten(opened(f"[{PLAY}" + "".join(pieces)))
    objects = json.loads(written, strict=False)
    assert len(objects) == sum(row.play is not None for row in rows) >= 1
    assert {each["release_year"] for each in objects} == {1977}


@given(st.lists(JSON_PIECES, max_size=20))
def test_any_json_lines_are_written_as_such(pieces: Sequence[str]) -> None:
    rows, written = rewritten(opened(f"{PLAY}\n" + "".join(pieces)))
    lines = [json.loads(line, strict=False) for line in written.split("\n") if line]
    assert len(lines) == sum(row.play is not None for row in rows) >= 1
    assert {each["found_by"] for each in lines} == {"names"}


@given(BEGINNINGS, st.binary(max_size=200))
@example(b"\xff\xfe", b"[")
def test_any_file_is_read_or_refused(begin: bytes, rest: bytes) -> None:
    with suppress(UnreadableHistory):
        rewritten(open_history(io.BytesIO(begin + rest), Meter()))
