"""Calls that run side by side: how many, which one has ended, what becomes of the others."""

import threading
from collections.abc import Iterator
from threading import Event

import pytest
import structlog

from tests.conftest import PATIENCE
from worker.lastfm.overlap import Overlap


@pytest.fixture
def gate() -> Iterator[Event]:
    """Holds calls up until it is open; it is opened at the end."""
    gate = Event()
    yield gate
    gate.set()


def test_each_call_is_given_back_once_with_its_key_and_its_result() -> None:
    with Overlap[str, int](3) as calls:
        for number, key in enumerate("abc"):
            calls.start(key, lambda number=number: number * 10)  # type: ignore[misc]
        ended = [calls.next() for _ in range(3)]
        assert {key: result() for key, result in ended} == {"a": 0, "b": 10, "c": 20}
        assert len(calls) == 0


def test_there_is_room_for_so_many_at_once_and_no_more(gate: Event) -> None:
    began = threading.Barrier(3)

    def call() -> None:
        began.wait(PATIENCE)
        gate.wait(PATIENCE)

    with Overlap[int, None](2) as calls:
        assert calls.has_room
        calls.start(1, call)
        assert calls.has_room
        calls.start(2, call)
        assert (len(calls), calls.has_room) == (2, False)
        began.wait(PATIENCE)
        gate.set()
        calls.next()
        assert (len(calls), calls.has_room) == (1, True)


def test_the_one_that_has_ended_comes_first_however_late_it_began(gate: Event) -> None:
    with Overlap[str, str](2) as calls:
        calls.start("slow", lambda: str(gate.wait(PATIENCE)))
        calls.start("fast", lambda: "at once")
        key, result = calls.next()
        assert (key, result()) == ("fast", "at once")
        gate.set()
        assert calls.next()[0] == "slow"


def test_an_error_is_raised_where_its_result_is_asked_for() -> None:
    def fail() -> None:
        raise LookupError("a fault")

    with Overlap[str, None](1) as calls:
        calls.start("bad", fail)
        key, result = calls.next()
        assert (key, len(calls)) == ("bad", 0)
        with pytest.raises(LookupError, match="a fault"):
            result()


def test_whoever_leaves_waits_for_no_call_and_starts_none_that_waits_in_line(gate: Event) -> None:
    started: list[str] = []

    def call(name: str) -> None:
        started.append(name)
        gate.wait(PATIENCE)

    def leave() -> None:
        with Overlap[str, None](1) as calls:
            calls.start("under way", lambda: call("under way"))
            calls.start("in line", lambda: call("in line"))
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        leave()
    assert not gate.is_set()
    assert "in line" not in started


def test_a_call_logs_under_the_run_that_started_it() -> None:
    with structlog.contextvars.bound_contextvars(run="7"), Overlap[int, dict[str, object]](1) as calls:
        calls.start(1, structlog.contextvars.get_contextvars)
        assert calls.next()[1]() == {"run": "7"}
