"""Tracks and albums that nobody needs: they can be removed, however many there are and however long that takes."""

from concurrent.futures import ThreadPoolExecutor

from app.store import Connection, connect
from app.store.upkeep import orphans
from tests.conftest import wait_until


def test_every_reference_to_a_table_is_found_by_an_index(connection: Connection) -> None:
    """Or each row that is removed has the other table read as a whole."""
    without = connection.execute(
        """
        SELECT conrelid::regclass::text, conname
        FROM pg_constraint
        WHERE contype = 'f'
          AND connamespace = 'public'::regnamespace
          AND NOT EXISTS (
              SELECT
              FROM pg_index
              WHERE indrelid = conrelid AND indkey[0] = conkey[1] AND indpred IS NULL
          )
        """
    ).fetchall()
    assert without == []


def test_a_removal_may_take_longer_than_other_statements(connection: Connection, database_url: str) -> None:
    def remove() -> tuple[int, int]:
        with connect(database_url, "removal", silence=0.1) as ours, ours.transaction():
            removed = orphans.remove(ours)
            limit = ours.execute("SELECT current_setting('statement_timeout')::interval").fetchone()
            assert limit is not None
            assert limit[0].total_seconds() == orphans.REMOVAL_SECONDS
            return removed

    query = """
        SELECT FROM pg_stat_activity
        WHERE application_name = 'removal'
          AND wait_event = 'advisory'
          AND query_start < now() - interval '1 second'
    """
    with ThreadPoolExecutor(1) as pool:
        with connection.transaction():
            connection.execute("SELECT pg_advisory_xact_lock_shared(%s)", [orphans.LOCK])
            removal = pool.submit(remove)
            with connect(database_url) as other:
                wait_until(lambda: removal.done() or other.execute(query).rowcount)
            assert not removal.done(), "it is given up after a while without an answer"
        assert removal.result() == (0, 0)
