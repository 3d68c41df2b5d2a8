"""What is read from a program's list: each item by itself, however the others are."""

import json
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.web.api.questions import MAX_BYTES, MAX_ITEMS, read_questions
from app.web.errors import Problem
from mirror.web_queries import MAX_NAME_LENGTH, Question, Reason

KID_A = {"artist": "Radiohead", "album": "Kid A"}
MBID = "b1392450-e666-3926-a536-22c65f834433"


def read(*items: Any) -> list[Question | Reason]:
    return read_questions(json.dumps(items).encode())


@pytest.mark.parametrize(
    ("item", "question"),
    [
        (KID_A, Question("Radiohead", "Kid A")),
        ({**KID_A, "mbid": MBID}, Question("Radiohead", "Kid A", UUID(MBID))),
        ({**KID_A, "mbid": ""}, Question("Radiohead", "Kid A")),
        ({**KID_A, "mbid": None, "track": None}, Question("Radiohead", "Kid A")),
        ({"artist": "Radiohead", "track": "Idioteque"}, Question("Radiohead", track="Idioteque")),
        ({"mbid": MBID.upper()}, Question("", mbid=UUID(MBID))),
        ({"artist": " Radiohead\n", "album": "\tKid A "}, Question("Radiohead", "Kid A")),
        ({**KID_A, "id": 7, "title": "ignored"}, Question("Radiohead", "Kid A")),
        ({}, Question("")),
        ({"artist": "a" * MAX_NAME_LENGTH}, Question("a" * MAX_NAME_LENGTH)),
        (
            {"artist": "\0", "album": "\u202e((((\N{ZERO WIDTH SPACE}"},
            Question("\0", "\u202e((((\N{ZERO WIDTH SPACE}"),
        ),
    ],
)
def test_an_item_is_a_question(item: Any, question: Question) -> None:
    assert read(item) == [question]


@pytest.mark.parametrize(
    ("item", "reason"),
    [
        ({**KID_A, "mbid": "b1392450"}, Reason.MALFORMED_MBID),
        ({**KID_A, "mbid": 7}, Reason.MALFORMED_MBID),
        ({**KID_A, "mbid": [MBID]}, Reason.MALFORMED_MBID),
        ({**KID_A, "album": "a" * (MAX_NAME_LENGTH + 1)}, Reason.NAME_TOO_LONG),
        ({**KID_A, "track": "a" * 10_000, "mbid": "x"}, Reason.NAME_TOO_LONG),
        ({**KID_A, "artist": 5}, Reason.UNREADABLE),
        ({**KID_A, "artist": ["Radiohead"]}, Reason.UNREADABLE),
        ({**KID_A, "artist": {"#text": "Radiohead"}}, Reason.UNREADABLE),
        ({**KID_A, "artist": "\ud800"}, Reason.UNREADABLE),
        (["Radiohead", "Kid A"], Reason.UNREADABLE),
        ("Radiohead - Kid A", Reason.UNREADABLE),
        (None, Reason.UNREADABLE),
        (True, Reason.UNREADABLE),
    ],
)
def test_an_item_that_cannot_be_read_leaves_the_others_alone(item: Any, reason: Reason) -> None:
    assert read(KID_A, item, KID_A) == [Question("Radiohead", "Kid A"), reason, Question("Radiohead", "Kid A")]


def test_the_largest_list_is_read_and_none_larger() -> None:
    assert len(read(*[KID_A] * MAX_ITEMS)) == MAX_ITEMS
    assert read() == []
    with pytest.raises(Problem) as too_large:
        read(*[KID_A] * (MAX_ITEMS + 1))
    assert too_large.value.status == 413


@pytest.mark.parametrize(
    "body",
    [b"", b"[", b"{}", b"null", b"7", b'"Kid A"', b"\xff\xfe\xfd", b"[" * MAX_BYTES, b"[" + b"9" * 9999 + b"]"],
    ids=lambda body: str(body[:9]),
)
def test_what_is_no_list_is_refused(body: bytes) -> None:
    with pytest.raises(Problem) as refused:
        read_questions(body)
    assert refused.value.status == 400


SCALARS = st.none() | st.booleans() | st.integers() | st.floats() | st.text()
FIELDS = st.sampled_from(["artist", "album", "mbid", "track", "other"])
ANYTHING = st.recursive(SCALARS, lambda inner: st.lists(inner) | st.dictionaries(FIELDS, inner), max_leaves=20)


@given(st.lists(ANYTHING, max_size=20))
def test_whatever_a_list_has_each_item_is_read_or_has_its_reason(items: list[Any]) -> None:
    read = read_questions(json.dumps(items).encode())
    assert len(read) == len(items)
    assert {type(one) for one in read} <= {Question, Reason}
    for one in read:
        if isinstance(one, Question):
            assert max(len(one.artist), len(one.album), len(one.track)) <= MAX_NAME_LENGTH
