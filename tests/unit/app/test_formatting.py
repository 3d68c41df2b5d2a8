"""How pages write numbers, shares, ages and lengths of time."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.formatting import age, clock, counted, other_title, rough_share, share, so_far, times, wait


@pytest.mark.parametrize(
    ("seconds", "said"),
    [
        (1, "1 second"),
        (89, "89 seconds"),
        (90, "2 minutes"),
        (121, "3 minutes"),
        (89 * 60, "89 minutes"),
        (90 * 60, "2 hours"),
        (86_400, "24 hours"),
    ],
)
def test_how_long_to_wait_is_never_said_too_short(seconds: int, said: str) -> None:
    assert wait(seconds) == said


@pytest.mark.parametrize(("seconds", "said"), [(1, "0:01"), (28, "0:28"), (60, "1:00"), (900, "15:00")])
def test_what_is_counted_down_reads_as_on_a_clock(seconds: int, said: str) -> None:
    assert clock(seconds) == said


@pytest.mark.parametrize(
    ("plays", "expected", "said"),
    [
        (2_756, 9_756, "so far, 2,756 of 9,756 plays"),
        (1, None, "so far, 1 play"),
        (600, 600, "so far, 600 plays"),
        (601, 600, "so far, 601 plays"),
    ],
)
def test_a_part_is_told_with_the_whole_where_that_is_known(plays: int, expected: int | None, said: str) -> None:
    assert so_far(plays, expected) == said


@pytest.mark.parametrize(("number", "said"), [(0, "0 plays"), (1, "1 play"), (2_000, "2,000 plays")])
def test_numbers_agree_with_their_nouns(number: int, said: str) -> None:
    assert counted(number, "play") == said


@pytest.mark.parametrize(
    ("part", "whole", "said"),
    [
        (432, 12_000, "3.6\u00a0%"),
        (0, 12_000, "0\u00a0%"),
        (0, 0, "0\u00a0%"),
        (1, 12_000, "under 0.1\u00a0%"),
        (11_999, 12_000, "99.9\u00a0%"),
        (12_000, 12_000, "100\u00a0%"),
        (1, 2, "50.0\u00a0%"),
    ],
)
def test_a_share_is_told_in_per_cent(part: int, whole: int, said: str) -> None:
    assert share(part, whole) == said


@given(st.integers(1, 10**6), st.integers(1, 10**6))
def test_only_nothing_is_no_share_and_only_everything_is_all(part: int, rest: int) -> None:
    assert share(part, part + rest) not in ("0\u00a0%", "0.0\u00a0%", "100\u00a0%", "100.0\u00a0%")


@pytest.mark.parametrize(
    ("years", "said"),
    [(0.0, "under a year"), (0.99, "under a year"), (1.0, "1 year"), (1.6, "2 years"), (33.4, "33 years")],
)
def test_an_age_is_told_in_whole_years(years: float, said: str) -> None:
    assert age(years) == said


@pytest.mark.parametrize(
    ("part", "whole", "said"),
    [
        (0, 9, "0\u00a0%"),
        (1, 900, "<1\u00a0%"),
        (404, 1000, "40\u00a0%"),
        (999, 1000, ">99\u00a0%"),
        (9, 9, "100\u00a0%"),
    ],
)
def test_where_there_is_little_room_a_share_is_whole(part: int, whole: int, said: str) -> None:
    assert rough_share(part, whole) == said


@pytest.mark.parametrize(
    ("title", "other"),
    [
        ("Animals", "Animals"),
        ("the wall", "The Wall"),
        ("It's Alive", "It’s Alive"),
        ("Wait... What", "Wait…  What "),
        ("1977-1980", "1977–1980"),
        ("Animals", None),
    ],
)
def test_a_title_that_reads_the_same_is_not_told_twice(title: str, other: str | None) -> None:
    assert other_title(title, other) == ""


def test_a_title_that_reads_otherwise_is_told_as_it_is() -> None:
    assert other_title("Animals (2018 Remix)", "Animals") == "Animals"
    assert other_title("", "Animals") == "Animals"


@pytest.mark.parametrize(
    ("factor", "text"), [(1.5, "1.5 times"), (9.94, "9.9 times"), (9.96, "10 times"), (1234.5, "1,234 times")]
)
def test_large_factors_are_whole(factor: float, text: str) -> None:
    assert times(factor) == text
