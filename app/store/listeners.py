"""Listeners: who they are at Last.fm, and how everything about one is forgotten."""

from dataclasses import dataclass
from datetime import datetime

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
    registered_at: datetime
    checked_at: datetime


def key(username: str) -> str:
    """What a name is stored under: Last.fm's names do not differ by case."""
    return username.casefold()


def find(connection: Connection, username: str) -> Listener | None:
    """The listener of that name, in any case, or None."""
    with connection.cursor(row_factory=class_row(Listener)) as cursor:
        cursor.execute(
            """
            SELECT id, username, username_key, available_years, playcount, registered_at, checked_at
            FROM lastfm_users
            WHERE username_key = %s
            """,
            [key(username)],
        )
        return cursor.fetchone()


def save(
    connection: Connection,
    username: str,
    *,
    available_years: list[int],
    playcount: int,
    registered_at: datetime,
) -> Listener:
    """Keeps what Last.fm just said of a listener, new or known."""
    with connection.cursor(row_factory=class_row(Listener)) as cursor:
        row = cursor.execute(
            """
            INSERT INTO lastfm_users (username, username_key, available_years, playcount, registered_at)
            VALUES (%s, %s, %s, %s, %s)
            ON CONFLICT (username_key) DO UPDATE
            SET username = EXCLUDED.username,
                available_years = EXCLUDED.available_years,
                playcount = EXCLUDED.playcount,
                registered_at = EXCLUDED.registered_at,
                checked_at = now()
            RETURNING id, username, username_key, available_years, playcount, registered_at, checked_at
            """,
            [username, key(username), available_years, playcount, registered_at],
        ).fetchone()
    assert row is not None  # noqa: S101  an upsert without a condition returns its row
    return row


def forget(connection: Connection, username: str) -> bool:
    """Deletes a listener with every scrobble and every job; whether there was anything to delete."""
    jobs = connection.execute("DELETE FROM fetch_jobs WHERE username_key = %s", [key(username)]).rowcount
    people = connection.execute("DELETE FROM lastfm_users WHERE username_key = %s", [key(username)]).rowcount
    return jobs + people > 0
