"""The export is what MetaBrainz would publish, byte for byte where it matters."""

import bz2
import hashlib
import re
import tarfile
from datetime import UTC, datetime
from pathlib import Path

import pytest

from demo.musicbrainz.catalogue import albums
from demo.musicbrainz.export import COLUMNS, write_demo_export
from demo.musicbrainz.export_writer import copy_line, write_archive
from mirror.tables import PROFILES

HEAD = ["TIMESTAMP", "COPYING", "README", "REPLICATION_SEQUENCE", "SCHEMA_SEQUENCE"]
UNESCAPED = {"b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t", "v": "\v"}
NOON = datetime(2026, 9, 5, 12, 0, 0, 123456, tzinfo=UTC)

Fields = list[str | None]


def _members(path: Path) -> dict[str, bytes]:
    with tarfile.open(path) as archive:
        return {member.name: archive.extractfile(member).read() for member in archive}  # type: ignore[union-attr]


def _fields(line: bytes) -> Fields:
    return [
        None
        if text == r"\N"
        else re.sub(r"\\(.)", lambda escape: UNESCAPED.get(escape[1], escape[1]), text, flags=re.DOTALL)
        for text in line.decode().removesuffix("\n").split("\t")
    ]


@pytest.fixture(scope="module")
def export(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_demo_export(tmp_path_factory.mktemp("fullexport"))


@pytest.fixture(scope="module")
def members(export: Path) -> dict[str, bytes]:
    return _members(export / "mbdump.tar.bz2")


@pytest.fixture(scope="module")
def tables(members: dict[str, bytes]) -> dict[str, list[dict[str, str | None]]]:
    return {
        name.removeprefix("mbdump/"): [
            dict(zip(COLUMNS[name.removeprefix("mbdump/")], _fields(line), strict=True))
            for line in content.splitlines()
        ]
        for name, content in members.items()
        if name.startswith("mbdump/")
    }


def _write(path: Path, **tables: list[list[object]]) -> dict[str, bytes]:
    write_archive(path, tables, timestamp=NOON, replication_sequence=7, schema_sequence=31)
    return _members(path)


def test_latest_names_the_folder_of_the_export(export: Path) -> None:
    assert (export.parent / "LATEST").read_bytes() == b"20261104-002025\n"
    assert export.name == "20261104-002025"


def test_the_five_small_files_come_first_and_the_tables_in_alphabetical_order(
    members: dict[str, bytes],
) -> None:
    names = list(members)

    assert names[:5] == HEAD
    assert names[5:] == sorted(names[5:])
    assert all(name.startswith("mbdump/") for name in names[5:])


def test_the_small_files_tell_the_time_and_the_sequences(members: dict[str, bytes]) -> None:
    assert members["TIMESTAMP"] == b"2026-11-04 00:20:25+00\n"
    assert members["SCHEMA_SEQUENCE"] == b"31\n"
    assert members["REPLICATION_SEQUENCE"].strip().isdigit()


def test_replication_control_repeats_the_sequences(
    members: dict[str, bytes], tables: dict[str, list[dict[str, str | None]]]
) -> None:
    (control,) = tables["replication_control"]

    assert control["current_schema_sequence"] == "31"
    assert control["current_replication_sequence"] == members["REPLICATION_SEQUENCE"].decode().strip()


def test_every_row_has_a_field_for_each_column_of_its_table(members: dict[str, bytes]) -> None:
    for name, content in members.items():
        if table := name.removeprefix("mbdump/") if name not in HEAD else None:
            counts = {line.count(b"\t") + 1 for line in content.splitlines()}
            assert counts == {len(COLUMNS[table])}, table


def test_every_quirk_of_a_real_export_occurs(tables: dict[str, list[dict[str, str | None]]]) -> None:
    for table in (
        "artist_alias",
        "artist_gid_redirect",
        "release_alias",
        "release_gid_redirect",
        "release_group_alias",
        "release_group_gid_redirect",
        "release_group_secondary_type_join",
        "release_unknown_country",
    ):
        assert len(tables[table]) >= 3, table


def test_no_table_that_a_mirror_of_albums_keeps_is_empty(tables: dict[str, list[dict[str, str | None]]]) -> None:
    assert {table.name for table in PROFILES["albums"]} <= set(tables)


def test_every_other_title_is_that_of_a_release_or_an_alias(
    tables: dict[str, list[dict[str, str | None]]],
) -> None:
    groups = {group["gid"]: group["id"] for group in tables["release_group"]}
    known = {(row["release_group"], row["name"]) for row in (*tables["release"], *tables["release_group_alias"])}

    assert {(groups[str(album.group_mbid)], title) for album in albums() for title in album.titles} <= known


def test_the_last_of_several_other_titles_is_also_an_alias_of_a_release(
    tables: dict[str, list[dict[str, str | None]]],
) -> None:
    last = {album.titles[-1] for album in albums() if len(album.titles) > 1}

    assert {alias["name"] for alias in tables["release_alias"]} == last


def test_a_comment_is_stored_with_its_album(tables: dict[str, list[dict[str, str | None]]]) -> None:
    comments = {group["gid"]: group["comment"] for group in tables["release_group"]}

    assert comments == {str(album.group_mbid): album.comment for album in albums()}


def test_the_years_worked_out_from_the_rows_are_those_of_the_catalogue(
    tables: dict[str, list[dict[str, str | None]]],
) -> None:
    group_of = {
        release["id"]: release["release_group"] for release in tables["release"] if release["status"] != "6"
    }
    years: dict[str | None, set[int]] = {}
    for event in (*tables["release_country"], *tables["release_unknown_country"]):
        if event["release"] in group_of and event["date_year"]:
            years.setdefault(group_of[event["release"]], set()).add(int(event["date_year"]))

    worked_out = {group["gid"]: min(years.get(group["id"], ()), default=None) for group in tables["release_group"]}
    assert worked_out == {str(album.group_mbid): album.year for album in albums()}


@pytest.mark.parametrize(
    ("table", "column", "target"),
    [
        ("artist_alias", "artist", "artist"),
        ("artist_alias", "type", "artist_alias_type"),
        ("artist_credit_name", "artist", "artist"),
        ("artist_credit_name", "artist_credit", "artist_credit"),
        ("artist_gid_redirect", "new_id", "artist"),
        ("country_area", "area", "area"),
        ("medium", "release", "release"),
        ("recording", "artist_credit", "artist_credit"),
        ("release", "artist_credit", "artist_credit"),
        ("release", "release_group", "release_group"),
        ("release", "status", "release_status"),
        ("release_alias", "release", "release"),
        ("release_alias", "type", "release_alias_type"),
        ("release_country", "country", "area"),
        ("release_country", "release", "release"),
        ("release_gid_redirect", "new_id", "release"),
        ("release_group", "artist_credit", "artist_credit"),
        ("release_group", "type", "release_group_primary_type"),
        ("release_group_alias", "release_group", "release_group"),
        ("release_group_alias", "type", "release_group_alias_type"),
        ("release_group_gid_redirect", "new_id", "release_group"),
        ("release_group_secondary_type_join", "release_group", "release_group"),
        ("release_group_secondary_type_join", "secondary_type", "release_group_secondary_type"),
        ("release_unknown_country", "release", "release"),
        ("track", "medium", "medium"),
        ("track", "recording", "recording"),
    ],
)
def test_every_reference_has_its_row(
    tables: dict[str, list[dict[str, str | None]]], table: str, column: str, target: str
) -> None:
    assert {row[column] for row in tables[table]} <= {row["id"] for row in tables[target]}


@pytest.mark.parametrize(
    "table", ["artist", "artist_credit", "medium", "recording", "release", "release_group", "track"]
)
def test_ids_and_mbids_are_unique(tables: dict[str, list[dict[str, str | None]]], table: str) -> None:
    for column in ("id", "gid"):
        assert len({row[column] for row in tables[table]}) == len(tables[table])


@pytest.mark.parametrize("table", ["artist", "release", "release_group"])
def test_a_redirected_mbid_is_not_in_use(tables: dict[str, list[dict[str, str | None]]], table: str) -> None:
    retired = {row["gid"] for row in tables[f"{table}_gid_redirect"]}

    assert retired.isdisjoint({row["gid"] for row in tables[table]})


def test_various_artists_are_the_first_artist(tables: dict[str, list[dict[str, str | None]]]) -> None:
    assert (tables["artist"][0]["id"], tables["artist"][0]["name"]) == ("1", "Various Artists")


def test_the_archive_is_one_bz2_stream(export: Path) -> None:
    stream = bz2.BZ2Decompressor()
    stream.decompress((export / "mbdump.tar.bz2").read_bytes())

    assert stream.eof
    assert stream.unused_data == b""


@pytest.mark.parametrize("algorithm", ["sha256", "md5"])
def test_the_checksums_are_those_of_the_archive(export: Path, algorithm: str) -> None:
    digest = hashlib.new(algorithm, (export / "mbdump.tar.bz2").read_bytes()).hexdigest()

    assert (export / f"{algorithm.upper()}SUMS").read_text() == f"{digest} *mbdump.tar.bz2\n"


def test_the_same_export_twice_gives_the_same_bytes(export: Path, tmp_path: Path) -> None:
    again = write_demo_export(tmp_path)

    for name in ("mbdump.tar.bz2", "SHA256SUMS", "MD5SUMS"):
        assert (again / name).read_bytes() == (export / name).read_bytes()


def test_a_table_without_rows_has_no_member(tmp_path: Path) -> None:
    members = _write(tmp_path / "mbdump.tar.bz2", release_country=[], country_area=[[81]])

    assert list(members) == [*HEAD, "mbdump/country_area"]


def test_an_export_that_cannot_be_replicated_has_an_empty_sequence(tmp_path: Path) -> None:
    path = tmp_path / "mbdump.tar.bz2"
    write_archive(path, {}, timestamp=NOON, replication_sequence=None, schema_sequence=31)

    assert _members(path)["REPLICATION_SEQUENCE"] == b""


def test_rows_may_be_generated_while_they_are_written(tmp_path: Path) -> None:
    path = tmp_path / "mbdump.tar.bz2"
    rows = ((number,) for number in range(3))
    write_archive(path, {"country_area": rows}, timestamp=NOON, replication_sequence=7, schema_sequence=31)

    assert _members(path)["mbdump/country_area"] == b"0\n1\n2\n"


@pytest.mark.parametrize(
    "name", ["a\tb", "a\nb", "a\r\nb", "\b\f\v", "C:\\new\\table", r"\N", "\\", "", "Кино 久石譲 ÷"]
)
def test_a_name_survives_the_escaping(name: str) -> None:
    line = copy_line([1, name, None])

    assert line.count(b"\n") == 1
    assert _fields(line) == ["1", name, None]


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, rb"\N"),
        (True, b"t"),
        (False, b"f"),
        (-1, b"-1"),
        (NOON, b"2026-09-05 12:00:00.123456+00"),
        ("", b""),
    ],
)
def test_a_value_is_written_as_postgresql_writes_it(value: object, text: bytes) -> None:
    assert copy_line([value]) == text + b"\n"
