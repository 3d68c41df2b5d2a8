"""The proof: after an export and its packets, a mirror holds what the master holds.

PROOF_SEQUENCES=200 .venv/bin/python -m pytest tests/integration/mirror/replication/test_proof.py
PROOF_SEED=17 PROOF_SEQUENCES=1 ...     the music and the edits of that one sequence again
"""

import os
from itertools import pairwise
from pathlib import Path

import pytest

from mirror.database import open_connection
from mirror.importing.load import ImportOptions, import_export
from mirror.replication.apply import APPLY_SETTINGS, AppliedPacket, apply_packet
from mirror.replication.packets import open_packet
from tests.integration.mirror.master.compare import compare
from tests.integration.mirror.master.master import Master
from tests.integration.mirror.master.replay import replay
from tests.integration.mirror.master.schema import CORE

SEQUENCES = int(os.environ.get("PROOF_SEQUENCES", "6"))
FIRST = int(os.environ.get("PROOF_SEED", "0"))
MOST_PACKETS = 40
"""By then every kind of edit has been made, however rare."""
STAMP = "20260905-002519"


def apply(mirror_url: str, packet: Path) -> AppliedPacket:
    with open_connection(mirror_url, "proof", APPLY_SETTINGS) as connection:
        return apply_packet(connection, packet)


def seqids(packet: Path) -> list[int]:
    with open_packet(packet) as opened:
        return [change.seqid for change in opened.changes(set(CORE))]


@pytest.mark.parametrize("seed", range(FIRST, FIRST + SEQUENCES))
def test_a_mirror_equals_its_master_after_every_packet(
    master: Master, empty_database: str, tmp_path: Path, seed: int
) -> None:
    master.fill(seed, releases=(60, 300, 1000)[seed % 3])
    master.edit(40)
    sequence = master.export(tmp_path / "fullexport", STAMP)
    profile = ImportOptions(profile=("albums", "recordings")[seed % 2])
    import_export(empty_database, str(tmp_path / "fullexport"), options=profile)
    assert compare(master, empty_database) == [], f"seed {seed}, after the import"
    for number in range(sequence + 1, sequence + 1 + master.dice.randint(1, 5)):
        master.edit(master.dice.choice((0, 5, 40, 80)))
        if master.dice.chance(0.3):
            master.settle()
        applied = apply(empty_database, master.packet(tmp_path / "packets"))
        assert compare(master, empty_database) == [], f"seed {seed}, after packet {number}"
        assert (applied.sequence, applied.drift) == (number, 0), f"seed {seed}"


def test_packets_applied_row_by_row_give_the_masters_own_tables(master: Master, tmp_path: Path) -> None:
    with master.connection() as connection, replay(connection) as copies:
        master.fill(FIRST, releases=300)
        master.edit(40)
        master.export(tmp_path / "fullexport", STAMP)
        copies.load(tmp_path / "fullexport" / STAMP)
        assert copies.differences() == []
        for _ in range(3):
            master.edit(80)
            copies.apply(master.packet(tmp_path / "packets"))
            assert copies.differences() == [], f"seed {FIRST}"


def test_every_kind_of_edit_occurs_and_transactions_end_up_in_later_packets(
    master: Master, tmp_path: Path
) -> None:
    master.fill(FIRST, releases=300)
    packets: list[list[int]] = []
    # Which edits are refused depends on more than the dice.
    while len(packets) < 4 or (missing := [edit for edit, count in master.made.items() if not count]):
        assert len(packets) < MOST_PACKETS, [edit.__name__ for edit in missing]
        master.edit(100)
        packets.append(seqids(master.packet(tmp_path)))
    assert any(min(later) < max(earlier) for earlier, later in pairwise(packets))
