"""`replicate` and `status`, as an operator types them and as systemd ends them."""

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

from demo.metabrainz import MetaBrainz
from mirror.commands import MirrorSettings, mirror_commands
from mirror.database import connect
from mirror.replicate import ONE_AT_A_TIME
from mirror.state import mirror_state
from mirror.swap import owner
from tests.conftest import wait_until
from tests.integration.mirror.music import group
from tests.integration.mirror.packets import BASE, publish

EDITS = [("release_group", None, group(9, "tusk", "Tusk"))]


@pytest.fixture
def metabrainz(tmp_path: Path) -> Iterator[MetaBrainz]:
    """A server with one packet."""
    publish(tmp_path, BASE + 1, EDITS)
    with MetaBrainz(tmp_path) as server:
        yield server


def settings(url: str, metabrainz: MetaBrainz, token: str | None = None) -> MirrorSettings:
    return MirrorSettings(
        url=url,
        owner_url=url,
        dump_url="",
        packet_url=metabrainz.packet_url,
        token=metabrainz.token if token is None else token,
    )


def run(settings: MirrorSettings, *arguments: str) -> Result:
    return CliRunner().invoke(mirror_commands(lambda: settings), arguments)


def status(settings: MirrorSettings) -> dict[str, object]:
    found: dict[str, object] = json.loads(run(settings, "status", "--json").stdout)
    return found


def test_replicate_says_how_far_it_is_in_plain_lines_and_where_it_ends(
    mirror: str, metabrainz: MetaBrainz
) -> None:
    result = run(settings(mirror, metabrainz), "replicate")
    assert result.exit_code == 0, result.output
    assert f"packet {BASE + 1} of {BASE + 1}: 1 changes, 1 for us, " in result.stderr
    assert f"at packet {BASE + 1}: up to date\n" in result.stderr
    assert result.stdout == f"The mirror is at packet {BASE + 1}: 1 applied, 1 changes for us.\n"


def test_a_changed_schema_is_a_sentence_and_an_exit_status_of_its_own(mirror: str, metabrainz: MetaBrainz) -> None:
    publish(metabrainz.folder, BASE + 1, EDITS, schema_sequence=32)
    result = run(settings(mirror, metabrainz), "replicate", "--follow")
    assert result.exit_code == 3
    assert result.stderr.endswith(
        "Error: MusicBrainz has changed its schema: the mirror goes on serving what it has, but gets nothing new. "
        "Update LastYear.fm, then run `lastyear mirror import`. (this packet has 32, the mirror 31)\n"
    )


def test_before_the_first_import_there_is_nothing_to_do_and_nothing_wrong(
    empty_database: str, metabrainz: MetaBrainz
) -> None:
    result = run(settings(empty_database, metabrainz), "replicate")
    assert result.exit_code == 0
    assert result.stdout.startswith("Nothing to do now. Nothing has been imported into the mirror yet")
    assert run(settings(empty_database, metabrainz), "replicate", "--follow").exit_code == 1


def test_while_an_import_is_at_work_there_is_nothing_to_do_and_nothing_wrong(
    mirror: str, metabrainz: MetaBrainz
) -> None:
    with owner(mirror):
        result = run(settings(mirror, metabrainz), "replicate")
    assert result.exit_code == 0
    assert result.stdout.startswith("Nothing to do now. An import is at work on this mirror")
    assert status(settings(mirror, metabrainz))["last_error"] is None
    assert run(settings(mirror, metabrainz), "replicate").stdout.startswith("The mirror is at packet")


def test_beside_another_replication_there_is_nothing_to_do_and_nothing_wrong(
    mirror: str, metabrainz: MetaBrainz
) -> None:
    with psycopg.connect(mirror) as other:
        other.execute("SELECT pg_advisory_lock(%s)", [ONE_AT_A_TIME])
        result = run(settings(mirror, metabrainz), "replicate")
    assert result.exit_code == 0
    assert result.stdout.startswith("Nothing to do now. Another replication is at work")


def test_a_mirror_of_another_version_is_not_passed_over_in_silence(mirror: str, metabrainz: MetaBrainz) -> None:
    with psycopg.connect(mirror) as connection:
        connection.execute("ALTER TABLE musicbrainz.mirror_state DROP COLUMN names_rules")
    result = run(settings(mirror, metabrainz), "replicate")
    assert result.exit_code == 1
    assert "imported by another version" in result.stderr


def test_another_profile_is_refused(mirror: str, metabrainz: MetaBrainz) -> None:
    result = run(settings(mirror, metabrainz), "replicate", "--profile", "recordings")
    assert result.exit_code == 1
    assert "lastyear mirror import" in result.stderr


def test_settings_do_not_show_the_token(metabrainz: MetaBrainz) -> None:
    site = settings("", metabrainz)
    assert metabrainz.token not in f"{site!r} {site.feed!r}"


def test_status_tells_how_far_behind_the_mirror_is_and_on_which_terms(mirror: str, metabrainz: MetaBrainz) -> None:
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
    for fact in (f"{BASE + 1}, up to date", "CC BY-NC-SA 3.0", "2026-09-05 11:05", "1, 0 rows mended"):
        assert fact in text


def test_status_without_a_token_says_that_it_cannot_know(mirror: str, metabrainz: MetaBrainz) -> None:
    site = settings(mirror, metabrainz, token="")
    assert status(site)["packets_behind"] is None
    assert "how far behind cannot be known: Replication needs an access token" in run(site, "status").stdout


def test_status_tells_the_last_error_until_it_is_mended(mirror: str, metabrainz: MetaBrainz) -> None:
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
mirror_commands(lambda: settings)(["replicate", "--follow"])
"""


@pytest.mark.parametrize("ending", [signal.SIGTERM, signal.SIGINT])
def test_following_ends_cleanly_on_a_signal(mirror: str, metabrainz: MetaBrainz, ending: signal.Signals) -> None:
    process = subprocess.Popen(
        [sys.executable, "-c", FOLLOW],
        cwd=Path(__file__).parents[3],
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
        output, _ = process.communicate(timeout=20)
    finally:
        process.kill()
        process.wait()
    assert process.returncode == 0, output
    assert f"The mirror is at packet {BASE + 1}: 1 applied" in output
    assert metabrainz.token not in output
