"""What a mirror keeps."""

import re
from importlib.resources import files

import pytest

from demo.musicbrainz import COLUMNS
from mirror.sql import DERIVED, INDEXES, NAMES, TABLES, create_tables, derivations, indexes
from mirror.tables import PROFILES, ROOM, Table

# What we compute is beside what we keep.
COMPUTED = {"release_group": {"year", "first_release_date"}}


@pytest.mark.parametrize("table", PROFILES["recordings"], ids=lambda table: table.name)
def test_the_dumped_columns_are_those_of_the_export(table: Table) -> None:
    assert table.dumped == COLUMNS[table.name]


@pytest.mark.parametrize("table", PROFILES["recordings"], ids=lambda table: table.name)
def test_the_kept_columns_are_those_of_the_ddl(table: Table) -> None:
    ddl = "\n".join((files("mirror.sql") / name).read_text() for name in TABLES["recordings"])
    body = re.search(rf"CREATE TABLE {table.name} \((.*?)\n\);", ddl, re.DOTALL)
    assert body is not None
    columns = {line.split()[0] for line in body[1].strip().splitlines()}
    assert columns - COMPUTED.get(table.name, set()) == set(table.kept)


@pytest.mark.parametrize("table", PROFILES["recordings"], ids=lambda table: table.name)
def test_every_table_has_its_reason_and_keeps_its_columns_in_order(table: Table) -> None:
    assert table.why
    assert list(table.positions) == sorted(table.positions)


@pytest.mark.parametrize("profile", PROFILES)
def test_every_kept_table_gets_a_key(profile: str) -> None:
    built = indexes(profile)
    assert set(built) == {table.name for table in PROFILES[profile]} | {*derivations(profile), *NAMES[profile]}
    for table in {*built} - {"album_name", "artist_name", "recording_name"}:
        assert b"ADD PRIMARY KEY" in built[table][0], table


@pytest.mark.parametrize("profile", PROFILES)
def test_every_table_is_either_kept_or_derived(profile: str) -> None:
    created = set(re.findall(r"CREATE TABLE (\w+)", b"\n".join(create_tables(profile)).decode()))
    kept = {table.name for table in PROFILES[profile]}
    assert created - {"mirror_state"} == kept | {*derivations(profile), *NAMES[profile]}


def test_the_larger_profile_has_all_of_the_smaller_one() -> None:
    assert set(PROFILES["albums"]) < set(PROFILES["recordings"])
    assert set(PROFILES) == set(ROOM) == set(TABLES) == set(INDEXES) == set(DERIVED) == set(NAMES)
