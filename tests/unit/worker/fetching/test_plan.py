"""Which stretches are asked for: those that no stored stretch proves any more."""

from collections.abc import Sequence
from datetime import UTC, datetime

import pytest

from app.store.stretches import StoredStretch
from worker.fetching.plan import plan, proven
from worker.fetching.proof import Stretch

HOUR, DAY = 3600, 24 * 3600
YEAR = Stretch(
    int(datetime(2023, 1, 1, tzinfo=UTC).timestamp()), int(datetime(2024, 1, 1, tzinfo=UTC).timestamp())
)
MAY = YEAR.start + 120 * DAY
LATER = YEAR.end + 200 * DAY
"""When the year is looked at."""


def stored(
    start: int, end: int, plays: int = 10, *, proven: float | None = LATER - HOUR / 2, missing: int | None = 0
) -> StoredStretch:
    at = None if proven is None else datetime.fromtimestamp(proven, UTC)
    return StoredStretch(start, end, plays, at, missing, duplicates=0, undated=0, unreadable=0)


PLANS: dict[str, tuple[Sequence[StoredStretch], list[Stretch]]] = {
    "nothing is stored": ([], [YEAR]),
    "all of it is proven": ([stored(YEAR.start, MAY), stored(MAY, YEAR.end)], []),
    "the beginning was never read": ([stored(MAY, YEAR.end)], [Stretch(YEAR.start, MAY)]),
    "the end was never read": ([stored(YEAR.start, MAY)], [Stretch(MAY, YEAR.end)]),
    "the middle was never read": (
        [stored(YEAR.start, MAY), stored(MAY + DAY, YEAR.end)],
        [Stretch(MAY, MAY + DAY)],
    ),
    "the newest comes first": (
        [stored(YEAR.start + DAY, MAY), stored(MAY + DAY, YEAR.end)],
        [Stretch(MAY, MAY + DAY), Stretch(YEAR.start, YEAR.start + DAY)],
    ),
    "a part has lost its proof": (
        [stored(YEAR.start, MAY), stored(MAY, MAY + DAY, proven=None), stored(MAY + DAY, YEAR.end)],
        [Stretch(MAY, MAY + DAY)],
    ),
    "a fresh gap": ([stored(YEAR.start, MAY), stored(MAY, YEAR.end, missing=3)], []),
    "a fresh gap that nobody counted": ([stored(YEAR.start, MAY), stored(MAY, YEAR.end, missing=None)], []),
    "a gap older than an hour": (
        [stored(YEAR.start, MAY), stored(MAY, YEAR.end, missing=3, proven=LATER - HOUR - 1)],
        [Stretch(MAY, YEAR.end)],
    ),
    "an uncounted gap older than an hour": (
        [stored(YEAR.start, MAY), stored(MAY, YEAR.end, missing=None, proven=LATER - HOUR - 1)],
        [Stretch(MAY, YEAR.end)],
    ),
    "proven 29 days ago": ([stored(YEAR.start, YEAR.end, proven=LATER - 29 * DAY)], []),
    "proven 31 days ago": ([stored(YEAR.start, YEAR.end, proven=LATER - 31 * DAY)], [YEAR]),
    "what may have grown since": (
        [stored(YEAR.start, MAY, proven=LATER - 20 * DAY), stored(MAY, YEAR.end, proven=YEAR.end + 14 * DAY)],
        [Stretch(MAY, YEAR.end)],
    ),
    "neighbours that fit into one answer": (
        [stored(YEAR.start, MAY, 450, proven=None), stored(MAY, YEAR.end, 450, proven=None)],
        [YEAR],
    ),
    "neighbours that may not fit into one answer": (
        [stored(YEAR.start, MAY, 450, proven=None), stored(MAY, YEAR.end, 451, proven=None)],
        [Stretch(MAY, YEAR.end), Stretch(YEAR.start, MAY)],
    ),
    "what was never read goes with a small neighbour": (
        [stored(YEAR.start, MAY, 900, proven=None)],
        [YEAR],
    ),
    "a gap is asked for by itself": (
        [
            stored(YEAR.start, MAY, proven=None),
            stored(MAY, MAY + HOUR, missing=1, proven=YEAR.end),
            stored(MAY + HOUR, YEAR.end, proven=None),
        ],
        [Stretch(MAY + HOUR, YEAR.end), Stretch(MAY, MAY + HOUR), Stretch(YEAR.start, MAY)],
    ),
    "what was stored while our clock was ahead": (
        [stored(YEAR.start, YEAR.end), stored(YEAR.end + DAY, YEAR.end + 2 * DAY, proven=None)],
        [],
    ),
    "no neighbours": (
        [stored(YEAR.start, MAY, proven=None), stored(MAY, MAY + 1), stored(MAY + 1, YEAR.end, proven=None)],
        [Stretch(MAY + 1, YEAR.end), Stretch(YEAR.start, MAY)],
    ),
}


@pytest.mark.parametrize(
    ("plays", "missing", "size"), [(0, None, 50), (49, 1, 50), (50, 1, 100), (998, 1, 1000), (1200, 1, 1000)]
)
def test_a_gap_is_asked_for_with_no_more_rows_than_it_needs(plays: int, missing: int | None, size: int) -> None:
    kept = [stored(YEAR.start, MAY, plays, missing=missing, proven=YEAR.end), stored(MAY, YEAR.end, proven=None)]
    assert [ask.size for ask in plan(YEAR, kept, LATER)] == [1000, size]


def planned(window: Stretch, kept: Sequence[StoredStretch], now: float, prove_since: float = 0.0) -> list[Stretch]:
    return [ask.stretch for ask in plan(window, kept, now, prove_since)]


@pytest.mark.parametrize("case", PLANS)
def test_what_no_stored_stretch_proves_any_more_is_asked_for(case: str) -> None:
    kept, asked = PLANS[case]
    assert planned(YEAR, kept, LATER) == asked


def test_nothing_is_asked_for_beyond_the_window() -> None:
    window = Stretch(YEAR.start, MAY)
    assert planned(window, [], LATER) == [window]
    assert planned(window, [stored(YEAR.start, MAY + DAY, proven=None)], LATER) == [window]
    assert planned(Stretch(MAY, MAY), [], LATER) == []


@pytest.mark.parametrize(
    ("end", "hours", "holds"),
    [(-1, 0.9, True), (-1, 1.1, False), (-14, 0.9, True), (-14, 1.1, False), (-16, 23, True), (-16, 25, False)],
)
def test_in_the_running_year_what_may_still_grow_holds_for_an_hour(end: int, hours: float, holds: bool) -> None:
    now = MAY
    window = Stretch(YEAR.start, now)
    old = stored(YEAR.start, MAY + end * DAY, proven=now - hours * HOUR)
    asked = planned(window, [old], now)
    assert asked == [Stretch(MAY + end * DAY, MAY) if holds else window]


def test_what_was_proven_before_everything_was_to_be_read_anew_does_not_count() -> None:
    kept = [stored(YEAR.start, MAY, proven=LATER - 600), stored(MAY, YEAR.end, proven=LATER - 300)]
    assert planned(YEAR, kept, LATER, prove_since=LATER - 400) == [Stretch(YEAR.start, MAY)]
    assert planned(YEAR, kept, LATER, prove_since=LATER - 600) == []
    assert proven(kept, LATER, prove_since=LATER - 400) == kept[1:]


def test_what_is_proven_is_what_is_not_asked_for() -> None:
    kept = [
        stored(YEAR.start, MAY),
        stored(MAY, MAY + DAY, proven=None),
        stored(MAY + DAY, MAY + 2 * DAY, missing=None),
        stored(MAY + 2 * DAY, YEAR.end, missing=4, proven=LATER - 2 * HOUR),
    ]
    assert proven(kept, LATER) == [kept[0], kept[2]]
    assert planned(YEAR, kept, LATER) == [Stretch(kept[3].start, YEAR.end), Stretch(MAY, MAY + DAY)]
