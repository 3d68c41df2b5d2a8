"""The DDL of the mirror, and the queries that compute what MusicBrainz does not publish.

May import `mirror.plausible_years` only.
"""

import re
from collections import defaultdict
from importlib.resources import files

from mirror.plausible_years import EARLIEST_RELEASE_YEAR

# By profile. The profile recordings has everything that albums has.
TABLE_FILES = {"albums": ("tables.sql",), "recordings": ("tables.sql", "recordings_tables.sql")}
INDEX_FILES = {"albums": ("indexes.sql",), "recordings": ("indexes.sql", "recordings_indexes.sql")}
NAME_TABLES = {
    "albums": ("album_name", "artist_name", "artist_news"),
    "recordings": ("album_name", "artist_name", "artist_news", "recording_name"),
}
DERIVED_FILES = {
    "albums": {"release_group": "build_dated_release_groups.sql"},
    "recordings": {
        "release_group": "build_dated_release_groups.sql",
        "recording_first_release_date": "recording_first_release_date.sql",
    },
}
INDEXED = re.compile(rb"^(?:ALTER TABLE|CREATE .*\bON) (\w+)", re.MULTILINE)


def statements(name: str) -> list[bytes]:
    """Return the statements of a file of this folder."""
    return [statement for part in _read(name).split(b";\n") if (statement := part.strip())]


def create_tables(profile: str) -> list[bytes]:
    """Return the statements that create the tables of a profile, without keys and indexes."""
    return [statement for name in TABLE_FILES[profile] for statement in statements(name)]


def indexes(profile: str) -> dict[str, list[bytes]]:
    """Return the statements that create the keys and indexes of each table of a profile."""
    found = defaultdict(list)
    for name in INDEX_FILES[profile]:
        for statement in statements(name):
            if table := INDEXED.search(statement):
                found[table[1].decode()].append(statement)
    return dict(found)


def derivations(profile: str) -> dict[str, list[bytes]]:
    """Return the statements that complete each table that the export lacks, or has with fewer columns."""
    dates = {"release_group": choose_release_years(), "recording_first_release_date": recording_dates()}
    return {
        table: [statement.replace(b"{dates}", dates[table]) for statement in statements(name)]
        for table, name in DERIVED_FILES[profile].items()
    }


def choose_release_years(of: bytes = b"") -> bytes:
    """Return a query for the (id, first_release_date, year) of all groups, or of those that `of` selects."""
    query = _read("choose_release_years.sql").replace(b"{earliest}", b"%d0000" % EARLIEST_RELEASE_YEAR)
    return query.replace(b"{only}", b"WHERE release.release_group IN (%b)" % of if of else b"")


def recording_dates(of: bytes = b"") -> bytes:
    """Return a query for the (recording, year, month, day) of all recordings, or of those that `of` selects."""
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
    """Return a query for the (release_group, name) of all groups, or of those that `of` selects."""
    return _read("album_titles.sql").replace(b"{of_groups}", b"WHERE release_group.id IN (%b)" % of if of else b"")


def artist_names(of: bytes = b"") -> bytes:
    """Return a query for the (artist, name) of all artists who have albums, or of those that `of` selects."""
    return _read("artist_names.sql").replace(b"{of_artists}", b"AND artist IN (%b)" % of if of else b"")


def recording_titles(of: bytes = b"") -> bytes:
    """Return a query for the (recording, name) of all recordings, or of those that `of` selects."""
    return _read("recording_titles.sql").replace(b"{of_recordings}", b"WHERE id IN (%b)" % of if of else b"")


def _read(name: str) -> bytes:
    return (files(__name__) / name).read_bytes()
