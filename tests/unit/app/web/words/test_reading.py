"""How a year is read, in sentences: how far it is, when it was read, and what Last.fm does not hand over."""

from datetime import UTC, date, datetime
from typing import Any
from uuid import uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.events import Event, Gap
from app.web.words.reading import in_tab, meanwhile, not_there, progress, time_left, when_read


def event(**fields: Any) -> Event:
    return Event(**{"run": uuid4(), "phase": "completed", **fields})


def at(when: str) -> int:
    return int(datetime.fromisoformat(f"2024-{when}+00:00").timestamp())


def gap(start: int, end: int, plays: int | None = 3) -> Gap:
    return Gap(start=start, end=end, plays=plays)


@pytest.mark.parametrize(
    ("fields", "ahead", "said"),
    [
        ({"phase": "queued"}, 0, "Asking Last.fm…"),
        ({"phase": "queued"}, 1, "In line, 1 fetch ahead"),
        ({"phase": "queued"}, 2_000, "In line, 2,000 fetches ahead"),
        ({"phase": "fetching"}, 0, "Asking Last.fm…"),
        ({"phase": "fetching", "done": 0, "expected": 12_100}, 0, "0 of 12,100 plays checked"),
        ({"phase": "fetching", "done": 100, "expected": 12_100}, 0, "100 of 12,100 plays checked"),
        ({"phase": "fetching", "done": 1300, "expected": 12_100}, 0, "1,300 of 12,100 plays checked"),
        ({"phase": "fetching", "done": 12_100, "expected": 12_100}, 0, "12,100 of 12,100 plays checked"),
        ({"phase": "fetching", "next_try_at": 9.0}, 0, "Last.fm does not answer"),
        ({"phase": "fetching", "next_try_at": 9.0, "done": 1, "expected": 12_100}, 0, "1 of 12,100 plays checked"),
        (
            {"phase": "fetching", "done": 1, "expected": 9, "waiting_for": "database"},
            0,
            "Waiting for our own database",
        ),
        ({"phase": "augmenting", "expected": 12_100}, 0, "Looking up the last release years…"),
    ],
)
def test_progress_is_told_in_plays(fields: dict[str, Any], ahead: int, said: str) -> None:
    assert progress(event(**fields), ahead) == said


def test_what_nobody_has_heard_of_yet_is_asked_for() -> None:
    assert progress(None) == "Asking Last.fm…"


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"phase": "queued"}, "HeavyHelen’s 2021"),
        ({"phase": "fetching", "done": 0}, "HeavyHelen’s 2021"),
        ({"phase": "fetching", "done": 0, "expected": 12_100}, "0\u00a0% · HeavyHelen’s 2021"),
        ({"phase": "fetching", "done": 1_573, "expected": 12_100}, "13\u00a0% · HeavyHelen’s 2021"),
        ({"phase": "fetching", "done": 12_100, "expected": 12_100}, "99\u00a0% · HeavyHelen’s 2021"),
        ({"phase": "augmenting", "done": 9, "expected": 9}, "99\u00a0% · HeavyHelen’s 2021"),
        ({"phase": "completed", "done": 9, "expected": 9}, "HeavyHelen’s 2021"),
    ],
)
def test_a_tab_says_first_how_far_it_is(fields: dict[str, Any], said: str) -> None:
    assert in_tab(event(**fields), "HeavyHelen’s 2021") == said


UNDER_WAY = {"phase": "fetching", "done": 1, "expected": 9}


@pytest.mark.parametrize(
    ("fields", "age", "said"),
    [
        ({"seconds_left": 200_000}, 0.0, "about 3333 min 20 s left"),
        ({"seconds_left": 125}, 0.0, "about 2 min 05 s left"),
        ({"seconds_left": 60}, 0.0, "about 1 min 00 s left"),
        ({"seconds_left": 60}, 1.2, "about 59 s left"),
        ({"seconds_left": 5}, 0.0, "about 5 s left"),
        ({"seconds_left": 5}, -3.0, "about 5 s left"),
        ({"seconds_left": 5}, 0.1, "a few seconds left"),
        ({"seconds_left": 0}, 0.0, "a few seconds left"),
        ({"seconds_left": 3}, 8.1, "takes a little longer"),
        ({"seconds_left": None}, 0.0, "takes a little longer"),
        ({"phase": "augmenting", "seconds_left": 7}, 0.0, "about 7 s left"),
        ({"done": 0}, 0.0, None),
        ({"expected": None, "seconds_left": 4}, 0.0, None),
        ({"seconds_left": 9, "next_try_at": 5.0}, 0.0, None),
        ({"seconds_left": 9, "waiting_for": "database"}, 0.0, None),
        ({"phase": "queued", "seconds_left": 9}, 0.0, None),
        ({"phase": "completed", "seconds_left": 9}, 0.0, None),
    ],
)
def test_the_time_left_is_told_as_far_as_it_is_known(fields: dict[str, Any], age: float, said: str | None) -> None:
    left = time_left(event(**UNDER_WAY | fields), age)
    assert (left and left.text.replace("\u00a0", " ")) == said


def test_one_may_always_close_the_page_and_it_is_said_what_the_bars_are_worth() -> None:
    running = event(phase="fetching")
    told = [
        meanwhile(None),
        meanwhile(event(phase="queued"), ahead=2),
        meanwhile(running.model_copy(update={"next_try_at": 9.0})),
        meanwhile(running.model_copy(update={"scrobbles": 5})),
        meanwhile(running.model_copy(update={"scrobbles": 5, "years": {1975: 3}})),
        meanwhile(running.model_copy(update={"scrobbles": 5, "years": {1975: 3}, "preview": True})),
    ]
    close = " You may close this page."
    assert [line.removesuffix(close) for line in told] == [
        "The first bars appear in a moment.",
        "The first bars appear when it is this year’s turn.",
        "The first bars appear when it goes on, by itself.",
        "The first bars appear with the first play whose release year is known.",
        "The bars grow as plays come in.",
        "The bars are nearly right, and exact in the end.",
    ]
    assert all(line.endswith(close) for line in told)


@pytest.mark.parametrize(
    ("missing", "said"),
    [
        (gap(at("05-03 14:03"), at("05-03 14:41")), "3 plays between 14:03 and 14:41 on 3 May"),
        (gap(at("05-03 14:03:59"), at("05-03 14:40:01")), "3 plays between 14:03 and 14:41 on 3 May"),
        (gap(at("05-03 14:03"), at("05-03 14:41"), 1), "1 play between 14:03 and 14:41 on 3 May"),
        (gap(at("05-03 14:03"), at("05-03 14:41"), None), "some plays between 14:03 and 14:41 on 3 May"),
        (gap(at("05-03 14:03:07"), at("05-03 14:03:08")), "3 plays at 14:03 on 3 May"),
        (gap(at("05-03 23:45"), at("05-04 00:00")), "3 plays between 23:45 and midnight on 3 May"),
        (gap(at("05-03 00:00"), at("05-03 06:00")), "3 plays between 00:00 and 06:00 on 3 May"),
        (gap(at("05-03 00:00"), at("05-04 00:00")), "3 plays on 3 May"),
        (gap(at("05-03 22:10"), at("05-04 01:20")), "3 plays between 22:10 on 3 May and 01:20 on 4 May"),
        (gap(at("05-03 22:00"), at("05-05 01:00")), "3 plays between 3 and 5 May"),
        (gap(at("05-03 00:00"), at("05-08 00:00")), "3 plays between 3 and 7 May"),
        (gap(at("05-28 09:00"), at("06-02 09:00")), "3 plays between 28 May and 2 June"),
        (gap(at("01-01 00:00"), at("12-31 00:00") + 86_400), "3 plays between 1 January and 31 December"),
    ],
)
def test_a_gap_is_told_by_its_plays_and_its_time(missing: Gap, said: str) -> None:
    told = not_there(event(gaps=(missing,)), 0)
    assert told == f"Last.fm does not hand over {said} (UTC). We keep asking for them."


@given(st.integers(at("01-01 00:00"), at("12-31 00:00")), st.integers(1, 400 * 86_400))
def test_every_gap_can_be_told(start: int, seconds: int) -> None:
    assert " 3 plays " in not_there(event(gaps=(gap(start, start + seconds),)), 0)


FIRST_TWO = "1 play between 14:00 and 15:00 on 1 May, 2 plays between 14:00 and 15:00 on 2 May"


def hours(day: int, count: int | None) -> Gap:
    return gap(at(f"05-{day:02} 14:00"), at(f"05-{day:02} 15:00"), count)


@pytest.mark.parametrize(
    ("counts", "said"),
    [
        ((1, 2), FIRST_TWO.replace(", ", " and ")),
        (
            (1, 2, None, 4, 1_000),
            f"{FIRST_TWO}, some plays between 14:00 and 15:00 on 3 May and 1,004 more at 2 other times",
        ),
        (
            (1, 2, 3, None),
            f"{FIRST_TWO}, 3 plays between 14:00 and 15:00 on 3 May and some more at 1 other time",
        ),
    ],
)
def test_of_several_gaps_the_first_are_named_and_the_others_counted(
    counts: tuple[int | None, ...], said: str
) -> None:
    gaps = tuple(hours(day, count) for day, count in enumerate(counts, 1))
    assert not_there(event(gaps=gaps), 0) == f"Last.fm does not hand over {said} (UTC). We keep asking for them."


UNDATED = "2 plays have no date at Last.fm and are left out."


@pytest.mark.parametrize(
    ("fields", "unexplained", "said"),
    [
        ({}, 0, ""),
        ({}, 5, "Last.fm counts 5 plays more than it gave us."),
        ({}, -1, "Last.fm counts 1 play fewer than it gave us."),
        ({"duplicates": 1}, 0, "1 play that Last.fm lists twice is counted once."),
        ({"duplicates": 1_200}, 0, "1,200 plays that Last.fm lists twice are counted once."),
        ({"undated": 1}, 0, "1 play has no date at Last.fm and is left out."),
        (
            {"undated": 2, "unreadable": 3},
            1,
            f"{UNDATED} 3 lines of Last.fm’s list cannot be read. Last.fm counts 1 play more than it gave us.",
        ),
    ],
)
def test_what_is_not_there_is_told_in_its_parts(fields: dict[str, Any], unexplained: int, said: str) -> None:
    assert not_there(event(**fields), unexplained) == said


READ = {"read_at": datetime(2026, 11, 3, 23, 59, tzinfo=UTC).timestamp()}
TODAY = date(2026, 11, 30)
NEWER = "Newer plays are added when somebody opens this page, at most once an hour."


@pytest.mark.parametrize(
    ("fields", "until", "said"),
    [
        ({}, None, ""),
        (READ, None, "Read on 3 November 2026."),
        ({**READ, "added": 3}, None, "Read on 3 November 2026. The latest reading added 3 plays."),
        ({**READ, "removed": 1}, None, "Read on 3 November 2026. The latest reading removed 1 play."),
        ({"added": 1, "removed": 2}, None, "The latest reading added 1 play and removed 2 plays."),
        ({**READ, "phase": "fetching", "added": 3}, None, "Read on 3 November 2026. It is being read again."),
        (READ, TODAY, f"Counted up to 30 November 2026. {NEWER}"),
        ({"phase": "queued"}, TODAY, "It is being read again."),
        ({**READ, "phase": "failed"}, TODAY, NEWER),
        ({**READ, "phase": "failed"}, None, "Read on 3 November 2026."),
    ],
)
def test_when_a_year_was_read_and_what_that_changed_is_told(
    fields: dict[str, Any], until: date | None, said: str
) -> None:
    assert when_read(event(**fields), until) == said
