"""The preview beside what is stored: the larger of every number, until the pages have outgrown it."""

from typing import Any
from uuid import uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.progress import Event, Topic
from app.store.scrobbles import Standing
from worker.preview import Report, blend

COUNTS = st.integers(0, 100_000)
YEARS = st.dictionaries(st.integers(1950, 2026).map(str), st.integers(1, 5_000), max_size=80)


@st.composite
def standings(draw: st.DrawFn) -> Standing:
    """What can be stored: every placed play is matched or nearly so, and all others are missed or wait."""
    years, nearly, missed, waiting = draw(YEARS), draw(COUNTS), draw(COUNTS), draw(COUNTS)
    placed = sum(years.values())
    nearly = min(nearly, placed)
    return Standing(
        scrobbles=placed + missed + waiting,
        matched=placed - nearly,
        fuzzy_matched=nearly,
        not_found=missed,
        years=years,
    )


def numbers(standing: Standing) -> list[int]:
    return [standing.scrobbles, standing.matched, standing.fuzzy_matched, standing.not_found]


@given(standings(), standings())
def test_no_number_and_no_bar_is_smaller_than_either_says(preview: Standing, exact: Standing) -> None:
    both = blend(preview, exact)
    for one in (preview, exact):
        assert all(ours >= theirs for ours, theirs in zip(numbers(both), numbers(one), strict=True))
        assert all(both.years[year] >= plays for year, plays in one.years.items())


@given(standings(), standings())
def test_the_numbers_never_contradict_each_other(preview: Standing, exact: Standing) -> None:
    both = blend(preview, exact)
    assert both.scrobbles >= sum(both.years.values())
    assert both.scrobbles >= both.matched + both.fuzzy_matched + both.not_found
    assert list(both.years) == sorted(both.years)


@given(standings())
def test_what_is_outgrown_is_not_there_any_more(exact: Standing) -> None:
    assert numbers(blend(Standing(), exact)) == numbers(exact)
    assert blend(exact, exact).years == blend(Standing(), exact).years == exact.years


class Heard:
    """A publisher that remembers."""

    def __init__(self) -> None:
        self.events: list[Event] = []

    def publish(self, topic: Topic, event: Event) -> None:
        self.events.append(event)


PREVIEW = Standing(scrobbles=900, matched=800, years={"1977": 500, "1990": 300})


def said(**fields: Any) -> Event:
    return Event(**{"run": uuid4(), "phase": "fetching", "pages": 5, "expected": 1000, **fields})


def heard(*events: Event, preview: Standing = PREVIEW) -> list[Event]:
    """What is published when the preview comes before the events."""
    publisher = Heard()
    report = Report(publisher, "LightLuca", 2024)
    report.take(preview)
    for event in events:
        report.say(event)
    return publisher.events


def test_a_preview_is_said_with_the_first_page_or_at_once_when_that_is_in() -> None:
    assert heard() == []
    assert [event.preview for event in heard(said())] == [True]
    publisher = Heard()
    report = Report(publisher, "LightLuca", 2024)
    report.say(said())
    report.take(PREVIEW)
    assert [event.scrobbles for event in publisher.events] == [0, 900]


@pytest.mark.parametrize(
    "event",
    [
        said(phase="queued"),
        said(phase="augmenting", scrobbles=1000),
        said(phase="completed", scrobbles=1000),
        said(phase="failed", scrobbles=200),
        said(pages=1),
        said(expected=100),
        said(expected=None),
        said(scrobbles=950, matched=900, years={"1977": 600, "1990": 300}),
    ],
)
def test_it_stands_in_for_pages_only(event: Event) -> None:
    assert heard(event) == [event]


def test_one_that_comes_when_all_is_said_is_not_said() -> None:
    for phase in ("augmenting", "completed", "failed"):
        publisher = Heard()
        report = Report(publisher, "LightLuca", 2024)
        report.say(said(phase=phase))
        report.take(PREVIEW)
        assert len(publisher.events) == 1


def test_one_without_bars_is_none() -> None:
    assert not heard(said(), preview=Standing(scrobbles=900))[0].preview
