"""Which release group an album is taken for, by its MBID and by its names."""

import io
from collections.abc import Iterator
from pathlib import Path
from uuid import UUID, uuid4

import pytest

from mirror.database import Connection, connect, open_connection
from mirror.derived.name_index import key_hash
from mirror.derived.names import artist_key
from mirror.matching.match import match
from mirror.matching.query import (
    BY_NAMES,
    BY_SIMILAR_ARTIST,
    BY_SIMILAR_NAMES,
    BY_SIMILAR_TITLE,
    UNDER_VARIOUS_ARTISTS,
    AlbumName,
    Placement,
)
from mirror.release_types import COMPILATION, DJ_MIX, LIVE, SOUNDTRACK
from mirror.replication.apply import apply_packet
from tests.bench import spellings
from tests.integration.mirror import albums
from tests.integration.mirror.albums import Album, artist_row, credit_row, group_row, mirror_of, release_row
from tests.integration.mirror.music import event, mbid, row
from tests.integration.mirror.packets import BASE, Edit, packet

LEAST_RIGHT = 0.985

OK_COMPUTER, KID_A = Album("Radiohead", "OK Computer", 1997), Album("Radiohead", "Kid A", 2000)
BLUE, GREEN = Album("Weezer", "Weezer", 1994), Album("Weezer", "Weezer", 2001)
UNDATED = Album("Radiohead", "Never Released", None)
CAST = [
    OK_COMPUTER,
    KID_A,
    Album("Radiohead", "I Might Be Wrong", 2002, (LIVE,)),
    UNDATED,
    BLUE,
    GREEN,
    Album("Weezer", "Pinkerton", 1996),
    Album("Nirvana [US]", "Nevermind", 1991),
    Album("Nirvana [UK]", "The Story of Simon Simopath", 1967),
    Album("Nirvana [US]", "Rainbow Chaser", 1993),
    Album("Nirvana [UK]", "Rainbow Chaser", 1968),
    Album("Nirvana [US]", "Local Anaesthetic", 1992),
    Album("Nirvana [UK]", "Local Anaesthetic", 1971, releases=3),
    Album("Massive Attack", "Mezzanine", 1998),
    Album("Massive Attack", "Greatest Hits", 2006, (COMPILATION,)),
    Album("Seal", "Seal", 1991, releases=12),
    Album("Seal", "Seal", 1994, releases=4),
    Album("Iron & Wine", "The Shepherd's Dog", 2007),
    Album("Wine", "Ghost on Ghost", 1971),
    Album("Kiss", "Live (1977)", 1977),
    Album("Kiss", "Alive!", 1975),
    Album("Taylor Swift", "Reputation (Taylor's Version)", 2025),
    Album("Nobuo Uematsu", "Final Fantasy VII Piano Collections", 2003),
    Album("2Pac", "Greatest Hits", 1998, (COMPILATION,)),
    Album("The Strokes", "Demo", 2000),
    Album("Genesis", "Selling England by the Pound", None),
    Album("Genesis Revisited", "Selling England by the Pound", 2012),
    Album("Madonnatron", "Headless Children of the Moon", 2017),
    Album("Madonna", "Like a Prayer", 1989),
    Album("Captain Beefheart & His Magic Band", "Safe as Milk", 1967),
    Album("Captain Beefheart", "Unconditionally Guaranteed", 1974),
    Album("Sigur Rós", "Ágætis byrjun", 1999),
    Album("Ã©ter", "Ã©", 2001),
    Album("Ã©ter", "é", 2002),
    Album("éter", "Ã©", 2003),
    Album("éter", "Ruído", 2004),
    Album(albums.VARIOUS, "Music From Trainspotting", 1995, (SOUNDTRACK,)),
    Album(albums.VARIOUS, "No Thanks! The '70s Punk Rebellion", 2003, (COMPILATION,)),
    Album(albums.VARIOUS, "A Night at the Hip-Hopera", 2004, (DJ_MIX,)),
    Album(albums.VARIOUS, "Plainly an Album of Many", 1975),
    Album(albums.VARIOUS, "Red Hot", 1990, (COMPILATION,)),
    Album(albums.VARIOUS, "Greatest Hits", 1985, (COMPILATION,)),
]
REDIRECTS = {
    "release_gid_redirect": [row("release_gid_redirect", gid=mbid("merged release"), new_id=1)],
    "release_group_gid_redirect": [row("release_group_gid_redirect", gid=mbid("merged group"), new_id=1)],
}


@pytest.fixture(scope="module")
def reader(postgres: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Connection]:
    """A reader of a mirror of the cast."""
    music = albums.tables(CAST, **REDIRECTS)
    with mirror_of(music, postgres, tmp_path_factory.mktemp("cast")) as url, connect(url) as connection:
        yield connection


def ask(
    reader: Connection, artist: str, album: str, gid: UUID | None = None, *, fuzzy: bool = True
) -> Placement | None:
    [found] = match(reader, [AlbumName(artist, album, gid)], fuzzy=fuzzy)
    return found


def year(reader: Connection, artist: str, album: str, gid: UUID | None = None) -> int | None:
    """The year of what is found, which tells the cast apart."""
    found = ask(reader, artist, album, gid)
    return found.year if found else None


def test_the_labelled_spellings_are_nearly_all_right_and_never_wrong(postgres: str, tmp_path: Path) -> None:
    pairs = spellings.spellings()
    with mirror_of(spellings.export_rows(), postgres, tmp_path) as url, connect(url) as connection:
        found = match(connection, [AlbumName(pair.artist, pair.album) for pair in pairs])
    answers = list(zip(pairs, found, strict=True))
    missed = [pair for pair, album in answers if pair.expected and (not album or album.year != pair.year)]
    wrong = [(pair, album) for pair, album in answers if album and album.year != pair.year]
    told = "\n".join(
        [*(f"wrong: {pair}: {album}" for pair, album in wrong), *(f"missed: {one}" for one in missed)]
    )
    positives = sum(1 for pair in pairs if pair.expected)
    assert len(missed) <= (1 - LEAST_RIGHT) * positives, told
    assert wrong == [], told


def test_an_album_is_found_by_its_names_however_they_are_written(reader: Connection) -> None:
    found = Placement(mbid(OK_COMPUTER.name), "OK Computer", "Radiohead", 1997, BY_NAMES)
    for artist, album in [("Radiohead", "OK Computer"), ("RADIOHEAD", "O.K. Computer (Deluxe Edition)")]:
        assert ask(reader, artist, album) == found
        assert found.is_exact


@pytest.mark.parametrize(
    ("artist", "album", "method", "expected"),
    [
        ("Radiohead", "OK Computre", BY_SIMILAR_TITLE, 1997),
        ("Radoihead", "OK Computer", BY_SIMILAR_ARTIST, 1997),
        ("Radiohaed", "OK Computre", BY_SIMILAR_NAMES, 1997),
        ("Massive Atack", "Mezannine", BY_SIMILAR_NAMES, 1998),
        ("Underworld", "Music From Trainspotting", UNDER_VARIOUS_ARTISTS, 1995),
    ],
)
def test_only_fuzzy_matching_finds_what_is_misspelled(
    reader: Connection, artist: str, album: str, method: str, expected: int
) -> None:
    found = ask(reader, artist, album)
    assert found is not None
    assert (found.method, found.year) == (method, expected)
    assert not found.is_exact
    assert 0.6 < found.score < 1
    assert ask(reader, artist, album, fuzzy=False) is None


@pytest.mark.parametrize(
    ("gid", "method"),
    [
        (OK_COMPUTER.release(), "mbid: release"),
        (mbid("merged release"), "mbid: release redirect"),
        (mbid(OK_COMPUTER.name), "mbid: release group"),
        (mbid("merged group"), "mbid: release group redirect"),
    ],
)
@pytest.mark.parametrize("fuzzy", [False, True])
def test_the_right_mbid_wins_over_names(reader: Connection, gid: UUID, method: str, fuzzy: bool) -> None:
    for artist, album in [("Radiohead", "OK Computer"), ("Radiohead", "Компьютер"), ("Радио", "OK Computer!")]:
        found = ask(reader, artist, album, gid, fuzzy=fuzzy)
        assert found == Placement(mbid(OK_COMPUTER.name), "OK Computer", "Radiohead", 1997, method)
        assert found.is_exact


@pytest.mark.parametrize("fuzzy", [False, True])
def test_an_mbid_loses_against_names_that_lead_to_another_album(reader: Connection, fuzzy: bool) -> None:
    found = ask(reader, "Massive Attack", "Mezzanine", OK_COMPUTER.release(), fuzzy=fuzzy)
    assert found is not None
    assert (found.year, found.method) == (1998, BY_NAMES)


def test_an_mbid_that_agrees_with_nothing_is_not_taken(reader: Connection) -> None:
    assert ask(reader, "Tocotronic", "Digital ist besser", OK_COMPUTER.release()) is None
    assert ask(reader, "Tocotronic", "Greatest Hits", mbid(CAST[14].name)) is None


@pytest.mark.parametrize("album", [BLUE, GREEN])
def test_an_mbid_tells_between_two_albums_of_one_title(reader: Connection, album: Album) -> None:
    assert year(reader, "Weezer", "Weezer", album.release()) == album.year


@pytest.mark.parametrize(
    ("artist", "title"), [("", ""), ("", "Kid A"), ("Radiohead", ""), ("\N{ZERO WIDTH SPACE}", " ")]
)
def test_an_mbid_without_names_is_taken(reader: Connection, artist: str, title: str) -> None:
    assert year(reader, artist, title, OK_COMPUTER.release()) == 1997


def test_an_mbid_that_leads_to_no_year_leaves_it_to_the_names(reader: Connection) -> None:
    assert year(reader, "Radiohead", "Kid A", mbid(UNDATED.name)) == 2000
    assert year(reader, "Radiohead", "Never Released", mbid(UNDATED.name)) is None
    assert year(reader, "", "", mbid(UNDATED.name)) is None


def test_an_mbid_that_nobody_knows_leaves_it_to_the_names(reader: Connection) -> None:
    assert year(reader, "Radiohead", "Kid A", uuid4()) == 2000
    assert year(reader, "Tocotronic", "Digital ist besser", uuid4()) is None


@pytest.mark.parametrize(
    ("title", "expected"),
    [
        pytest.param("Nevermind", 1991, id="only one of them has it"),
        pytest.param("The Story of Simon Simopath", 1967, id="only the other has it"),
        pytest.param("Rainbow Chaser", None, id="both have it"),
        pytest.param("Local Anaesthetic", 1971, id="both have it, and one is clearly the known one"),
        pytest.param("Rainbow Chasr", None, id="both have it, and it is misspelled"),
    ],
)
def test_of_several_artists_of_one_name_the_title_tells(
    reader: Connection, title: str, expected: int | None
) -> None:
    assert year(reader, "Nirvana", title) == expected


@pytest.mark.parametrize("title", ["Weezer", "Self-Titled", "S/T", "Weezer (Deluxe Edition)", "weezer"])
def test_a_bare_self_titled_of_an_artist_who_has_two_is_none_of_them(reader: Connection, title: str) -> None:
    assert year(reader, "Weezer", title) is None


@pytest.mark.parametrize(
    ("artist", "title", "expected"),
    [
        pytest.param("Underworld", "Music From Trainspotting", 1995, id="a soundtrack, artist not known"),
        pytest.param("Radiohead", "Music From Trainspotting", 1995, id="a soundtrack, artist known"),
        pytest.param("Television", "No Thanks! The '70s Punk Rebellion", 2003, id="a compilation"),
        pytest.param("Television", "A Night at the Hip-Hopera", 2004, id="a mix"),
        pytest.param("Television", "Plainly an Album of Many", None, id="no compilation"),
        pytest.param("Television", "Red Hot", None, id="too short to be told"),
        pytest.param("Television", "Greatest Hits", None, id="a title that anybody has"),
        pytest.param("Massive Attack", "Greatest Hits", 2006, id="the artist's own"),
        pytest.param("Various", "Greatest Hits", 1985, id="asked under Various Artists"),
        pytest.param("V.A.", "Red Hot", 1990, id="asked under a short form of it"),
        pytest.param("Various Artists", "OK Computer", None, id="somebody's own album under Various Artists"),
    ],
)
def test_a_compilation_is_found_under_the_artist_of_a_track(
    reader: Connection, artist: str, title: str, expected: int | None
) -> None:
    assert year(reader, artist, title) == expected


def test_a_live_album_is_known_by_its_kind(reader: Connection) -> None:
    assert year(reader, "Radiohead", "I Might Be Wrong (Live)") == 2002
    assert year(reader, "Radiohead", "OK Computer (Live)") is None


def test_what_has_no_year_is_not_found(reader: Connection) -> None:
    assert ask(reader, "Radiohead", "Never Released") is None


@pytest.fixture
def owned(postgres: str, tmp_path: Path) -> Iterator[str]:
    """The URL of a mirror of the cast that a test may change."""
    with mirror_of(albums.tables(CAST, **REDIRECTS), postgres, tmp_path) as url:
        yield url


def apply(url: str, *edits: Edit) -> None:
    with open_connection(url, "test", {}) as connection:
        apply_packet(connection, io.BytesIO(packet(BASE + 1, edits)))


def news(reader: Connection) -> set[object]:
    """The hashes of the names that replication has just touched."""
    rows = reader.execute("SELECT key FROM artist_news WHERE now() - touched_at < interval '1 minute'")
    return {row[0] for row in rows}


def test_a_renamed_artist_is_found_by_the_new_name_and_not_by_the_old(owned: str) -> None:
    with connect(owned) as reader:
        assert year(reader, "Massive Attack", "Mezzanine") == 1998
        apply(
            owned,
            ("artist", artist_row(6, "Massive Attack"), artist_row(6, "Bristol Collective")),
            ("artist_credit", credit_row(6, "Massive Attack"), credit_row(6, "Bristol Collective")),
        )
        assert year(reader, "Bristol Collective", "Mezzanine") == 1998
        assert year(reader, "Massive Attack", "Mezzanine") is None
        assert news(reader) == {key_hash(artist_key("Bristol Collective"))}


def test_a_new_alias_of_an_artist_is_found(owned: str) -> None:
    with connect(owned) as reader:
        assert year(reader, "Лампа", "Kid A") is None
        alias = row("artist_alias", id=1, artist=2, name="Лампа", sort_name="Лампа")
        apply(owned, ("artist_alias", None, alias))
        assert year(reader, "Лампа", "Kid A") == 2000
        assert news(reader) == {key_hash(artist_key(name)) for name in ("Radiohead", "Лампа")}


def test_a_new_release_group_is_found_and_brings_its_artist_into_the_news(owned: str) -> None:
    amnesiac = Album("Radiohead", "Amnesiac", 2001)
    with connect(owned) as reader:
        assert year(reader, "Radiohead", "Amnesiac") is None
        assert news(reader) == set()
        apply(
            owned,
            ("release_group", None, group_row(900, amnesiac, 2)),
            ("release", None, release_row(900, amnesiac.release(), "Amnesiac", 900, 2)),
            ("release_country", None, event(900, 222, 2001)),
        )
        assert year(reader, "Radiohead", "Amnesiac") == 2001
        assert year(reader, "Radiohead", "Amnesiak") == 2001
        assert news(reader) == {key_hash(artist_key("Radiohead"))}


def test_a_merged_release_group_is_found_as_the_one_it_was_merged_into(owned: str) -> None:
    kid_a, redirect = release_row(2, KID_A.release(), "Kid A", 2, 2), mbid(KID_A.name)
    with connect(owned) as reader:
        apply(
            owned,
            ("release", kid_a, release_row(2, KID_A.release(), "Kid A", 1, 2)),
            ("release_group", group_row(2, KID_A, 2), None),
            ("release_group_gid_redirect", None, row("release_group_gid_redirect", gid=redirect, new_id=1)),
        )
        for gid in (None, redirect, KID_A.release()):
            found = ask(reader, "Radiohead", "Kid A", gid)
            assert found is not None
            assert (found.release_group, found.year) == (mbid(OK_COMPUTER.name), 1997)
        assert news(reader) == {key_hash(artist_key("Radiohead"))}


def test_an_album_without_a_year_is_not_passed_over_for_a_similar_one(reader: Connection) -> None:
    undated = Album("Genesis", "Selling England by the Pound", None)
    for gid in (None, undated.release()):
        assert ask(reader, "Genesis", "Selling England by the Pound", gid) is None


def test_a_known_artist_is_not_taken_for_one_whose_name_merely_begins_so(reader: Connection) -> None:
    assert ask(reader, "Madonna", "Headless Children of the Moon") is None


def test_a_known_artist_may_be_credited_with_more_words(reader: Connection) -> None:
    found = ask(reader, "Captain Beefheart", "Safe as Milk")
    assert found is not None
    assert (found.year, found.method) == (1967, BY_SIMILAR_ARTIST)


def test_a_wrong_mbid_of_the_same_artist_gives_way_to_a_misspelled_title(reader: Connection) -> None:
    assert year(reader, "Radiohead", "Kid AA", OK_COMPUTER.release()) == 1997, "too short to be told"
    assert (
        year(reader, "Massive Attack", "Mezannine", Album("Massive Attack", "Greatest Hits", 2006).release())
        == 1998
    )


def test_an_mbid_of_the_same_artist_under_another_title_is_taken_at_the_end(reader: Connection) -> None:
    assert ask(reader, "Radiohead", "Told Otherwise", OK_COMPUTER.release(), fuzzy=False) is None
    assert year(reader, "Radiohead", "Told Otherwise", OK_COMPUTER.release()) == 1997


def test_an_mbid_tells_between_two_titles_also_where_one_has_many_more_releases(reader: Connection) -> None:
    lesser = Album("Seal", "Seal", 1994, releases=4)
    assert (year(reader, "Seal", "Seal"), year(reader, "Seal", "Seal", lesser.release())) == (1991, 1994)


@pytest.mark.parametrize(
    ("artist", "album"),
    [
        pytest.param("Iron & Wine", "Ghost on Ghost", id="half the name of a known band is not that band"),
        pytest.param("Kiss", "Live (1985)", id="a year in brackets tells one concert from the next"),
        pytest.param("Kiss", "Live", id="a word that says nothing is not nearly another"),
        pytest.param("The Strikes", "Demo", id="nor is it by somebody of a similar name"),
        pytest.param("Taylor Swift", "Reputation", id="another recording is no subtitle"),
        pytest.param(
            "Nobuo Uematsu",
            "Final Fantasy VIII Piano Collections",
            id="another numeral is no error",
        ),
    ],
)
def test_what_differs_in_a_word_that_counts_is_something_else(reader: Connection, artist: str, album: str) -> None:
    assert ask(reader, artist, album) is None


def test_a_title_that_says_nothing_is_found_under_the_artist_without_guests(reader: Connection) -> None:
    assert year(reader, "2Pac feat. Dr. Dre", "Greatest Hits") == 1998


@pytest.mark.parametrize(
    ("artist", "album", "expected"),
    [
        pytest.param("Sigur RÃ³s", "Ágætis byrjun", 1999, id="the artist"),
        pytest.param("Sigur Rós", "Ã\x81gÃ¦tis byrjun", 1999, id="the title"),
        pytest.param("Sigur RÃ³s", "ÃgÃ¦tis byrjun (Deluxe Edition)", 1999, id="both"),
        pytest.param("Ã©ter", "Ã©", 2001, id="names that are so"),
        pytest.param("Ã©ter", "é", 2002, id="an artist who is called so"),
        pytest.param("éter", "Ã©", 2003, id="a title that is so"),
        pytest.param("Ã©ter", "Ruído", None, id="somebody else's"),
        pytest.param("éter", "RuÃ\xaddo", 2004, id="a title, although others are so"),
        pytest.param("Sigur RÃ³s", "Valtari", None, id="nothing there"),
    ],
)
@pytest.mark.parametrize("fuzzy", [False, True])
def test_names_in_a_wrong_encoding_are_mended_unless_they_are_so(
    reader: Connection, artist: str, album: str, expected: int | None, fuzzy: bool
) -> None:
    found = ask(reader, artist, album.replace("Ãg", "Ã\x81g"), fuzzy=fuzzy)
    assert (found.year if found else None) == expected


@pytest.mark.parametrize(
    ("artist", "title", "expected"),
    [
        pytest.param("Massive Attack (UK)", "Mezzanine", 1998, id="an album that one of that name has"),
        pytest.param(
            "Massive Attack - Topic", "Greatest Hits", 2006, id="what sites add does not tell between artists"
        ),
        pytest.param("Massive Attack (DE)", "Greatest Hits", None, id="perhaps of another Massive Attack"),
        pytest.param("Seal (DE)", "Seal", None, id="perhaps another Seal's"),
        pytest.param("Weezer/Massive Attack", "Pinkerton", 1996, id="of one of two"),
        pytest.param("Weezer/Massive Attack", "Pinkertn", None, id="perhaps another title by one of two"),
        pytest.param("Weezer - Topic", "Pinkertn", 1996, id="a misspelled title by one"),
        pytest.param("Iron & Wine", "Ghost on Ghost", None, id="a whole name that is known"),
    ],
)
def test_what_else_a_name_may_mean_counts_where_the_title_tells(
    reader: Connection, artist: str, title: str, expected: int | None
) -> None:
    assert year(reader, artist, title) == expected
