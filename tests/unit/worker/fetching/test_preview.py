"""The preview and what is stored: the larger of each number is shown, until the pages have outgrown it."""

from types import SimpleNamespace
from typing import Any, cast
from uuid import uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.events import Event, YearCounts
from worker.context import Clock, WorkerContext
from worker.fetching.preview import ProgressReporter, blend

COUNTS = st.integers(0, 100_000)
YEARS = st.dictionaries(st.integers(1950, 2026), st.integers(1, 5_000), max_size=80)


@st.composite
def year_counts(draw: st.DrawFn) -> YearCounts:
    """Make counts that can be stored: placed plays are matched, exactly or not; others not found or pending."""
    years, nearly, missed, waiting = draw(YEARS), draw(COUNTS), draw(COUNTS), draw(COUNTS)
    placed = sum(years.values())
    nearly = min(nearly, placed)
    return YearCounts(
        scrobbles=placed + missed + waiting,
        matched=placed - nearly,
        fuzzy_matched=nearly,
        not_found=missed,
        years=years,
    )


def numbers(counts: YearCounts) -> list[int]:
    return [counts.scrobbles, counts.matched, counts.fuzzy_matched, counts.not_found]


@given(year_counts(), year_counts())
def test_no_number_and_no_bar_is_smaller_than_either_says(preview: YearCounts, exact: YearCounts) -> None:
    both = blend(preview, exact)
    for one in (preview, exact):
        assert all(ours >= theirs for ours, theirs in zip(numbers(both), numbers(one), strict=True))
        assert all(both.years[year] >= plays for year, plays in one.years.items())


@given(year_counts(), year_counts())
def test_the_numbers_never_contradict_each_other(preview: YearCounts, exact: YearCounts) -> None:
    both = blend(preview, exact)
    assert both.scrobbles >= sum(both.years.values())
    assert both.scrobbles >= both.matched + both.fuzzy_matched + both.not_found
    assert list(both.years) == sorted(both.years)


@given(year_counts())
def test_what_is_outgrown_is_not_there_any_more(exact: YearCounts) -> None:
    assert numbers(blend(YearCounts(), exact)) == numbers(exact)
    assert blend(exact, exact).years == blend(YearCounts(), exact).years == exact.years


NOW = 1_700_000_000.0
PREVIEW = YearCounts(scrobbles=900, matched=800, years={1977: 500, 1990: 300})


def said(**fields: Any) -> Event:
    return Event(**{"run": uuid4(), "phase": "fetching", "expected": 1200, **fields})


def reporting() -> tuple[ProgressReporter, list[Event]]:
    """Make a reporter, and the list of what it publishes."""
    published: list[Event] = []
    context = SimpleNamespace(publish=lambda _, event: published.append(event), clock=Clock(now=lambda: NOW))
    return ProgressReporter(cast("WorkerContext", context), "LightLuca", 2024), published


def heard(*events: Event, preview: YearCounts = PREVIEW) -> list[Event]:
    """Return what is published if the preview comes before the events."""
    reporter, published = reporting()
    reporter.show_preview(preview)
    for event in events:
        reporter.publish(event)
    return published


def test_a_preview_is_said_with_the_first_answer_or_at_once_when_that_is_in() -> None:
    assert heard() == []
    assert [event.preview for event in heard(said())] == [True]
    reporter, published = reporting()
    reporter.publish(said())
    reporter.show_preview(PREVIEW)
    assert [event.scrobbles for event in published] == [0, 900]


@pytest.mark.parametrize(
    "event",
    [
        said(phase="queued"),
        said(phase="augmenting", scrobbles=1000),
        said(phase="completed", scrobbles=1000),
        said(phase="failed", scrobbles=200),
        said(expected=150),
        said(expected=100),
        said(expected=None),
        said(scrobbles=950, matched=900, years={1977: 600, 1990: 300}),
    ],
)
def test_it_stands_in_only_for_plays_that_are_to_come(event: Event) -> None:
    assert heard(event) == [event]


def test_one_that_comes_when_all_is_said_is_not_said() -> None:
    for phase in ("augmenting", "completed", "failed"):
        reporter, published = reporting()
        reporter.publish(said(phase=phase))
        reporter.show_preview(PREVIEW)
        assert len(published) == 1


def test_one_without_bars_is_none() -> None:
    assert not heard(said(), preview=YearCounts(scrobbles=900))[0].preview


def test_a_wait_for_last_fm_is_told_with_the_latest_event_until_the_next_one() -> None:
    reporter, published = reporting()
    reporter.show_wait(5)
    assert published == [], "nobody waits yet"
    reporter.publish(said(scrobbles=9))
    reporter.show_wait(0.1)
    reporter.show_wait(5)
    reporter.publish(said(scrobbles=10))
    assert [(event.scrobbles, event.next_try_at) for event in published] == [(9, None), (9, NOW + 5), (10, None)]


def test_what_is_still_under_way_when_a_run_has_ended_is_not_said() -> None:
    reporter, published = reporting()
    reporter.publish(said(scrobbles=9))
    reporter.close()
    reporter.show_wait(5)
    reporter.show_preview(PREVIEW)
    assert len(published) == 1
