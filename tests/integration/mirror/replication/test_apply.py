"""One packet: what it changes, what it leaves, and what is recomputed."""

import io
from collections.abc import Callable
from typing import Any

import psycopg
import pytest

from demo.musicbrainz.export import COLUMNS
from demo.musicbrainz.export_writer import TableRow
from mirror.database import connect, open_connection
from mirror.derived.name_index import artist_news
from mirror.errors import PacketOutOfTurn
from mirror.matching.lookup import years_by_mbid
from mirror.replication.apply import AppliedPacket, apply_packet
from mirror.state import MirrorState, mirror_state
from tests.integration.mirror.music import HOSTILE, TABLES, event, group, mbid, release, row
from tests.integration.mirror.packets import BASE, MADE, Edit, packet


def apply(url: str, *edits: Edit, sequence: int = BASE + 1, **more: Any) -> AppliedPacket:
    with open_connection(url, "test", {}) as connection:
        return apply_packet(connection, io.BytesIO(packet(sequence, edits, **more)))


def state(url: str) -> MirrorState:
    with connect(url) as connection:
        found = mirror_state(connection)
    assert found is not None
    return found


def rows(url: str, query: str) -> list[tuple[Any, ...]]:
    with psycopg.connect(url, options="-c search_path=musicbrainz") as connection:
        return connection.execute(query.encode()).fetchall()


def date(url: str, name: str) -> tuple[Any, ...] | None:
    """Return a group's number of releases and its first release date."""
    query = """
        SELECT gid, release_count, first_release_date_year, first_release_date_month, first_release_date_day
        FROM release_group_meta
        JOIN release_group USING (id)
    """
    return {gid: tuple(found) for gid, *found in rows(url, query)}.get(mbid(name))


def of(table: str, **wanted: object) -> TableRow:
    """Return a row of the cast."""
    rows = [dict(zip(COLUMNS[table], row, strict=True)) for row in TABLES[table]]
    found = next(row for row in rows if wanted.items() <= row.items())
    return list(found.values())


def test_a_packet_brings_its_rows_its_sequence_number_and_its_time(mirror: str) -> None:
    applied = apply(
        mirror,
        ("release_group", None, group(9, "tusk", "Tusk")),
        ("release", None, release(11, "american tusk", 9)),
        ("release_country", None, event(11, 222, 1979, 10, 12)),
    )
    assert (applied.sequence, applied.changes, applied.kept, applied.drift) == (BASE + 1, 3, 3, 0)
    assert date(mirror, "tusk") == (1, 1979, 10, 12)
    found = state(mirror)
    assert (found.replication_sequence, found.packets, found.release_groups) == (BASE + 1, 1, 9)
    assert found.replicated_to is not None
    assert (found.replicated_to - MADE).total_seconds() == 3600


def test_names_survive_backslashes_quotes_line_ends_and_four_byte_characters(mirror: str) -> None:
    hostile = HOSTILE + ' Say "Hi" \\ o/ \\\\ \\n \r \v \f \b /'
    apply(mirror, ("release_group", group(1, "rumours", "Rumours"), group(1, "rumours", hostile)))
    assert rows(mirror, "SELECT name FROM release_group WHERE id = 1") == [(hostile,)]


def test_a_value_becomes_null_and_a_value_again(mirror: str) -> None:
    apply(mirror, ("release", release(1, "british rumours", 1), release(1, "british rumours", 1, status=None)))
    assert rows(mirror, "SELECT status FROM release WHERE id = 1") == [(None,)]


def test_changes_to_tables_and_columns_that_are_not_kept_are_skipped(mirror: str) -> None:
    before = of("release", id=1)
    applied = apply(
        mirror,
        ("release", before, [*before[:-1], "2026-09-05T10:00:00+00:00"]),
        ("url", None, [1, "https://example.org"]),
        ("cover_art_archive.release_group", None, [1]),
        ("table_of_the_future", [1], None),
    )
    assert (applied.changes, applied.kept) == (4, 0)


def test_an_empty_packet_advances_the_sequence_number(mirror: str) -> None:
    assert apply(mirror).changes == 0
    assert state(mirror).replication_sequence == BASE + 1


def test_a_packet_without_pending_keys_is_applied(mirror: str) -> None:
    apply(mirror, ("release_gid_redirect", of("release_gid_redirect", new_id=1), None), keys=False)
    assert rows(mirror, "SELECT new_id FROM release_gid_redirect") == [(999,)]


def test_a_release_event_that_moves_to_another_release_leaves_the_first(mirror: str) -> None:
    apply(mirror, ("release_country", event(1, 221, 1977, 2, 4), event(4, 221, 1977, 2, 4)))
    assert rows(mirror, "SELECT release FROM release_country WHERE country = 221 ORDER BY 1") == [(4,), (10,)]
    assert date(mirror, "rumours") == (3, 1977, None, None)
    assert date(mirror, "group undated") == (1, 1977, 2, 4)


def test_rows_of_a_packet_are_applied_in_the_order_of_their_seqids(mirror: str) -> None:
    first, second, third = (group(1, "rumours", title) for title in ("Rumours", "second", "third"))
    apply(mirror, ("release_group", second, third), ("release_group", first, second), seqids=(502, 501))
    assert rows(mirror, "SELECT name FROM release_group WHERE id = 1") == [("third",)]


def test_a_key_that_one_row_gives_up_can_be_taken_by_another(mirror: str) -> None:
    apply(
        mirror,
        ("release_country", event(1, 221, 1977, 2, 4), event(1, 999, 1977, 2, 4)),
        ("release_country", event(2, 222, 1977), event(1, 221, 1977)),
        ("release_country", event(1, 999, 1977, 2, 4), event(2, 222, 1960)),
    )
    query = "SELECT release, country, date_year FROM release_country WHERE release < 3 ORDER BY 1"
    assert rows(mirror, query) == [(1, 221, 1977), (2, 222, 1960)]
    assert date(mirror, "rumours") == (3, 1960, None, None)


def test_a_release_merge_moves_its_events_and_leaves_a_redirect(mirror: str) -> None:
    apply(
        mirror,
        ("release_country", event(7, 222, 1973, 3), None),
        ("release_gid_redirect", of("release_gid_redirect", new_id=1), None),
        ("release", of("release", id=7), None),
        ("release_gid_redirect", None, row("release_gid_redirect", gid=mbid("march 1973"), new_id=6)),
    )
    assert date(mirror, "group 1973") == (1, 1973, None, None)
    with connect(mirror) as connection:
        assert years_by_mbid(connection, [mbid("march 1973")])[mbid("march 1973")].year == 1973


@pytest.mark.parametrize(
    ("edits", "name", "expected"),
    [
        pytest.param(
            [("release", release(3, "announced rumours", 1, status=6), release(3, "announced rumours", 1))],
            "rumours",
            (3, 1970, 1, 1),
            id="a release that is no longer cancelled gives its date",
        ),
        pytest.param(
            [("release", release(1, "british rumours", 1), release(1, "british rumours", 1, status=6))],
            "rumours",
            (3, 1977, None, None),
            id="a release that is cancelled takes its date away",
        ),
        pytest.param(
            [("release", release(10, "dated twice", 8), release(10, "dated twice", 2))],
            "group undated",
            (2, 1984, None, None),
            id="a release that moves takes its date to the new group",
        ),
        pytest.param(
            [("release", release(10, "dated twice", 8), release(10, "dated twice", 2))],
            "group dated twice",
            (0, None, None, None),
            id="a release that moves takes its date from the old group",
        ),
        pytest.param(
            [("release_unknown_country", row("release_unknown_country", release=10, date_year=1984), None)],
            "group dated twice",
            (1, 1985, 5, 5),
            id="an event that is deleted counts no more",
        ),
        pytest.param(
            [("release_country", event(8, 222, 1077), event(8, 222, 1977))],
            "group mistyped",
            (1, 1977, None, None),
            id="a date that is mended counts",
        ),
        pytest.param(
            [("release_group", group(6, "group empty"), None)],
            "group empty",
            None,
            id="a deleted group has no row",
        ),
        pytest.param(
            [("release", release(1, "british rumours", 1), None)],
            "rumours",
            (2, 1977, None, None),
            id="a deleted release counts no more",
        ),
    ],
)
def test_first_release_dates_are_recomputed(
    mirror: str, edits: list[Edit], name: str, expected: tuple[int | None, ...]
) -> None:
    apply(mirror, *edits)
    assert date(mirror, name) == expected
    assert rows(mirror, "SELECT count(*) - (SELECT count(*) FROM release_group_meta) FROM release_group") == [(0,)]


def test_two_rows_can_swap_mbids_within_a_packet(mirror: str) -> None:
    apply(
        mirror,
        ("release_group", group(1, "rumours", "Rumours"), group(1, "for a moment")),
        ("release_group", group(2, "group undated"), group(2, "rumours")),
        ("release_group", group(1, "for a moment"), group(1, "group undated")),
    )
    found = rows(mirror, "SELECT id, gid FROM release_group WHERE id < 3 ORDER BY id")
    assert found == [(1, mbid("group undated")), (2, mbid("rumours"))]


def without_its_row(connection: psycopg.Connection[Any]) -> None:
    connection.execute("DELETE FROM release WHERE id = 2")


def with_another_value(connection: psycopg.Connection[Any]) -> None:
    connection.execute("UPDATE release SET release_group = 2 WHERE id = 2")


def with_its_mbid_at_another_row(connection: psycopg.Connection[Any]) -> None:
    connection.execute("UPDATE release SET id = 777, release_group = 2 WHERE id = 2")


@pytest.mark.parametrize(
    ("drifted", "count"), [(without_its_row, 1), (with_another_value, 1), (with_its_mbid_at_another_row, 2)]
)
def test_a_row_that_has_drifted_is_counted_and_corrected(
    mirror: str, drifted: Callable[[psycopg.Connection[Any]], None], count: int
) -> None:
    with psycopg.connect(mirror, options="-c search_path=musicbrainz") as connection:
        drifted(connection)
    old, new = release(2, "american rumours", 1, status=None), release(2, "american rumours", 1, status=3)
    assert apply(mirror, ("release", old, new)).drift == count
    assert rows(mirror, "SELECT release_group, status FROM release WHERE id IN (2, 777)") == [(1, 3)]
    assert state(mirror).drift == count
    assert (date(mirror, "rumours"), date(mirror, "group undated")) == ((3, 1977, 2, 4), (1, None, None, None))


def test_a_packet_is_not_applied_twice(mirror: str) -> None:
    apply(mirror, ("release_group", group(1, "rumours", "Rumours"), group(1, "rumours", "once")))
    with pytest.raises(PacketOutOfTurn, match="it is 190001, the mirror is at 190001"):
        apply(mirror, ("release_group", group(1, "rumours", "once"), group(1, "rumours", "twice")))
    assert rows(mirror, "SELECT name FROM release_group WHERE id = 1") == [("once",)]


def test_an_album_that_gets_a_date_is_news_of_its_artist(mirror: str) -> None:
    assert rows(mirror, "SELECT * FROM artist_news") == []
    apply(mirror, ("release_country", None, event(4, 222, 1975)))
    with connect(mirror) as connection:
        assert set(artist_news(connection, ["Fleetwood Mac", "Nobody"])) == {"Fleetwood Mac"}
    apply(mirror, ("release_country", event(4, 222, 1975), event(4, 222, 1975, 2)), sequence=BASE + 2)
