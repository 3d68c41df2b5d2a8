"""Migrations: applied once, in order, under a lock; what was applied may not change."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from app.store import Connection, connect, migrate


def test_a_second_time_finds_nothing_to_do(empty_database: str) -> None:
    with connect(empty_database) as connection:
        names = [name for name, _ in migrate.migrations()]
        assert names == sorted(names) != []
        assert migrate.outstanding(connection) == names
        assert migrate.migrate(connection) == names
        assert migrate.migrate(connection) == []
        assert migrate.outstanding(connection) == []


def test_many_at_once_apply_each_file_once(empty_database: str) -> None:
    def apply(_: int) -> list[str]:
        with connect(empty_database) as connection:
            return migrate.migrate(connection)

    with ThreadPoolExecutor(8) as pool:
        applied = [name for names in pool.map(apply, range(8)) for name in names]
    assert sorted(applied) == [name for name, _ in migrate.migrations()]


def test_an_applied_file_that_was_edited_is_refused(
    connection: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    name, text = migrate.migrations()[0]
    monkeypatch.setattr(migrate, "migrations", lambda: [(name, text + "-- edited")])
    with pytest.raises(migrate.MigrationChanged, match=name):
        migrate.migrate(connection)


def test_a_file_that_fails_leaves_nothing_behind(connection: Connection, monkeypatch: pytest.MonkeyPatch) -> None:
    broken = ("9999_broken.sql", "CREATE TABLE half (id int); SELECT 1 / 0;")
    monkeypatch.setattr(migrate, "migrations", lambda: [broken])
    with pytest.raises(Exception, match="division by zero"):
        migrate.migrate(connection)
    assert connection.execute("SELECT to_regclass('half')").fetchone() == (None,)
    assert migrate.outstanding(connection) == [broken[0]]


def test_a_file_can_be_added_to_a_database_in_use(connection: Connection, monkeypatch: pytest.MonkeyPatch) -> None:
    later = ("9999_later.sql", "CREATE TABLE later (id int);")
    files = [*migrate.migrations(), later]
    monkeypatch.setattr(migrate, "migrations", lambda: files)
    assert migrate.migrate(connection) == [later[0]]


def test_every_migration_is_packaged_with_the_code() -> None:
    folder = Path(migrate.__file__).parent / "migrations"
    assert [name for name, _ in migrate.migrations()] == sorted(path.name for path in folder.glob("*.sql"))
