"""Text in a picture: in one line or several, and never wider than there is room."""

import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.pictures import fonts
from app.pictures.text import ELLIPSIS, Text, fitted, paragraph

NAMES = st.text(string.ascii_letters + string.digits + "._-", min_size=1, max_size=32)


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("Short.", 1),
        ("", 1),
        ("Half of A-name-as_long.as_Last.fm_allows’s 2024 was released before 1981, in three words.", 2),
        ("Half of the music that HeavyHelen played in 2021 came out by 1981 or in the very year after.", 2),
    ],
)
def test_a_sentence_is_broken_into_lines_about_as_long_as_each_other(text: str, count: int) -> None:
    found = paragraph(text, 1080, 42, 26, lines=2, bold=True)
    assert " ".join(found.lines) == text
    assert len(found.lines) == count
    widths = [fonts.width(line, bold=True) for line in found.lines]
    assert max(widths) - min(widths) < 0.4 * max(widths) + 0.1


@given(NAMES, NAMES)
def test_however_long_two_names_are_they_stay_whole_and_within_the_picture(one: str, other: str) -> None:
    text = f"In 2021 {one}’s music was 31\u00a0years older than {other}’s."
    found = paragraph(text, 900, 60, 37, lines=5, bold=True)
    assert " ".join(found.lines) == text
    assert max(fonts.width(line, bold=True) * found.size for line in found.lines) <= 900


def test_letters_get_smaller_only_where_they_have_to_and_then_the_end_is_cut() -> None:
    assert fitted(Text("HeavyHelen’s 2021", 0, 0, 42), 1080, 20).size == 42
    smaller = fitted(Text("W" * 40, 0, 0, 42), 1080, 20)
    assert (smaller.text, 20 < smaller.size < 42, smaller.is_tight) == ("W" * 40, True, True)
    cut = fitted(Text("W" * 90, 0, 0, 42), 1080, 20)
    assert cut.text.endswith(ELLIPSIS)
    assert (cut.size, cut.width <= 1080) == (20, True)
    assert fitted(Text("", 0, 0, 42), 1080, 20).is_empty


def test_a_text_that_nothing_can_break_is_cut_at_last() -> None:
    found = paragraph("W" * 300, 900, 60, 40, lines=3, bold=True)
    assert len(found.lines) == 1
    assert fonts.width(found.lines[0], bold=True) * found.size <= 900
