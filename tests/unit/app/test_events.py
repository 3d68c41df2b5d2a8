"""Events: what a failure means, and which of two runs is the newer."""

from datetime import timedelta
from typing import Any

from app.events import Event, Failure, Gap, YearCounts, new_run


def test_every_failure_is_tried_again_some_time() -> None:
    assert all(timedelta() < failure.retry_after <= timedelta(days=1) for failure in Failure)


def test_a_later_run_is_the_greater_in_every_way_it_is_written() -> None:
    runs = [new_run() for _ in range(1_000)]
    assert runs == sorted(runs)
    assert [str(run) for run in runs] == sorted(str(run) for run in runs)


def test_a_year_that_is_queued_again_is_as_whole_as_it_was_and_keeps_what_is_known_of_it() -> None:
    counts = YearCounts(scrobbles=5, matched=5, years={1977: 5})
    known: dict[str, Any] = {"expected": 9, "gaps": (Gap(start=1, end=2, plays=4),), "read_at": 7.0}
    news: dict[str, Any] = {
        "done": 5,
        "added": 1,
        "error": Failure.LASTFM_AWAY,
        "next_try_at": 9.0,
        "seconds_left": 3,
    }
    part = Event(run=new_run(), phase="failed", **counts.numbers, **known, **news)
    run = new_run()
    assert part.queued(run, was_whole=False) == Event(run=run, phase="queued", **counts.numbers, **known)
    assert [part.queued(run, was_whole=was).is_whole for was in (False, True)] == [False, True]
