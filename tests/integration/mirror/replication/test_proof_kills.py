"""The same proof, with a SIGKILL in the middle: what was killed did nothing or all, and a second run ends alike.

PROOF_KILLS=100 .venv/bin/python -m pytest tests/integration/mirror/replication/test_proof_kills.py
"""

import os
import signal
import subprocess
import sys
from pathlib import Path

import psycopg
import pytest

from demo.musicbrainz.stand_in import TOKEN, MetaBrainzStandIn
from mirror.importing.swap import IMPORT_LOCK
from mirror.replication.packet_source import PacketSource
from mirror.replication.replicate import REPLICATION_LOCK, replicate
from tests.integration.mirror.master import dying
from tests.integration.mirror.master.compare import compare, fingerprint
from tests.integration.mirror.master.dice import Dice
from tests.integration.mirror.master.master import Master

KILLS = int(os.environ.get("PROOF_KILLS", "4"))
SEED = int(os.environ.get("PROOF_SEED", "0"))
EARLIER, LATER = "20260905-002519", "20260909-002519"


def job(step: int, when: str, kind: str, url: str, location: str) -> subprocess.CompletedProcess[str]:
    """Import or replicate in a process that dies at this step, if it gets that far."""
    command = [sys.executable, "-m", dying.__name__, str(step), when, kind, url, location]
    return subprocess.run(command, cwd=Path(__file__).parents[4], capture_output=True, text=True, check=False)


def steps(kind: str, url: str, location: str) -> int:
    """Return how many steps the job has if it is not killed."""
    done = job(0, "before", kind, url, location)
    assert done.returncode == 0, done.stderr
    return int(done.stdout)


def kill(dice: Dice, of: int, kind: str, url: str, location: str) -> str:
    """Kill the job at a random step and wait until the server has noticed; return where it was."""
    step, when = dice.randint(1, of), dice.choice(("before", "during"))
    killed = job(step, when, kind, url, location)
    # The steps are not quite as many every time: one of the last may never come.
    assert killed.returncode in {-signal.SIGKILL, 0}, f"step {step} of {of}: {killed.stderr}"
    with psycopg.connect(url, autocommit=True) as connection:
        for lock in (IMPORT_LOCK, REPLICATION_LOCK):
            connection.execute("SELECT pg_advisory_lock(%s), pg_advisory_unlock(%s)", [lock, lock])
    return f"seed {SEED}, killed {when} step {step} of {of}"


@pytest.mark.timeout(900 + 10 * KILLS)
def test_a_killed_import_leaves_the_old_mirror_or_the_new_one(
    master: Master, empty_database: str, tmp_path: Path
) -> None:
    dice, url = Dice(SEED), empty_database
    exports, wholes = [], []
    master.fill(SEED, releases=300)
    for stamp in (EARLIER, LATER):
        master.edit(60)
        master.export(tmp_path, stamp)
        exports.append(str(tmp_path / stamp))
        of = steps("import", url, exports[-1])
        wholes.append(fingerprint(url))
        assert compare(master, url) == []
    for number in range(KILLS):
        where = kill(dice, of, "import", url, exports[number % 2])
        assert fingerprint(url) in wholes, where
        dying.import_whole(url, exports[number % 2])
        assert fingerprint(url) == wholes[number % 2], where


@pytest.mark.timeout(900 + 10 * KILLS)
def test_a_killed_replication_stops_after_a_whole_packet_and_resumes_with_the_next(
    master: Master, empty_database: str, tmp_path: Path
) -> None:
    dice, url = Dice(SEED), empty_database
    master.fill(SEED, releases=300)
    master.export(tmp_path / "fullexport", EARLIER)
    dying.import_whole(url, str(tmp_path / "fullexport"))
    states = [fingerprint(url)]
    with MetaBrainzStandIn(tmp_path) as metabrainz:
        for _ in range(3):
            master.edit(60)
            master.packet(tmp_path / "packets")
            replicate(url, PacketSource(metabrainz.packet_url, TOKEN))
            states.append(fingerprint(url))
        assert compare(master, url) == []
        dying.import_whole(url, str(tmp_path / "fullexport"))
        of = steps("replicate", url, metabrainz.packet_url)
        for _ in range(KILLS):
            dying.import_whole(url, str(tmp_path / "fullexport"))
            where = kill(dice, of, "replicate", url, metabrainz.packet_url)
            assert fingerprint(url) in states, where
            replicate(url, PacketSource(metabrainz.packet_url, TOKEN))
            assert fingerprint(url) == states[-1], where
