"""What a mirror keeps."""

import re
from importlib.resources import files

import pytest

from mirror.sql import DERIVED_FILES, INDEX_FILES, NAME_TABLES, TABLE_FILES, create_tables, derivations, indexes
from mirror.tables import DISK_FACTORS, PROFILES, Table

# What we compute is beside what we keep.
COMPUTED = {"release_group": {"year", "first_release_date"}}


@pytest.mark.parametrize("table", PROFILES["recordings"], ids=lambda table: table.name)
def test_the_dumped_columns_are_those_of_musicbrainz(table: Table) -> None:
    ddl = (files("mbdata") / "sql" / "CreateTables.sql").read_text(encoding="utf-8")
    body = re.search(rf"^CREATE TABLE {table.name} \((.*?)\n\n", ddl, re.DOTALL | re.MULTILINE)
    assert body is not None
    assert table.dumped == tuple(re.findall(r"^ {2,4}([a-z]\w*) +[A-Z]", body[1], re.MULTILINE))


@pytest.mark.parametrize("table", PROFILES["recordings"], ids=lambda table: table.name)
def test_the_kept_columns_are_those_of_the_ddl(table: Table) -> None:
    ddl = "\n".join((files("mirror.sql") / name).read_text() for name in TABLE_FILES["recordings"])
    body = re.search(rf"CREATE TABLE {table.name} \((.*?)\n\);", ddl, re.DOTALL)
    assert body is not None
    columns = {line.split()[0] for line in body[1].strip().splitlines()}
    assert columns - COMPUTED.get(table.name, set()) == set(table.kept)


@pytest.mark.parametrize("table", PROFILES["recordings"], ids=lambda table: table.name)
def test_the_key_is_that_of_musicbrainz(table: Table) -> None:
    ddl = (files("mbdata") / "sql" / "CreatePrimaryKeys.sql").read_text(encoding="utf-8")
    assert (
        f"ALTER TABLE {table.name} ADD CONSTRAINT {table.name}_pkey PRIMARY KEY ({', '.join(table.key)});" in ddl
    )


@pytest.mark.parametrize("table", PROFILES["recordings"], ids=lambda table: table.name)
def test_every_table_has_its_reason_and_keeps_its_columns_in_order(table: Table) -> None:
    assert table.why
    assert list(table.positions) == sorted(table.positions)


@pytest.mark.parametrize("profile", PROFILES)
def test_every_kept_table_is_indexed_by_its_key(profile: str) -> None:
    built = indexes(profile)
    assert set(built) == {table.name for table in PROFILES[profile]} | {
        *derivations(profile),
        *NAME_TABLES[profile],
    }
    for table in PROFILES[profile]:
        assert f"({table.key[0]}".encode() in built[table.name][0], table.name


@pytest.mark.parametrize("profile", PROFILES)
def test_every_table_is_either_kept_or_derived(profile: str) -> None:
    created = set(re.findall(r"CREATE TABLE (\w+)", b"\n".join(create_tables(profile)).decode()))
    kept = {table.name for table in PROFILES[profile]}
    assert created - {"mirror_state"} == kept | {*derivations(profile), *NAME_TABLES[profile]}


def test_the_larger_profile_has_all_of_the_smaller_one() -> None:
    assert set(PROFILES["albums"]) < set(PROFILES["recordings"])
    assert (
        set(PROFILES)
        == set(DISK_FACTORS)
        == set(TABLE_FILES)
        == set(INDEX_FILES)
        == set(DERIVED_FILES)
        == set(NAME_TABLES)
    )
