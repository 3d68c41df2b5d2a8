"""What each profile keeps, and when a recording was first released."""

import io
from collections.abc import Mapping
from pathlib import Path

import psycopg
import pytest
from psycopg import sql

from demo.musicbrainz.export import COLUMNS, write_demo_export
from demo.musicbrainz.export_writer import TableRow
from mirror.database import connect, open_connection
from mirror.importing.load import ImportOptions, import_export
from mirror.replication.apply import apply_packet
from mirror.state import mirror_state
from mirror.tables import PROFILES
from tests.integration.mirror.music import TABLES, mbid, publish, row
from tests.integration.mirror.packets import BASE, packet

RECORDINGS = ImportOptions(profile="recordings")


def on(release: int, recording: int) -> tuple[TableRow, TableRow]:
    """Return a recording on a release. Their medium and their track have the same number."""
    number = release * 100 + recording
    medium = row("medium", id=number, release=release, position=1, gid=mbid(f"medium {number}"))
    return medium, row("track", id=number, gid=mbid(f"track {number}"), recording=recording, medium=number)


def songs(*placed: tuple[int, int]) -> Mapping[str, list[TableRow]]:
    pairs = [on(release, recording) for release, recording in placed]
    recordings = sorted({recording for _, recording in placed} | {99})
    return {
        **TABLES,
        "medium": [medium for medium, _ in pairs],
        "recording": [
            row("recording", id=number, gid=mbid(f"recording {number}"), name="Song", artist_credit=1)
            for number in recordings
        ],
        "recording_gid_redirect": [row("recording_gid_redirect", gid=mbid("merged recording"), new_id=1)],
        "track": [track for _, track in pairs],
    }


@pytest.mark.parametrize(
    ("releases", "date"),
    [
        pytest.param([1], (1977, 2, 4), id="one release"),
        pytest.param([1, 6], (1973, None, None), id="the first of two"),
        pytest.param([6, 7], (1973, 3, None), id="a known month comes before an unknown one"),
        pytest.param([1, 3], (1977, 2, 4), id="a cancelled release does not count"),
        pytest.param([3], None, id="only cancelled: no row"),
        pytest.param([4], None, id="only undated: no row"),
        pytest.param([10], (1984, None, None), id="dated twice"),
    ],
)
def test_a_recording_dates_from_its_first_release(
    empty_database: str, tmp_path: Path, releases: list[int], date: tuple[int | None, ...] | None
) -> None:
    publish(tmp_path, songs(*[(release, 1) for release in releases]))
    import_export(empty_database, str(tmp_path), options=RECORDINGS)
    query = "SELECT year, month, day FROM recording_first_release_date WHERE recording = 1"
    with connect(empty_database) as connection:
        assert connection.execute(query).fetchone() == date


def test_the_dates_of_its_recordings_follow_a_medium_that_moves_to_another_release(
    empty_database: str, tmp_path: Path
) -> None:
    publish(tmp_path, songs((1, 1), (1, 2), (9, 2)))
    import_export(empty_database, str(tmp_path), options=RECORDINGS)
    (before, _), moved = on(1, 1), COLUMNS["medium"].index("release")
    after = [*before[:moved], 6, *before[moved + 1 :]]
    with open_connection(empty_database, "test", {}) as connection:
        apply_packet(connection, io.BytesIO(packet(BASE + 1, [("medium", before, after)])))
    query = "SELECT recording, year FROM recording_first_release_date ORDER BY 1"
    with connect(empty_database) as connection:
        assert connection.execute(query).fetchall() == [(1, 1973), (2, 1977)]


def test_every_kept_column_of_both_profiles_arrives_as_it_was_dumped(empty_database: str, tmp_path: Path) -> None:
    tables = songs((1, 1), (2, 1), (2, 2))
    publish(tmp_path, tables)
    import_export(empty_database, str(tmp_path), options=RECORDINGS)
    with psycopg.connect(empty_database) as connection:
        for table in PROFILES["recordings"]:
            names = sql.SQL(", ").join(map(sql.Identifier, table.kept))
            query = sql.SQL("SELECT {} FROM {}").format(names, sql.Identifier("musicbrainz", table.name))
            places = [COLUMNS[table.name].index(name) for name in table.kept]
            wanted = [tuple(line[place] for place in places) for line in tables.get(table.name, [])]
            assert sorted(connection.execute(query), key=repr) == sorted(wanted, key=repr), table.name


def test_a_mirror_with_another_profile_needs_another_import(mirror: str, tmp_path: Path) -> None:
    def kept() -> tuple[str, bool]:
        with connect(mirror) as connection:
            state = mirror_state(connection)
            found = connection.execute("SELECT to_regclass('recording') IS NOT NULL").fetchone()
        assert state is not None
        return state.profile, bool(found and found[0])

    publish(tmp_path / "songs", songs((1, 1)))
    assert kept() == ("albums", False)
    import_export(mirror, str(tmp_path / "songs"), options=RECORDINGS)
    assert kept() == ("recordings", True)
    import_export(mirror, str(tmp_path / "songs"))
    assert kept() == ("albums", False)


def test_the_demo_has_a_date_for_every_recording_on_a_dated_release(empty_database: str, tmp_path: Path) -> None:
    write_demo_export(tmp_path)
    loaded = import_export(empty_database, str(tmp_path), options=RECORDINGS)
    with connect(empty_database) as connection:
        counted = connection.execute("SELECT count(*) FROM recording_first_release_date").fetchone()
    assert counted is not None
    assert 0 < int(counted[0]) <= loaded.rows["recording"]
