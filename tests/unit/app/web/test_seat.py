"""A seat holds the latest message for a page that is slower than the events."""

import threading

from app.web.hub import Seat


def test_a_page_that_was_away_gets_the_latest_only() -> None:
    seat = Seat()
    seat.put("first")
    seat.put("second")
    assert seat.take(1) == "second"
    assert seat.take(0) is None


def test_a_message_wakes_the_page_that_waits_for_it() -> None:
    seat = Seat()
    threading.Timer(0.05, seat.put, ["news"]).start()
    assert seat.take(5) == "news"


def test_a_page_that_waits_is_sent_away_at_once() -> None:
    seat = Seat()
    threading.Timer(0.05, seat.close).start()
    assert seat.take(5) is None
    assert seat.closed


def test_what_was_said_last_is_still_heard_before_the_page_is_sent_away() -> None:
    seat = Seat()
    seat.put("news")
    seat.close()
    assert seat.take(5) == "news"
    assert seat.closed


def test_no_message_is_lost_between_two_who_hurry() -> None:
    seat = Seat()
    last = 20_000

    def talk() -> None:
        for number in range(last + 1):
            seat.put(str(number))

    talker = threading.Thread(target=talk)
    talker.start()
    heard = -1
    while heard < last:
        message = seat.take(5)
        assert message is None or int(message) > heard
        heard = max(heard, int(message or -1))
    talker.join()
