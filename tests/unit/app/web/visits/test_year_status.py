"""When Last.fm is asked again, in seconds from now."""

import time
from uuid import UUID

import pytest

from app.events import Event, Phase
from app.web.visits.status import OVERDUE_SECONDS, next_try


@pytest.mark.parametrize(
    ("phase", "after", "seconds"),
    [
        ("failed", 27.2, 28),
        ("fetching", 4.2, 5),
        ("failed", -1, OVERDUE_SECONDS),
        ("fetching", -1, 0),
        ("failed", None, 0),
    ],
)
def test_the_next_try_is_told_in_full_seconds_and_never_in_none(
    monkeypatch: pytest.MonkeyPatch, phase: Phase, after: float | None, seconds: int
) -> None:
    monkeypatch.setattr(time, "time", lambda: 1_000.0)
    said = Event(run=UUID(int=1), phase=phase, next_try_at=None if after is None else 1_000 + after)
    assert next_try(said) == seconds


def test_of_nothing_no_time_is_known() -> None:
    assert next_try(None) == 0
