"""The year in which a song was first released."""

import io
from collections.abc import Iterator
from pathlib import Path

import pytest

from mirror.database import connect, open_connection
from mirror.matching.songs import SongName, song_years
from mirror.replication.apply import apply_packet
from mirror.state import has_recordings
from tests.integration.conftest import fresh_database
from tests.integration.mirror.albums import mirror_of
from tests.integration.mirror.music import event, group, mbid, release, row
from tests.integration.mirror.packets import BASE, packet

MAC, NICKS, BOTH = 7, 8, 9  # credits; the first two are of the artists of these numbers

# An album of 1977, a single of 1976 and a greatest hits of 1988 with the same song on them.
SONGS = {
    "artist": [
        row("artist", id=MAC, gid=mbid("mac"), name="Fleetwood Mac"),
        row("artist", id=NICKS, gid=mbid("nicks"), name="Stevie Nicks"),
    ],
    "artist_credit": [
        row("artist_credit", id=MAC, name="Fleetwood Mac"),
        row("artist_credit", id=NICKS, name="Stevie Nicks"),
        row("artist_credit", id=BOTH, name="Fleetwood Mac feat. Stevie Nicks"),
    ],
    "artist_credit_name": [
        row("artist_credit_name", artist_credit=credit, position=position, artist=artist)
        for credit, position, artist in [(MAC, 0, MAC), (NICKS, 0, NICKS), (BOTH, 0, MAC), (BOTH, 1, NICKS)]
    ],
    "release_group": [group(n, f"group {n}", f"Title {n}", artist_credit=MAC) for n in (1, 2, 3)]
    + [group(4, "group 4", "Solo", artist_credit=NICKS)],
    "release": [release(n, f"release {n}", n) for n in (1, 2, 3, 4)],
    "release_country": [event(1, 222, 1977), event(2, 222, 1976), event(3, 222, 1988), event(4, 222, 1981)],
    "medium": [row("medium", id=n, release=n, position=1, gid=mbid(f"medium {n}")) for n in (1, 2, 3, 4)],
    "recording": [
        row("recording", id=1, gid=mbid("album take"), name="Dreams", artist_credit=MAC),
        row("recording", id=2, gid=mbid("single take"), name="Dreams (Single Version)", artist_credit=MAC),
        row("recording", id=3, gid=mbid("with a guest"), name="Landslide", artist_credit=BOTH),
        row("recording", id=4, gid=mbid("solo"), name="Edge of Seventeen", artist_credit=NICKS),
        row("recording", id=5, gid=mbid("unreleased"), name="Silver Springs", artist_credit=MAC),
    ],
    "track": [
        row("track", id=n, gid=mbid(f"track {n}"), recording=recording, medium=medium, position=1, name="")
        for n, (recording, medium) in enumerate([(1, 1), (2, 2), (1, 3), (3, 3), (4, 4)], 1)
    ],
}


@pytest.fixture(scope="module")
def imported_songs(postgres: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The URL of a mirror of these songs, to be copied."""
    with mirror_of(SONGS, postgres, tmp_path_factory.mktemp("songs"), "recordings") as url:
        yield url


@pytest.fixture
def songs(postgres: str, imported_songs: str) -> Iterator[str]:
    """The URL of a mirror of these songs."""
    with fresh_database(postgres, imported_songs) as url:
        yield url


@pytest.mark.parametrize(
    ("artist", "title", "year"),
    [
        pytest.param("Fleetwood Mac", "Dreams", 1976, id="the earliest of its recordings"),
        pytest.param("fleetwood mac", "DREAMS - 2004 Remaster", 1976, id="a remaster is the same song"),
        pytest.param("Fleetwood Mac", "Dreams (Album Version)", 1976, id="whichever cut"),
        pytest.param("Fleetwood Mac", "Dreams (Live)", None, id="played live is another"),
        pytest.param("Stevie Nicks", "Landslide", 1988, id="under the guest of a joint credit"),
        pytest.param("Fleetwood Mac feat. Somebody", "Dreams", 1976, id="without the guest"),
        pytest.param("Stevie Nicks", "Dreams", None, id="another artist's"),
        pytest.param("Fleetwood Mac", "Silver Springs", None, id="never released"),
        pytest.param("Fleetwood Mac", "Dreamsâ€¦", 1976, id="read in a wrong encoding"),
        pytest.param("Nobody", "Dreams", None, id="an unknown artist"),
        pytest.param("", "Dreams", None, id="no artist"),
        pytest.param("Fleetwood Mac", "", None, id="no title"),
    ],
)
def test_a_song_is_from_the_year_of_its_first_release(
    songs: str, artist: str, title: str, year: int | None
) -> None:
    with connect(songs) as connection:
        assert song_years(connection, [SongName(artist, title)]) == [year]


def test_many_songs_are_answered_in_their_order(songs: str) -> None:
    wanted = [
        SongName("Fleetwood Mac", "Dreams"),
        SongName("Nobody", "X"),
        SongName("Stevie Nicks", "Edge of Seventeen"),
    ]
    with connect(songs) as connection:
        assert song_years(connection, [*wanted, wanted[0]]) == [1976, None, 1981, 1976]
        assert song_years(connection, []) == []


def test_a_mirror_of_albums_knows_of_no_songs(mirror: str) -> None:
    with connect(mirror) as connection:
        assert not has_recordings(connection)


def test_a_mirror_with_recordings_says_so(songs: str) -> None:
    with connect(songs) as connection:
        assert has_recordings(connection)


def test_a_renamed_recording_is_found_under_its_new_name(songs: str) -> None:
    before = row("recording", id=4, gid=mbid("solo"), name="Edge of Seventeen", artist_credit=NICKS)
    after = row("recording", id=4, gid=mbid("solo"), name="Edge of Eighteen", artist_credit=NICKS)
    with open_connection(songs, "test", {}) as connection:
        apply_packet(connection, io.BytesIO(packet(BASE + 1, [("recording", before, after)])))
    with connect(songs) as connection:
        wanted = [SongName("Stevie Nicks", "Edge of Seventeen"), SongName("Stevie Nicks", "Edge of Eighteen")]
        assert song_years(connection, wanted) == [None, 1981]


def test_songs_of_artists_of_one_name_are_told_apart_or_not_at_all(postgres: str, tmp_path: Path) -> None:
    """Another Stevie Nicks has an Edge of Seventeen, and a song of her own."""
    other = 10
    more = {
        "artist": [row("artist", id=other, gid=mbid("other nicks"), name="Stevie Nicks")],
        "artist_credit": [row("artist_credit", id=other, name="Stevie Nicks")],
        "artist_credit_name": [row("artist_credit_name", artist_credit=other, position=0, artist=other)],
        "release_group": [group(5, "group 5", "Other", artist_credit=other)],
        "release": [release(5, "release 5", 5)],
        "release_country": [event(5, 222, 1999)],
        "medium": [row("medium", id=5, release=5, position=1, gid=mbid("medium 5"))],
        "recording": [
            row("recording", id=6, gid=mbid("other take"), name="Edge of Seventeen", artist_credit=other),
            row("recording", id=7, gid=mbid("own"), name="Her Own", artist_credit=other),
        ],
        "track": [
            row("track", id=n, gid=mbid(f"track {n}"), recording=n, medium=5, position=n, name="") for n in (6, 7)
        ],
    }
    music = {table: [*rows, *more.get(table, [])] for table, rows in SONGS.items()}
    with mirror_of(music, postgres, tmp_path, "recordings") as url, connect(url) as connection:
        wanted = [SongName("Stevie Nicks", "Edge of Seventeen"), SongName("Stevie Nicks", "Her Own")]
        assert song_years(connection, wanted) == [None, 1999]


def test_a_song_of_a_band_is_not_one_of_a_person_in_its_name(postgres: str, tmp_path: Path) -> None:
    """Stevie Nicks & Sons have an album, but no Edge of Seventeen. Nobody knows Stevie Nicks & Daughters."""
    sons = 11
    more = {
        "artist": [row("artist", id=sons, gid=mbid("sons"), name="Stevie Nicks & Sons")],
        "artist_credit": [row("artist_credit", id=sons, name="Stevie Nicks & Sons")],
        "artist_credit_name": [row("artist_credit_name", artist_credit=sons, position=0, artist=sons)],
        "release_group": [group(6, "group 6", "Theirs", artist_credit=sons)],
    }
    music = {table: [*rows, *more.get(table, [])] for table, rows in SONGS.items()}
    with mirror_of(music, postgres, tmp_path, "recordings") as url, connect(url) as connection:
        wanted = [
            SongName(f"Stevie Nicks & {children}", "Edge of Seventeen") for children in ("Sons", "Daughters")
        ]
        assert song_years(connection, wanted) == [None, 1981]
