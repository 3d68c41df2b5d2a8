"""Imports: what comes in, what is refused, and what goes on serving meanwhile."""

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

from demo.archive import write_checksums
from demo.musicbrainz import COLUMNS, write_export
from mirror import load, swap
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
from mirror.explain import explain
from mirror.load import Progress, import_export
from mirror.state import mirror_state
from mirror.tables import ALBUMS
from tests.integration.mirror.music import HOSTILE, TABLES, mbid, publish, renamed

SECOND = "20260909-002519"


def shown(connection: Connection) -> str:
    explanation = explain(connection, mbid("rumours"))
    return explanation.reason.title if explanation else "unknown"


def title(url: str) -> str:
    with connect(url) as connection:
        return shown(connection)


def schemas(url: str) -> list[str]:
    with psycopg.connect(url) as connection:
        query = "SELECT nspname FROM pg_namespace WHERE nspname LIKE 'musicbrainz%' ORDER BY nspname"
        return [row[0] for row in connection.execute(query)]


def refused(url: str, folder: Path, error: type[Exception], *, match: str) -> None:
    """The import stops with this error, and the mirror goes on serving what it had."""
    with pytest.raises(error, match=match):
        import_export(url, str(folder))
    assert title(url) == "Rumours"


def test_the_whole_demo_music_is_imported(empty_database: str, tmp_path: Path) -> None:
    export = write_export(tmp_path)
    loaded = import_export(empty_database, tmp_path.as_uri())
    with connect(empty_database) as connection:
        state = mirror_state(connection)
    assert state is not None
    assert (state.profile, state.export_stamp, state.schema_sequence) == ("albums", export.name, 31)
    assert state.release_groups == loaded.rows["release_group"] > 100


def test_every_kept_column_arrives_as_it_was_dumped(mirror: str) -> None:
    with psycopg.connect(mirror) as connection:
        for table in ALBUMS:
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
    assert (explanation.reason.title, explanation.reason.artist) == (HOSTILE, HOSTILE)


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
def test_an_index_can_answer_alone_right_after_an_import(mirror: str, table: str) -> None:
    with psycopg.connect(mirror) as connection:
        query = "SELECT relpages, relallvisible FROM pg_class WHERE oid = %s::regclass"
        row = connection.execute(query, [f"musicbrainz.{table}"]).fetchone()
    assert row is not None
    assert row[0] == row[1] > 0


def test_an_import_tells_how_far_it_is(empty_database: str, published: Path) -> None:
    seen: list[Progress] = []
    import_export(empty_database, str(published), report=seen.append)
    tables = list(dict.fromkeys(progress.table for progress in seen))
    assert [name for name in tables if name in TABLES] == sorted(set(TABLES) - {"track"})
    steps = [step for step in tables if step not in TABLES]
    assert (steps[0], steps[-1]) == ("release_group dates", "checksum")
    assert max(progress.rows for progress in seen if progress.table == "release") == len(TABLES["release"])
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


def test_a_reader_goes_on_across_a_swap_on_the_same_connection(mirror: str, published: Path) -> None:
    publish(published, renamed("Rumours (again)"), stamp=SECOND)
    with connect(mirror) as connection:
        meanwhile = {shown(connection) for _ in range(12)}  # often enough for the server to keep the plan
        import_export(mirror, str(published), report=lambda _: meanwhile.add(shown(connection)))
        assert meanwhile == {"Rumours"}
        assert shown(connection) == "Rumours (again)"


def test_a_reader_in_the_middle_of_a_transaction_does_not_hold_the_swap_up(
    mirror: str, published: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(swap.OWNING, "lock_timeout", "100ms")
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
    """Cut the tar where a member ends, as if it had been made so."""
    plain = bz2.decompress(data)
    return bz2.compress(plain[: plain.index(b"mbdump/release_group\0")])


@pytest.mark.parametrize("damage", [truncate, flip_a_bit, end_after_a_table])
@pytest.mark.parametrize("checksum", ["of the whole file", "of the damaged file"])
def test_a_damaged_archive_leaves_the_old_mirror_serving(
    mirror: str, published: Path, damage: Callable[[bytes], bytes], checksum: str
) -> None:
    archive = publish(published, renamed("damaged"), stamp=SECOND)
    archive.write_bytes(damage(archive.read_bytes()))
    if checksum == "of the damaged file":
        write_checksums(archive.parent)
    refused(mirror, published, ExportBroken, match="damaged: fetch it anew")


def test_damage_behind_the_last_table_we_need_is_found_too(mirror: str, published: Path) -> None:
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
def test_another_number_of_columns_is_refused(
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
def test_an_export_that_is_not_sound_in_itself_is_refused(
    mirror: str, published: Path, table: str, match: str
) -> None:
    publish(published, {**renamed("unsound"), table: TABLES[table][:1]}, stamp=SECOND)
    refused(mirror, published, ExportBroken, match=match)


def test_an_export_without_music_is_refused(mirror: str, published: Path) -> None:
    publish(published, {"recording": TABLES["recording"]}, stamp=SECOND)
    refused(mirror, published, ExportBroken, match="without a single release group")


def test_rows_that_are_there_twice_are_refused(mirror: str, published: Path) -> None:
    publish(published, {**renamed("doubled"), "release": TABLES["release"] * 2}, stamp=SECOND)
    refused(mirror, published, ExportBroken, match="release_pkey")


def test_values_that_are_none_are_refused(mirror: str, published: Path) -> None:
    broken = [["x", *list(row)[1:]] for row in TABLES["release"]]
    publish(published, {**renamed("broken"), "release": broken}, stamp=SECOND)
    refused(mirror, published, ExportBroken, match="invalid input syntax")


def test_an_export_without_checksums_is_refused(mirror: str, published: Path) -> None:
    archive = publish(published, renamed("unproven"), stamp=SECOND)
    (archive.parent / "SHA256SUMS").unlink()
    refused(mirror, published, ExportMissing, match="SHA256SUMS")


KILLED = """
import os, signal, sys
from mirror.load import import_export
url, folder, table = sys.argv[1:]
die = lambda progress: os.kill(os.getpid(), signal.SIGKILL) if progress.table == table else None
import_export(url, folder, report=die)
"""


@pytest.mark.parametrize("table", ["artist", "release_group", "release_group dates", "checksum"])
def test_what_a_killed_import_left_behind_is_dropped_by_the_next(mirror: str, published: Path, table: str) -> None:
    publish(published, renamed("Rumours (again)"), stamp=SECOND)
    killed = subprocess.run(
        [sys.executable, "-c", KILLED, mirror, published, table], cwd=Path(__file__).parents[3]
    )
    assert killed.returncode == -signal.SIGKILL
    assert schemas(mirror) == ["musicbrainz", "musicbrainz_new"]
    assert title(mirror) == "Rumours"
    import_once_free(mirror, published)
    assert title(mirror) == "Rumours (again)"
    assert schemas(mirror) == ["musicbrainz"]


def import_once_free(url: str, folder: Path) -> None:
    """The server notices a client's death a moment later; its lock is free then."""
    with psycopg.connect(url) as connection:
        connection.execute("SELECT pg_advisory_lock(%s), pg_advisory_unlock(%s)", [load.LOCK, load.LOCK])
    import_export(url, str(folder))


def test_a_second_import_at_the_same_time_is_refused(mirror: str, published: Path) -> None:
    with psycopg.connect(mirror) as other:
        other.execute("SELECT pg_advisory_lock(%s)", [load.LOCK])
        refused(mirror, published, ImportRunning, match="wait until that ends")


def test_an_import_while_one_is_loading_is_refused(mirror: str, published: Path) -> None:
    steps: list[str] = []

    def intrude(progress: Progress) -> None:
        steps.append(progress.table)
        with pytest.raises(ImportRunning):
            import_export(mirror, str(published))

    import_export(mirror, str(published), report=intrude)
    assert {"artist", "release_group dates", "checksum"} < set(steps)


def test_the_reader_reads_and_cannot_write(empty_database: str, published: Path) -> None:
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
            with pytest.raises(MirrorForbidden, match="owner imports"):
                import_export(reader, str(published))
        finally:
            admin.execute(sql.SQL("DROP OWNED BY {0}; DROP ROLE {0}").format(sql.Identifier(role)))


def test_a_reader_that_does_not_exist_is_named_before_the_load(empty_database: str, published: Path) -> None:
    with pytest.raises(ReaderMissing, match="nobody_at_all"):
        import_export(empty_database, str(published), reader="nobody_at_all")
    assert schemas(empty_database) == []


def test_a_server_that_is_not_there_is_said_to_be_away(published: Path, tmp_path: Path) -> None:
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
