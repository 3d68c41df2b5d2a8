"""What is peeled off a title, and which of the artist's albums is meant by what is left."""

from dataclasses import replace

import pytest

from mirror.derived.name_index import key_hash
from mirror.derived.names import artist_key, title_key
from mirror.matching.candidates import Album
from mirror.matching.discography import Discography
from mirror.matching.rules import choose_undecorated
from mirror.release_types import COMPILATION, EP, LIVE, SINGLE, SOUNDTRACK
from mirror.titles.decorations import MAX_PIECES, Rest, peel
from mirror.titles.pieces import Kind, Piece, judge
from tests.unit.mirror.matching.test_rules import album

ALBUM, SECOND = "Alone at Night", "Awake by Day"


def taken(
    asked: str,
    titles: tuple[str, ...] = (ALBUM, SECOND),
    artist: str = "Nightjar",
    *,
    credit: str = "",
    year: int = 1997,
    kinds: tuple[int, ...] = (),
) -> tuple[str, ...]:
    """The title that is meant and what was peeled off; nothing if none is meant."""
    key = artist_key(artist)
    albums = Discography(artist, [Album(number, title) for number, title in enumerate(titles)])
    found = albums.undecorated(peel(asked, {key}), key)
    if not found:
        return ()
    rest, ids = found
    candidates = [album(id_, titles[id_], year=year, kinds=kinds) for id_ in ids]
    meant = choose_undecorated(rest, [replace(one, credit=credit or artist) for one in candidates])
    return (meant.title, *rest.peeled) if meant else ()


@pytest.mark.parametrize(
    ("asked", "peeled"),
    [
        ("1997 - {}", ["1997"]),
        ("[1997] {}", ["[1997]"]),
        ("1997. {}", ["1997."]),
        ("Nightjar - {}", ["Nightjar"]),
        ("Nightjar – 1997 – {}", ["Nightjar", "1997"]),
        ("{} [FLAC]", ["FLAC"]),
        ("{} [24-96 FLAC]", ["24-96 FLAC"]),
        ("{}【CD】", ["(CD)"]),
        ("{} (ABC-54070)", ["ABC-54070"]),
        ("{} [Bleak House 042 CD]", ["Bleak House 042 CD"]),
        ("{} (warecd105)", ["warecd105"]),
        ("{} (Bleak House)", ["Bleak House"]),
        ("{} (Bleak House comp. 1991-2003)", ["Bleak House comp. 1991-2003"]),
        ("{} (Bleak House (ABC 123))", ["Bleak House (ABC 123)"]),
        ("{} (Australia Version)", ["Australia Version"]),
        ("{} (w/ bonus tracks)", ["w/ bonus tracks"]),
        ("{} -(ABC003CD)", ["ABC003CD"]),
        ("{} -Remastered-", ["Remastered"]),
        ("{}-DVD", ["DVD"]),
        ("{}_CD1", ["CD1"]),
        ("{} WEB", ["WEB"]),
        ("{} CD 1 of 2", ["CD 1 of 2"]),
        ("{}, Disc 1", ["Disc 1"]),
        ("{}: Disc 1", ["Disc 1"]),
        ("{} 2014 Edition", ["2014 Edition"]),
        ("{} - 2014 Retail Version", ["2014 Retail Version"]),
        ("{} (disc 2: Odds and Ends)", ["disc 2: Odds and Ends"]),
        ("Nightjar - {} (Bleak House) [FLAC] CD1", ["Nightjar", "Bleak House", "FLAC", "CD1"]),
        ("{} \u200f(FLAC)\u200f", ["FLAC"]),
        ("{} - Bleak House Records", ["Bleak House Records"]),
        ("{} [Warp]", ["Warp"]),
        ("{} [V0]", ["V0"]),
        ("{} [320]", ["320"]),
        ("{} [VBR V2]", ["VBR V2"]),
        ("{} [24bit-96kHz]", ["24bit-96kHz"]),
        ("{} @320", ["@320"]),
        ("{} [EAC] (log+cue)", ["EAC", "log+cue"]),
        ("{} (5.1 Surround)", ["5.1 Surround"]),
        ("{}-WEB-1997-ABC", ["WEB", "1997-ABC"]),
        ("Nightjar-{}-(ABC123)-CD-FLAC-1997-ABC", ["Nightjar", "ABC123", "CD", "FLAC", "1997-ABC"]),
        ("{} [2xLP]", ["2xLP"]),
        ("{} 2CD", ["2CD"]),
        ("{} (3-CD Set)", ["3-CD Set"]),
        ("{} (Disc One)", ["Disc One"]),
        ("{} CD 1/2", ["CD 1/2"]),
        ("{} [1 of 2]", ["1 of 2"]),
        ("{} - CD1: Daylight", ["CD1: Daylight"]),
        ("{} Bonus CD", ["Bonus CD"]),
        ("{} + 2 Bonus Tracks", ["+ 2 Bonus Tracks"]),
        ("01 - {}", ["01"]),
        ("[03] {}", ["[03]"]),
        ("12. {}", ["12."]),
        ("CD1 - {}", ["CD1"]),
        ("[ABC123] Nightjar - {}", ["[ABC123]", "Nightjar"]),
        ("ABC123: {}", ["ABC123"]),
        ("Album: {}", ["Album"]),
        ("{}.flac", ["flac"]),
        ("{} | Full Album", ["Full Album"]),
        ("{} (Official Full Album Stream)", ["Official Full Album Stream"]),
        ("{} (Lyric Video)", ["Lyric Video"]),
        ("{} by Nightjar", ["Nightjar"]),
        ("{} (Nightjar)", ["Nightjar"]),
        ('Nightjar "{}"', ["Nightjar"]),
        ("Nightjar: {} [FLAC]", ["Nightjar", "FLAC"]),
        ("{0} : {0}", [ALBUM]),
        ("{} [Original Recording Remastered]", ["Original Recording Remastered"]),
        ("{} (Remasterisé en 2011)", ["Remasterise en 2011"]),
        ("{} (Remasterd)", ["Remasterd"]),
        ("{} (2018 Stereo Mix)", ["2018 Stereo Mix"]),
        ("{} - 40th", ["40th"]),
        ("{} (US DMD)", ["US DMD"]),
        ("{} (PA Version)", ["PA Version"]),
        ("{} [www.site.com]", ["www.site.com"]),
        ("{} (B00004Z42B)", ["B00004Z42B"]),
        ("1997 {}", ["1997"]),
        ("[1997.05.12] {}", ["[1997.05.12]"]),
        ("{} - 1997", ["1997"]),
        ("{}-1997", ["1997"]),
        ("{} (morr 42)", ["morr 42"]),
        ("{} (4AD)", ["4AD"]),
        ("{} [mtk123]", ["mtk123"]),
        ("{} [DualDisc] Disc I", ["DualDisc", "Disc I"]),
        ("{} (24-bit Remaster)", ["24-bit Remaster"]),
        ("{} (180 gram)", ["180 gram"]),
        ("{}-Retail", ["Retail"]),
        ("[97] {}", ["[97]"]),
        ("Nightjar (1997) {}", ["Nightjar", "(1997)"]),
        ("{} - The 3rd Album", ["The 3rd Album"]),
        ("The 2nd Mini Album '{}'", ["The 2nd Mini Album"]),
        ("미니 1집 {}", ["MiNi 1Jib"]),
    ],
)
def test_what_was_added_is_peeled_off(asked: str, peeled: list[str]) -> None:
    assert taken(asked.format(ALBUM)) == (ALBUM, *peeled)


@pytest.mark.parametrize(
    "added",
    [
        "(Live 1999) [FLAC]",
        "(Oslo 1999)",
        "(Bleak House 1999)",
        "[2002-05-11]",
        "[20020511]",
        "(Remixed)",
        "(Interview Disc)",
        "(II)",
        "(2) CD1",
        "(Second Two)",
        "(Part 2 CD)",
        "(B)",
        "(Dawn)",
        "(Mexico)",
        "(Teal Album)",
        "(Club Version)",
        "(with Strangers)",
        "(Dawn / Sunset)",
        "(Dawn + Sunset CD)",
        "(Disc 2: Live in Oslo)",
        "(CD Single)",
        "- Songs of Sorrow",
        "- Bleak House",
        "(Reprise)",
        "(Best Of)",
        "(The Very Best Of)",
        "(1990-1999)",
        "(Japanese Ver.)",
        "(English Version)",
        "(En español)",
        "(Owl Edit)",
        "(2004 Remixes)",
        "(Disc 2: Live)",
        "(Score)",
        "(by Owl)",
        "- Owl",
        "-2",
        "-2009",
        "- 2009",
        "2009",
        "(with the Oslo Philharmonic)",
        "(Original Motion Picture Score)",
        "II [FLAC]",
        "/ Another Title CD",
        f"({SECOND})",
        f"({SECOND} FLAC) (CD)",
    ],
)
def test_what_may_tell_of_other_music_stays(added: str) -> None:
    assert taken(f"{ALBUM} {added}") in [(), (SECOND,)]


@pytest.mark.parametrize("asked", ["1999 {}", "[1999.05.12] {}", "Live - {}", "Best of {}", "Tribute to {}"])
def test_what_may_tell_of_other_music_stays_in_front(asked: str) -> None:
    assert taken(asked.format(ALBUM)) == ()


@pytest.mark.parametrize(
    "asked",
    [
        "Nightjar_-_Alone_at_Night_1997_Remaster",
        "Alone_at_Night_2011_Remaster",
        "Alone.at.Night.1997.FLAC",
        "Alone%20at%20Night",
        "Nightjar-Alone+at+Night",
    ],
)
def test_a_file_name_has_signs_for_spaces(asked: str) -> None:
    assert taken(asked)[:1] == (ALBUM,)


@pytest.mark.parametrize(
    ("asked", "expected"),
    [
        pytest.param("{} (Live at the Barn, 1997)", True, id="a place and its year"),
        pytest.param("{} (Live)", True, id="no place"),
        pytest.param("{} (Live at the Barn, 1999)", False, id="a later year than the album's"),
        pytest.param("{} (Live Remixes)", False, id="remixes"),
        pytest.param("{} (Barn, 1997)", False, id="it does not say live"),
    ],
)
def test_a_place_is_peeled_off_the_title_of_a_live_album(asked: str, expected: bool) -> None:
    assert bool(taken(asked.format(ALBUM), kinds=(LIVE,))) is expected


@pytest.mark.parametrize(
    ("asked", "expected"),
    [
        ("{} (Oslo Philharmonic, Owl)", True),
        ("{} - Owl", True),
        ("{} (Owl & Oslo Philharmoniker, 1996)", True),
        ("Owl: {} (Owl)", True),
        ("{} (Bergen Philharmonic, Owl)", False),
        ("{} (Philharmonia, Owl)", False),
        ("{} (Owl, 1990)", False),
        ("{} (Owl Quartet)", False),
        ("{} (Owl Version)", False),
    ],
)
def test_names_are_peeled_off_where_all_are_credited(asked: str, expected: bool) -> None:
    credit = "Nightjar; Owl, Oslo Philharmonic Orchestra"
    assert bool(taken(asked.format(ALBUM), credit=credit)) is expected


def test_of_works_that_many_record_the_names_must_be_credited() -> None:
    title, credit = "Symphony No. 3", "Nightjar; Bleak House Ensemble"
    assert taken(f"{title} (Bleak House)", (title,), credit=credit)
    assert not taken(f"{title} (Second House)", (title,), credit=credit)


@pytest.mark.parametrize(
    ("title", "asked", "expected"),
    [
        ("Symphony No. 3", "Symphony No. 3 in E-flat major, Op. 55 “Eroica”", True),
        ("Cello Suites", "Cello Suites, BWV 1007-1012", True),
        ("Klavierkonzert Nr. 1", "Klavierkonzert Nr. 1 d-Moll", False),
        ("Symphony No. 3", "Symphony No. 4, Op. 55", False),
        ("The Planets", "The Planets, Op. 32", True),
        ("Alone", "Alone in C minor", False),
    ],
)
def test_a_work_is_called_by_its_kind_and_number(title: str, asked: str, expected: bool) -> None:
    assert bool(taken(asked, (title,))) is expected


@pytest.mark.parametrize(
    ("asked", "kinds", "expected"),
    [
        ("Songs from {}", (SOUNDTRACK,), True),
        ("Music From the Motion Picture “{}”", (SOUNDTRACK,), True),
        ("{}: Music From and Inspired by the Film", (SOUNDTRACK,), True),
        ("{} (Complete Original Motion Picture Score)", (SOUNDTRACK,), True),
        ("{} (Complete Original Motion Picture Score)", (SOUNDTRACK, COMPILATION), False),
        ("Songs from {}", (), False),
        ("{} - Songs From the Miramax Motion Picture", (SOUNDTRACK,), True),
        ("{} - Songs From the Miramax Motion Picture, Vol. 2", (SOUNDTRACK,), False),
        ("{} - Songs From the Miramax Motion Picture 2", (SOUNDTRACK,), False),
        ("{} (Music From and Inspired by the Motion Picture)", (), False),
    ],
)
def test_what_a_films_music_is_called_is_peeled_off_a_soundtrack(
    asked: str, kinds: tuple[int, ...], expected: bool
) -> None:
    assert bool(taken(asked.format(ALBUM), kinds=kinds)) is expected


@pytest.mark.parametrize(
    ("asked", "expected"), [("Alone OST", True), ("Alone (Original Film Soundtrack)", True), ("Alone CD", False)]
)
def test_a_soundtrack_may_be_called_so_in_front(asked: str, expected: bool) -> None:
    assert bool(taken(asked, ("Soundtrack From the Film “Alone”",), kinds=(SOUNDTRACK,))) is expected


def test_an_album_may_go_by_what_is_in_brackets() -> None:
    names = tuple(key_hash(title_key(name)) for name in ("Nightjar", "Teal Album"))
    albums = Discography("Nightjar", [Album(1, "Nightjar", keys=names), Album(2, "Nightjar")])
    found = albums.undecorated(peel("Nightjar (Teal Album)", set()), "nightjar")
    assert found
    assert found[1] == [1]


def test_an_article_may_be_left_out_as_well() -> None:
    assert taken("Chronicle (20 Barn Owls) [FLAC]", ("Chronicle: The 20 Barn Owls",))
    assert not taken("Chronicle (20 Barn Owls) [FLAC]", ("Chronicle: The 30 Barn Owls",))


def test_the_longest_rest_is_meant() -> None:
    titles = (ALBUM, f"{ALBUM} (Bleak House)")
    assert taken(f"{ALBUM} (Bleak House) CD1", titles) == (titles[1], "CD1")


def test_years_in_front_of_years_are_a_title() -> None:
    assert taken("1992 - 2012 FLAC", ("2012", ALBUM)) == ()


def test_somebody_else_in_front_is_not_peeled_off() -> None:
    assert taken(f"Owl - {ALBUM}") == ()


def test_a_word_of_another_album_with_a_longer_title_makes_it_doubtful() -> None:
    titles = (ALBUM, f"{ALBUM}: Bleak Sessions")
    assert taken(f"{ALBUM} (Bleak House)", titles) == ()
    assert taken(f"{ALBUM} (Second House)", titles) == (ALBUM, "Second House")


@pytest.mark.parametrize("title", ["Nightjar", "Greatest Hits", "Owl"])
def test_a_title_that_tells_little_is_only_taken_without_sure_decorations(title: str) -> None:
    assert taken(f"{title} (Bleak House)", (title,)) == ()
    assert taken(f"{title} (ABC 123)", (title,)) == (title, "ABC 123")


@pytest.mark.parametrize(
    ("title", "year", "expected"),
    [
        pytest.param("Fleetwood Mac", "1977", True, id="the artist's name, of that year"),
        pytest.param("Fleetwood Mac", "1968", False, id="the artist's name, of another year"),
        pytest.param("Greatest Hits", "1988", False, id="anybody's title, of another year"),
        pytest.param("Rumours", "2004", True, id="a title of its own, reissued"),
    ],
)
def test_the_year_peeled_off_tells_between_titles_that_do_not(title: str, year: str, expected: bool) -> None:
    candidate = album(1, title, year=1977)
    assert choose_undecorated(Rest(title, (Piece(year, Kind.ADDED),)), [candidate]) == (
        candidate if expected else None
    )


def test_a_single_is_not_meant_and_an_ep_is() -> None:
    single, ep = album(1, type_=SINGLE), album(2, type_=EP)
    assert choose_undecorated(Rest("Rumours"), [single]) is None
    assert choose_undecorated(Rest("Rumours"), [single, ep]) == ep


@pytest.mark.parametrize(
    "title",
    [
        "(" * 10_000,
        ")" * 10_000,
        "()" * 5_000,
        "a" + "(" * 450 + "x" + ")" * 450,
        "- " * 5_000,
        "\u200f" * 10_000,
        "Alone (" + "A1" * 490 + ")",
        "Alone (" + "1999-" * 190 + ")",
        "",
        "[FLAC]",
        "Alone (" + "tv series " * 100 + ")",
        "songs from " + "tv series tv show " * 60,
        "Symphony " + "'a " * 300,
        "a_" * 500,
        "Nightjar: " * 100,
        "1999 " * 200,
    ],
)
def test_a_title_of_nothing_but_signs_leaves_no_title(title: str) -> None:
    assert taken(title, (ALBUM,)) == ()


def test_only_so_many_pieces_are_peeled_off_each_end() -> None:
    rests = peel("1997 - " * 130 + ALBUM + " (FLAC)" * 130, set())
    assert len(rests) <= (MAX_PIECES + 1) ** 2
    assert taken(ALBUM + " (FLAC)" * MAX_PIECES)
    assert not taken(ALBUM + " (FLAC)" * (MAX_PIECES + 1))


@pytest.mark.parametrize(
    "piece", ["Live", "Live in Concert", "Live at the Concert Hall, 1975", "Ao Vivo", "En Vivo"]
)
def test_a_concert_is_told_by_whatever_words_it_has(piece: str) -> None:
    judged = judge(piece)
    assert judged is not None
    assert judged.kind is Kind.LIVE


@pytest.mark.parametrize("piece", ["Live Remixes", "Live in Concert, Vol. 2", "Nightcore Edition"])
def test_what_else_a_concert_says_is_heard(piece: str) -> None:
    assert judge(piece) is None
