"""What an import that was cut off leaves: it is named with its size, taken up again, and does not stay."""

import json
from pathlib import Path

import psycopg
import pytest
from click.testing import CliRunner, Result

from mirror.commands import MirrorSettings, mirror_commands
from mirror.database import connect
from mirror.importing.disk_space import DiskSpace
from mirror.importing.leftovers import find_leftovers
from mirror.importing.load import import_export
from mirror.importing.swap import import_connection
from tests.integration.mirror.music import STAMP, publish, renamed, title

SECOND = "20260909-002519"


def run(url: str, *arguments: str, dump_url: str = "") -> Result:
    settings = MirrorSettings(url=url, owner_url=url, dump_url=dump_url)
    return CliRunner().invoke(mirror_commands, arguments, obj=lambda: settings)


@pytest.fixture
def cut_off(mirror: str, published: Path) -> str:
    """The URL of a mirror whose next import was cut off, as by a power cut."""
    publish(published, renamed("Rumours (again)"), stamp=SECOND)
    with psycopg.connect(mirror, autocommit=True) as connection:
        connection.execute("CREATE SCHEMA musicbrainz_new")
        connection.execute("CREATE TABLE musicbrainz_new.release (id integer)")
        connection.execute("INSERT INTO musicbrainz_new.release SELECT generate_series(1, 100000)")
    return mirror


def left(url: str) -> list[str]:
    with connect(url) as connection:
        return [leftover.schema for leftover in find_leftovers(connection)]


def test_status_names_what_is_left_over_with_its_size(cut_off: str) -> None:
    assert "an interrupted import has left 3.7 MB (schema musicbrainz_new)" in run(cut_off, "status").stdout
    [leftover] = json.loads(run(cut_off, "status", "--json").stdout)["leftovers"]
    assert leftover["schema"] == "musicbrainz_new"
    assert 3_600_000 < leftover["bytes"] < 3_800_000


def test_what_a_running_import_has_so_far_is_no_leftover(cut_off: str, published: Path) -> None:
    with import_connection(cut_off):
        assert json.loads(run(cut_off, "status", "--json").stdout)["leftovers"] == []
        result = run(cut_off, "import", "--when", "needed", dump_url=str(published))
        assert result.stdout == f"The export {STAMP} is there.\n"
        assert left(cut_off) == ["musicbrainz_new"]


def test_an_interrupted_import_is_made_again_at_the_next_start(cut_off: str, published: Path) -> None:
    result = run(cut_off, "import", "--when", "needed", dump_url=str(published))
    assert result.exit_code == 0, result.output
    assert result.stdout.startswith("Importing again, since an interrupted import has left 3.7 MB")
    assert (title(cut_off), left(cut_off)) == ("Rumours (again)", [])
    assert run(cut_off, "import", "--when", "needed").stdout == f"The export {SECOND} is there.\n"


def test_a_first_import_that_was_interrupted_is_named_as_well(empty_database: str) -> None:
    with psycopg.connect(empty_database, autocommit=True) as connection:
        connection.execute("CREATE SCHEMA musicbrainz_new")
    said = run(empty_database, "status").stderr
    assert "Nothing has been imported into the mirror yet" in said
    assert "an interrupted import has left 0 bytes (schema musicbrainz_new)" in said


def test_an_old_mirror_that_a_reader_held_is_dropped_at_the_next_start(mirror: str) -> None:
    with psycopg.connect(mirror, autocommit=True) as connection:
        connection.execute("CREATE SCHEMA musicbrainz_old")
    assert "the last import has left 0 bytes (schema musicbrainz_old)" in run(mirror, "status").stdout
    result = run(mirror, "import", "--when", "needed")
    assert result.stdout.endswith(f"The export {STAMP} is there.\n")
    assert left(mirror) == []


def test_a_leftover_that_fills_the_disk_does_not_keep_the_next_import_from_starting(
    cut_off: str, published: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def space(*_arguments: object) -> DiskSpace:
        return DiskSpace(needed=1, free=0 if left(cut_off) else 1, folder=Path("/"))

    monkeypatch.setattr("mirror.importing.disk_space.space_for_archive", space)
    import_export(cut_off, str(published))
    assert title(cut_off) == "Rumours (again)"
