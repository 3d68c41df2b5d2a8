"""Years by MBID, and why."""

from datetime import UTC, date, datetime
from pathlib import Path
from uuid import uuid4

import psycopg
import pytest

from mirror.database import connect
from mirror.errors import MirrorAway, MirrorEmpty
from mirror.importing.load import import_export
from mirror.matching.explain import explain
from mirror.matching.lookup import LookupResult, years_by_mbid
from mirror.sql import NAME_TABLES
from mirror.state import mirror_state, table_sizes
from mirror.tables import ALBUM_TABLES
from tests.integration.mirror.music import TABLES, event, mbid, publish, release


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("british rumours", "release"),
        ("announced rumours", "release"),
        ("merged release", "release redirect"),
        ("rumours", "release group"),
        ("merged group", "release group redirect"),
    ],
)
def test_an_mbid_leads_to_its_release_group_and_its_first_year(mirror: str, name: str, kind: str) -> None:
    with connect(mirror) as connection:
        answers = years_by_mbid(connection, [mbid(name)])
    wanted = LookupResult(mbid(name), mbid("rumours"), 1977, kind)  # type: ignore[arg-type]
    assert answers == {mbid(name): wanted}


@pytest.mark.parametrize("name", ["undated", "cancelled", "mistyped", "group empty"])
def test_a_known_group_without_a_plausible_year_is_answered_without_a_year(mirror: str, name: str) -> None:
    with connect(mirror) as connection:
        assert years_by_mbid(connection, [mbid(name)])[mbid(name)].year is None


@pytest.mark.parametrize(
    ("year", "answered"),
    [(1859, False), (1860, True), (datetime.now(UTC).year + 1, True), (datetime.now(UTC).year + 2, False)],
)
def test_a_plausible_year_is_between_the_first_recording_and_next_year(
    empty_database: str, tmp_path: Path, year: int, answered: bool
) -> None:
    publish(tmp_path, {**TABLES, "release_country": [event(1, 221, year)]})
    import_export(empty_database, str(tmp_path))
    with connect(empty_database) as connection:
        assert years_by_mbid(connection, [mbid("rumours")])[mbid("rumours")].year == (year if answered else None)


OFFICIAL, PROMOTION, BOOTLEG, PSEUDO, CANCELLED = 1, 2, 3, 4, 6


@pytest.mark.parametrize(
    ("releases", "year"),
    [
        pytest.param([(BOOTLEG, 1969), (OFFICIAL, 1973)], 1973, id="a bootleg before the official release"),
        pytest.param([(PSEUDO, 1969), (OFFICIAL, 1973)], 1973, id="a pseudo-release before it"),
        pytest.param([(BOOTLEG, 1969), (BOOTLEG, 1971)], 1969, id="bootlegs alone"),
        pytest.param([(BOOTLEG, 1969), (OFFICIAL, None)], 1969, id="an official release without a date"),
        pytest.param([(PROMOTION, 1972), (OFFICIAL, 1973)], 1972, id="a promotion before it"),
        pytest.param([(None, 1972), (OFFICIAL, 1973)], 1972, id="one of unknown status before it"),
        pytest.param([(CANCELLED, 1960), (BOOTLEG, 1969)], 1969, id="a cancelled one never counts"),
        pytest.param([(OFFICIAL, 1073), (OFFICIAL, 1973)], 1973, id="a mistyped year before a plausible one"),
    ],
)
def test_bootlegs_and_mistyped_years_do_not_drag_a_year_down(
    empty_database: str, tmp_path: Path, releases: list[tuple[int | None, int | None]], year: int
) -> None:
    dated = dict(enumerate(releases, 1))
    publish(
        tmp_path,
        {
            **TABLES,
            "release": [release(number, f"release {number}", 1, status) for number, (status, _) in dated.items()],
            "release_country": [event(number, 221, found) for number, (_, found) in dated.items()],
        },
    )
    import_export(empty_database, str(tmp_path))
    with connect(empty_database) as connection:
        assert years_by_mbid(connection, [mbid("rumours")])[mbid("rumours")].year == year
        explanation = explain(connection, mbid("rumours"))
    assert explanation is not None
    assert explanation.source.year == year


def test_what_musicbrainz_does_not_know_is_left_out(mirror: str) -> None:
    unknown = [uuid4(), mbid("artist"), mbid("recording"), mbid("merged into nothing")]
    with connect(mirror) as connection:
        assert years_by_mbid(connection, unknown) == {}
        assert set(years_by_mbid(connection, [*unknown, mbid("rumours")])) == {mbid("rumours")}


def test_a_batch_may_be_empty_or_name_an_mbid_twice(mirror: str) -> None:
    with connect(mirror) as connection:
        assert years_by_mbid(connection, []) == {}
        assert list(years_by_mbid(connection, [mbid("rumours")] * 3)) == [mbid("rumours")]


def test_an_mbid_that_is_both_is_a_release_first(empty_database: str, tmp_path: Path) -> None:
    gid = mbid("british rumours")
    publish(
        tmp_path,
        {**TABLES, "release_group_gid_redirect": [[gid, 2, None]], "release_gid_redirect": [[gid, 4, None]]},
    )
    import_export(empty_database, str(tmp_path))
    with connect(empty_database) as connection:
        assert years_by_mbid(connection, [gid])[gid].kind == "release"


def test_an_explanation_names_the_release_behind_a_redirect_and_the_first_release(mirror: str) -> None:
    with connect(mirror) as connection:
        explanation = explain(connection, mbid("merged release"))
    assert explanation is not None
    assert explanation.release == mbid("british rumours")
    assert explanation.source.first_release == mbid("british rumours")
    assert explanation.source.date == date(1977, 2, 4).isoformat()
    assert (explanation.source.releases, explanation.source.cancelled) == (3, 1)


@pytest.mark.parametrize(
    ("name", "year"), [("group 1973", 1973), ("group dated twice", 1984), ("group empty", None)]
)
def test_the_explanation_agrees_with_the_answer(mirror: str, name: str, year: int | None) -> None:
    with connect(mirror) as connection:
        explanation = explain(connection, mbid(name))
    assert explanation is not None
    assert explanation.result.year == explanation.source.year == year


def test_nobody_can_explain_what_is_not_known(mirror: str) -> None:
    with connect(mirror) as connection:
        assert explain(connection, uuid4()) is None


def test_an_empty_database_is_an_empty_mirror(empty_database: str) -> None:
    with connect(empty_database) as connection:
        assert mirror_state(connection) is None
        assert table_sizes(connection) == []
        with pytest.raises(MirrorEmpty, match="mirror import"):
            years_by_mbid(connection, [uuid4()])


def test_a_connection_reads_only_and_cannot_hang(mirror: str) -> None:
    with connect(mirror, application_name="tests") as connection:
        with pytest.raises(psycopg.errors.ReadOnlySqlTransaction):
            connection.execute("DELETE FROM release")
        assert connection.execute("SHOW statement_timeout").fetchone() == ("15s",)
        assert connection.execute("SHOW application_name").fetchone() == ("tests",)


def test_a_connection_that_is_cut_is_said_to_be_away(mirror: str) -> None:
    with connect(mirror) as connection, psycopg.connect(mirror, autocommit=True) as admin:
        admin.execute("SELECT pg_terminate_backend(%s)", [connection.info.backend_pid])
        with pytest.raises(MirrorAway):
            years_by_mbid(connection, [mbid("rumours")])


def test_sizes_name_every_table(mirror: str) -> None:
    with connect(mirror) as connection:
        sizes = {size.table: size for size in table_sizes(connection)}
    assert sizes["release"].rows == len(TABLES["release"])
    assert all(size.bytes for size in sizes.values())
    assert set(sizes) == {*NAME_TABLES["albums"], *(table.name for table in ALBUM_TABLES)}
