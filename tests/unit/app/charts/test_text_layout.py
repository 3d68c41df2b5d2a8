"""Text in a picture: in one line or two, and never wider than there is room."""

import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.charts.text_layout import LINE_LENGTH, font_size, wrap

NAMES = st.text(string.ascii_letters + string.digits + "._-", min_size=1, max_size=32)


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("Short.", 1),
        ("", 1),
        ("Half of A-name-as_long.as_Last.fm_allows’s 2024 was released before 1981.", 2),
        ("In 2021 HeavyHelen’s music was 31\u00a0years older than GrowingGus’s.", 2),
    ],
)
def test_a_sentence_is_broken_into_lines_about_as_long_as_each_other(text: str, count: int) -> None:
    found = wrap(text)
    assert " ".join(found) == text
    assert len(found) == count
    assert max(map(len, found)) - min(map(len, found)) < 15


@given(NAMES, NAMES)
def test_however_long_two_names_are_they_stay_whole_in_two_lines(one: str, other: str) -> None:
    text = f"In 2021 {one}’s music was 31 years older than {other}’s."
    found = wrap(text)
    assert " ".join(found) == text
    assert len(found) == 1 + (len(text) > LINE_LENGTH)
    for name in (one, other):
        assert any(f"{name}’s" in line for line in found)


def test_letters_get_smaller_only_where_they_have_to() -> None:
    assert font_size(["In 2021 HeavyHelen’s music was", "31 years older than GrowingGus’s."], 42, 1080) == 42
    wide, narrow = (font_size([letter * 40], 42, 1080) for letter in "Wi")
    assert 20 <= wide < 30
    assert narrow == 42
    assert font_size(["i", "W" * 40], 42, 1080) == wide, "the widest line tells"
    assert font_size([""], 42, 1080) == 42
