"""What must hold of a new import before anybody reads it."""

from mirror.database import Connection
from mirror.errors import ExportBroken

# Each counts what there must be none of.
FAULTS = {
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


def check(connection: Connection) -> None:
    """Refuse an import that is not sound in itself."""
    for fault, query in FAULTS.items():
        row = connection.execute(query).fetchone()
        if row and row[0]:
            raise ExportBroken(f"{fault}: {row[0]}")
