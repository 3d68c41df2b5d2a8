"""The words on a page: what a listener understands, whatever the numbers."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.web.words import breadth, counted, matched, share, taken_for


@pytest.mark.parametrize(
    ("method", "score", "said"),
    [
        ("mbid: release", 1.0, "by its MusicBrainz ID"),
        ("mbid: release group", 1.0, "by its MusicBrainz ID"),
        ("names", 1.0, "by its name"),
        ("title nearly", 0.92, "title nearly the same, 92\u00a0% alike"),
        ("artist nearly", 0.8, "artist nearly the same, 80\u00a0% alike"),
        ("artist and title nearly", 0.855, "artist and title nearly the same, 86\u00a0% alike"),
        ("title under Various Artists", 0.9, "as an album by Various Artists"),
        ("title nearly", None, "title nearly the same"),
        ("by ear", 0.5, "matched"),
        (None, None, "matched"),
    ],
)
def test_how_an_album_was_found_is_said_in_words(method: str | None, score: float | None, said: str) -> None:
    assert matched(method, score) == said


def test_what_is_only_nearly_the_same_is_never_all_alike() -> None:
    assert matched("title nearly", 0.999).endswith("99\u00a0% alike")


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
    assert taken_for(title, other) == ""


def test_a_title_that_reads_otherwise_is_told_as_it_is() -> None:
    assert taken_for("Animals (2018 Remix)", "Animals") == "Animals"
    assert taken_for("", "Animals") == "Animals"


@pytest.mark.parametrize(("number", "said"), [(0, "0 plays"), (1, "1 play"), (2_000, "2,000 plays")])
def test_numbers_agree_with_their_nouns(number: int, said: str) -> None:
    assert counted(number, "play") == said


@pytest.mark.parametrize(
    ("albums", "songs", "said"),
    [
        (84, 0, "84 albums"),
        (1, 1, "1 album and 1 song without an album"),
        (0, 3, "3 songs without an album"),
        (0, 0, "0 albums"),
    ],
)
def test_albums_and_songs_are_told_as_far_as_there_are_any(albums: int, songs: int, said: str) -> None:
    assert breadth(albums, songs) == said


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
