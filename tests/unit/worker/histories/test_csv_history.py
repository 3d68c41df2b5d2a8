"""Histories as CSV: every header that exporters write, rows kept as they are, and rows that cannot be read."""

import codecs
import io

import pytest

from worker.histories.csv_history import MAX_CHARACTERS, MAX_LINES
from worker.histories.forms import open_history
from worker.histories.rows import Play, ReleaseYear, Row, UnknownForm, UnreadableHistory
from worker.histories.texts import CHUNK, Meter

BOWIE, BUSH = Play("David Bowie", "Low"), Play("Kate Bush", "Hounds of Love")
FOUND = ReleaseYear(1977, "0c77a22d-5d9b-5a4c-8dd6-9b4d8e5f0c6e", "names")
HEADER = "artist,album,track\n"


def rows_of(text: str | bytes) -> list[Row]:
    data = text if isinstance(text, bytes) else text.encode("utf-8", "surrogateescape")
    return list(open_history(io.BytesIO(data), Meter()).history.rows())


def plays_of(text: str | bytes) -> list[Play | None]:
    return [row.play for row in rows_of(text)]


def faults_of(text: str | bytes) -> list[str]:
    return [row.fault for row in rows_of(text) if row.fault]


def rewritten(text: str, found: ReleaseYear = FOUND) -> str:
    history = open_history(io.BytesIO(text.encode()), Meter()).history
    written = [history.extended(row.text, history.addition(found)) for row in history.rows()]
    return history.opening + "".join(written) + history.closing


@pytest.mark.parametrize(
    ("header", "row"),
    [
        ("artist,album", "David Bowie,Low"),
        ("Artist,Album,Track,Date", "David Bowie,Low,Warszawa,01 Jan 2020 10:00"),
        ("Artist Name;Album Title;Track Name", "David Bowie;Low;Warszawa"),
        ("album_name\tartist_name", "Low\tDavid Bowie"),
        ("ARTIST|RELEASE NAME", "David Bowie|Low"),
        ('"Song Title","Artist","Album Title"', '"Warszawa","David Bowie","Low"'),
        ("Album Artist,Album", "David Bowie,Low"),
        ("Album Artist,Artist,Album", "Various Artists,David Bowie,Low"),
        (
            "ts,ms_played,master_metadata_album_artist_name,master_metadata_album_album_name",
            "2020-01-01T00:00:00Z,200000,David Bowie,Low",
        ),
        ("artist,album,artist,album", "David Bowie,Low,Brian Eno,Another Green World"),
    ],
)
def test_a_header_names_artist_and_album_in_any_of_the_usual_ways(header: str, row: str) -> None:
    assert plays_of(f"{header}\n{row}\n") == [BOWIE]


def test_the_albums_mbid_is_read_and_not_the_artists() -> None:
    header = "uts,utc_time,artist,artist_mbid,album,album_mbid,track,track_mbid"
    row = '"1577880000","01 Jan 2020, 12:00","David Bowie","a","Low","b","Warszawa","c"'
    assert plays_of(f"{header}\n{row}\n") == [Play("David Bowie", "Low", "b")]


@pytest.mark.parametrize("date", ["01 Jan 2020 10:00", '"1 January 2020, 10:00"', ""])
def test_lastfm_to_csv_writes_no_header(date: str) -> None:
    text = f"David Bowie,Low,Warszawa,{date}\nKate Bush,Hounds of Love,Cloudbusting,02 Jan 2020 11:00\n"
    assert plays_of(text) == [BOWIE, BUSH]
    assert rewritten(text).splitlines()[0] == f"David Bowie,Low,Warszawa,{date},1977,{FOUND.release_group},names"


def test_a_row_without_an_album_is_a_play_of_a_song() -> None:
    assert plays_of(HEADER + "David Bowie,,Warszawa\n") == [Play("David Bowie", song="Warszawa")]


@pytest.mark.parametrize(
    ("milliseconds", "is_short"), [("29999", True), ("30000", False), ("", False), ("long", False), ("1e3", True)]
)
def test_a_play_of_under_thirty_seconds_is_short(milliseconds: str, is_short: bool) -> None:
    [row] = rows_of(f"artist,album,ms_played\nDavid Bowie,Low,{milliseconds}\n")
    assert row.is_short == is_short


@pytest.mark.parametrize(
    "encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-16-le with mark"]
)
def test_encodings_are_recognised(encoding: str) -> None:
    mark = codecs.BOM_UTF16_LE if "mark" in encoding else b""
    data = mark + (HEADER + "Björk,Début,Venus\n").encode(encoding.removesuffix(" with mark"))
    assert plays_of(data) == [Play("Björk", "Début")]


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_rows_are_written_as_they_were_with_three_columns_more(end: str) -> None:
    lines = ["track,artist,album", 'Warszawa,"David Bowie",Low', '"A ""quoted"" song",David Bowie,"Low"']
    written = rewritten(end.join(lines))
    assert written.split(end) == [
        f"{lines[0]},release_year,release_group_mbid,found_by",
        *(f"{line},1977,{FOUND.release_group},names" for line in lines[1:]),
        "",
    ]


def test_what_was_not_found_has_empty_columns() -> None:
    assert rewritten("artist;album\nNobody;Nothing\n", ReleaseYear(None)).endswith("\nNobody;Nothing;;;\n")


def test_mixed_line_ends_and_empty_lines_are_read() -> None:
    text = "artist,album\r\nDavid Bowie,Low\nKate Bush,Hounds of Love\r\n\n\r\nDavid Bowie,Low\rDavid Bowie,Low"
    assert plays_of(text) == [BOWIE, BUSH, BOWIE, BOWIE]


def test_a_name_may_contain_line_breaks_and_delimiters() -> None:
    text = HEADER + '"Crosby, Stills\nand Nash","A\r\nB",x\nDavid Bowie,Low,y\n'
    assert plays_of(text) == [Play("Crosby, Stills\nand Nash", "A\r\nB"), BOWIE]
    assert rewritten(text).count("1977") == 2


def test_a_row_with_more_or_fewer_columns_is_named_by_its_line() -> None:
    text = HEADER + "David Bowie,Low,x\nCrosby, Stills and Nash,Déjà Vu,x\nx\nDavid Bowie,Low,x\n"
    assert plays_of(text) == [BOWIE, None, None, BOWIE]
    assert faults_of(text) == ["line 3 has 4 columns instead of 3", "line 4 has 1 column instead of 3"]


def test_of_a_quote_that_is_not_closed_only_the_line_is_lost() -> None:
    others = "Kate Bush,Hounds of Love,y\n" * (MAX_LINES + 3)
    text = HEADER + '"David Bowie,Low,x\n' + others + 'David Bowie,"Low,x\n' + "David Bowie,Low,x\n"
    assert plays_of(text) == [None, *[BUSH] * (MAX_LINES + 3), None, BOWIE]
    assert faults_of(text) == [
        "line 2 has a quote that is not closed",
        f"line {MAX_LINES + 6} has a quote that is not closed",
    ]


def test_a_quote_closed_by_the_next_row_costs_no_row_but_its_own() -> None:
    text = HEADER + 'David Bowie,"Low,x\nKate Bush,Hounds of Love,y\n"David Bowie",Low,x\n'
    assert plays_of(text) == [None, BUSH, BOWIE]


def test_bytes_that_are_not_utf_8_cost_their_row() -> None:
    data = HEADER.encode() + b"Bj\xf6rk,Debut,x\nDavid Bowie,Low,x\n"
    assert plays_of(data) == [None, BOWIE]
    assert faults_of(data) == ["line 2 is not UTF-8"]


def test_a_line_without_an_end_is_skipped_without_being_kept() -> None:
    text = HEADER + "x" * (3 * MAX_CHARACTERS + 7) + "\nDavid Bowie,Low,x\n"
    assert plays_of(text) == [None, BOWIE]
    assert faults_of(text) == [f"line 2 has more than {MAX_CHARACTERS:,} characters"]


@pytest.mark.parametrize("line_end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("length", [MAX_CHARACTERS, MAX_CHARACTERS + CHUNK, 3 * MAX_CHARACTERS + 7])
def test_a_line_that_is_too_long_is_skipped_once_and_to_its_own_end(line_end: str, length: int) -> None:
    lines = ["artist,album,track", '"x,y', "x" * length, "David Bowie,Low,x", "Kate Bush,Hounds of Love,x", ""]
    text = line_end.join(lines)
    assert plays_of(text) == [None, None, BOWIE, BUSH]
    assert faults_of(text) == [
        "line 2 has a quote that is not closed",
        f"line 3 has more than {MAX_CHARACTERS:,} characters",
    ]


def test_a_field_that_is_too_long_costs_its_row() -> None:
    text = HEADER + f"David Bowie,{'x' * 200_000},x\nDavid Bowie,Low,x\n"
    assert plays_of(text) == [None, BOWIE]
    assert faults_of(text) == ["line 2 cannot be read: field larger than field limit (131072)"]


def test_names_of_ten_thousand_characters_and_nul_are_names() -> None:
    long = "n" * 10_000
    assert plays_of(HEADER + f"{long},{long},x\nA\0B,Low,x\n") == [Play(long, long), Play("A\0B", "Low")]


@pytest.mark.parametrize("text", [HEADER, HEADER.rstrip(), "\n\n" + HEADER])
def test_a_header_alone_is_a_history_without_rows(text: str) -> None:
    assert rows_of(text) == []
    assert rewritten(text) == "artist,album,track,release_year,release_group_mbid,found_by\n"


@pytest.mark.parametrize("text", ["", "\n", "\ufeff", " \r\n\t", "\0\0\0\0\0"])
def test_an_empty_file_is_no_history(text: str) -> None:
    with pytest.raises(UnreadableHistory, match="nothing in this file"):
        rows_of(text)


@pytest.mark.parametrize(
    "text",
    [
        "album,track\nLow,Warszawa\n",
        "artist,plays\nDavid Bowie,12\n",
        "Dear diary,\ntoday I listened to Low.\n",
        "<html><body>Sign in</body></html>",
        "David Bowie,Low,Warszawa,yesterday\n",
        "%PDF-1.7\n",
        '"' * 1001,
        "x" * (MAX_CHARACTERS + 1),
    ],
)
def test_what_names_no_artist_and_album_is_of_unknown_form(text: str) -> None:
    with pytest.raises(UnknownForm):
        rows_of(text)


def test_a_history_that_has_years_already_is_not_given_them_twice() -> None:
    with pytest.raises(UnreadableHistory, match="column release_year already"):
        rows_of("artist,album,release_year\n")
