"""Random packets: applied at once they have the effect of row by row, and derived data equals a fresh import."""

import io
from pathlib import Path
from typing import Any

import psycopg
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from demo.musicbrainz.export import COLUMNS
from demo.musicbrainz.export_writer import TableRow
from mirror.database import open_connection
from mirror.importing.load import ImportOptions, import_export
from mirror.replication.apply import apply_packet
from mirror.sql import choose_release_years, recording_dates
from mirror.tables import PROFILES
from tests.integration.mirror.master.compare import indexed, indexed_anew
from tests.integration.mirror.music import TABLES, event, mbid, publish, row
from tests.integration.mirror.packets import BASE, Edit, packet

KEYS = {
    "artist_credit_name": ("artist_credit", "position"),
    "release_country": ("release", "country"),
    "release_unknown_country": ("release",),
}
KEPT = {table.name: table.kept for table in PROFILES["recordings"]}

CHANGING = [*KEPT, "recording_first_release_date", "album_name", "artist_name", "recording_name", "mirror_state"]

few = st.integers(1, 3)  # few ids, so that keys are freed, taken and freed again
names = st.sampled_from(["Rumours", "Rumours (Deluxe)", "Tusk", "Fleetwood Mac", ""])
year, month = st.sampled_from([None, 1970, 1971, 1972]), st.sampled_from([None, 1, 2])

ROWS: dict[str, st.SearchStrategy[TableRow]] = {
    "artist": st.builds(lambda number, name: row("artist", id=number, name=name), few, names),
    "artist_alias": st.builds(
        lambda number, artist, name: row("artist_alias", id=number, artist=artist, name=name), few, few, names
    ),
    "artist_credit": st.builds(lambda number, name: row("artist_credit", id=number, name=name), few, names),
    "artist_credit_name": st.builds(
        lambda credit, position, artist: row(
            "artist_credit_name", artist_credit=credit, position=position, artist=artist
        ),
        few,
        st.integers(0, 1),
        few,
    ),
    "medium": st.builds(lambda number, release: row("medium", id=number, release=release), few, few),
    "recording": st.builds(
        lambda number, name, credit: row(
            "recording", id=number, gid=mbid(f"recording {number}"), name=name, artist_credit=credit
        ),
        few,
        names,
        few,
    ),
    "release": st.builds(
        lambda number, group, status, name: row(
            "release",
            id=number,
            gid=mbid(f"release {number}"),
            name=name,
            artist_credit=1,
            release_group=group,
            status=status,
        ),
        few,
        few,
        st.sampled_from([None, 1, 6]),
        names,
    ),
    "release_alias": st.builds(
        lambda number, release, name: row("release_alias", id=number, release=release, name=name), few, few, names
    ),
    "release_country": st.builds(event, few, few, year, month),
    "release_group": st.builds(
        lambda number, other, credit, name: row(
            "release_group", id=number, gid=mbid(f"{number} {other}"), name=name, artist_credit=credit
        ),
        few,
        st.booleans(),
        few,
        names,
    ),
    "release_group_alias": st.builds(
        lambda number, group, name: row("release_group_alias", id=number, release_group=group, name=name),
        few,
        few,
        names,
    ),
    "release_unknown_country": st.builds(
        lambda release, year: row("release_unknown_country", release=release, date_year=year), few, year
    ),
    "track": st.builds(
        lambda number, recording, medium: row("track", id=number, recording=recording, medium=medium),
        few,
        few,
        few,
    ),
}


THERE = {
    **TABLES,
    "medium": [row("medium", id=number, release=number) for number in (1, 2, 3)],
    "track": [row("track", id=number, recording=number, medium=number) for number in (1, 2, 3)],
}


@st.composite
def edits(draw: st.DrawFn) -> Edit:
    """Any row instead of any other of its table, existing or not; or the same row with one column changed."""
    table = draw(st.sampled_from(sorted(ROWS)))
    old, new = draw(st.none() | ROWS[table] | st.sampled_from(THERE[table])), draw(ROWS[table])
    if old is None:
        return table, None, new
    column = COLUMNS[table].index(draw(st.sampled_from(sorted({*KEPT[table]} - {"id", "gid"}))))
    similar = [*old[:column], new[column], *old[column + 1 :]]
    return table, old, draw(st.sampled_from([None, new, similar]))


@pytest.fixture
def recordings(empty_database: str, tmp_path: Path) -> str:
    """A mirror with recordings that can be reset."""
    publish(tmp_path, THERE)
    import_export(empty_database, str(tmp_path), options=ImportOptions(profile="recordings"))
    with psycopg.connect(empty_database) as connection:
        for table in CHANGING:
            connection.execute(f"CREATE TABLE {table} AS TABLE musicbrainz.{table}".encode())
    return empty_database


def start_over(connection: psycopg.Connection[Any]) -> None:
    with connection.transaction():
        for table in CHANGING:
            connection.execute(f"DELETE FROM musicbrainz.{table}".encode())  # noqa: S608 - ours
            connection.execute(f"INSERT INTO musicbrainz.{table} TABLE public.{table}".encode())


Table = dict[tuple[Any, ...], tuple[Any, ...]]


def key(table: str, row: dict[str, Any]) -> tuple[Any, ...]:
    return tuple(row[column] for column in KEYS.get(table, ("id",)))


def tables(connection: psycopg.Connection[Any]) -> dict[str, Table]:
    found: dict[str, Table] = {}
    for table in ROWS:
        rows = connection.execute(f"SELECT {', '.join(KEPT[table])} FROM {table}".encode())  # noqa: S608 - ours
        found[table] = {key(table, dict(zip(KEPT[table], row, strict=True))): row for row in rows}
    return found


def row_by_row(found: dict[str, Table], changes: list[Edit]) -> None:
    for table, *images in changes:
        old, new = (dict(zip(COLUMNS[table], image or (), strict=bool(image))) for image in images)
        kept_old, kept_new = (tuple(image.get(column) for column in KEPT[table]) for image in (old, new))
        if bool(old) == bool(new) and kept_old == kept_new:
            continue
        if old:
            found[table].pop(key(table, old), None)
        if new:
            found[table][key(table, new)] = kept_new


def derived(connection: psycopg.Connection[Any]) -> list[set[tuple[Any, ...]]]:
    queries = (
        b"SELECT id, first_release_date, year FROM release_group WHERE first_release_date IS NOT NULL",
        b"SELECT recording, year, month, day FROM recording_first_release_date",
    )
    return [*(set(connection.execute(query)) for query in queries), indexed(connection)]


def derived_anew(connection: psycopg.Connection[Any]) -> list[set[tuple[Any, ...]]]:
    """Return the derived data, computed as an import does."""
    groups = b"""
        SELECT dates.id, dates.first_release_date, dates.year
        FROM (%b) AS dates
        JOIN release_group USING (id)
        WHERE dates.first_release_date IS NOT NULL
    """
    queries = groups % choose_release_years(), recording_dates()
    return [*(set(connection.execute(query)) for query in queries), indexed_anew(connection)]


@settings(max_examples=50)
@given(
    packets=st.lists(st.lists(edits(), max_size=2) | st.lists(edits(), min_size=3, max_size=30), max_size=3),
    dice=st.randoms(use_true_random=False),
)
def test_applying_a_packet_at_once_is_the_same_as_row_by_row(
    recordings: str, packets: list[list[Edit]], dice: Any
) -> None:
    options = {"search_path": "musicbrainz", "synchronous_commit": "off"}
    with open_connection(recordings, "test", options) as connection:
        start_over(connection)
        expected = tables(connection)
        for sequence, changes in enumerate(packets, BASE + 1):
            row_by_row(expected, changes)
            numbered = list(enumerate(changes, 1))
            dice.shuffle(numbered)
            seqids = [number for number, _ in numbered]
            apply_packet(connection, io.BytesIO(packet(sequence, [edit for _, edit in numbered], seqids=seqids)))
            assert tables(connection) == expected
            assert derived(connection) == derived_anew(connection)
