"""Check that a new import is consistent before anybody reads it."""

from mirror.database import Connection
from mirror.errors import ExportBroken

# Each query counts something that must not occur.
FAULT_COUNTS = {
    "releases without their release group": b"""
        SELECT count(*)
        FROM release
        LEFT JOIN release_group ON release_group.id = release.release_group
        WHERE release_group.id IS NULL
    """,
    "release groups without their artist credit": b"""
        SELECT count(*)
        FROM release_group
        LEFT JOIN artist_credit ON artist_credit.id = release_group.artist_credit
        WHERE artist_credit.id IS NULL
    """,
    "mirrors without a single release group": b"""
        SELECT (NOT EXISTS (SELECT FROM release_group))::integer
    """,
}


def check_import(connection: Connection) -> None:
    """Raise ExportBroken if the imported tables contradict each other."""
    for fault, query in FAULT_COUNTS.items():
        row = connection.execute(query).fetchone()
        if row and row[0]:
            raise ExportBroken(f"{fault}: {row[0]}")
