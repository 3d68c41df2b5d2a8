"""The doctor's check of the mirror and of its disk."""

from pathlib import Path

import psycopg
import pytest
from pydantic import SecretStr

from app.settings import Settings
from mirror.importing.load import import_export
from mirror.importing.swap import IMPORT_LOCK
from mirror.replication.replicate import REPLICATION_LOCK
from tests.integration.mirror.music import publish
from tests.integration.worker.doctor.conftest import Looked
from worker.doctor import State, examine


@pytest.fixture
def mirror(empty_database: str, tmp_path: Path) -> str:
    """The URL of a mirror of its own."""
    publish(tmp_path / "fullexport")
    import_export(empty_database, str(tmp_path / "fullexport"))
    return empty_database


def change(url: str, assignment: str) -> None:
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(b"UPDATE musicbrainz.mirror_state SET " + assignment.encode())


def test_an_import_without_replication_is_well_however_old(findings: Looked, mirror: str) -> None:
    change(mirror, "imported_at = now() - interval '1 year'")
    found = findings(mirror_url=mirror)["mirror"]
    assert (found.state, found.seen) == (State.WELL, "albums, export 20260905-002519, not replicated")


def test_an_empty_mirror_is_to_be_imported(findings: Looked, empty_database: str) -> None:
    found = findings(mirror_url=empty_database)
    assert (found["mirror"].state, found["mirror"].mend) == (State.ILL, "`lastyear mirror import`")
    assert found["mirror"].seen == "Nothing has been imported into the mirror yet"
    assert "the next import needs 6.7 GB" in found["disk"].seen


def test_a_first_import_at_work_is_waited_for(findings: Looked, empty_database: str) -> None:
    with psycopg.connect(empty_database, autocommit=True) as importer:
        importer.execute("SELECT pg_advisory_lock(%s)", [IMPORT_LOCK])
        found = findings(mirror_url=empty_database)
        assert (found["mirror"].state, found["disk"].state) == (State.WARNING, State.WELL)
        assert "import is running" in found["mirror"].seen


def test_a_mirror_of_other_rules_is_to_be_imported_anew(findings: Looked, mirror: str) -> None:
    change(mirror, "names_rules = 'of old'")
    found = findings(mirror_url=mirror)["mirror"]
    assert found.state == State.ILL
    assert (found.seen, found.mend) == (
        "The mirror was imported by another version of LastYear.fm",
        "`lastyear mirror import`",
    )


@pytest.mark.parametrize(
    ("lag", "state"), [("43 minutes", State.WELL), ("7 hours", State.WARNING), ("3 days", State.ILL)]
)
def test_the_lag_is_that_of_the_last_packet(findings: Looked, mirror: str, lag: str, state: State) -> None:
    change(mirror, f"packets = 1, replicated_to = now() - interval '{lag}'")
    found = findings(mirror_url=mirror)["mirror"]
    assert (found.state, found.seen) == (state, f"albums, last packet {lag} ago")
    assert found.mend == ("" if state == State.WELL else "`lastyear mirror replicate`")


def test_a_token_means_that_packets_are_expected(findings: Looked, mirror: str) -> None:
    change(mirror, "imported_at = now() - interval '2 days'")
    found = findings(mirror_url=mirror, metabrainz_token="hush-token")["mirror"]
    assert (found.state, found.seen) == (State.ILL, "albums, no packet yet, imported 2 days ago")


def test_packets_that_are_being_applied_are_not_hurried(findings: Looked, mirror: str) -> None:
    change(mirror, "packets = 1, replicated_to = now() - interval '7 hours'")
    with psycopg.connect(mirror, autocommit=True) as replicator:
        replicator.execute("SELECT pg_advisory_lock(%s)", [REPLICATION_LOCK])
        found = findings(mirror_url=mirror)["mirror"]
        assert found.state == State.WELL
        assert found.seen == "albums, last packet 7 hours ago, packets are being applied"


def test_what_stopped_replication_is_told_without_secrets(settings: Settings, mirror: str) -> None:
    change(mirror, "packets = 1, replicated_to = now(), last_error = 'The token hush-token is not accepted'")
    update = {"mirror_url": SecretStr(mirror), "metabrainz_token": SecretStr("hush-token")}
    found = {finding.part: finding for finding in examine(settings.model_copy(update=update))}["mirror"]
    assert found.state == State.WARNING
    assert found.mend.endswith("Its last error: The token *** is not accepted")


def test_a_disk_without_room_for_the_next_import_is_a_warning_while_a_mirror_serves(
    findings: Looked, mirror: str
) -> None:
    assert findings(mirror_url=mirror)["disk"].state == State.WELL
    change(mirror, "release_groups = 4500000 * 1000000::bigint, profile = 'recordings'")
    disk = findings(mirror_url=mirror)["disk"]
    assert disk.state == State.WARNING
    assert "the next import needs 23.1 PB" in disk.seen
    assert "make room" in disk.mend
