"""A subscriber holds the latest message for a page that is slower than the events."""

import threading

from app.events import new_run
from app.web.live.subscriptions import Subscriber
from tests.conftest import PATIENCE

OLDER, RUN, NEWER = (new_run() for _ in range(3))


def test_a_page_that_was_away_gets_the_latest_only() -> None:
    subscriber = Subscriber()
    subscriber.push("first", RUN)
    subscriber.push("second", RUN)
    assert subscriber.wait(1) == "second"
    assert subscriber.wait(0) is None


def test_what_an_older_run_says_after_a_newer_one_is_not_heard() -> None:
    subscriber = Subscriber()
    subscriber.push("news", RUN)
    subscriber.push("old", OLDER)
    assert subscriber.wait(1) == "news"
    subscriber.push("old", OLDER)
    assert subscriber.wait(0) is None
    subscriber.push("newer", NEWER)
    assert subscriber.wait(1) == "newer"


def test_what_was_said_before_the_first_message_by_an_older_run_is_dropped_and_by_the_same_is_not() -> None:
    subscriber = Subscriber()
    subscriber.push("news", RUN)
    subscriber.begin_at(OLDER)
    subscriber.begin_at(RUN)
    assert subscriber.wait(1) == "news"
    subscriber.push("news", RUN)
    subscriber.begin_at(NEWER)
    assert subscriber.wait(0) is None


def test_a_message_wakes_the_page_that_waits_for_it() -> None:
    subscriber = Subscriber()
    threading.Timer(0.05, subscriber.push, ["news", RUN]).start()
    assert subscriber.wait(PATIENCE) == "news"


def test_a_page_that_waits_is_sent_away_at_once() -> None:
    subscriber = Subscriber()
    threading.Timer(0.05, subscriber.close).start()
    assert subscriber.wait(PATIENCE) is None
    assert subscriber.closed


def test_what_was_said_last_is_still_heard_before_the_page_is_sent_away() -> None:
    subscriber = Subscriber()
    subscriber.push("news", RUN)
    subscriber.close()
    assert subscriber.wait(PATIENCE) == "news"
    assert subscriber.closed


def test_no_message_is_lost_between_two_who_hurry() -> None:
    subscriber = Subscriber()
    last = 20_000

    def talk() -> None:
        for number in range(last + 1):
            subscriber.push(str(number), RUN)

    talker = threading.Thread(target=talk)
    talker.start()
    heard = -1
    while heard < last:
        message = subscriber.wait(PATIENCE)
        assert message is None or int(message) > heard
        heard = max(heard, int(message or -1))
    talker.join()
