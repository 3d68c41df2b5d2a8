"""`replicate` and `status`, as an operator types them and as systemd stops them."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from click.testing import CliRunner, Result

from demo.musicbrainz.stand_in import MetaBrainzStandIn
from mirror.commands import MirrorSettings, mirror_commands
from mirror.database import connect
from mirror.importing.swap import import_connection
from mirror.replication.packet_source import PacketSource
from mirror.replication.replicate import REPLICATION_LOCK
from mirror.state import mirror_state
from tests.conftest import PATIENCE, wait_until
from tests.integration.mirror.music import group
from tests.integration.mirror.packets import BASE, publish

EDITS = [("release_group", None, group(9, "tusk", "Tusk"))]


@pytest.fixture
def metabrainz(tmp_path: Path) -> Iterator[MetaBrainzStandIn]:
    """A server with one packet."""
    publish(tmp_path, BASE + 1, EDITS)
    with MetaBrainzStandIn(tmp_path) as server:
        yield server


def settings(url: str, metabrainz: MetaBrainzStandIn, token: str | None = None) -> MirrorSettings:
    return MirrorSettings(
        url=url,
        owner_url=url,
        dump_url="",
        packet_url=metabrainz.packet_url,
        token=metabrainz.token if token is None else token,
    )


def run(settings: MirrorSettings, *arguments: str) -> Result:
    return CliRunner().invoke(mirror_commands, arguments, obj=lambda: settings)


def status(settings: MirrorSettings) -> dict[str, object]:
    found: dict[str, object] = json.loads(run(settings, "status", "--json").stdout)
    return found


def test_replicate_reports_progress_in_plain_lines_and_where_it_ended(
    mirror: str, metabrainz: MetaBrainzStandIn
) -> None:
    result = run(settings(mirror, metabrainz), "replicate")
    assert result.exit_code == 0, result.output
    assert f"packet {BASE + 1} of {BASE + 1}: 1 changes, 1 of them kept, " in result.stderr
    assert f"at packet {BASE + 1}: up to date\n" in result.stderr
    assert result.stdout == f"The mirror is at packet {BASE + 1}: 1 applied, 1 changes kept.\n"


def test_a_changed_schema_has_a_sentence_and_an_exit_status_of_its_own(
    mirror: str, metabrainz: MetaBrainzStandIn
) -> None:
    publish(metabrainz.folder, BASE + 1, EDITS, schema_sequence=32)
    result = run(settings(mirror, metabrainz), "replicate", "--follow")
    assert result.exit_code == 3
    assert result.stderr.endswith(
        "Error: MusicBrainz has changed its schema, so that the mirror is no longer updated: update LastYear.fm, "
        "then run `lastyear mirror import`. Until then the mirror serves what it has. "
        "(this packet has 32, the mirror 31)\n"
    )


def test_before_the_first_import_replicate_has_nothing_to_do_and_succeeds(
    empty_database: str, metabrainz: MetaBrainzStandIn
) -> None:
    result = run(settings(empty_database, metabrainz), "replicate")
    assert result.exit_code == 0
    assert result.stdout.startswith("Nothing to do now. Nothing has been imported into the mirror yet")
    assert run(settings(empty_database, metabrainz), "replicate", "--follow").exit_code == 1


def test_during_an_import_replicate_has_nothing_to_do_and_succeeds(
    mirror: str, metabrainz: MetaBrainzStandIn
) -> None:
    with import_connection(mirror):
        result = run(settings(mirror, metabrainz), "replicate")
    assert result.exit_code == 0
    assert result.stdout.startswith("Nothing to do now. An import is running")
    assert status(settings(mirror, metabrainz))["last_error"] is None
    assert run(settings(mirror, metabrainz), "replicate").stdout.startswith("The mirror is at packet")


def test_beside_another_replication_replicate_has_nothing_to_do_and_succeeds(
    mirror: str, metabrainz: MetaBrainzStandIn
) -> None:
    with psycopg.connect(mirror) as other:
        other.execute("SELECT pg_advisory_lock(%s)", [REPLICATION_LOCK])
        result = run(settings(mirror, metabrainz), "replicate")
    assert result.exit_code == 0
    assert result.stdout.startswith("Nothing to do now. Another replication is running")


def test_a_mirror_of_another_version_is_an_error(mirror: str, metabrainz: MetaBrainzStandIn) -> None:
    with psycopg.connect(mirror) as connection:
        connection.execute("ALTER TABLE musicbrainz.mirror_state DROP COLUMN names_rules")
    result = run(settings(mirror, metabrainz), "replicate")
    assert result.exit_code == 1
    assert "imported by another version" in result.stderr


def test_another_profile_is_refused(mirror: str, metabrainz: MetaBrainzStandIn) -> None:
    result = run(settings(mirror, metabrainz), "replicate", "--profile", "recordings")
    assert result.exit_code == 1
    assert "lastyear mirror import" in result.stderr


def test_settings_do_not_show_the_token(metabrainz: MetaBrainzStandIn) -> None:
    site = settings("", metabrainz)
    assert metabrainz.token not in f"{site!r} {PacketSource(site.packet_url, site.token)!r}"


def test_the_hourly_turn_drops_what_an_interrupted_import_has_left(
    mirror: str, metabrainz: MetaBrainzStandIn
) -> None:
    with psycopg.connect(mirror, autocommit=True) as connection:
        connection.execute("CREATE SCHEMA musicbrainz_new")
    site = settings(mirror, metabrainz)
    dropped, ended = run(site, "replicate").stdout.splitlines()
    assert (
        dropped == "Dropped what was left over: an interrupted import has left 0 bytes (schema musicbrainz_new)."
    )
    assert ended.startswith(f"The mirror is at packet {BASE + 1}")
    assert status(site)["leftovers"] == []


def test_right_after_an_import_status_says_what_is_still_to_catch_up_and_that_all_is_well(
    mirror: str, metabrainz: MetaBrainzStandIn
) -> None:
    site = settings(mirror, metabrainz)
    with psycopg.connect(mirror, autocommit=True) as connection:
        connection.execute("UPDATE musicbrainz.mirror_state SET imported_at = now()")
    told = status(site)
    assert told["state"] == "well"
    assert str(told["seen"]).endswith("(1 packets) still to catch up")
    assert f"state                 well: {told['seen']}\n" in run(site, "status").stdout


def test_status_shows_how_far_behind_the_mirror_is_and_its_licence(
    mirror: str, metabrainz: MetaBrainzStandIn
) -> None:
    site = settings(mirror, metabrainz)
    before, text = status(site), run(site, "status").stdout
    assert (before["packets_behind"], before["packets"], before["licence"]) == (1, 0, "CC0: free for every use")
    assert before["as_of"] == "2026-09-05 00:25:19+00:00"
    assert f"{BASE}, 1 packets behind" in text
    run(site, "replicate")
    after, text = status(site), run(site, "status").stdout
    assert (after["packets_behind"], after["packets"], after["release_groups"]) == (0, 1, 9)
    assert str(after["licence"]).startswith("CC BY-NC-SA 3.0")
    assert str(after["as_of"]).startswith("2026-09-05 11:05:01")
    assert isinstance(after["lag_seconds"], int)
    for fact in (f"{BASE + 1}, up to date", "CC BY-NC-SA 3.0", "2026-09-05 11:05", "1, 0 rows corrected"):
        assert fact in text


def test_status_without_a_token_says_that_the_lag_is_not_known(mirror: str, metabrainz: MetaBrainzStandIn) -> None:
    site = settings(mirror, metabrainz, token="")
    assert status(site)["packets_behind"] is None
    assert "how far behind is not known: Replication needs an access token" in run(site, "status").stdout


def test_status_shows_the_last_error_until_replication_works_again(
    mirror: str, metabrainz: MetaBrainzStandIn
) -> None:
    assert run(settings(mirror, metabrainz, token="Wr0ng"), "replicate").exit_code == 1
    site = settings(mirror, metabrainz)
    assert "MetaBrainz does not accept this access token" in str(status(site)["last_error"])
    assert "last error" in run(site, "status").stdout
    run(site, "replicate")
    assert status(site)["last_error"] is None
    assert "last error" not in run(site, "status").stdout


FOLLOW = """
import os
from mirror.commands import MirrorSettings, mirror_commands
url = os.environ["URL"]
settings = MirrorSettings(url, url, "", packet_url=os.environ["PACKETS"], token=os.environ["TOKEN"])
mirror_commands(["replicate", "--follow"], obj=lambda: settings)
"""


@pytest.mark.parametrize("ending", [signal.SIGTERM, signal.SIGINT])
def test_following_ends_cleanly_on_a_signal(
    mirror: str, metabrainz: MetaBrainzStandIn, ending: signal.Signals
) -> None:
    process = subprocess.Popen(
        [sys.executable, "-c", FOLLOW],
        cwd=Path(__file__).parents[4],
        env={**os.environ, "URL": mirror, "PACKETS": metabrainz.packet_url, "TOKEN": metabrainz.token},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )

    def applied() -> bool:
        with connect(mirror) as connection:
            state = mirror_state(connection)
        return state is not None and state.replication_sequence == BASE + 1

    try:
        wait_until(applied)
        process.send_signal(ending)
        output, _ = process.communicate(timeout=PATIENCE)
    finally:
        process.kill()
        process.wait()
    assert process.returncode == 0, output
    assert f"The mirror is at packet {BASE + 1}: 1 applied" in output
    assert metabrainz.token not in output
