"""DDL of what we keep, and the statements that compute what MusicBrainz does not publish."""

import re
from collections import defaultdict
from importlib.resources import files

# What a profile has; a later one has all that an earlier one has.
TABLES = {"albums": ("tables.sql",), "recordings": ("tables.sql", "recordings_tables.sql")}
INDEXES = {"albums": ("indexes.sql",), "recordings": ("indexes.sql", "recordings_indexes.sql")}
NAMES = {
    "albums": ("album_name", "artist_name", "artist_news"),
    "recordings": ("album_name", "artist_name", "artist_news", "recording_name"),
}
DERIVED = {
    "albums": {"release_group": "release_group_dated.sql"},
    "recordings": {
        "release_group": "release_group_dated.sql",
        "recording_first_release_date": "recording_first_release_date.sql",
    },
}
INDEXED = re.compile(rb"^(?:ALTER TABLE|CREATE .*\bON) (\w+)", re.MULTILINE)


def statements(name: str) -> list[bytes]:
    """The statements of one of the files here, in their order."""
    return [statement for part in _read(name).split(b";\n") if (statement := part.strip())]


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
    """What completes each table that is not, or not as we keep it, in the export."""
    dates = {"release_group": release_group_dates(), "recording_first_release_date": recording_dates()}
    return {
        table: [statement.replace(b"{dates}", dates[table]) for statement in statements(name)]
        for table, name in DERIVED[profile].items()
    }


def release_group_dates(of: bytes = b"") -> bytes:
    """Rows (id, first_release_date, year) of all groups, or of those that this query selects."""
    return _read("release_group_dates.sql").replace(
        b"{only}", b"WHERE release.release_group IN (%b)" % of if of else b""
    )


def recording_dates(of: bytes = b"") -> bytes:
    """Rows (recording, year, month, day) of all recordings, or of those that this query selects."""
    recordings = b"WHERE track.recording IN (%b)" % of if of else b""
    releases = (
        b"WHERE release.id IN (SELECT medium.release FROM track JOIN medium ON medium.id = track.medium %b)"
        % recordings
        if of
        else b""
    )
    query = _read("recording_dates.sql")
    return query.replace(b"{only_releases}", releases).replace(b"{only_recordings}", recordings)


def album_titles(of: bytes = b"") -> bytes:
    """Rows (release_group, name) of all groups, or of those that this query selects."""
    return _read("album_titles.sql").replace(b"{of_groups}", b"WHERE release_group.id IN (%b)" % of if of else b"")


def artist_names(of: bytes = b"") -> bytes:
    """Rows (artist, name) of all artists who have albums, or of those that this query selects."""
    return _read("artist_names.sql").replace(b"{of_artists}", b"AND artist IN (%b)" % of if of else b"")


def recording_titles(of: bytes = b"") -> bytes:
    """Rows (recording, name) of all recordings, or of those that this query selects."""
    return _read("recording_titles.sql").replace(b"{of_recordings}", b"WHERE id IN (%b)" % of if of else b"")


def _read(name: str) -> bytes:
    return (files(__name__) / name).read_bytes()
