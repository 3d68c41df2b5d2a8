"""Tables are rewritten without what was removed from them, and nobody has to wait for a long reader meanwhile."""

import pytest

from app.store import Connection, connect
from app.store.upkeep import room


def files(connection: Connection) -> dict[str, int]:
    query = "SELECT name, pg_relation_filenode(name::regclass) FROM unnest(%s::text[]) AS name"
    return dict(connection.execute(query, [list(room.TABLES)]).fetchall())


def test_a_table_that_somebody_reads_for_long_is_left_for_the_next_time(
    connection: Connection, database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(room, "COMPACT_TRIES", 2)
    monkeypatch.setattr(room, "COMPACT_SECONDS", 5.0)
    before = files(connection)
    with connect(database_url) as reader, reader.transaction():
        reader.execute("SELECT FROM albums")
        room.compact(connection)
        after = files(connection)
        assert {name for name in room.TABLES if after[name] == before[name]} == {"albums"}
    room.compact(connection)
    assert files(connection)["albums"] != before["albums"]
