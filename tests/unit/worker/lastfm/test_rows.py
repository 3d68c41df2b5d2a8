"""What an answer of user.getRecentTracks proves, in every form it can have, and what makes it unusable."""

from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from app.store.plays.scrobbles import Scrobble
from tests.unit.worker.lastfm.test_payloads import END, MBID, NOON, PLAY, START, TRACK, anything, odd_track, track
from worker.lastfm.payloads import MAX_NUMBER, Rows, Unreadable, read_rows

SINCE, UNTIL = int(START.timestamp()), int(END.timestamp())
ATTRIBUTES = {"user": "SingleSam", "totalPages": "1", "page": "1", "perPage": "1000", "total": "1"}


def read(body: Any, page: int = 1) -> Rows:
    return read_rows({"recenttracks": body}, SINCE, UNTIL, rows=1000, page=page)


def answer(*tracks: object, **changes: Any) -> Rows:
    return read({"track": list(tracks), "@attr": {**ATTRIBUTES, **changes}})


def at(second: int, **changes: Any) -> dict[str, Any]:
    return track(date={"uts": str(second)}, **changes)


def test_an_answer_that_shows_as_many_plays_as_it_counts_is_a_proof() -> None:
    rows = answer(TRACK)
    assert rows == Rows("SingleSam", 1000, 1, (PLAY,))
    assert (rows.shown, rows.is_proof, rows.is_full) == (1, True, False)


def test_an_answer_that_counts_more_than_it_shows_is_none() -> None:
    assert not answer(TRACK, total="2").is_proof


@pytest.mark.parametrize(
    "total", ["0", "", None, "many", "1.5", -1, True, str(MAX_NUMBER + 1), "9" * 5000, [], {}]
)
def test_a_total_that_cannot_be_is_unknown(total: object) -> None:
    rows = answer(TRACK, total=total)
    assert (rows.total, rows.is_proof, rows.scrobbles) == (None, False, (PLAY,))


@pytest.mark.parametrize("total", ["1 234", " 1,234 ", "1\u202f234", 1234, 1234.0])
def test_a_number_may_be_written_in_any_way(total: object) -> None:
    assert answer(TRACK, total=total).total == 1234


@pytest.mark.parametrize(
    ("said", "granted"), [("200", 200), ("1000", 1000), ("5000", 1000), ("0", 1000), ("", 1000), (None, 1000)]
)
def test_what_is_granted_is_at_most_what_was_asked_for(said: object, granted: int) -> None:
    assert answer(TRACK, perPage=said).granted == granted


def test_an_answer_is_full_when_another_row_would_not_fit() -> None:
    assert answer(TRACK, at(NOON + 1), perPage="2", total="5").is_full


def test_the_plays_come_oldest_first() -> None:
    times = [play.scrobbled_at for play in answer(at(NOON + 5), at(NOON), at(NOON + 2)).scrobbles]
    assert times == sorted(times)


def test_the_same_play_listed_twice_is_a_duplicate_and_its_mbid_is_not_lost() -> None:
    without = track(album={"#text": "Meat Puppets II", "mbid": ""})
    for rows in ((without, TRACK), (TRACK, without)):
        found = answer(*rows, total="2")
        assert (found.scrobbles, len(found.duplicates), found.is_proof) == ((PLAY,), 1, True)
        assert found.scrobbles[0].album_mbid == UUID(MBID)


@pytest.mark.parametrize("change", [{"name": "Plateau"}, {"album": {"#text": ""}}, {"artist": {"#text": "Pat"}}])
def test_other_plays_of_the_same_second_are_no_duplicates(change: dict[str, Any]) -> None:
    found = answer(TRACK, track(**change), total="2")
    assert (len(found.scrobbles), found.duplicates) == (2, ())


UNDATED = [
    {name: value for name, value in TRACK.items() if name != "date"},
    *(track(date=date) for date in (None, "", {}, {"uts": "0"}, {"uts": ""}, {"uts": None}, {"uts": "86400"})),
]


@pytest.mark.parametrize("row", UNDATED)
def test_a_row_without_a_time_is_counted_as_undated(row: dict[str, Any]) -> None:
    found = answer(row, TRACK, total="2")
    assert (found.scrobbles, found.undated, found.unreadable, found.is_proof) == ((PLAY,), 1, 0, True)


UNREADABLE: list[object] = [
    "text",
    None,
    7,
    [TRACK],
    track(date="then"),
    track(date=[NOON]),
    track(date={"uts": "then"}),
    track(date={"uts": "9" * 30}),
    track(date={"uts": "-5"}),
    track(artist=None, name=""),
]


@pytest.mark.parametrize("row", UNREADABLE)
def test_a_row_that_cannot_be_read_is_counted_and_the_others_are_taken(row: object) -> None:
    found = answer(row, TRACK, total="2")
    assert (found.scrobbles, found.undated, found.unreadable, found.is_proof) == ((PLAY,), 0, 1, True)


@pytest.mark.parametrize("mark", ["true", True, "1"])
@pytest.mark.parametrize("date", [None, {"uts": str(NOON + 60)}])
def test_the_track_now_playing_is_no_row(mark: object, date: object) -> None:
    playing = {**track(name="Now", date=date), "@attr": {"nowplaying": mark}}
    assert answer(playing, TRACK) == answer(TRACK)
    assert read({"track": playing, "@attr": {**ATTRIBUTES, "total": "0"}}).is_proof


@pytest.mark.parametrize("second", [SINCE - 1, UNTIL])
def test_a_row_of_another_time_makes_the_answer_unusable(second: int) -> None:
    with pytest.raises(Unreadable, match="another time"):
        answer(at(second), TRACK)


def test_the_first_and_the_last_second_belong_to_the_stretch() -> None:
    assert len(answer(at(SINCE), at(UNTIL - 1)).scrobbles) == 2


@pytest.mark.parametrize("change", [{"page": "2"}, {"from": str(SINCE + 1)}, {"to": str(UNTIL - 1)}])
def test_an_answer_to_another_call_is_unusable(change: dict[str, Any]) -> None:
    with pytest.raises(Unreadable, match="another `"):
        answer(TRACK, **change)


@pytest.mark.parametrize("value", [None, "", "x"])
def test_what_the_answer_does_not_repeat_is_not_compared(value: object) -> None:
    assert answer(TRACK, **{"page": value, "from": value, "to": value}).is_proof
    repeated = {"from": str(SINCE), "to": str(UNTIL)}
    assert answer(TRACK, **repeated).is_proof


def test_a_second_page_is_read_as_such() -> None:
    assert read({"track": [TRACK], "@attr": {**ATTRIBUTES, "page": "2", "total": "1001"}}, page=2).total == 1001


@pytest.mark.parametrize(
    "body",
    [
        {"track": [], "@attr": {**ATTRIBUTES, "total": "0", "totalPages": "0"}},
        {"track": "\n", "@attr": {**ATTRIBUTES, "total": "0"}},
        {"@attr": {**ATTRIBUTES, "total": "0", "totalPages": "0"}},
        {"#text": "\n", "user": "SingleSam", "page": "0", "perPage": "1000", "totalPages": "0", "total": "0"},
    ],
    ids=["an empty list", "an empty text", "no list", "of 2014"],
)
def test_nothing_is_proven_in_every_form(body: dict[str, Any]) -> None:
    rows = read(body)
    assert rows == Rows("SingleSam", 1000, 0, ())
    assert rows.is_proof


@pytest.mark.parametrize("attributes", [{}, {"@attr": None}, {"@attr": []}, {"@attr": {"user": ""}}])
def test_rows_without_attributes_are_taken_and_prove_nothing(attributes: dict[str, Any]) -> None:
    rows = read({"track": TRACK, **attributes})
    assert (rows.user, rows.total, rows.granted, rows.scrobbles) == (None, None, 1000, (PLAY,))


@pytest.mark.parametrize(
    "body", [None, [], "", {}, {"@attr": {"user": "SingleSam"}}, {"track": 7}, {"track": "x"}]
)
def test_an_answer_that_says_nothing_is_unreadable(body: object) -> None:
    with pytest.raises(Unreadable):
        read(body)


number = anything | st.integers().map(str)
odd_attributes = st.fixed_dictionaries(
    {}, optional=dict.fromkeys(("user", "perPage", "total", "page", "from", "to"), number)
)
odd_answer = st.fixed_dictionaries(
    {},
    optional={"track": anything | odd_track | st.lists(odd_track, max_size=4), "@attr": anything | odd_attributes},
)


@given(anything | odd_answer)
@example({"track": {"name": [], "date": {"uts": "1688212800"}, "artist": {}}})
def test_whatever_comes_is_rows_or_unreadable(body: Any) -> None:
    try:
        rows = read(body)
    except Unreadable:
        return
    assert rows.total is None or rows.shown <= rows.total <= MAX_NUMBER
    assert 1 <= rows.granted <= 1000
    assert rows.user is None or rows.user
    for scrobble in rows.scrobbles:
        assert isinstance(scrobble, Scrobble)
        assert START <= scrobble.scrobbled_at < END
        assert scrobble.scrobbled_at == datetime.fromtimestamp(int(scrobble.scrobbled_at.timestamp()), UTC)
