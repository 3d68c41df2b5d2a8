"""Damaged packets, and failures while one is applied: nothing is ever half applied."""

import bz2
import io
import signal
import subprocess
import sys
import tarfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Thread

import psycopg
import pytest

from mirror.database import open_connection
from mirror.errors import (
    ImportRunning,
    MirrorAway,
    MirrorError,
    NotReplicable,
    PacketBroken,
    PacketOutOfTurn,
    SchemaChanged,
)
from mirror.importing.load import import_export
from mirror.importing.swap import IMPORT_LOCK
from mirror.replication.apply import apply_packet
from tests.conftest import PATIENCE, wait_until
from tests.integration.mirror import music
from tests.integration.mirror.music import event, group, release
from tests.integration.mirror.packets import BASE, data_line, pack, packet

RENAMED = ("release_group", group(1, "rumours", "Rumours"), group(1, "rumours", "changed"))
MOVED = ("release_country", event(1, 221, 1977, 2, 4), event(1, 221, 1966))
GOOD = packet(BASE + 1, [RENAMED, MOVED])


def apply(url: str, content: bytes) -> None:
    with open_connection(url, "test", {}) as connection:
        apply_packet(connection, io.BytesIO(content))


def snapshot(url: str) -> list[tuple[object, ...]]:
    """Return everything that these packets would change."""
    query = """
        SELECT name, date_year, first_release_date_year, replication_sequence
        FROM mirror_state, release_group
        JOIN release_group_meta USING (id)
        JOIN release_country ON release = 1
        WHERE release_group.id = 1
    """
    with psycopg.connect(url, options="-c search_path=musicbrainz") as connection:
        return connection.execute(query).fetchall()


OLD, NEW = [("Rumours", 1977, 1977, BASE)], [("changed", 1966, 1966, BASE + 1)]


def refused(url: str, content: bytes, error: type[MirrorError], match: str) -> None:
    with pytest.raises(error, match=match):
        apply(url, content)
    assert snapshot(url) == OLD


def flip_a_bit(content: bytes) -> bytes:
    middle = len(content) // 2
    return content[:middle] + bytes([content[middle] ^ 4]) + content[middle + 1 :]


def without(member: str) -> bytes:
    """Return the good packet without one of its members."""
    with tarfile.open(fileobj=io.BytesIO(bz2.decompress(GOOD))) as archive:
        contents = {m.name: archive.extractfile(m) for m in archive}
        return pack({name: file.read() for name, file in contents.items() if file and name != member})


def with_data(data: bytes) -> bytes:
    notes = {"TIMESTAMP": "2026-09-05 10:05:01+00", "SCHEMA_SEQUENCE": "31", "DBMIRROR_VERSION": "2"}
    return pack({**notes, "REPLICATION_SEQUENCE": str(BASE + 1), "mbdump/pending_data": data})


LINE = data_line(501, *RENAMED)


@pytest.mark.parametrize(
    ("content", "match"),
    [
        pytest.param(GOOD[:-20], "end-of-stream", id="torn"),
        pytest.param(GOOD[:10], "end-of-stream", id="torn at its beginning"),
        pytest.param(b"", "end-of-stream", id="nothing"),
        pytest.param(flip_a_bit(GOOD), "damaged", id="a bit flipped"),
        pytest.param(b"<html>Sorry</html>", "Invalid data stream", id="a web page"),
        pytest.param(bz2.compress(b"not an archive"), "damaged", id="no archive in it"),
        pytest.param(bz2.compress(bz2.decompress(GOOD)[:6000]), "damaged", id="an archive that was torn first"),
        pytest.param(without("mbdump/pending_data"), "pending_data is not in it", id="without its changes"),
        pytest.param(
            without("REPLICATION_SEQUENCE"), "REPLICATION_SEQUENCE is not in it", id="without its number"
        ),
        pytest.param(with_data(LINE[:-1]), "change 1 is torn", id="the last change torn"),
        pytest.param(with_data(LINE + b"502\tmusicbrainz.release\n"), "change 2 is torn", id="too few fields"),
        pytest.param(with_data(LINE.replace(b"\tu\t", b"\td\t")), "of an unknown kind", id="another operation"),
        pytest.param(with_data(LINE.replace(b"{", b"[")), "release_group, seqid 501", id="no JSON"),
        pytest.param(with_data(LINE.replace(b'"changed"', b"null")), "not-null", id="NULL where none may be"),
        pytest.param(with_data(LINE.replace(b'"changed"', b"[1]")), "a list in a column of ours", id="an array"),
        pytest.param(
            with_data(LINE + data_line(502, "release", None, release(11, "x", 1)).replace(b": 11", b': "x"')),
            "invalid input syntax",
            id="text for a number",
        ),
    ],
)
def test_a_damaged_packet_changes_nothing(mirror: str, content: bytes, match: str) -> None:
    refused(mirror, content, PacketBroken, match)


@pytest.mark.parametrize(
    "sequence", [pytest.param(BASE + 2, id="from the future"), BASE, pytest.param(BASE - 1, id="from the past")]
)
def test_a_packet_out_of_turn_changes_nothing(mirror: str, sequence: int) -> None:
    refused(
        mirror, packet(sequence, [RENAMED, MOVED]), PacketOutOfTurn, f"it is {sequence}, the mirror is at {BASE}"
    )


@pytest.mark.parametrize("schema", [30, 32])
def test_a_packet_of_another_schema_changes_nothing_and_says_what_to_do(mirror: str, schema: int) -> None:
    content = packet(BASE + 1, [RENAMED, MOVED], schema_sequence=schema)
    refused(mirror, content, SchemaChanged, rf"update LastYear\.fm, then run.*has {schema}, the mirror 31")


def test_a_packet_of_another_format_changes_nothing(mirror: str) -> None:
    refused(mirror, packet(BASE + 1, [MOVED], version="3"), SchemaChanged, "DBMIRROR_VERSION 3, known is 2")


@pytest.mark.parametrize(
    "change",
    [
        pytest.param((b'"comment": ', b'"remark": '), id="another one"),
        pytest.param((b'"comment": ', b'"mood": 1, "comment": '), id="one more"),
        pytest.param((b'"comment": "", ', b""), id="one less"),
    ],
)
def test_a_new_column_in_a_kept_table_changes_nothing(mirror: str, change: tuple[bytes, bytes]) -> None:
    refused(mirror, with_data(LINE.replace(*change)), SchemaChanged, "release_group has other columns")


def test_a_mirror_whose_export_has_no_replication_sequence_cannot_be_replicated(
    empty_database: str, tmp_path: Path
) -> None:
    music.publish(tmp_path, replication_sequence=None)
    import_export(empty_database, str(tmp_path))
    with pytest.raises(NotReplicable, match="no replication sequence"):
        apply(empty_database, GOOD)


def test_no_packet_is_applied_during_an_import(mirror: str) -> None:
    with psycopg.connect(mirror) as importer:
        importer.execute("SELECT pg_advisory_lock(%s)", [IMPORT_LOCK])
        refused(mirror, GOOD, ImportRunning, "wait until it has finished")
    apply(mirror, GOOD)
    assert snapshot(mirror) == NEW


@contextmanager
def held_up(url: str) -> Iterator[Callable[[], list[int]]]:
    """Hold up every packet at its first dates; give a function that returns the backends waiting there."""
    with psycopg.connect(url, autocommit=True) as watcher, psycopg.connect(url) as holder:
        holder.execute("LOCK TABLE musicbrainz.release_group IN SHARE MODE")

        def waiting() -> list[int]:
            query = """
                SELECT pg_locks.pid
                FROM pg_locks
                JOIN pg_database ON pg_database.oid = pg_locks.database
                WHERE NOT granted AND datname = current_database()
            """
            return [row[0] for row in watcher.execute(query)]

        yield waiting


def test_a_lost_connection_in_the_middle_leaves_nothing_half_applied(mirror: str) -> None:
    errors: list[BaseException] = []

    def attempt() -> None:
        try:
            apply(mirror, GOOD)
        except MirrorAway as error:
            errors.append(error)

    with held_up(mirror) as waiting:
        thread = Thread(target=attempt)
        thread.start()
        (backend,) = wait_until(waiting)
        with psycopg.connect(mirror, autocommit=True) as admin:
            admin.execute("SELECT pg_terminate_backend(%s)", [backend])
        thread.join(PATIENCE)
    assert len(errors) == 1
    assert snapshot(mirror) == OLD
    apply(mirror, GOOD)
    assert snapshot(mirror) == NEW


KILLED = """
import sys
import tarfile
from mirror.replication.apply import apply_packet
from mirror.database import open_connection
with open_connection(sys.argv[1], "test", {}) as connection:
    apply_packet(connection, sys.argv[2])
"""


def test_a_replication_killed_in_the_middle_leaves_nothing_half_applied(mirror: str, tmp_path: Path) -> None:
    path = tmp_path / "packet.tar.bz2"
    path.write_bytes(GOOD)
    with held_up(mirror) as waiting:
        process = subprocess.Popen([sys.executable, "-c", KILLED, mirror, path], cwd=Path(__file__).parents[4])
        wait_until(waiting)
        process.kill()
        assert process.wait() == -signal.SIGKILL
    assert snapshot(mirror) == OLD

    def free() -> bool:
        try:
            apply(mirror, GOOD)
        except ImportRunning:  # the server notices a client's death a moment later
            return False
        return True

    wait_until(free)
    assert snapshot(mirror) == NEW
