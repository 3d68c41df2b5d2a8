"""The doctor's check of the mirror and of its disk."""

from pathlib import Path

import psycopg
import pytest
from pydantic import SecretStr

from app.settings import Settings
from mirror.importing.load import import_export
from mirror.importing.swap import IMPORT_LOCK
from mirror.replication.packet_source import PacketSource
from mirror.replication.replicate import REPLICATION_LOCK
from mirror.replication.status import mirror_status
from tests.integration.mirror.music import publish
from tests.integration.worker.doctor.conftest import Looked
from worker.doctor import Finding, State, examine


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


def test_what_only_the_primary_knows_is_asked_of_it_where_that_may_be(
    findings: Looked, mirror: str, mirror_url: str
) -> None:
    with psycopg.connect(mirror, autocommit=True) as importer:
        importer.execute("SELECT pg_advisory_lock(%s)", [IMPORT_LOCK])
        found = findings(mirror_url=mirror_url, mirror_owner_url=mirror)
        assert found["disk"].seen == "an import is running and has checked the space itself"
    barred = "postgresql://nobody@127.0.0.1:1/nothing"
    assert findings(mirror_url=mirror, mirror_owner_url=barred)["mirror"].state == State.WELL
    assert "cannot be reached" in findings(mirror_url=barred, mirror_owner_url=mirror)["mirror"].seen


def test_a_mirror_of_other_rules_is_to_be_imported_anew(findings: Looked, mirror: str) -> None:
    change(mirror, "names_rules = 'of old'")
    found = findings(mirror_url=mirror)["mirror"]
    assert found.state == State.ILL
    assert (found.seen, found.mend) == (
        "imported by another version of LastYear.fm",
        "`lastyear mirror import`",
    )


@pytest.mark.parametrize(
    ("lag", "state", "seen"),
    [
        ("43 minutes", State.WELL, "as of 43 min ago"),
        ("7 hours", State.WARNING, "as of 7 h 0 min ago, 7 h 0 min still to catch up"),
        ("3 days", State.ILL, "as of 3 d 0 h ago, 3 d 0 h still to catch up"),
    ],
)
def test_the_lag_is_that_of_the_last_packet(
    findings: Looked, mirror: str, lag: str, state: State, seen: str
) -> None:
    long_ago = "packets = 1, imported_at = now() - interval '1 month'"
    change(mirror, f"{long_ago}, replicated_to = now() - interval '{lag}'")
    found = findings(mirror_url=mirror)["mirror"]
    assert (found.state, found.seen) == (state, f"albums, {seen}")
    assert found.mend == ("" if state == State.WELL else "`lastyear mirror replicate`")


def test_a_token_means_that_packets_are_expected(findings: Looked, mirror: str) -> None:
    change(mirror, "imported_at = now() - interval '2 days'")
    found = findings(mirror_url=mirror, metabrainz_token="hush-token")["mirror"]
    assert found.state == State.ILL
    assert ", imported 2 d 0 h ago, " in found.seen


def test_right_after_an_import_the_doctor_says_what_status_says(findings: Looked, mirror: str) -> None:
    found = findings(mirror_url=mirror, metabrainz_token="hush-token")["mirror"]
    status = mirror_status(mirror, PacketSource("http://127.0.0.1:1/", "hush-token"))
    assert (found.state.value, found.seen) == (status.judgement.verdict.value, status.judgement.seen)
    assert (found.state, found.mend) == (State.WELL, "")
    assert found.seen.endswith(" still to catch up")


def test_what_an_interrupted_import_has_left_is_named(settings: Settings, mirror: str) -> None:
    with psycopg.connect(mirror, autocommit=True) as connection:
        connection.execute("CREATE TABLE public.big AS SELECT generate_series(1, 100000)")
        connection.execute("CREATE SCHEMA musicbrainz_new")
        connection.execute("ALTER TABLE public.big SET SCHEMA musicbrainz_new")

        def disk() -> list[Finding]:
            found = examine(settings.model_copy(update={"mirror_url": SecretStr(mirror)}))
            return [finding for finding in found if finding.part == "disk"]

        leftover, space = disk()
        assert (leftover.state, space.state) == (State.WARNING, State.WELL)
        assert leftover.seen == "an interrupted import has left 3.7 MB (schema musicbrainz_new)"
        assert leftover.mend == "`lastyear mirror import --when needed` imports again"
        connection.execute("SELECT pg_advisory_lock(%s)", [IMPORT_LOCK])
        assert [finding.state for finding in disk()] == [State.WELL], "it is of the import that is running"


def test_packets_that_are_being_applied_are_not_hurried(findings: Looked, mirror: str) -> None:
    change(mirror, "packets = 1, replicated_to = now() - interval '7 hours', imported_at = '2026-01-01'")
    with psycopg.connect(mirror, autocommit=True) as replicator:
        replicator.execute("SELECT pg_advisory_lock(%s)", [REPLICATION_LOCK])
        found = findings(mirror_url=mirror)["mirror"]
        assert found.state == State.WELL
        assert found.seen == "albums, as of 7 h 0 min ago, packets are being applied, 7 h 0 min still to catch up"


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
