"""How long an answer holds."""

from datetime import UTC, datetime, timedelta

import pytest

from app.fetches import FAILURES, is_final, is_fresh
from app.progress import Failure

NEW_YEAR = datetime(2024, 1, 1, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


@pytest.mark.parametrize(
    ("fetched", "final"),
    [
        (datetime(2023, 7, 1, tzinfo=UTC), False),
        (NEW_YEAR, False),
        (datetime(2024, 1, 15, 23, 59, 59, tzinfo=UTC), False),
        (datetime(2024, 1, 16, tzinfo=UTC), True),
        (datetime(2030, 1, 1, tzinfo=UTC), True),
    ],
)
def test_a_year_is_final_once_late_scrobbles_can_come_no_more(fetched: datetime, final: bool) -> None:
    assert is_final(2023, fetched) is final


def test_a_final_year_stays_fresh_and_another_for_an_hour() -> None:
    later = datetime(2030, 1, 1, tzinfo=UTC)
    assert is_fresh(2023, datetime(2024, 2, 1, tzinfo=UTC), later)
    assert not is_fresh(2023, NEW_YEAR, later)
    assert is_fresh(2023, NEW_YEAR, NEW_YEAR + 59 * MINUTE)
    assert not is_fresh(2023, NEW_YEAR, NEW_YEAR + 60 * MINUTE)


def test_every_failure_is_tried_again_some_time() -> None:
    assert FAILURES.keys() == set(Failure)
    assert all(timedelta() < wait <= timedelta(hours=1) for wait in FAILURES.values())
