"""When a listening year is final, and how long it holds before."""

from datetime import UTC, datetime, timedelta

import pytest

from app.listening_years import is_final, is_fresh

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


FINAL = datetime(2024, 2, 1, tzinfo=UTC)
DAY = timedelta(days=1)


def test_a_year_that_is_not_final_holds_for_an_hour() -> None:
    assert is_fresh(2023, NEW_YEAR, NEW_YEAR + 59 * MINUTE)
    assert not is_fresh(2023, NEW_YEAR, NEW_YEAR + 60 * MINUTE)


def test_a_final_year_holds_for_thirty_days_after_it_was_read() -> None:
    assert is_fresh(2023, FINAL, FINAL + 29 * DAY)
    assert not is_fresh(2023, FINAL, FINAL + 30 * DAY)
    read = FINAL + 100 * DAY
    assert is_fresh(2023, read, read + 29 * DAY, read=read)
    assert not is_fresh(2023, read, read + 2 * DAY, read=read - 28 * DAY), "a part of it was read before"
    assert is_fresh(2023, read, read + 59 * MINUTE, read=FINAL), "and cannot be read, it seems"


def test_a_year_with_gaps_holds_for_an_hour() -> None:
    assert is_fresh(2023, FINAL, FINAL + 59 * MINUTE, has_gaps=True)
    assert not is_fresh(2023, FINAL, FINAL + 60 * MINUTE, has_gaps=True)


def test_the_counts_of_a_final_year_hold_without_its_plays() -> None:
    assert is_fresh(2023, FINAL, FINAL + 300 * DAY, only_counted=True)
    assert is_fresh(2023, FINAL, FINAL + 300 * DAY, only_counted=True, has_gaps=True)
    assert not is_fresh(2023, NEW_YEAR, NEW_YEAR + 60 * MINUTE, only_counted=True), "it may have grown"
