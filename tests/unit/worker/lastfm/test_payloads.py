"""Last.fm's answers, in every form that they are known to have, and in forms that they should not have."""

import json
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.store.albums import Album
from app.store.plays.scrobbles import Scrobble
from worker.lastfm.payloads import (
    AlbumChart,
    Profile,
    Rows,
    Unreadable,
    clean,
    read_album_chart,
    read_profile,
    read_rows,
)

START, END = datetime(2023, 1, 1, tzinfo=UTC), datetime(2024, 1, 1, tzinfo=UTC)
NOON = 1_688_212_800
MBID = "68bca8f8-47c2-4bdb-aa32-5a0fdc08710c"
ATTRIBUTES = {"user": "SingleSam", "totalPages": "3", "page": "2", "perPage": "200", "total": "402"}
TRACK: dict[str, Any] = {
    "artist": {"mbid": "3df040ee-2b8b-446b-937a-3f86f4b2cafb", "#text": "Meat Puppets"},
    "streamable": "0",
    "image": [],
    "mbid": "0a32dd01-626d-346f-af4f-529383667aba",
    "album": {"mbid": MBID, "#text": "Meat Puppets II"},
    "name": "Oh, Me",
    "url": "https://www.last.fm/music/Meat+Puppets/_/Oh,+Me",
    "date": {"uts": str(NOON), "#text": "01 Jul 2023, 12:00"},
}
PLAY = Scrobble(datetime.fromtimestamp(NOON, UTC), "Meat Puppets", "Oh, Me", "Meat Puppets II", UUID(MBID))


def read(body: dict[str, Any]) -> Rows:
    return read_rows(body, int(START.timestamp()), int(END.timestamp()), rows=200, page=2)


def page(*tracks: object, **changes: Any) -> Rows:
    return read({"recenttracks": {"track": list(tracks), "@attr": {**ATTRIBUTES, **changes}}})


def track(**changes: Any) -> dict[str, Any]:
    return {**TRACK, **changes}


@pytest.mark.parametrize(
    "body",
    [
        {"track": [], "@attr": {**ATTRIBUTES, "total": "0", "totalPages": "0"}},
        {"@attr": {**ATTRIBUTES, "total": "0", "totalPages": "0"}},
        {"#text": "\n", "user": "SingleSam", "page": "2", "perPage": "20", "totalPages": "0", "total": "0"},
    ],
    ids=["an empty list", "no list", "of 2014"],
)
def test_nothing_is_said_in_three_ways(body: dict[str, Any]) -> None:
    found = read({"recenttracks": body})
    assert (found.user, found.total, found.shown, found.is_proof) == ("SingleSam", 0, 0, True)


def test_a_list_of_one_may_be_the_one() -> None:
    body = {"recenttracks": {"track": TRACK, "@attr": ATTRIBUTES}}
    assert read(body).scrobbles == (PLAY,)


def test_the_extended_form_names_an_artist_otherwise() -> None:
    assert page(track(artist={"name": "Meat Puppets", "url": "", "mbid": ""})).scrobbles == (PLAY,)


@pytest.mark.parametrize("album", [{"#text": "", "mbid": ""}, {}, "", None])
def test_there_may_be_no_album(album: object) -> None:
    (scrobble,) = page(track(album=album)).scrobbles
    assert (scrobble.album, scrobble.album_mbid) == ("", None)


@pytest.mark.parametrize("name", ["", " ", "\0", None])
def test_an_mbid_without_the_name_of_an_album_is_dropped(name: object) -> None:
    (scrobble,) = page(track(album={"#text": name, "mbid": MBID})).scrobbles
    assert (scrobble.album, scrobble.album_mbid) == ("", None)


@pytest.mark.parametrize("mbid", ["", None, "no", MBID + "0", 5, ["x"], {"a": 1}, "\0"])
def test_an_mbid_that_is_none_is_none(mbid: object) -> None:
    (scrobble,) = page(track(album={"#text": "Album", "mbid": mbid})).scrobbles
    assert (scrobble.album, scrobble.album_mbid) == ("Album", None)


def test_a_listener_is_read() -> None:
    registered = {"unixtime": "1561177193", "#text": 1561177193}
    user = {"name": "SingleSam", "playcount": "138223", "registered": registered, "country": "None", "new": [1]}
    expected = Profile("SingleSam", 138223, datetime.fromtimestamp(1561177193, UTC))
    assert read_profile({"user": user}) == expected
    del registered["unixtime"]
    assert read_profile({"user": user}) == expected


anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)
odd_track = st.fixed_dictionaries(
    {},
    optional={
        "artist": anything | st.fixed_dictionaries({}, optional={"#text": anything, "name": anything}),
        "album": anything | st.fixed_dictionaries({}, optional={"#text": anything, "mbid": anything}),
        "name": anything,
        "date": anything | st.fixed_dictionaries({"uts": anything | st.just(str(NOON))}),
        "@attr": anything | st.just({"nowplaying": "true"}),
    },
)
number = anything | st.integers().map(str)
odd_attributes = st.fixed_dictionaries(
    {}, optional={"user": anything, "totalPages": number, "total": number, "page": number}
)
odd_page = st.fixed_dictionaries(
    {},
    optional={"track": anything | odd_track | st.lists(odd_track, max_size=4), "@attr": anything | odd_attributes},
)


@given(st.fixed_dictionaries({}, optional={"recenttracks": anything | odd_page}))
def test_whatever_comes_is_a_page_or_unreadable(body: dict[str, Any]) -> None:
    try:
        rows = read(body)
    except Unreadable:
        return
    assert rows.total is None or rows.shown <= rows.total < 2**31
    assert all(START <= scrobble.scrobbled_at < END for scrobble in rows.scrobbles)
    for scrobble in rows.scrobbles:
        for text in (scrobble.artist, scrobble.title, scrobble.album):
            assert "\0" not in text
            text.encode()


odd_user = st.fixed_dictionaries(
    {},
    optional={
        "name": anything,
        "playcount": number,
        "registered": anything | st.fixed_dictionaries({}, optional={"unixtime": number, "#text": number}),
    },
)


@given(st.fixed_dictionaries({}, optional={"user": anything | odd_user}))
def test_whatever_comes_is_a_profile_or_unreadable(body: dict[str, Any]) -> None:
    try:
        assert isinstance(read_profile(body), Profile)
    except Unreadable:
        return


@given(st.text(alphabet=st.characters(codec=None)))
def test_cleaned_text_fits_a_database_and_cleaning_twice_changes_nothing(text: str) -> None:
    once = clean(text)
    assert "\0" not in once
    once.encode()
    assert clean(once) == once
    if text.isprintable() and text == text.strip():
        assert once == text


def test_surrogates_that_json_brings_in_two_halves_are_one_letter() -> None:
    assert clean(json.loads('"\\ud83c\\udfb5"')) == "\N{MUSICAL NOTE}"


ROW: dict[str, Any] = {
    "artist": {"mbid": "cc0b7089-c08d-4c10-b6b0-873582c17fd6", "#text": "System of a Down"},
    "@attr": {"rank": "1"},
    "mbid": MBID,
    "playcount": "417",
    "name": "Hypnotize",
    "url": "https://www.last.fm/music/System+of+a+Down/Hypnotize",
}
WINDOW = {"user": "SingleSam", "from": str(int(START.timestamp())), "to": str(int(END.timestamp()))}


def chart(albums: object, **changes: Any) -> AlbumChart:
    body = {"weeklyalbumchart": {"album": albums, "@attr": {**WINDOW, **changes}}}
    return read_album_chart(body, START, END)


def test_an_album_chart_is_read() -> None:
    hypnotize = (Album("System of a Down", "Hypnotize", UUID(MBID)), 417)
    assert chart([ROW]) == AlbumChart("SingleSam", (hypnotize,))
    assert chart(ROW).albums == (hypnotize,), "one may be the bare element"
    assert chart([{**ROW, "mbid": ""}]).albums == ((Album("System of a Down", "Hypnotize", None), 417),)


@pytest.mark.parametrize("albums", [[], None, [{**ROW, "name": ""}], [{**ROW, "playcount": "0"}]])
def test_a_chart_may_hold_nothing(albums: object) -> None:
    assert chart(albums).albums == ()


def test_a_chart_may_be_of_whole_weeks() -> None:
    six_days = 6 * 24 * 3600
    assert chart([ROW], **{"from": str(int(START.timestamp()) - six_days)}).albums


@pytest.mark.parametrize(
    "changes",
    [
        {"from": str(int(END.timestamp()) - 7 * 24 * 3600)},
        {"to": str(int(END.timestamp()) + 8 * 24 * 3600)},
        {"from": ""},
        {"to": None},
    ],
)
def test_a_chart_of_another_time_is_none(changes: dict[str, Any]) -> None:
    with pytest.raises(Unreadable):
        chart([ROW], **changes)


@pytest.mark.parametrize("albums", [["x"], [{**ROW, "playcount": "many"}], [{**ROW, "playcount": str(2**40)}], 7])
def test_a_chart_that_makes_no_sense_is_none(albums: object) -> None:
    with pytest.raises(Unreadable):
        chart(albums)


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(),
        lambda inner: (
            st.lists(inner)
            | st.dictionaries(
                st.sampled_from(["album", "artist", "name", "mbid", "playcount", "@attr", "user", "from", "to"]),
                inner,
            )
        ),
    )
)
def test_whatever_comes_as_a_chart_is_read_or_unreadable(content: Any) -> None:
    for body in ({"weeklyalbumchart": content}, {"weeklyalbumchart": {"album": content, "@attr": WINDOW}}):
        try:
            read = read_album_chart(body, START, END)
        except Unreadable:
            continue
        assert all(album.album and plays > 0 for album, plays in read.albums)
