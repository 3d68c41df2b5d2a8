"""What whoever asks for release years is answered: an album, a song's own year, or why there is none."""

from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import pytest

from mirror.answering.answers import Answer, Question, answer
from mirror.database import Connection, connect
from mirror.errors import MirrorEmpty
from mirror.matching.reasons import Reason
from mirror.release_types import COMPILATION
from tests.integration.mirror import albums
from tests.integration.mirror.albums import Album, mirror_of
from tests.integration.mirror.music import mbid, row

RUMOURS, HITS = (
    Album("Fleetwood Mac", "Rumours", 1977),
    Album("Fleetwood Mac", "Greatest Hits", 1988, (COMPILATION,)),
)
UNDATED = Album("Fleetwood Mac", "Lost Tapes", None)
CAST = [
    RUMOURS,
    HITS,
    UNDATED,
    Album("Weezer", "Weezer", 1994),
    Album("Weezer", "Weezer", 2001),
]
SONGS = {
    "medium": [row("medium", id=n, release=n, position=1, gid=mbid(f"medium {n}")) for n in (1, 2, 5)],
    "recording": [
        row("recording", id=1, gid=mbid("dreams"), name="Dreams", artist_credit=2),
        row("recording", id=2, gid=mbid("buddy holly"), name="Buddy Holly", artist_credit=3),
    ],
    "track": [
        row("track", id=n, gid=mbid(f"track {n}"), recording=recording, medium=medium, position=1, name="")
        for n, (recording, medium) in enumerate([(1, 1), (1, 2), (2, 5)], 1)
    ],
}


@pytest.fixture(scope="module", params=["albums", "recordings"])
def reader(
    request: pytest.FixtureRequest, postgres: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Connection]:
    """A reader of a mirror of the cast."""
    music, folder = albums.tables(CAST, **SONGS), tmp_path_factory.mktemp("cast")
    with mirror_of(music, postgres, folder, request.param) as url, connect(url) as connection:
        yield connection


@pytest.fixture
def knows_songs(reader: Connection, request: pytest.FixtureRequest) -> bool:
    """Whether the mirror has recordings."""
    return str(request.node.callspec.params["reader"]) == "recordings"


def ask(reader: Connection, artist: str = "", album: str = "", **more: object) -> Answer:
    [found] = answer(reader, [Question(artist, album, **more)])  # type: ignore[arg-type]
    return found


def test_answers_come_in_the_order_of_the_questions(reader: Connection) -> None:
    names = [("Fleetwood Mac", "Rumours"), ("Nobody", "Nothing"), ("Fleetwod Mac", "Greatest Hits")] * 3
    found = answer(reader, [Question(*name) for name in names])
    assert [one.placement and one.placement.year for one in found] == [1977, None, 1988] * 3
    assert all((one.placement is None) == (one.reason is not None) for one in found)
    assert answer(reader, []) == []


@pytest.mark.parametrize(
    ("question", "reason"),
    [
        (Question("Fleetwood Mac", "Lost Tapes"), Reason.NO_DATE),
        (Question("Weezer", "Weezer"), Reason.SEVERAL_ALBUMS),
        (Question("Fleetwood Mac", "Nothing of the Kind"), Reason.NO_SUCH_ALBUM),
        (Question("", ""), Reason.NO_NAMES),
        (Question("Fleetwood Mac"), Reason.NO_NAMES),
        (Question("", "Rumours"), Reason.NO_NAMES),
        (Question("\N{ZERO WIDTH SPACE}", "\N{ZERO WIDTH SPACE}"), Reason.NO_NAMES),
        (Question("", track="Dreams"), Reason.NO_NAMES),
        (Question("Tocotronic", "Digital ist besser"), Reason.UNKNOWN_ARTIST),
        (Question("Fleetwood Mac", "Rumours (Single)"), Reason.OTHER_FORMAT),
        (Question("", mbid=uuid4()), Reason.UNKNOWN_MBID),
        (Question("Tocotronic", "Digital ist besser", RUMOURS.release()), Reason.OTHER_NAMES),
        (Question("", mbid=UNDATED.release()), Reason.NO_DATE),
    ],
)
def test_an_album_without_a_year_has_its_reason(reader: Connection, question: Question, reason: Reason) -> None:
    [found] = answer(reader, [question])
    assert found == Answer(None, reason)


def test_a_song_on_a_compilation_is_as_old_as_it_is(reader: Connection, knows_songs: bool) -> None:
    found = ask(reader, "Fleetwood Mac", "Greatest Hits", track="Dreams (Remastered)")
    assert found.placement is not None
    assert (found.placement.year, found.song_year) == (1988, 1977 if knows_songs else None)


def test_a_song_is_told_its_own_year_only_where_the_album_does_not_say_it(reader: Connection) -> None:
    assert ask(reader, "Fleetwood Mac", "Rumours", track="Dreams").song_year is None
    assert ask(reader, "Fleetwood Mac", "Lost Tapes", track="Dreams").song_year is None
    assert ask(reader, "Fleetwood Mac", "Greatest Hits").song_year is None
    assert ask(reader, "Fleetwood Mac", "Greatest Hits", track="Gypsy").song_year is None


def test_a_song_is_never_newer_than_its_album(postgres: str, tmp_path: Path) -> None:
    music = albums.tables(
        [Album("Queen", "Live Killers", 1979, (COMPILATION,)), Album("Queen", "News", 1980)],
        **{
            **SONGS,
            "recording": [
                row("recording", id=1, gid=mbid("champions"), name="We Are the Champions", artist_credit=2)
            ],
            "medium": [row("medium", id=1, release=2, position=1, gid=mbid("medium"))],
            "track": [row("track", id=1, gid=mbid("track"), recording=1, medium=1, position=1, name="")],
        },
    )
    with mirror_of(music, postgres, tmp_path, "recordings") as url, connect(url) as connection:
        assert ask(connection, "Queen", "Live Killers", track="We Are the Champions").song_year == 1979
        assert ask(connection, "Queen", track="We Are the Champions").song_year == 1980


def test_a_song_without_an_album_has_only_its_own_year(reader: Connection, knows_songs: bool) -> None:
    found = ask(reader, "Fleetwood Mac", track="Dreams")
    reason = Reason.NO_ALBUM_NAMED if knows_songs else Reason.NO_SONGS
    assert found == Answer(None, reason, 1977 if knows_songs else None)
    nothing = ask(reader, "Fleetwood Mac", track="Nothing of the Kind")
    assert nothing == Answer(None, Reason.NO_SUCH_SONG if knows_songs else Reason.NO_SONGS)


def test_an_mbid_alone_is_enough(reader: Connection) -> None:
    found = ask(reader, mbid=HITS.release())
    assert found.placement is not None
    assert (found.placement.year, found.placement.method) == (1988, "mbid: release")


def test_a_mirror_without_an_import_cannot_be_asked(empty_database: str) -> None:
    with connect(empty_database) as connection, pytest.raises(MirrorEmpty):
        answer(connection, [])
