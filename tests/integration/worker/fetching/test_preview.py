"""The preview: a new listener's whole year from one call, which never delays or distorts the exact one."""

from dataclasses import replace
from datetime import UTC, datetime
from threading import Event as Signal
from typing import Any

import pytest

from app.events import Event, Failure, YearCounts
from demo.lastfm.accounts import Play
from demo.lastfm.faults import Fault
from demo.musicbrainz import catalogue
from demo.musicbrainz.catalogue import CatalogueAlbum
from tests.conftest import PATIENCE, wait_until
from tests.integration.worker.conftest import CHART, RECENT, Killed, Stage, second, some_plays
from worker.fetching import preview
from worker.lastfm.payloads import Rows

KNOWN = [album for album in catalogue.albums() if album.year and album.lastfm_mbid and album.lastfm_title]
PLACED = sorted({album.lastfm_mbid: album for album in KNOWN}.values(), key=lambda album: album.year or 0)
EARLY, LATE = PLACED[0], PLACED[-1]
YEAR_BEGAN, YEAR_ENDED = datetime(2023, 1, 1, tzinfo=UTC), datetime(2024, 1, 1, tzinfo=UTC)


def plays(album: CatalogueAlbum, count: int, since: str) -> list[Play]:
    """Make plays of an album, a minute apart."""
    artist, title, mbid = album.lastfm_artist, album.lastfm_title, str(album.lastfm_mbid)
    return [Play(second(since) + 60 * n, artist, f"Song {n % 12}", title, mbid) for n in range(count)]


def previewing_pia(stage: Stage) -> None:
    """Create a listener whose oldest plays are of one album and the newest of another; those between of none."""
    stage.lastfm.faults.add(Fault("grants", RECENT, amount=200, times=None))
    between = [replace(play, album="") for play in some_plays(599, since="2023-04-01")]
    year = [*plays(EARLY, 301, "2023-02-01"), *between, *plays(LATE, 300, "2023-11-01")]
    stage.take_in("PreviewingPia", year)


def wait_for_preview(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> list[Event]:
    """Delay all but the first answer until the preview has come; return the list of all events to come."""
    events: list[Event] = []
    there = Signal()
    fetch = stage.context.lastfm.plays

    def late(name: str, start: int, end: int, **options: Any) -> Rows:
        if end < second("2024-01-01"):
            there.wait(PATIENCE)
        return fetch(name, start, end, **options)

    def note(event: Event) -> None:
        events.append(event)
        if event.preview:
            there.set()

    stage.watch(note)
    monkeypatch.setattr(stage.context.lastfm, "plays", late)
    return events


def exact(stage: Stage) -> bool:
    return stage.rows("PreviewingPia", 2023) == stage.told("PreviewingPia", 2023)


def test_a_new_year_is_there_whole_before_its_plays_are(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    previewing_pia(stage)
    events = wait_for_preview(stage, monkeypatch)
    stage.fetch("PreviewingPia", 2023)
    first = next(event for event in events if event.years)
    assert (first.preview, first.phase, first.done, first.expected) == (True, "fetching", 0, 1200)
    assert (first.scrobbles, first.matched, first.years) == (601, 601, {EARLY.year: 301, LATE.year: 300})
    assert stage.calls(CHART) == 1


def test_the_albums_that_are_played_most_are_shown_before_all_are_looked_up(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(preview, "BATCH_SIZE", 1)
    previewing_pia(stage)
    shown: list[YearCounts] = []
    preview.start_preview(stage.context, "PreviewingPia", (YEAR_BEGAN, YEAR_ENDED), shown.append)
    wait_until(lambda: len(shown) == 2)
    assert [counts.years for counts in shown] == [{EARLY.year: 301}, {EARLY.year: 301, LATE.year: 300}]
    assert [counts.scrobbles for counts in shown] == [601, 601], "or a chart of another year could not be told"


def test_a_bar_stays_until_the_plays_have_outgrown_it(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    previewing_pia(stage)
    stage.lastfm.faults.add(Fault("half", CHART))  # only EARLY is in the chart
    events = wait_for_preview(stage, monkeypatch)
    stage.fetch("PreviewingPia", 2023)
    shown = [event for event in events if event.years and event.phase == "fetching"]
    for album in (EARLY, LATE):
        heights = [event.years.get(album.year or 0, 0) for event in shown]
        assert heights == sorted(heights), "no bar ever shrinks"
    assert [event.scrobbles for event in shown] == sorted(event.scrobbles for event in shown)
    previews = [event.preview for event in shown]
    assert previews == sorted(previews, reverse=True)
    assert set(previews) == {True, False}
    assert exact(stage)


def test_the_end_is_exact_whatever_the_preview_said(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    previewing_pia(stage)
    events = wait_for_preview(stage, monkeypatch)
    stage.fetch("PreviewingPia", 2023)
    assert not any(event.preview for event in events if event.phase != "fetching")
    end = YearCounts(**stage.event("PreviewingPia", 2023).numbers)
    assert (end.scrobbles, end.matched, end.not_found) == (1200, 601, 599)
    assert end == stage.counts("PreviewingPia", 2023)
    assert exact(stage)


@pytest.mark.parametrize("what", ["html", "406", "500", "error8", "error11", "truncated", "cut_json", "not_found"])
def test_without_an_answer_nothing_is_lost_and_none_is_asked_for_twice(stage: Stage, what: str) -> None:
    previewing_pia(stage)
    events: list[Event] = []
    stage.watch(events.append)
    stage.lastfm.faults.add(Fault(what, CHART, times=None))
    assert stage.fetch("PreviewingPia", 2023).status == "completed"
    assert exact(stage)
    assert not any(event.preview for event in events)
    assert stage.calls(CHART) == 1


@pytest.mark.parametrize("what", ["empty", "other_user"])
def test_a_chart_that_is_empty_or_anothers_is_not_shown(stage: Stage, what: str) -> None:
    previewing_pia(stage)
    events: list[Event] = []
    stage.watch(events.append)
    stage.lastfm.faults.add(Fault(what, CHART, times=None))
    assert stage.fetch("PreviewingPia", 2023).status == "completed"
    assert not any(event.preview for event in events)
    assert exact(stage)


def test_nobody_waits_for_a_chart_that_comes_late(stage: Stage) -> None:
    previewing_pia(stage)
    stage.lastfm.faults.add(Fault("hang", CHART, seconds=60))
    assert stage.fetch("PreviewingPia", 2023).status == "completed"
    assert exact(stage)
    assert stage.lastfm.call_log.in_flight == 1, "it is still on its way"


def test_what_a_hidden_listener_listens_to_is_not_shown_by_the_chart(stage: Stage) -> None:
    previewing_pia(stage)
    events: list[Event] = []
    stage.watch(events.append)
    stage.lastfm.faults.add(Fault("error17", RECENT, times=None))
    stage.fetch("PreviewingPia", 2023)
    wait_until(lambda: stage.lastfm.call_log.in_flight == 0)
    assert events[-1].error == Failure.LISTENING_HIDDEN
    assert not any(event.years for event in events)


def test_a_mirror_that_is_away_gives_no_preview(stage: Stage) -> None:
    previewing_pia(stage)
    whole = stage.context
    away = whole.settings.model_copy(
        update={"mirror_url": type(whole.settings.mirror_url)("postgresql://127.0.0.1:1/")}
    )
    stage.context = replace(whole, settings=away)
    assert stage.fetch("PreviewingPia", 2023).status == "completed"
    assert exact(stage)


def again(stage: Stage) -> None:
    """The listener scrobbles once more."""
    stage.lastfm.add_plays("PreviewingPia", plays(LATE, 1, "2023-12-30"))


def test_a_year_that_is_stored_has_no_preview(stage: Stage) -> None:
    previewing_pia(stage)
    stage.fetch("PreviewingPia", 2023)
    again(stage)
    stage.fetch("PreviewingPia", 2023, refresh=True)
    assert stage.calls(CHART) == 1
    assert exact(stage)


def test_a_year_known_to_fit_in_one_answer_is_not_asked_for_twice(stage: Stage) -> None:
    stage.look_up("SingleSam")
    stage.fetch("SingleSam", 2023)
    assert stage.calls(CHART) == 0


def test_a_run_that_was_cut_off_goes_on_with_the_preview_it_had(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    previewing_pia(stage)
    whole = stage.context
    events = wait_for_preview(stage, monkeypatch)
    context = stage.context
    run = stage.ask("PreviewingPia", 2023)

    def kill(event: Event) -> None:
        if event.done > 0:
            raise Killed

    stage.watch(kill)
    with pytest.raises(Killed):
        stage.run_jobs()
    before = events[-1]
    assert before.preview
    stage.context = context
    stage.run_again("PreviewingPia", 2023, run)
    shown = [event for event in events if event.phase == "fetching"]
    assert [event.scrobbles for event in shown] == sorted(event.scrobbles for event in shown)
    assert events[-1].phase == "completed"
    assert stage.calls(CHART) == 1
    assert exact(stage)
    stage.context = whole


def test_a_chart_that_is_cut_off_is_outgrown(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    many = [Play(second("2023-06-01") + n, f"Artist {n}", "Song", f"Album {n}", "") for n in range(1_100)]
    stage.take_in("PreviewingPia", [*plays(EARLY, 300, "2023-02-01"), *many])
    events = wait_for_preview(stage, monkeypatch)
    stage.fetch("PreviewingPia", 2023)
    first = next(event for event in events if event.preview)
    assert (first.scrobbles, first.matched) == (300 + 999, 300), "a thousand albums"
    assert stage.event("PreviewingPia", 2023).scrobbles == 1_400
    assert exact(stage)
