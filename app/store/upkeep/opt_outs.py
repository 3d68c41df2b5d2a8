"""Opt-outs: the names that were forgotten for good, as they are taken to another database.

Names themselves are not stored: what is taken along is hashes, with the key that makes them.
"""

from dataclasses import dataclass

from app.events import new_run
from app.store.database import Connection
from app.store.forgetting import ALL_NAMES


class OtherKey(Exception):
    """This database has forgotten names of its own, hashed with another key, so that these cannot join them.

    Import into a database that has none yet.
    """


@dataclass(frozen=True)
class OptOuts:
    """The hashes of names that were forgotten for good, and the key that makes them."""

    key: bytes
    hashes: tuple[bytes, ...]


def read(connection: Connection) -> OptOuts:
    """Return all of them, in the order of their hashes."""
    key = connection.execute("SELECT secret FROM forgotten_names_key").fetchone()
    assert key is not None  # noqa: S101  the migration has made it
    rows = connection.execute("SELECT name_hash FROM forgotten_names WHERE for_good ORDER BY name_hash")
    return OptOuts(bytes(key[0]), tuple(bytes(row[0]) for row in rows))


def add(connection: Connection, found: OptOuts) -> int:
    """Add what this database does not have, and return how many these are. May run twice. Needs a transaction.

    What is stored about these listeners stays, as `stored_names` tells. Raises OtherKey.
    """
    connection.execute("LOCK TABLE forgotten_names IN SHARE ROW EXCLUSIVE MODE")
    if read(connection).key != found.key:
        if connection.execute("SELECT FROM forgotten_names WHERE name_hash <> %s LIMIT 1", [ALL_NAMES]).rowcount:
            raise OtherKey
        connection.execute("UPDATE forgotten_names_key SET secret = %s", [found.key])
    return connection.execute(
        """
        INSERT INTO forgotten_names (name_hash, voids_runs_before, for_good)
        SELECT name_hash, %s, TRUE FROM unnest(%s::bytea[]) AS given (name_hash)
        ON CONFLICT (name_hash) DO UPDATE SET for_good = TRUE WHERE NOT forgotten_names.for_good
        """,
        [new_run(), list(found.hashes)],
    ).rowcount


def stored_names(connection: Connection) -> list[str]:
    """Return the listeners of whom something is stored though they were forgotten for good."""
    rows = connection.execute(
        """
        SELECT DISTINCT username_key
        FROM (SELECT username_key FROM lastfm_users UNION SELECT username_key FROM fetch_jobs) AS stored
        JOIN forgotten_names ON name_hash = name_hash(username_key) AND for_good
        ORDER BY username_key
        """
    )
    return [str(row[0]) for row in rows]


def voided_names(connection: Connection) -> list[str]:
    """Return the listeners of whom something is stored that was voided afterwards, as a dump brings back."""
    rows = connection.execute(
        """
        SELECT DISTINCT username_key
        FROM (SELECT username_key FROM lastfm_users UNION SELECT username_key FROM fetch_jobs) AS stored
        JOIN forgotten_names AS forgotten ON name_hash IN (name_hash(username_key), %s)
        WHERE for_good OR NOT EXISTS (
            SELECT FROM fetch_jobs
            WHERE fetch_jobs.username_key = stored.username_key AND run >= voids_runs_before
        )
        ORDER BY username_key
        """,
        [ALL_NAMES],
    )
    return [str(row[0]) for row in rows]
