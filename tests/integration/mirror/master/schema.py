"""The schema of MusicBrainz itself, with its own triggers and its own replication (dbmirror2), out of `mbdata`.

What is left out: indexes and foreign keys of tables that stay empty here; the ICU collation, which the server of
the tests does not have (no table that we look at is sorted by it); and the triggers that keep artist_release and
artist_release_group, which are not replicated and slow while transactions stay open.
"""

import re
from importlib.resources import files

from psycopg import sql

from mirror.database import Connection

# In the order in which MusicBrainz creates its own database.
SCRIPTS = (
    "Extensions",
    "CreateTypes",
    "CreateTables",
    "CreatePrimaryKeys",
    "CreateSearchConfiguration",
    "CreateFunctions",
    "CreateIndexes",
    "CreateFKConstraints",
    "CreateConstraints",
    "CreateTriggers",
    "dbmirror2/dbmirror2",
    "CreateReplicationTriggers2",
)

# The tables of the core archive that a master of ours has rows in.
CORE: tuple[str, ...] = (
    *("area", "country_area", "label", "url", "isrc", "replication_control"),
    *("artist", "artist_alias", "artist_gid_redirect"),
    *("artist_credit", "artist_credit_gid_redirect", "artist_credit_name"),
    *("medium", "medium_gid_redirect", "track", "track_gid_redirect", "recording", "recording_gid_redirect"),
    *("release", "release_alias", "release_country", "release_gid_redirect", "release_label"),
    *("release_status", "release_unknown_country"),
    *("release_group", "release_group_alias", "release_group_gid_redirect", "release_group_primary_type"),
    *("release_group_secondary_type", "release_group_secondary_type_join"),
)

# What the master keeps besides: derived, logged or waiting. None of it is in the core archive.
BESIDES: tuple[str, ...] = (
    *("artist_meta", "label_meta", "recording_meta", "release_meta", "release_group_meta"),
    *("release_first_release_date", "recording_first_release_date", "unreferenced_row_log"),
    *("artist_release_group_pending_update", "artist_release_pending_update"),
)

QUEUES = ("pending_data", "pending_keys", "pending_ts")

# What such a statement is about.
TABLE = re.compile(r"\b(?:ALTER TABLE|ON) (\w+)")


def create_schema(connection: Connection) -> None:
    """Make an empty database the master's."""
    connection.execute("CREATE SCHEMA musicbrainz")
    connection.execute("CREATE SCHEMA dbmirror2")
    for script in SCRIPTS:
        connection.execute(_script(script))
    slow = connection.execute(
        "SELECT tgrelid::regclass::text, tgname FROM pg_trigger WHERE tgname LIKE 'apply_artist%'"
    )
    for table, trigger in slow.fetchall():
        names = sql.Identifier("musicbrainz", str(table)), sql.Identifier(str(trigger))
        connection.execute(sql.SQL("ALTER TABLE {} DISABLE TRIGGER {}").format(*names))


def empty(connection: Connection) -> None:
    """Take out every row; no trigger notices. TRUNCATE would have to visit the hundreds of tables around these."""
    tables = [("musicbrainz", table) for table in (*CORE, *BESIDES)] + [("dbmirror2", table) for table in QUEUES]
    with connection.transaction():
        connection.execute("SET LOCAL session_replication_role = replica")
        for schema, table in tables:
            connection.execute(sql.SQL("DELETE FROM {}").format(sql.Identifier(schema, table)))


def _script(name: str) -> bytes:
    text = (files("mbdata") / "sql" / f"{name}.sql").read_text(encoding="utf-8")
    text = re.sub(r"(?m)^\\.*$", "", text)  # commands to psql
    text = re.sub(r"COLLATE (musicbrainz\.)?musicbrainz\b", "", text)
    return (_ours(text) if name in {"CreateIndexes", "CreateFKConstraints"} else text).encode()


def _ours(statements: str) -> str:
    """Those statements that are about tables with rows."""
    tables = {*CORE, *BESIDES}
    return ";\n".join(s for s in statements.split(";\n") if not (m := TABLE.search(s)) or m[1] in tables)
