"""DDL of what we keep, and the statements of an import that run over whole tables."""

import re
from collections import defaultdict
from importlib.resources import files

# What a profile has; a later one has all that an earlier one has.
TABLES = {"albums": ("tables.sql",), "recordings": ("tables.sql", "recordings_tables.sql")}
INDEXES = {"albums": ("indexes.sql",), "recordings": ("indexes.sql", "recordings_indexes.sql")}
DERIVED = {
    "albums": ("release_group_meta",),
    "recordings": ("release_group_meta", "recording_first_release_date"),
}
INDEXED = re.compile(rb"^(?:ALTER TABLE|CREATE .*\bON) (\w+)", re.MULTILINE)


def statements(name: str) -> list[bytes]:
    """The statements of one of the files here, in their order."""
    parts = (files(__name__) / name).read_bytes().split(b";\n")
    return [statement for part in parts if (statement := part.strip())]


def create_tables(profile: str) -> list[bytes]:
    """The tables of a profile, without keys and indexes."""
    return [statement for name in TABLES[profile] for statement in statements(name)]


def indexes(profile: str) -> dict[str, list[bytes]]:
    """The keys and indexes of each table of a profile."""
    found = defaultdict(list)
    for name in INDEXES[profile]:
        for statement in statements(name):
            if table := INDEXED.search(statement):
                found[table[1].decode()].append(statement)
    return dict(found)


def derivations(profile: str) -> dict[str, list[bytes]]:
    """What fills each table that is not in the export, in the order in which one needs the other."""
    return {table: statements(f"{table}.sql") for table in DERIVED[profile]}
