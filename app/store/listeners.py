"""Listeners: who they are at Last.fm."""

from dataclasses import dataclass, fields
from datetime import datetime
from uuid import UUID

from psycopg.rows import class_row

from app.store.database import Connection


@dataclass(frozen=True)
class Listener:
    """A row of `lastfm_users`."""

    id: int
    username: str
    username_key: str
    available_years: list[int]
    playcount: int
    registered_at: datetime | None
    first_year: int | None
    checked_at: datetime


class Forgotten(Exception):
    """The listener was forgotten after this run was queued, or for good. Stop: it may store nothing about them."""


_COLUMNS = ", ".join(column.name for column in fields(Listener))


def username_key(username: str) -> str:
    """Return the key of a name: names at Last.fm do not differ by case."""
    return username.casefold()


def find(connection: Connection, username: str) -> Listener | None:
    """Find the listener of that name, in upper or lower case."""
    with connection.cursor(row_factory=class_row(Listener)) as cursor:
        cursor.execute(
            f"SELECT {_COLUMNS} FROM lastfm_users WHERE username_key = %s".encode(),  # noqa: S608  our own column names
            [username_key(username)],
        )
        return cursor.fetchone()


def all_keys(connection: Connection) -> set[str]:
    """Return the keys of all listeners."""
    return {row[0] for row in connection.execute("SELECT username_key FROM lastfm_users")}


def save(
    connection: Connection,
    username: str,
    *,
    available_years: list[int],
    playcount: int,
    registered_at: datetime | None,
    run: UUID | None = None,
) -> Listener:
    """Store what Last.fm says about a listener, new or known. Needs a transaction.

    Raises Forgotten if they were forgotten for good, or since `run` was queued.
    """
    lock_name(connection, username_key(username))
    with connection.cursor(row_factory=class_row(Listener)) as cursor:
        row = cursor.execute(
            f"""
            INSERT INTO lastfm_users (username, username_key, available_years, playcount, registered_at)
            SELECT %(username)s, %(key)s, %(years)s, %(playcount)s, %(registered_at)s
            WHERE NOT EXISTS (
                SELECT FROM forgotten_names
                WHERE name_hash IN (name_hash(%(key)s), '') AND (for_good OR voids_runs_before > %(run)s)
            )
            ON CONFLICT (username_key) DO UPDATE
            SET username = EXCLUDED.username,
                available_years = EXCLUDED.available_years,
                playcount = EXCLUDED.playcount,
                registered_at = EXCLUDED.registered_at,
                checked_at = now()
            RETURNING {_COLUMNS}
            """.encode(),  # noqa: S608  our own column names
            {
                "username": username,
                "key": username_key(username),
                "years": available_years,
                "playcount": playcount,
                "registered_at": registered_at,
                "run": run,
            },
        ).fetchone()
    if row is None:
        raise Forgotten
    return row


def lock_name(connection: Connection, key: str) -> None:
    """Have whoever stores or forgets the listener of this key wait for the other, until the transaction ends."""
    connection.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [key])


def save_first_year(
    connection: Connection, listener: Listener, first_year: int, available_years: list[int]
) -> None:
    """Store the year in which the listener's plays begin."""
    connection.execute(
        "UPDATE lastfm_users SET first_year = %s, available_years = %s WHERE id = %s",
        [first_year, available_years, listener.id],
    )


def rename(connection: Connection, listener: Listener, username: str) -> None:
    """Give the listener, and their years that are not being fetched, another name; unless it is stored already.

    For `forgetting.rename`, which sees whether that may be.
    """
    names = {"old": listener.username_key, "key": username_key(username), "name": username}
    # The jobs first, as whoever stores plays locks them.
    connection.execute(
        """
        UPDATE fetch_jobs
        SET username_key = %(key)s
        WHERE username_key = %(old)s
          AND status IN ('completed', 'failed')
          AND year NOT IN (SELECT year FROM fetch_jobs WHERE username_key = %(key)s)
          AND NOT EXISTS (SELECT FROM lastfm_users WHERE username_key = %(key)s)
        """,
        names,
    )
    connection.execute(
        """
        UPDATE lastfm_users
        SET username = %(name)s, username_key = %(key)s
        WHERE username_key = %(old)s
          AND NOT EXISTS (SELECT FROM lastfm_users WHERE username_key = %(key)s)
        """,
        names,
    )
