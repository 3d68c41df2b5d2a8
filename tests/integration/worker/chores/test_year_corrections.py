"""Year corrections: charts show years that were corrected at MusicBrainz; nothing else changes."""

from dataclasses import replace
from typing import Any
from uuid import UUID

import pytest

from app.jobs import enqueue
from app.redis.event_stream import Topic, latest_snapshot
from demo.lastfm.accounts import Play
from demo.musicbrainz import catalogue
from mirror.errors import MirrorAway
from mirror.matching.lookup import LookupResult, years_by_mbid
from tests.integration.worker.conftest import Stage, second

NAMED = next(one for one in catalogue.albums() if one.year and one.artist == one.lastfm_artist and one.tracks)
BY_MBID = next(one for one in catalogue.albums() if one.year and one.has_usable_mbid and one != NAMED)
NED = Topic("NightNed", 2023)


@pytest.fixture
def played(stage: Stage) -> Stage:
    """NightNed has played one album without its MBID and one with it."""
    start = second("2023-05-01")
    stage.take_in(
        "NightNed",
        [
            Play(start, NAMED.lastfm_artist, "x", NAMED.lastfm_title, ""),
            Play(start + 60, BY_MBID.lastfm_artist, "y", BY_MBID.lastfm_title, str(BY_MBID.lastfm_mbid)),
        ],
    )
    stage.fetch("NightNed", 2023)
    return stage


def night(stage: Stage) -> None:
    assert enqueue.enqueue_rematch(stage.redis)
    stage.run_jobs()


def years(stage: Stage) -> dict[str, int]:
    return dict(stage.connection.execute("SELECT album, release_year FROM albums").fetchall())


RIGHT = {NAMED.lastfm_title: NAMED.year, BY_MBID.lastfm_title: BY_MBID.year}


def test_years_that_differ_by_now_are_taken_over_and_seen(played: Stage) -> None:
    assert years(played) == RIGHT
    played.connection.execute("UPDATE albums SET release_year = 1900")
    night(played)
    assert years(played) == RIGHT
    assert latest_snapshot(played.redis, NED) is None, "the next look reads the database"
    assert sum(played.counts("NightNed", 2023).years.values()) == 2
    assert 1900 not in played.counts("NightNed", 2023).years


def test_where_nothing_differs_nothing_is_written_and_nothing_read_anew(played: Stage) -> None:
    before = played.connection.execute("SELECT id, xmin::text, looked_up_at FROM albums ORDER BY id").fetchall()
    night(played)
    after = played.connection.execute("SELECT id, xmin::text, looked_up_at FROM albums ORDER BY id").fetchall()
    assert before == after
    assert latest_snapshot(played.redis, NED) is not None


def test_an_album_that_was_merged_into_another_is_one_line_with_it_again(
    played: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    merged = UUID(int=7)

    def answer(connection: Any, mbids: Any) -> Any:
        answers = years_by_mbid(connection, mbids)
        return {mbid: replace(found, release_group=merged) for mbid, found in answers.items()}

    monkeypatch.setattr("worker.chores.year_corrections.years_by_mbid", answer)
    night(played)
    rows = played.connection.execute("SELECT DISTINCT release_group, listed_as FROM albums").fetchall()
    assert rows == [(merged, merged)]
    assert years(played) == RIGHT


@pytest.mark.parametrize("knows", ["nothing of it", "no year"])
def test_what_the_mirror_cannot_date_any_more_keeps_its_year(
    played: Stage, monkeypatch: pytest.MonkeyPatch, knows: str
) -> None:
    def answer(_: Any, mbids: list[Any]) -> dict[Any, LookupResult]:
        return {} if knows == "nothing of it" else {one: LookupResult(one, one, None, "release") for one in mbids}

    monkeypatch.setattr("worker.chores.year_corrections.years_by_mbid", answer)
    night(played)
    assert years(played) == RIGHT


def test_a_mirror_that_goes_away_in_the_middle_leaves_the_rest_for_the_next_night(
    played: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls = []

    def answer(connection: Any, mbids: Any) -> Any:
        calls.append(mbids)
        if len(calls) == 2:
            raise MirrorAway("gone")
        return years_by_mbid(connection, mbids)

    monkeypatch.setattr("worker.chores.year_corrections.years_by_mbid", answer)
    monkeypatch.setattr("worker.chores.year_corrections.ALBUMS_PER_QUERY", 1)
    played.connection.execute("UPDATE albums SET release_year = 1900")
    night(played)
    assert min(years(played).values()) == 1900
    assert latest_snapshot(played.redis, NED) is None, "what was corrected before is seen"
    night(played)
    assert years(played) == RIGHT
