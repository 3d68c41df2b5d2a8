"""Wishes: what becomes of the one whose turn it is."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest

from app.fetches import FAILURES
from app.progress import Failure
from app.store.jobs import FetchJob
from app.wishes import Next, whose_turn

NOW = datetime(2026, 6, 1, tzinfo=UTC)
MOMENT = timedelta(seconds=1)


def job(**fields: Any) -> FetchJob:
    given = {
        "id": 1,
        "username_key": "lightluca",
        "year": 2024,
        "run": uuid4(),
        "status": "failed",
        "window_end": NOW,
        "resume_from": None,
        "progress": 0,
        "total_pages": 0,
        "expected": None,
        "error_message": None,
        "created_at": NOW,
        "updated_at": NOW,
        "completed_at": None,
    }
    return FetchJob(**{**given, **fields})


def test_a_year_that_nobody_asked_for_is_asked_for() -> None:
    assert whose_turn(None, NOW) is Next.ASK


@pytest.mark.parametrize("status", ["completed", "failed", "fetching"])
def test_a_year_that_is_stored_is_passed_over(status: str) -> None:
    assert whose_turn(job(status=status, completed_at=NOW), NOW) is Next.PASS


@pytest.mark.parametrize("status", ["pending", "fetching", "augmenting"])
def test_a_year_at_work_is_left_to_the_claim(status: str) -> None:
    assert whose_turn(job(status=status), NOW) is Next.ASK


@pytest.mark.parametrize(
    ("failure", "turn"),
    [
        (Failure.NO_SUCH_USER, Next.END),
        (Failure.LISTENING_HIDDEN, Next.END),
        (Failure.LASTFM_REFUSES, Next.END),
        (Failure.LASTFM_AWAY, Next.WAIT),
        (Failure.BROKEN, Next.PASS),
    ],
)
def test_a_failure_decides_for_the_others_until_it_is_old(failure: Failure, turn: Next) -> None:
    failed = job(error_message=failure)
    assert whose_turn(failed, NOW + MOMENT) is turn
    assert whose_turn(failed, NOW + FAILURES[failure] + MOMENT) is Next.ASK


def test_a_failure_that_is_not_known_any_more_is_one_of_ours() -> None:
    assert whose_turn(job(error_message="something older"), NOW + MOMENT) is Next.PASS
