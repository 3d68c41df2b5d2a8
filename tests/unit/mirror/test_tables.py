"""What a mirror keeps."""

import re
from importlib.resources import files

import pytest

from demo.musicbrainz import COLUMNS
from mirror.sql import statements
from mirror.tables import ALBUMS, Table


@pytest.mark.parametrize("table", ALBUMS, ids=lambda table: table.name)
def test_the_dumped_columns_are_those_of_the_export(table: Table) -> None:
    assert table.dumped == COLUMNS[table.name]


@pytest.mark.parametrize("table", ALBUMS, ids=lambda table: table.name)
def test_the_kept_columns_are_those_of_the_ddl(table: Table) -> None:
    ddl = (files("mirror.sql") / "tables.sql").read_text()
    body = re.search(rf"CREATE TABLE {table.name} \((.*?)\n\);", ddl, re.DOTALL)
    assert body is not None
    assert tuple(line.split()[0] for line in body[1].strip().splitlines()) == table.kept


@pytest.mark.parametrize("table", ALBUMS, ids=lambda table: table.name)
def test_every_table_has_its_reason_and_keeps_its_columns_in_order(table: Table) -> None:
    assert table.why
    assert list(table.positions) == sorted(table.positions)


def test_every_kept_table_gets_a_key() -> None:
    keys = re.findall(r"ALTER TABLE (\w+) ADD PRIMARY KEY", b"\n".join(statements("indexes.sql")).decode())
    assert sorted(keys) == sorted(table.name for table in ALBUMS)
