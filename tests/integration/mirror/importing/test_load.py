"""Imports: what is loaded, what is refused, and what serves meanwhile."""

import bz2
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from uuid import uuid4

import psycopg
import pytest
from psycopg import sql

from demo.musicbrainz.export import COLUMNS, write_demo_export
from demo.musicbrainz.export_writer import write_checksums
from mirror.database import Connection, connect
from mirror.errors import (
    ExportBroken,
    ExportMissing,
    ImportRunning,
    MirrorAway,
    MirrorForbidden,
    ReaderMissing,
    SchemaUnknown,
)
from mirror.importing import swap
from mirror.importing.load import NO_LBZIP2, ImportProgress, import_export
from mirror.matching.explain import explain
from mirror.state import mirror_state
from mirror.tables import ALBUM_TABLES
from tests.integration.mirror.music import HOSTILE, TABLES, mbid, publish, renamed, title

SECOND = "20260909-002519"


def shown(connection: Connection) -> str:
    explanation = explain(connection, mbid("rumours"))
    return explanation.source.title if explanation else "unknown"


def schemas(url: str) -> list[str]:
    with psycopg.connect(url) as connection:
        query = "SELECT nspname FROM pg_namespace WHERE nspname LIKE 'musicbrainz%' ORDER BY nspname"
        return [row[0] for row in connection.execute(query)]


def refused(url: str, folder: Path, error: type[Exception], *, match: str) -> None:
    """Check that the import ends with this error and that the mirror serves what it had."""
    with pytest.raises(error, match=match):
        import_export(url, str(folder))
    assert title(url) == "Rumours"


def test_the_whole_demo_music_is_imported(empty_database: str, tmp_path: Path) -> None:
    export = write_demo_export(tmp_path)
    loaded = import_export(empty_database, tmp_path.as_uri())
    with connect(empty_database) as connection:
        state = mirror_state(connection)
    assert state is not None
    assert (state.profile, state.export_stamp, state.schema_sequence) == ("albums", export.name, 31)
    assert state.release_groups == loaded.rows["release_group"] > 100


def test_every_kept_column_arrives_as_it_was_dumped(mirror: str) -> None:
    with psycopg.connect(mirror) as connection:
        for table in ALBUM_TABLES:
            names = sql.SQL(", ").join(map(sql.Identifier, table.kept))
            query = sql.SQL("SELECT {} FROM {}").format(names, sql.Identifier("musicbrainz", table.name))
            wanted = [
                tuple(row[COLUMNS[table.name].index(name)] for name in table.kept)
                for row in TABLES.get(table.name, [])
            ]
            assert sorted(connection.execute(query), key=repr) == sorted(wanted, key=repr), table.name


def test_names_survive_tabs_line_ends_backslashes_quotes_and_four_byte_characters(mirror: str) -> None:
    with connect(mirror) as connection:
        explanation = explain(connection, mbid("hostile"))
    assert explanation is not None
    assert (explanation.source.title, explanation.source.artist) == (HOSTILE, HOSTILE)


@pytest.mark.parametrize(
    ("group", "count", "date"),
    [
        pytest.param("rumours", 3, (1977, 2, 4), id="cancelled releases count but give no date"),
        pytest.param("group undated", 1, (None, None, None), id="no event, no date"),
        pytest.param("group cancelled", 1, (None, None, None), id="only a cancelled release, no date"),
        pytest.param("group 1973", 2, (1973, 3, None), id="a known month comes before an unknown one"),
        pytest.param("group empty", 0, (None, None, None), id="a group without releases has its row"),
        pytest.param("group hostile", 1, (2001, None, 9), id="a day without its month stays"),
        pytest.param("group dated twice", 1, (1984, None, None), id="the year decides, without a country too"),
    ],
)
def test_the_first_release_is_the_smallest_date(
    mirror: str, group: str, count: int, date: tuple[int | None, ...]
) -> None:
    query = """
        SELECT release_count, first_release_date_year, first_release_date_month, first_release_date_day
        FROM release_group_meta
        JOIN release_group USING (id)
        WHERE gid = %s
    """
    with connect(mirror) as connection:
        assert connection.execute(query, [mbid(group)]).fetchone() == (count, *date)


def test_the_key_query_of_musicbrainz_runs_unchanged(mirror: str) -> None:
    query = """
        SELECT rgm.first_release_date_year
        FROM release r
        JOIN release_group rg ON rg.id = r.release_group
        JOIN release_group_meta rgm ON rgm.id = rg.id
        WHERE r.gid = %s
    """
    with connect(mirror) as connection:
        assert connection.execute(query, [mbid("american rumours")]).fetchone() == (1977,)


@pytest.mark.parametrize("table", ["release_group", "release", "album_name", "artist_name"])
def test_index_only_scans_work_right_after_an_import(mirror: str, table: str) -> None:
    with psycopg.connect(mirror) as connection:
        query = "SELECT relpages, relallvisible FROM pg_class WHERE oid = %s::regclass"
        row = connection.execute(query, [f"musicbrainz.{table}"]).fetchone()
    assert row is not None
    assert row[0] == row[1] > 0


def test_an_import_reports_its_progress(empty_database: str, published: Path) -> None:
    seen: list[ImportProgress] = []
    import_export(empty_database, str(published), report=seen.append)
    tables = list(dict.fromkeys(progress.step for progress in seen))
    assert [name for name in tables if name in TABLES] == sorted(set(TABLES) - {"track"})
    steps = [step for step in tables if step not in TABLES]
    assert (steps[0], steps[-1]) == ("release_group dates", "checksum")
    assert max(progress.rows for progress in seen if progress.step == "release") == len(TABLES["release"])
    assert seen[-1].bytes_read == seen[-1].bytes_total


def test_an_empty_table_has_no_member_and_is_empty_here(empty_database: str, tmp_path: Path) -> None:
    publish(tmp_path, {**TABLES, "release_unknown_country": [], "release_gid_redirect": []})
    assert import_export(empty_database, str(tmp_path)).rows["release_unknown_country"] == 0


def test_an_export_that_cannot_be_replicated_has_no_sequence(empty_database: str, tmp_path: Path) -> None:
    publish(tmp_path, replication_sequence=None)
    assert import_export(empty_database, str(tmp_path)).replication_sequence is None


def test_a_second_import_takes_the_place_of_the_first(mirror: str, published: Path) -> None:
    publish(published, renamed("Rumours (again)"), stamp=SECOND)
    import_export(mirror, str(published))
    assert title(mirror) == "Rumours (again)"
    assert schemas(mirror) == ["musicbrainz"]


def test_a_reader_continues_on_the_same_connection_after_a_swap(mirror: str, published: Path) -> None:
    publish(published, renamed("Rumours (again)"), stamp=SECOND)
    with connect(mirror) as connection:
        meanwhile = {shown(connection) for _ in range(12)}  # often enough for the server to keep the plan
        import_export(mirror, str(published), report=lambda _: meanwhile.add(shown(connection)))
        assert meanwhile == {"Rumours"}
        assert shown(connection) == "Rumours (again)"


def test_a_reader_in_the_middle_of_a_transaction_does_not_delay_the_swap(
    mirror: str, published: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(swap.OWNER_SETTINGS, "lock_timeout", "100ms")
    publish(published, renamed("Rumours (again)"), stamp=SECOND)
    with psycopg.connect(mirror) as slow:
        slow.execute("SELECT FROM musicbrainz.release_group")
        import_export(mirror, str(published))
        assert title(mirror) == "Rumours (again)"
        assert schemas(mirror) == ["musicbrainz", "musicbrainz_old"]
    import_export(mirror, str(published))
    assert schemas(mirror) == ["musicbrainz"]


def test_an_unknown_schema_is_refused_before_anything_is_loaded(mirror: str, published: Path) -> None:
    publish(published, renamed("unreadable"), stamp=SECOND, schema_sequence=32)
    refused(mirror, published, SchemaUnknown, match=r"update LastYear\.fm.*has 32, known is 31")
    assert schemas(mirror) == ["musicbrainz"]


def truncate(data: bytes) -> bytes:
    return data[: len(data) // 2]


def flip_a_bit(data: bytes) -> bytes:
    middle = len(data) // 2
    return data[:middle] + bytes([data[middle] ^ 4]) + data[middle + 1 :]


def end_after_a_table(data: bytes) -> bytes:
    """Cut the tar at the end of a member, as if it had been made so."""
    plain = bz2.decompress(data)
    return bz2.compress(plain[: plain.index(b"mbdump/release_group\0")])


def damage_a_header(data: bytes) -> bytes:
    """Change a member's name, so that its header's checksum is wrong, as if it had been made so."""
    return bz2.compress(bz2.decompress(data).replace(b"mbdump/release_group\0", b"mbdump/release_groop\0"))


@pytest.mark.parametrize("damage", [truncate, flip_a_bit, end_after_a_table, damage_a_header])
@pytest.mark.parametrize("checksum", ["of the whole file", "of the damaged file"])
def test_a_damaged_archive_leaves_the_old_mirror_serving(
    mirror: str, published: Path, damage: Callable[[bytes], bytes], checksum: str
) -> None:
    archive = publish(published, renamed("damaged"), stamp=SECOND)
    archive.write_bytes(damage(archive.read_bytes()))
    if checksum == "of the damaged file":
        write_checksums(archive.parent)
    refused(mirror, published, ExportBroken, match="damaged: import again")


def test_damage_after_the_last_table_we_need_is_detected_too(mirror: str, published: Path) -> None:
    archive = publish(published, renamed("damaged"), stamp=SECOND)
    with archive.open("ab") as end:
        end.write(b"\0")
    refused(mirror, published, ExportBroken, match="SHA-256")


def test_an_archive_without_its_header_is_refused(mirror: str, published: Path) -> None:
    archive = publish(published, stamp=SECOND)
    plain = bz2.decompress(archive.read_bytes())
    archive.write_bytes(bz2.compress(plain[plain.index(b"mbdump/artist\0") :]))
    write_checksums(archive.parent)
    refused(mirror, published, ExportBroken, match="SCHEMA_SEQUENCE")


@pytest.mark.parametrize("change", [lambda row: row[:-1], lambda row: [*row, None]], ids=["fewer", "more"])
def test_a_table_with_more_or_fewer_columns_is_refused(
    mirror: str, published: Path, change: Callable[[list[object]], list[object]]
) -> None:
    releases = [change(list(row)) for row in TABLES["release"]]
    publish(published, {**renamed("changed"), "release": releases}, stamp=SECOND)
    refused(mirror, published, ExportBroken, match=r"release has 1[35] columns where 14 are known")


@pytest.mark.parametrize(
    ("table", "match"),
    [
        ("release_group", "releases without their release group"),
        ("artist_credit", "release groups without their artist credit"),
    ],
)
def test_an_inconsistent_export_is_refused(mirror: str, published: Path, table: str, match: str) -> None:
    publish(published, {**renamed("unsound"), table: TABLES[table][:1]}, stamp=SECOND)
    refused(mirror, published, ExportBroken, match=match)


def test_an_export_without_music_is_refused(mirror: str, published: Path) -> None:
    publish(published, {"recording": TABLES["recording"]}, stamp=SECOND)
    refused(mirror, published, ExportBroken, match="without a single release group")


def test_duplicate_rows_are_refused(mirror: str, published: Path) -> None:
    publish(published, {**renamed("doubled"), "release": TABLES["release"] * 2}, stamp=SECOND)
    refused(mirror, published, ExportBroken, match="release_pkey")


def test_values_of_the_wrong_type_are_refused(mirror: str, published: Path) -> None:
    broken = [["x", *list(row)[1:]] for row in TABLES["release"]]
    publish(published, {**renamed("broken"), "release": broken}, stamp=SECOND)
    refused(mirror, published, ExportBroken, match="invalid input syntax")


def test_an_export_without_checksums_is_refused(mirror: str, published: Path) -> None:
    archive = publish(published, renamed("unproven"), stamp=SECOND)
    (archive.parent / "SHA256SUMS").unlink()
    refused(mirror, published, ExportMissing, match="SHA256SUMS")


KILLED = """
import os, signal, sys
from mirror.importing.load import import_export
url, folder, table = sys.argv[1:]
die = lambda progress: os.kill(os.getpid(), signal.SIGKILL) if progress.step == table else None
import_export(url, folder, report=die)
"""


@pytest.mark.parametrize("table", ["artist", "release_group", "release_group dates", "checksum"])
def test_the_next_import_drops_what_a_killed_one_left(mirror: str, published: Path, table: str) -> None:
    publish(published, renamed("Rumours (again)"), stamp=SECOND)
    killed = subprocess.run(
        [sys.executable, "-c", KILLED, mirror, published, table], cwd=Path(__file__).parents[4]
    )
    assert killed.returncode == -signal.SIGKILL
    assert schemas(mirror) == ["musicbrainz", "musicbrainz_new"]
    assert title(mirror) == "Rumours"
    import_once_free(mirror, published)
    assert title(mirror) == "Rumours (again)"
    assert schemas(mirror) == ["musicbrainz"]


def import_once_free(url: str, folder: Path) -> None:
    """Import once the server has noticed the client's death and released its lock."""
    with psycopg.connect(url) as connection:
        connection.execute("SELECT pg_advisory_lock(%(id)s), pg_advisory_unlock(%(id)s)", {"id": swap.IMPORT_LOCK})
    import_export(url, str(folder))


def test_a_second_import_at_the_same_time_is_refused(mirror: str, published: Path) -> None:
    with psycopg.connect(mirror) as other:
        other.execute("SELECT pg_advisory_lock(%s)", [swap.IMPORT_LOCK])
        refused(mirror, published, ImportRunning, match="wait until it has finished")


def test_an_import_is_refused_while_another_is_loading(mirror: str, published: Path) -> None:
    steps: list[str] = []

    def intrude(progress: ImportProgress) -> None:
        steps.append(progress.step)
        with pytest.raises(ImportRunning):
            import_export(mirror, str(published))

    import_export(mirror, str(published), report=intrude)
    assert {"artist", "release_group dates", "checksum"} < set(steps)


def test_the_reader_can_read_and_cannot_write(empty_database: str, published: Path) -> None:
    role = f"reader_{uuid4().hex}"
    with psycopg.connect(empty_database, autocommit=True) as admin:
        admin.execute(sql.SQL("CREATE ROLE {} LOGIN").format(sql.Identifier(role)))
        try:
            import_export(empty_database, str(published), reader=role)
            reader = psycopg.conninfo.make_conninfo(empty_database, user=role)
            assert title(reader) == "Rumours"
            with connect(reader) as connection:
                connection.execute("SET default_transaction_read_only = off")
                for statement in (
                    "DELETE FROM release",
                    "DROP SCHEMA musicbrainz CASCADE",
                    "CREATE TABLE mine ()",
                ):
                    with pytest.raises(psycopg.errors.InsufficientPrivilege):
                        connection.execute(statement)
            with pytest.raises(MirrorForbidden, match="import as the mirror's owner"):
                import_export(reader, str(published))
        finally:
            admin.execute(sql.SQL("DROP OWNED BY {0}; DROP ROLE {0}").format(sql.Identifier(role)))


def test_a_missing_reader_is_reported_before_anything_is_loaded(empty_database: str, published: Path) -> None:
    with pytest.raises(ReaderMissing, match="nobody_at_all"):
        import_export(empty_database, str(published), reader="nobody_at_all")
    assert schemas(empty_database) == []


def test_an_unreachable_database_server_is_reported_as_away(published: Path, tmp_path: Path) -> None:
    with pytest.raises(MirrorAway, match="try again later"):
        import_export(f"postgresql://nobody@/postgres?host={tmp_path}", str(published))


def test_lbzip2_is_used_where_it_is_installed(
    empty_database: str, published: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    called = tmp_path / "called"
    stand_in = tmp_path / "bin" / "lbzip2"
    stand_in.parent.mkdir()
    stand_in.write_text(
        f"#!{sys.executable} -I\n"
        "import bz2, pathlib, shutil, sys\n"
        f"pathlib.Path({str(called)!r}).write_text(' '.join(sys.argv[1:]))\n"
        "shutil.copyfileobj(bz2.open(sys.stdin.buffer), sys.stdout.buffer)\n"
    )
    stand_in.chmod(0o755)
    monkeypatch.setenv("PATH", f"{stand_in.parent}:{os.environ['PATH']}")
    import_export(empty_database, str(published))
    assert title(empty_database) == "Rumours"
    assert called.read_text() == "-dc"


def test_without_lbzip2_an_import_says_that_it_is_slower(
    empty_database: str, published: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    told: list[str] = []
    import_export(empty_database, str(published), say=told.append)
    assert title(empty_database) == "Rumours"
    assert [sentence for sentence in told if "lbzip2" in sentence] == [NO_LBZIP2]
