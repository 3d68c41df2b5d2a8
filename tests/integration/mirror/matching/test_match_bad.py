"""Names that are none, and a mirror that is large, empty, away or swapped meanwhile: never a wrong answer."""

from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from threading import Event, Thread
from typing import Any
from uuid import uuid4

import psycopg
import pytest

from mirror.database import Connection, connect
from mirror.errors import MirrorAway, MirrorEmpty, MirrorError
from mirror.importing.load import import_export
from mirror.matching import candidates
from mirror.matching.match import match
from mirror.matching.query import AlbumName
from tests.conftest import PATIENCE, wait_until
from tests.integration.mirror import albums
from tests.integration.mirror.albums import Album, mirror_of
from tests.integration.mirror.music import HOSTILE, publish

MANY, FEW = 20_000, 60
TWINS = [chr(ord("a") + number // 26) + chr(ord("a") + number % 26) for number in range(FEW * 5)]
SIGNS = "%_\\.*+?()[]{}|^$'\"`;--"
CAST = [
    Album("Fleetwood Mac", "Rumours", 1977),
    Album("Fleetwood Mac", "Tusk", 1979),
    Album("Fleetwood Mac", "Fleetwood Mac in Chicago", 1969),
    Album(SIGNS, SIGNS, 2001),
    Album("🎷", "🔥🔥", 2002),
    Album("שלמה ארצי", "דרכים", 1979),
    Album("عمرو دياب", "نور العين", 1996),
    Album("U", "Z", 2003),
    Album(HOSTILE, HOSTILE, 2004),
    Album("Fiona Apple", "When the Pawn " + "Hits the Conflicts " * 40, 1999),
]

Swapped = tuple[str, Callable[[str, int], None]]


@pytest.fixture(scope="module")
def url(postgres: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A mirror of the cast, which nobody changes."""
    with mirror_of(albums.tables(CAST), postgres, tmp_path_factory.mktemp("cast")) as url:
        yield url


@pytest.fixture(scope="module")
def reader(url: str) -> Iterator[Connection]:
    """A reader of it."""
    with connect(url) as connection:
        yield connection


def years(reader: Connection, *wanted: tuple[str, str]) -> list[int | None]:
    found = match(reader, [AlbumName(artist, album) for artist, album in wanted])
    return [album.year if album else None for album in found]


@pytest.mark.parametrize(
    ("artist", "album"),
    [
        pytest.param("", "Rumours", id="no artist"),
        pytest.param("Fleetwood Mac", "", id="no album"),
        pytest.param("", "", id="neither"),
        pytest.param(" \t\n", " \r", id="blanks"),
        pytest.param("F", "R", id="one letter"),
        pytest.param("F" * 3000, "R" * 3000, id="3,000 letters"),
        pytest.param("Fleetwood Mac", "Rumours " * 400, id="3,000 letters of an album that begins well"),
        pytest.param("🎸", "🎹", id="pictures"),
        pytest.param("Fleetwood Mac", "🎹", id="an album of pictures"),
        pytest.param("%", "%", id="a wildcard"),
        pytest.param("Fleetwood Mac", "%", id="a wildcard for an album"),
        pytest.param("Fleetwood Mac' OR '1'='1", "x", id="an end of quotes"),
        pytest.param("\0", "\0", id="NUL"),
        pytest.param("\ud800", "\udfff", id="lone surrogates"),
        pytest.param("\u0301\u0308", "\u0301", id="accents without letters"),
        pytest.param("\u200b\u2060", "\ufeff", id="nothing that shows"),
        pytest.param("\u202e", "\u202c", id="directions alone"),
    ],
)
def test_names_that_lead_nowhere_find_nothing(reader: Connection, artist: str, album: str) -> None:
    assert years(reader, (artist, album)) == [None]


@pytest.mark.parametrize(
    ("artist", "album", "expected"),
    [
        pytest.param(SIGNS, SIGNS, 2001, id="signs"),
        pytest.param("🎷", "🔥🔥", 2002, id="pictures"),
        pytest.param("שלמה ארצי", "דרכים", 1979, id="right to left"),
        pytest.param("\u202bعمرو دياب\u202c", "نور العين\u200f", 1996, id="right to left, and said so"),
        pytest.param("U", "Z", 2003, id="one letter"),
        pytest.param(HOSTILE, HOSTILE, 2004, id="whatever else there is"),
        pytest.param("Fleetwood Mac", "Ru\u0301mo\u0308urs", 1977, id="accents beside their letters"),
        pytest.param("Fleetwood Mac", "R" + "\u0301" * 300 + "umours", 1977, id="a heap of accents"),
        pytest.param("Fleet\0wood Mac", "Rumours\0", 1977, id="NUL in between"),
        pytest.param("Fleetwood\ud800 Mac", "\udfffRumours", 1977, id="lone surrogates in between"),
        pytest.param("\ufeffFleetwood\u00a0Mac", "Rumours\u200b", 1977, id="what does not show"),
        pytest.param("Fleetwood Mac " * 200, "Rumours", 1977, id="3,000 letters of an artist who begins well"),
        pytest.param("Fleetwood Mac", "R_mours", 1977, id="a wildcard where a letter should be"),
        pytest.param("Fleetwood Mac", "Rumours" + " " * 3000, 1977, id="3,000 blanks behind"),
        pytest.param("Fiona Apple", CAST[-1].title, 1999, id="a title of 700 letters"),
        pytest.param("Fiona Apple", CAST[-1].title[:255], 1999, id="a title of 700 letters that is cut off"),
    ],
)
def test_strange_names_are_found_as_well(reader: Connection, artist: str, album: str, expected: int) -> None:
    assert years(reader, (artist, album)) == [expected]


def test_an_empty_batch_is_answered(reader: Connection) -> None:
    assert match(reader, []) == []


def test_the_same_album_twice_in_a_batch_is_answered_twice(reader: Connection) -> None:
    asked = [("Fleetwood Mac", "Tusk"), ("Fleetwod Mac", "Rumors"), ("Nobody", "At All")]
    assert years(reader, *asked, *asked) == [1979, 1977, None] * 2


def test_a_thousand_albums_are_answered_in_their_order(reader: Connection) -> None:
    asked = [("Fleetwood Mac", "Tusk"), ("Fleetwod Mac", "Rumors"), ("Fleetwood Mac", "Tango in the Night")]
    asked += [(album.artist, album.title) for album in CAST]
    expected = [1979, 1977, None, *(album.year for album in CAST)]
    numbers = [(number * 7) % len(asked) for number in range(1000)]
    assert years(reader, *(asked[number] for number in numbers)) == [expected[number] for number in numbers]


def crowd() -> Iterator[Album]:
    """An artist of 20,000 albums, 120 artists of one name, 600 with one title: two by two they hardly differ."""
    for number in range(MANY):
        yield Album("Merzbow", f"Concert of {number:016b}", 1980)
    for letter, year in (("a", 1990), ("o", 2000)):
        for twin in TWINS:
            yield Album("Merzbow", f"Kandahar {twin}{letter} Sessions", year)
            yield Album(f"Stadtkapelle {twin}{letter} Ost", "Nocturnes and Dreams", year)
        for twin in TWINS[:FEW]:
            yield Album(f"Phoenix [{twin}{letter}]", f"Burning {twin}", year)


@pytest.fixture(scope="module")
def crowded(postgres: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Connection]:
    """A reader of a mirror of the crowd."""
    music = albums.tables(crowd())
    with mirror_of(music, postgres, tmp_path_factory.mktemp("crowd")) as url, connect(url) as connection:
        yield connection


def test_each_of_twenty_thousand_albums_of_an_artist_is_found(crowded: Connection) -> None:
    asked = [("Merzbow", f"Concert of {number:016b}") for number in range(0, MANY, 200)]
    assert years(crowded, *asked) == [1980] * len(asked)


def test_of_two_that_are_equally_near_among_twenty_thousand_none_is_taken(crowded: Connection) -> None:
    asked = [("Merzbow", f"Kandahar {twin}e Sessions") for twin in TWINS]
    assert years(crowded, *asked) == [None] * len(TWINS)


def test_of_two_namesakes_among_a_hundred_none_is_taken(crowded: Connection) -> None:
    assert years(crowded, *(("Phoenix", f"Burning {twin}") for twin in TWINS[:FEW])) == [None] * FEW


def test_of_two_artists_who_are_equally_near_among_many_of_one_title_none_is_taken(crowded: Connection) -> None:
    asked = [(f"Stadtkapelle {twin}e Ost", "Nocturnes and Dreams") for twin in TWINS]
    assert years(crowded, *asked) == [None] * len(TWINS)


def test_an_empty_database_is_an_empty_mirror(empty_database: str) -> None:
    with connect(empty_database) as reader:
        for wanted in (AlbumName("Fleetwood Mac", "Rumours"), AlbumName("", "", uuid4())):
            with pytest.raises(MirrorEmpty, match="mirror import"):
                match(reader, [wanted])


def test_a_connection_that_is_cut_is_said_to_be_away(url: str) -> None:
    with connect(url) as reader, psycopg.connect(url, autocommit=True) as admin:
        assert years(reader, ("Fleetwood Mac", "Rumours")) == [1977]
        admin.execute("SELECT pg_terminate_backend(%s)", [reader.info.backend_pid])
        with pytest.raises(MirrorAway, match="try again later"):
            match(reader, [AlbumName("Fleetwood Mac", "Rumours")])


@pytest.fixture
def swapped(empty_database: str, tmp_path: Path) -> Swapped:
    """The URL of a mirror, and how to import another one of which Rumours has another title and year."""

    def swap(title: str, year: int) -> None:
        music = albums.tables([Album("Fleetwood Mac", title, year), *CAST[1:]])
        publish(tmp_path, music, stamp=f"20260905-00{year}")
        import_export(empty_database, str(tmp_path))

    swap("Rumours", 1977)
    return empty_database, swap


def test_a_new_import_is_asked_on_the_same_connection(swapped: Swapped) -> None:
    url, swap = swapped
    with connect(url) as reader:
        for _ in range(10):  # as often as it takes for statements to be planned once and for all
            assert years(reader, ("Fleetwood Mac", "Rumours"), ("Fleetwod Mac", "Rumors")) == [1977, 1977]
        swap("Gossip", 1978)
        assert years(reader, ("Fleetwood Mac", "Rumours"), ("Fleetwod Mac", "Gosip")) == [None, 1978]


def test_while_imports_are_swapped_in_every_answer_is_of_one_of_them(swapped: Swapped) -> None:
    url, swap = swapped
    done, answers = Event(), set[tuple[int | None, ...]]()

    def ask() -> None:
        with connect(url) as reader:
            while not done.is_set():
                with suppress(MirrorError):
                    answers.add((*years(reader, ("Fleetwood Mac", "Rumours"), ("Fleetwod Mac", "Rumors")),))

    thread = Thread(target=ask)
    thread.start()
    try:
        for year in (1978, 1979, 1980):
            wait_until(lambda: answers)
            swap("Rumours", year)
        wait_until(lambda: (1980, 1980) in answers)
    finally:
        done.set()
        thread.join(PATIENCE)
    assert (1977, 1977) in answers
    assert {year for found in answers for year in found} <= {1977, 1978, 1979, 1980, None}


@pytest.mark.parametrize(
    ("question", "artist", "album"),
    [
        ("artists_by_key", "Fleetwood Mac", "Rumours"),
        ("groups_by_title", "Fleetwood Mac", "Rumours"),
        ("albums_by_artist", "Fleetwood Mac", "Rumors"),
        ("artists_by_title", "Fleetwod Mac", "Rumours"),
        ("artists_by_half_key", "Fleetwod Mac", "Rumors"),
    ],
)
def test_what_goes_between_two_questions_is_not_found(
    swapped: Swapped, question: str, artist: str, album: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    url, _ = swapped
    asked = getattr(candidates, question)

    def ask_and_delete(*arguments: Any) -> Any:
        found = asked(*arguments)
        with psycopg.connect(url, options="-c search_path=musicbrainz") as owner:
            owner.execute("DELETE FROM release_group")
        return found

    with connect(url) as reader:
        assert years(reader, (artist, album)) == [1977]
        monkeypatch.setattr(candidates, question, ask_and_delete)
        assert years(reader, (artist, album)) == [None]
