"""One allowance of calls for every worker: bounded, shared, with room for what somebody waits for."""

import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from redis import Redis

from app.allowance import KEY
from tests.integration.worker.conftest import Stage, some_plays
from worker.limiter import Limiter

SLOW = 0.01  # calls a second: nothing is earned while a test runs


class MustWait(Exception):
    """The limiter would have slept; says how long."""


def asleep(seconds: float) -> None:
    raise MustWait(seconds)


def limiter(redis: Redis, burst: int = 10, rate: float = SLOW) -> Limiter:
    limiter = Limiter(redis, rate, sleep=asleep)
    limiter.burst = burst
    return limiter


def take(limiter: Limiter, *, urgent: bool = False) -> int:
    """How many calls are let through before one has to wait."""
    calls = 0
    try:
        while True:
            limiter.wait(urgent=urgent)
            calls += 1
    except MustWait:
        return calls


def seconds_to_wait(limiter: Limiter, *, urgent: bool = False) -> float:
    with pytest.raises(MustWait) as slept:
        limiter.wait(urgent=urgent)
    return float(slept.value.args[0])


def test_savings_are_spent_at_once_and_no_more(redis: Redis) -> None:
    calls = limiter(redis)
    assert take(calls) == 10
    assert seconds_to_wait(calls) == pytest.approx(1 / SLOW, abs=5)


def test_two_workers_share_one_allowance(redis: Redis, valkey: str) -> None:
    with Redis.from_url(valkey) as other_redis:
        one, other = limiter(redis), limiter(other_redis)
        for _ in range(4):
            one.wait()
        assert take(other) == 6
        assert take(one) == 0


def test_one_call_is_left_to_what_somebody_waits_for(redis: Redis) -> None:
    calls = limiter(redis)
    take(calls)
    assert take(calls, urgent=True) == 1
    assert seconds_to_wait(calls, urgent=True) < seconds_to_wait(calls)


def test_a_pause_holds_everybody_whatever_was_saved(redis: Redis, valkey: str) -> None:
    with Redis.from_url(valkey) as other_redis:
        limiter(redis, rate=2).pause(60)
        other = limiter(other_redis, rate=2)
        assert seconds_to_wait(other) == pytest.approx(60.5, abs=2)
        assert seconds_to_wait(other, urgent=True) == pytest.approx(60, abs=2)


def test_after_a_pause_nothing_is_saved(redis: Redis) -> None:
    calls = limiter(redis, rate=2)
    calls.pause(60)
    paid = redis.get(KEY)
    assert isinstance(paid, bytes)
    redis.set(KEY, float(paid) - 60)
    assert take(calls, urgent=True) <= 3, "a pause that ends lets the calls go on at their rate, not in a burst"


def test_a_shorter_pause_does_not_end_a_longer_one(redis: Redis) -> None:
    calls = limiter(redis, rate=2)
    calls.pause(60)
    calls.pause(1)
    assert seconds_to_wait(calls, urgent=True) > 50


def test_an_allowance_that_is_whole_again_leaves_nothing_in_redis(redis: Redis) -> None:
    limiter(redis, rate=1).wait()
    assert 0 < int(str(redis.pttl(KEY))) <= 1000


def test_over_time_no_more_calls_are_let_through_than_the_rate(redis: Redis) -> None:
    rate = 200.0
    calls = Limiter(redis, rate)
    calls.burst = 5
    began = time.monotonic()
    with ThreadPoolExecutor(8) as pool:
        for _ in range(100):
            pool.submit(calls.wait)
    seconds = time.monotonic() - began
    assert 5 + rate * seconds + 1 >= 100


def test_calls_overlap_so_that_latency_does_not_slow_a_fetch_down(stage: Stage) -> None:
    stage.take_in("SlowSid", some_plays(20 * 200))
    stage.lastfm.latency = 0.2
    assert stage.fetch("SlowSid", 2023).expected == 4000
    assert stage.rows("SlowSid", 2023) == stage.told("SlowSid", 2023)
    peak = stage.lastfm.traffic.counts()["peak_in_flight"]
    assert isinstance(peak, int)
    assert 10 <= peak <= 20


def test_error_29_pauses_everybody(stage: Stage) -> None:
    stage.take_in("FastFinn", some_plays(5))
    stage.lastfm.traffic.rate = 0.0001
    stage.lastfm.traffic.window = 10_000
    calls = limiter(stage.redis, rate=100)
    stage.tools.lastfm.profile("FastFinn")
    assert take(calls) > 0
    assert stage.lastfm.traffic.counts()["rejected"] == 0
    stage.ask("FastFinn", 2023)
    stage.run_jobs()
    assert stage.lastfm.traffic.counts()["rejected"] == 5
    assert seconds_to_wait(calls) > 0
