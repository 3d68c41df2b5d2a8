"""What Last.fm says once is not believed, and the time until the next attempt is told."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from worker.lastfm.errors import (
    CallRefused,
    ListeningHidden,
    NoSuchUser,
    OtherListener,
    TooFast,
    TooMuch,
    TryAgain,
)
from worker.lastfm.retrying import DOUBTFUL, Retrying


class Sleeper:
    """Sleeps no time at all, and knows for how long."""

    def __init__(self) -> None:
        self.slept: list[float] = []
        self.ask = Retrying((1.0, 2.0, 5.0, 10.0), self.slept.append)


def saying(*errors: Exception) -> Callable[[], str]:
    """A call that fails in these ways, and then no more."""
    rest = list(errors)

    def call() -> str:
        if rest:
            raise rest.pop(0)
        return "answer"

    return call


def test_an_error_that_passes_costs_a_delay() -> None:
    sleeper = Sleeper()
    assert sleeper.ask(saying(TryAgain(), TooMuch(), TryAgain())) == "answer"
    assert sleeper.slept == pytest.approx([1, 2, 5], rel=0.2)


def test_after_five_attempts_the_last_error_comes_out() -> None:
    sleeper = Sleeper()
    with pytest.raises(TryAgain, match="5"):
        sleeper.ask(saying(*(TryAgain(str(number)) for number in range(1, 7))))
    assert sleeper.slept == pytest.approx([1, 2, 5, 10], rel=0.2)


@pytest.mark.parametrize(
    "error", [NoSuchUser(), ListeningHidden(), CallRefused("error 6, HTTP 400"), OtherListener("Luca")]
)
def test_what_matters_is_believed_only_when_it_is_said_twice(error: Exception) -> None:
    assert isinstance(error, DOUBTFUL)
    assert Sleeper().ask(saying(error)) == "answer"
    sleeper = Sleeper()
    with pytest.raises(type(error)):
        sleeper.ask(saying(error, error))
    assert len(sleeper.slept) == 1
    with pytest.raises(type(error)):
        Sleeper().ask(saying(error, TryAgain(), error))


def test_two_different_sayings_are_not_the_same_one_twice() -> None:
    errors = (NoSuchUser(), OtherListener("Luca"), OtherListener("Sam"), CallRefused("error 6"))
    assert Sleeper().ask(saying(*errors)) == "answer"


def test_what_was_said_only_once_in_five_attempts_is_not_believed() -> None:
    with pytest.raises(TryAgain, match="only once"):
        Sleeper().ask(saying(*(TryAgain() for _ in range(4)), NoSuchUser()))


def test_what_the_caller_handles_comes_out_at_once() -> None:
    sleeper = Sleeper()
    with pytest.raises(TooMuch):
        sleeper.ask(saying(TooMuch()), raise_at_once=(TooMuch,))
    assert sleeper.slept == []


def test_the_seconds_until_the_next_attempt_are_told_before_the_wait() -> None:
    sleeper, told = Sleeper(), list[float]()
    ask = replace(sleeper.ask, on_retry=lambda seconds: told.append(seconds - len(sleeper.slept)))
    ask(saying(TryAgain(), TooFast("error 29", 60.0)))
    assert told == [pytest.approx(1, rel=0.2), 59.0]
