"""The mirror's commands, as an operator types them."""

import json
from pathlib import Path
from uuid import uuid4

import psycopg
import pytest
from click.testing import CliRunner, Result

from mirror.commands import MirrorSettings, mirror_commands
from mirror.importing.swap import import_connection
from mirror.replication.replicate import REPLICATION_LOCK
from tests.integration.mirror.music import STAMP, mbid


def run(url: str, *arguments: str, dump_url: str = "") -> Result:
    settings = MirrorSettings(url=url, owner_url=url, dump_url=dump_url)
    return CliRunner().invoke(mirror_commands, arguments, obj=lambda: settings)


def test_import_reports_progress_in_plain_lines_and_what_the_mirror_serves(
    empty_database: str, published: Path
) -> None:
    result = run(empty_database, "import", dump_url=str(published))
    assert result.exit_code == 0
    assert f"The mirror now serves the export {STAMP}: 8 release groups." in result.stdout
    assert " %  release_group\n" in result.stderr


def test_import_accepts_another_location_than_the_configured_one(empty_database: str, published: Path) -> None:
    assert run(empty_database, "import", str(published / STAMP), dump_url="/nowhere").exit_code == 0


@pytest.mark.parametrize(
    ("location", "sentence"),
    [
        ("/nowhere", "There is no complete export there"),
        ("ftp://ftp.musicbrainz.org/fullexport/", "Exports cannot be read from there"),
        ("", "Exports cannot be read from there"),
    ],
)
def test_an_import_from_nowhere_ends_with_one_sentence_and_status_1(
    empty_database: str, location: str, sentence: str
) -> None:
    result = run(empty_database, "import", dump_url=location)
    assert (result.exit_code, result.stdout) == (1, "")
    assert result.stderr.startswith(f"Error: {sentence}")


def test_import_when_needed_leaves_a_mirror_of_this_profile_as_it_is(empty_database: str, published: Path) -> None:
    def imported(*arguments: str) -> str:
        result = run(empty_database, "import", "--when", "needed", *arguments, dump_url=str(published))
        assert result.exit_code == 0, result.output
        return result.stdout

    assert "now serves the export" in imported()
    assert imported() == f"The export {STAMP} is there.\n"
    assert "now serves the export" in imported("--profile", "recordings")
    with psycopg.connect(empty_database) as connection:
        connection.execute("UPDATE musicbrainz.mirror_state SET names_rules = 'of another version'")
    assert "now serves the export" in imported("--profile", "recordings")


def test_whether_an_import_is_needed_is_asked_of_the_primary(empty_database: str, published: Path) -> None:
    replicas = "postgresql://nobody@127.0.0.1:1/nothing"
    settings = MirrorSettings(url=replicas, owner_url=empty_database, dump_url=str(published))
    for said in ("now serves the export", f"The export {STAMP} is there.\n"):
        result = CliRunner().invoke(mirror_commands, ["import", "--when", "needed"], obj=lambda: settings)
        assert result.exit_code == 0, result.output
        assert said in result.stdout


def test_status_shows_that_an_import_is_running(empty_database: str, published: Path) -> None:
    with import_connection(empty_database):
        result = run(empty_database, "status")
        assert result.exit_code == 1
        assert "The first import is running" in result.stderr
    run(empty_database, "import", dump_url=str(published))
    with import_connection(empty_database):
        assert "a new import is running; the mirror serves the old one" in run(empty_database, "status").stdout
        assert json.loads(run(empty_database, "status", "--json").stdout)["importing"] is True
        with psycopg.connect(empty_database) as replication:
            replication.execute("SELECT pg_advisory_lock(%s)", [REPLICATION_LOCK])  # then it is a packet's
            assert json.loads(run(empty_database, "status", "--json").stdout)["importing"] is False
    assert json.loads(run(empty_database, "status", "--json").stdout)["importing"] is False


def test_status_shows_what_the_mirror_holds(mirror: str) -> None:
    result = run(mirror, "status")
    assert result.exit_code == 0
    for fact in ("albums", STAMP, "190000", "31"):
        assert fact in result.stdout


def test_status_can_be_printed_as_json(mirror: str) -> None:
    status = json.loads(run(mirror, "status", "--json").stdout)
    assert (status["export_stamp"], status["replication_sequence"], status["release_groups"]) == (
        STAMP,
        190_000,
        8,
    )
    assert {"table", "rows", "bytes"} == set(status["tables"][0])


def test_status_of_an_empty_mirror_says_what_to_do(empty_database: str) -> None:
    result = run(empty_database, "status")
    assert (result.exit_code, result.stderr) == (
        1,
        "Error: Nothing has been imported into the mirror yet: run `lastyear mirror import`.\n",
    )


def test_lookup_shows_the_redirect_the_year_and_the_reason(mirror: str) -> None:
    result = run(mirror, "lookup", str(mbid("merged release")))
    assert result.exit_code == 0
    for fact in (
        "Rumours",
        "a release that was merged into another",
        str(mbid("british rumours")),
        str(mbid("rumours")),
        "the first of its 2 releases is 1977-02-04",
        "1 cancelled, not counted",
    ):
        assert fact in result.stdout


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("group mistyped", "no plausible year: the first of its 1 releases is 1077"),
        ("group cancelled", "none of its 0 releases has a date; 1 cancelled, not counted"),
    ],
)
def test_lookup_says_why_there_is_no_year(mirror: str, name: str, reason: str) -> None:
    assert reason in run(mirror, "lookup", str(mbid(name))).stdout


def test_lookup_of_an_unknown_mbid_exits_1(mirror: str) -> None:
    result = run(mirror, "lookup", str(uuid4()))
    assert (result.exit_code, result.stdout) == (1, "")
    assert "MusicBrainz has no release" in result.stderr


def test_lookup_of_something_else_than_an_mbid_exits_2(mirror: str) -> None:
    result = run(mirror, "lookup", "rumours")
    assert result.exit_code == 2
    assert "is not a valid UUID" in result.stderr


def test_search_shows_what_a_name_is_taken_for_and_why(mirror: str) -> None:
    lines = run(mirror, "search", "Fleetwood Mac", "Rumors (Deluxe Edition)").stdout.splitlines()
    assert lines[:3] == [
        "artist asked for   fleetwoodmac",
        "title asked for    rumors (deluxe edition)",
        "by title nearly:",
    ]
    assert lines[3].startswith("  * 1977  Fleetwood Mac - Rumours  (Album + Live, 3 releases")
    assert lines[-1] == "taken: Rumours by Fleetwood Mac, 1977: title nearly, 92% alike"


@pytest.mark.parametrize(
    ("album", "outcome"),
    [
        ("Rumours of Something Else", "not taken: No album by this artist is known"),
        ("Title", "not taken: Several albums may be meant, and no rule decides"),
    ],
)
def test_search_says_why_nothing_is_taken(mirror: str, album: str, outcome: str) -> None:
    result = run(mirror, "search", "Fleetwood Mac", album)
    assert result.exit_code == 0
    assert result.stdout.splitlines()[-1].startswith(outcome)


def test_search_tells_what_else_an_artist_may_be_called(mirror: str) -> None:
    lines = run(mirror, "search", "Fleetwood Mac - Topic", "Rumours").stdout.splitlines()
    assert lines[:2] == ["artist asked for   fleetwoodmactopic", "if nobody has it   fleetwoodmac"]
    assert lines[-1].startswith("taken: Rumours by Fleetwood Mac")
    assert "if nobody" not in run(mirror, "search", "Fleetwood Mac", "Rumours").stdout


def test_search_accepts_the_scrobbled_mbid(mirror: str) -> None:
    result = run(mirror, "search", "Fleetwood Mac", "Spelled otherwise", "--mbid", str(mbid("british rumours")))
    assert result.stdout.splitlines()[-1] == "taken: Rumours by Fleetwood Mac, 1977: mbid: release, 100% alike"


def test_search_says_that_an_index_of_other_rules_must_be_rebuilt(mirror: str) -> None:
    with psycopg.connect(mirror) as connection:
        connection.execute("UPDATE musicbrainz.mirror_state SET names_rules = 'of yesterday'")
    result = run(mirror, "search", "Fleetwood Mac", "Rumours")
    assert result.exit_code == 1
    assert "run `lastyear mirror import` again. (its names are folded by of yesterday)" in result.stderr
