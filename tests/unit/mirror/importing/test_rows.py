"""Rows narrowed to the kept columns."""

import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from demo.musicbrainz.export_writer import copy_line
from mirror.errors import ExportBroken
from mirror.importing import rows
from mirror.importing.rows import narrow
from mirror.tables import Table

TABLE = Table("song", dumped=("id", "gid", "name", "length"), kept=("id", "name"), key=("id",), why="sung")
VALUES = st.none() | st.integers() | st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"))


@given(st.lists(st.tuples(VALUES, VALUES, VALUES, VALUES)), st.integers(min_value=1, max_value=40))
def test_whatever_the_values_and_wherever_the_blocks_end_only_the_kept_columns_remain(
    songs: list[tuple[object, ...]], block: int
) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(rows, "READ_BYTES", block)
        pieces = list(narrow(TABLE, io.BytesIO(b"".join(map(copy_line, songs)))))
    assert b"".join(piece for piece, _ in pieces) == b"".join(copy_line((song[0], song[2])) for song in songs)
    assert sum(count for _, count in pieces) == len(songs)


@pytest.mark.parametrize(
    ("dumped", "sentence"),
    [
        (b"1\ta\tname\n", "song has 3 columns where 4 are known"),
        (b"1\ta\tname\t3\t4\n", "song has 5 columns where 4 are known"),
        (b"1\ta\tname\t3\n2\tb\n", "song is torn"),
        (b"1\ta\tname\t3\n2\tb\tna", "ends in the middle of a row"),
    ],
)
def test_rows_of_another_format_are_refused(dumped: bytes, sentence: str) -> None:
    with pytest.raises(ExportBroken, match=sentence):
        list(narrow(TABLE, io.BytesIO(dumped)))
