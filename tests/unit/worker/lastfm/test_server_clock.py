"""A clock that is ahead of Last.fm's is put back, as soon as an answer shows it."""

import pytest
import requests

from worker.lastfm.server_clock import ServerClock, server_time

NEW_YEAR = 1_704_067_200.0  # 1 January 2024
AT_NEW_YEAR = "Mon, 01 Jan 2024 00:00:00 GMT"


def answer(date: str | None) -> requests.Response:
    answer = requests.Response()
    if date is not None:
        answer.headers["Date"] = date
    return answer


def test_the_server_says_what_time_it_is() -> None:
    assert server_time(answer(AT_NEW_YEAR)) == NEW_YEAR
    assert server_time(answer("Mon, 01 Jan 2024 00:00:00")) == NEW_YEAR


@pytest.mark.parametrize("date", [None, "", "now", "Mon, 99 Jan 2024 00:00:00 GMT", "0" * 100, "1 Jan 99999"])
def test_a_server_may_say_nothing_of_the_time(date: str | None) -> None:
    assert server_time(answer(date)) is None


def test_a_clock_that_is_ahead_is_put_back() -> None:
    clock = ServerClock(lambda: NEW_YEAR + 3600)
    assert clock.now() == NEW_YEAR + 3600
    clock.note(answer(AT_NEW_YEAR), asked_at=NEW_YEAR + 3600)
    assert NEW_YEAR <= clock.now() <= NEW_YEAR + 1


@pytest.mark.parametrize("asked_at", [NEW_YEAR - 3600, NEW_YEAR - 1, NEW_YEAR, NEW_YEAR + 0.9])
def test_a_clock_that_is_behind_or_right_is_left_alone(asked_at: float) -> None:
    clock = ServerClock(lambda: asked_at)
    clock.note(answer(AT_NEW_YEAR), asked_at)
    assert clock.now() == asked_at


def test_one_answer_with_an_old_date_does_not_set_the_clock_back() -> None:
    clock = ServerClock(lambda: NEW_YEAR + 3600)
    clock.note(answer("Mon, 01 Jan 2024 01:00:00 GMT"), NEW_YEAR + 3600)
    clock.note(answer(AT_NEW_YEAR), NEW_YEAR + 3600)
    clock.note(answer(None), NEW_YEAR + 3600)
    assert clock.now() == NEW_YEAR + 3600
    clock.note(answer(AT_NEW_YEAR), NEW_YEAR + 3600)
    assert clock.now() <= NEW_YEAR + 1
