"""Histories as JSON: ListenBrainz's lines, Spotify's lists, ZIPs of both, and what is broken in the middle."""

import io
import json
import zipfile
from collections.abc import Mapping
from typing import Any

import pytest

from worker.histories.forms import open_history
from worker.histories.json_history import CHUNK, MAX_CHARACTERS
from worker.histories.rows import Play, ReleaseYear, Row, UnknownForm, UnreadableHistory
from worker.histories.texts import Meter

BOWIE, BUSH = Play("David Bowie", "Low"), Play("Kate Bush", "Hounds of Love")
FOUND = ReleaseYear(1977, "0c77a22d-5d9b-5a4c-8dd6-9b4d8e5f0c6e", "names")
ADDED = {"release_year": 1977, "release_group_mbid": FOUND.release_group, "found_by": "names"}
MBID, OTHER_MBID = "11111111-1111-4111-8111-111111111111", "22222222-2222-4222-8222-222222222222"


def listen(artist: object = "David Bowie", album: object = "Low", **named: object) -> dict[str, Any]:
    """A listen as ListenBrainz exports it."""
    return {
        "listened_at": 1577880000,
        "track_metadata": {"artist_name": artist, "release_name": album, "track_name": "x", **named},
    }


def stream(
    artist: str | None = "David Bowie", album: str | None = "Low", milliseconds: int = 200_000
) -> dict[str, Any]:
    """A play of Spotify's extended history."""
    return {
        "ts": "2020-01-01T00:00:00Z",
        "ms_played": milliseconds,
        "master_metadata_track_name": artist and "x",
        "master_metadata_album_artist_name": artist,
        "master_metadata_album_album_name": album,
        "episode_name": None,
    }


def lines(*objects: Mapping[str, Any]) -> bytes:
    return "".join(f"{json.dumps(each, ensure_ascii=False)}\n" for each in objects).encode()


def zipped(files: Mapping[str, bytes]) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return file.getvalue()


def rows_of(data: bytes) -> list[Row]:
    return list(open_history(io.BytesIO(data), Meter()).history.rows())


def plays_of(data: bytes) -> list[Play | None]:
    return [row.play for row in rows_of(data)]


def faults_of(data: bytes) -> list[str]:
    return [row.fault for row in rows_of(data) if row.fault]


def rewritten(data: bytes) -> str:
    history = open_history(io.BytesIO(data), Meter()).history
    written = [history.extended(row.text, history.addition(FOUND)) for row in history.rows() if row.play]
    return history.opening + "".join(written) + history.closing


def test_listenbrainz_names_artist_and_release() -> None:
    assert plays_of(lines(listen(), listen("Kate Bush", "Hounds of Love"))) == [BOWIE, BUSH]


@pytest.mark.parametrize(
    ("named", "mbid"),
    [
        ({"additional_info": {"release_mbid": MBID}, "mbid_mapping": {"release_mbid": OTHER_MBID}}, MBID),
        ({"additional_info": {"release_group_mbid": MBID}}, MBID),
        ({"additional_info": {}, "mbid_mapping": {"release_mbid": OTHER_MBID}}, OTHER_MBID),
        ({"additional_info": None, "mbid_mapping": None}, ""),
        ({"additional_info": [], "mbid_mapping": {"release_mbid": 7}}, ""),
    ],
)
def test_the_players_mbid_comes_before_the_one_that_listenbrainz_found(named: dict[str, Any], mbid: str) -> None:
    assert plays_of(lines(listen(**named))) == [BOWIE._replace(mbid=mbid)]


def test_without_an_album_the_release_that_listenbrainz_found_may_be_any_with_the_song() -> None:
    [play] = plays_of(lines(listen(album=None, mbid_mapping={"release_mbid": MBID})))
    assert play == Play("David Bowie", song="x")


def test_spotify_names_them_in_its_extended_history() -> None:
    data = json.dumps(
        [stream(), stream("Kate Bush", "Hounds of Love", 1000), stream(None, None)], indent=2
    ).encode()
    rows = rows_of(data)
    assert [(row.play, row.is_short) for row in rows] == [(BOWIE, False), (BUSH, True), (Play(""), False)]


def test_spotifys_account_data_names_songs_only() -> None:
    play = {"endTime": "2020-01-01 10:00", "artistName": "Kate Bush", "trackName": "Cloudbusting", "msPlayed": 1}
    [row] = rows_of(json.dumps([play]).encode())
    assert (row.play, row.is_short) == (Play("Kate Bush", song="Cloudbusting"), True)


def test_other_objects_are_read_by_the_names_of_their_members() -> None:
    assert plays_of(lines({"Artist": "David Bowie", "Album Title": "Low"}, {"Artist": 7})) == [BOWIE, Play("")]


def test_an_object_is_written_as_it_was_with_three_members_more() -> None:
    odd = '{"track_metadata":   {"artist_name": "Bj\\u00f6rk", "release_name": "D\u00e9but"} , "at": 1.50 }'
    written = rewritten(odd.encode())
    assert written.startswith(odd[:-2])
    assert json.loads(written) == json.loads(odd) | ADDED


def test_members_of_these_names_are_replaced() -> None:
    before = listen() | {"release_year": 1066, "found_by": None}
    assert json.loads(rewritten(lines(before))) == before | ADDED


def test_half_a_sign_that_is_escaped_stays_so() -> None:
    before = b'{"artist": "David Bowie", "album": "Low \\ud83d", "release_year": 1}\n'
    written = rewritten(before)
    assert written.isascii()
    assert json.loads(written) == json.loads(before) | ADDED


@pytest.mark.parametrize("indent", [None, 2])
def test_a_list_stays_a_list(indent: int | None) -> None:
    plays = [stream(), stream("Kate Bush", "Hounds of Love")]
    assert json.loads(rewritten(json.dumps(plays, indent=indent).encode())) == [play | ADDED for play in plays]


def test_an_empty_list_stays_one() -> None:
    assert json.loads(rewritten(b" [ ]")) == []


def test_a_list_of_listens_is_read_as_older_exports_have_it() -> None:
    assert plays_of(json.dumps([listen()]).encode()) == [BOWIE]


def test_utf_16_and_marks_are_recognised() -> None:
    for encoding in ("utf-8-sig", "utf-16", "utf-16-be"):
        assert plays_of(json.dumps([stream()]).encode(encoding)) == [BOWIE]


def test_a_line_that_is_no_object_is_named_and_the_rest_goes_on() -> None:
    broken = lines(listen()) + b'{"track_metadata": {"artist\n\n[1]\nnull\n\xff\xfe{}\n' + lines(listen())
    assert plays_of(broken) == [BOWIE, None, None, None, None, BOWIE]
    assert faults_of(broken) == [
        "line 2 is not valid JSON",
        "line 4 is not an object",
        "line 5 is not an object",
        "line 6 is not valid JSON",
    ]


def test_bytes_that_are_not_utf_8_cost_their_row() -> None:
    data = lines(listen()) + b'{"track_metadata": {"artist_name": "Bj\xf6rk"}}\n'
    assert faults_of(data) == ["line 2 is not UTF-8"]


def test_after_an_object_that_is_broken_a_list_goes_on() -> None:
    whole = json.dumps(stream())
    data = f"[{whole},{whole[:40]},{whole},\n{whole[:90]}\n{whole},7,{whole}]".encode()
    assert plays_of(data) == [BOWIE, None, BOWIE, None, BOWIE, None, BOWIE]
    assert faults_of(data) == ["row 2 is not valid JSON", "row 4 is not valid JSON", "row 6 is not an object"]


def test_a_list_that_breaks_off_is_read_as_far_as_it_goes() -> None:
    data = json.dumps([stream()] * 3).encode()
    assert faults_of(data[:-1]) == ["row 4 is missing: the list has no end"]
    assert plays_of(data[:-40]) == [BOWIE, BOWIE, None]
    assert faults_of(data[:-40]) == ["row 3 is not valid JSON"]


def test_a_list_is_decoded_in_parts_wherever_these_end() -> None:
    for padding in range(CHUNK - 300, CHUNK + 20, 7):
        assert plays_of(b"[" + b" " * padding + json.dumps([stream(), stream()]).encode()[1:]) == [BOWIE, BOWIE]


def test_an_object_without_an_end_is_not_kept() -> None:
    endless = b'[{"a": "' + b"x" * (3 * MAX_CHARACTERS)
    assert faults_of(json.dumps([stream()]).encode()[:-1] + b"," + endless[1:]) == ["row 2 is not valid JSON"]
    long_line = b'{"a": "' + b"x" * (3 * MAX_CHARACTERS) + b'"}\n'
    data = lines(listen()) + long_line + lines(listen())
    assert faults_of(data) == [f"line 2 has more than {MAX_CHARACTERS:,} characters"]
    assert plays_of(data) == [BOWIE, None, BOWIE]


@pytest.mark.parametrize("line_end", [b"\n", b"\r\n", b"\r"])
@pytest.mark.parametrize("length", [MAX_CHARACTERS - 1, MAX_CHARACTERS, 3 * MAX_CHARACTERS])
def test_a_line_that_is_too_long_is_skipped_to_its_own_end(line_end: bytes, length: int) -> None:
    data = (lines(listen()) + b"x" * length + b"\n" + lines(listen())).replace(b"\n", line_end)
    assert plays_of(data) == [BOWIE, None, BOWIE]
    assert len(faults_of(data)) == 1


def test_what_no_decoder_can_hold_costs_its_row_only() -> None:
    deep, large = b'{"a": ' + b"[" * 100_000 + b"\n", b'{"a": ' + b"9" * 5_000 + b"}\n"
    assert plays_of(lines(listen()) + deep + large + lines(listen())) == [BOWIE, None, None, BOWIE]


def test_nul_stands_in_a_name() -> None:
    assert plays_of(lines(listen()).replace(b"Low", b"L\0w")) == [Play("David Bowie", "L\0w")]


def test_a_zip_of_listenbrainz_is_read_month_by_month() -> None:
    files = {
        "user.json": b"{}",
        "feedback.jsonl": b"{}",
        "listens/2020/10.jsonl": lines(listen("Kate Bush", "Hounds of Love")) + b"x\n",
        "listens/2020/9.jsonl": lines(listen()),
    }
    assert plays_of(zipped(files)) == [BOWIE, BUSH, None]
    assert faults_of(zipped(files)) == ["listens/2020/10.jsonl, line 2 is not valid JSON"]


def test_a_zip_of_spotify_becomes_one_list() -> None:
    folder = "Spotify Extended Streaming History"
    files = {f"{folder}/Streaming_History_Audio_2020_{n}.json": json.dumps([stream()]).encode() for n in (0, 1)}
    assert json.loads(rewritten(zipped(files | {f"{folder}/ReadMeFirst.pdf": b"%PDF"}))) == [stream() | ADDED] * 2


def test_a_zip_tells_how_much_there_is_to_read() -> None:
    meter, data = Meter(), lines(listen(), listen())
    list(open_history(io.BytesIO(zipped({"listens/2020/1.jsonl": data})), meter).history.rows())
    assert (meter.done, meter.total) == (len(data), len(data))


@pytest.mark.parametrize(
    "data",
    [zipped({"holiday.jpg": b"x"}), zipped({"listens/1.jsonl": lines(listen())})[:60], b"PK\x03\x04"],
    ids=["of something else", "cut off", "its beginning"],
)
def test_a_zip_without_a_history_or_a_damaged_one_is_refused(data: bytes) -> None:
    with pytest.raises(UnreadableHistory, match="This ZIP"):
        rows_of(data)


def test_a_zip_that_is_damaged_inside_is_refused() -> None:
    data = bytearray(zipped({"listens/1.jsonl": b"".join(lines(listen(str(n))) for n in range(5_000))}))
    data[len(data) // 2] ^= 0xFF
    with pytest.raises(UnreadableHistory, match="damaged"):
        rows_of(bytes(data))


@pytest.mark.parametrize(
    "data",
    [b"{}", b'{"name": "x"}', b"[{}]", b"[1, 2, 3]", b"{" * 99, b'{\n  "listens": [\n  ]\n}\n', b"[" * 10_000],
)
def test_objects_that_name_no_artist_are_of_unknown_form(data: bytes) -> None:
    with pytest.raises(UnknownForm):
        rows_of(data)
