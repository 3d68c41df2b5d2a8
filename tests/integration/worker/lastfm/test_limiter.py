"""The rate limit: bounded, shared by all workers, with a reserve for calls that somebody is waiting for."""

import time
from concurrent.futures import ThreadPoolExecutor
from threading import Event, Semaphore

import pytest
from redis import Redis

from app.redis.allowance import ALLOWANCE_KEY, MIN_PACE, PACE_KEY, read_allowance
from tests.conftest import PATIENCE
from tests.integration.worker.conftest import Stage, some_plays
from worker.lastfm.limiter import Limiter

SLOW = 0.01  # calls a second: nothing is earned while a test runs


class MustWait(Exception):
    """Raised instead of sleeping; says for how long."""


def asleep(seconds: float) -> None:
    raise MustWait(seconds)


def limiter(redis: Redis, burst: int = 10, rate: float = SLOW) -> Limiter:
    limiter = Limiter(redis, rate, sleep=asleep)
    limiter.burst = burst
    return limiter


def take(limiter: Limiter, *, urgent: bool = False) -> int:
    """Return how many calls are allowed before one has to wait."""
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


def test_a_clock_that_is_set_back_makes_nobody_wait(redis: Redis) -> None:
    calls, tomorrow = limiter(redis), time.time() + 24 * 3600
    redis.set(ALLOWANCE_KEY, tomorrow, ex=24 * 3600)
    redis.hset(PACE_KEY, mapping={"pace": 0.5, "grows_from": tomorrow})
    assert read_allowance(redis, SLOW).seconds_to_wait == 0
    assert read_allowance(redis, 10.0).left == 30
    assert take(calls) == 10


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


def let_pass(redis: Redis, seconds: float) -> None:
    """Let time pass, for what the limiter remembers."""
    kept = redis.get(ALLOWANCE_KEY)
    if isinstance(kept, bytes):
        redis.set(ALLOWANCE_KEY, float(kept) - seconds)
    if redis.exists(PACE_KEY):
        redis.hincrbyfloat(PACE_KEY, "grows_from", -seconds)
        redis.pexpire(PACE_KEY, int(str(redis.pttl(PACE_KEY))) - round(seconds * 1000))


def test_after_a_pause_nothing_is_saved(redis: Redis) -> None:
    calls = limiter(redis, rate=2)
    calls.pause(60)
    let_pass(redis, 60)
    assert take(calls, urgent=True) <= 2, "a pause that ends lets the calls go on at their pace, not in a burst"


def test_a_shorter_pause_does_not_end_a_longer_one(redis: Redis) -> None:
    calls = limiter(redis, rate=2)
    calls.pause(60)
    calls.pause(1)
    assert seconds_to_wait(calls, urgent=True) > 50


def pace(redis: Redis) -> float:
    """Return which part of the rate is allowed."""
    allowed = read_allowance(redis, 2)
    return allowed.rate / allowed.full_rate


def test_after_a_pause_the_pace_is_half_and_comes_back_a_tenth_a_minute(redis: Redis) -> None:
    calls = limiter(redis, rate=2)
    calls.pause(60)
    assert pace(redis) == 0
    let_pass(redis, 60.1)
    for minutes in range(5):
        assert pace(redis) == pytest.approx(0.5 + minutes / 10, abs=0.01)
        let_pass(redis, 60)
    assert pace(redis) == 1
    assert not redis.exists(PACE_KEY)


def test_at_half_the_pace_a_call_costs_twice_as_much(redis: Redis) -> None:
    calls = limiter(redis, burst=21, rate=2)
    calls.pause(1)
    let_pass(redis, 1000)
    redis.hset(PACE_KEY, mapping={"pace": 0.5, "grows_from": float(redis.time()[0])})
    assert 10 <= take(calls) <= 12, "ten seconds of calls at one a second instead of two"
    assert seconds_to_wait(calls) == pytest.approx(1, abs=0.5)
    assert read_allowance(redis, 2).is_slowed


def test_each_time_that_last_fm_says_it_again_the_pace_is_halved_again_but_never_to_nothing(redis: Redis) -> None:
    calls = limiter(redis, rate=2)
    for expected in (0.5, 0.25, 0.125, MIN_PACE, MIN_PACE):
        calls.pause(60)
        let_pass(redis, 60.1)
        assert pace(redis) == pytest.approx(expected, abs=0.01)
    let_pass(redis, 3 * 60)
    calls.pause(60)
    let_pass(redis, 60.1)
    assert pace(redis) == pytest.approx((MIN_PACE + 0.3) / 2, abs=0.01), "half of what it had come back to"


def test_calls_that_are_told_together_halve_the_pace_once(redis: Redis) -> None:
    calls = limiter(redis, rate=2)
    for _ in range(6):
        calls.pause(60)
    let_pass(redis, 60.1)
    assert pace(redis) == pytest.approx(0.5, abs=0.01)


def test_a_long_wait_is_told_and_a_short_one_is_not(redis: Redis) -> None:
    calls, told = limiter(redis, rate=2), list[float]()
    take(calls)
    with pytest.raises(MustWait):
        calls.wait(tell=told.append)
    assert told == []
    calls.pause(60)
    with pytest.raises(MustWait):
        calls.wait(tell=told.append)
    assert told == [pytest.approx(60, abs=2)]


def test_what_is_left_is_what_can_be_taken(redis: Redis) -> None:
    calls = limiter(redis, burst=6, rate=2)
    for taken in range(5):
        assert read_allowance(redis, 2).left == 6 - taken
        calls.wait()
    calls.pause(60)
    assert read_allowance(redis, 2).left == 0


def test_an_allowance_that_is_whole_again_leaves_nothing_in_redis(redis: Redis) -> None:
    limiter(redis, rate=1).wait()
    assert 0 < int(str(redis.pttl(ALLOWANCE_KEY))) <= 1000


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
    stage.take_in("SlowSid", some_plays(20_000))
    stage.lastfm.latency = 0.6
    assert stage.fetch("SlowSid", 2023).expected == 20_000
    assert stage.rows("SlowSid", 2023) == stage.told("SlowSid", 2023)
    peak = stage.lastfm.call_log.peak_in_flight
    assert isinstance(peak, int)
    assert 4 <= peak <= 20


def test_error_29_pauses_everybody(stage: Stage) -> None:
    stage.take_in("FastFinn", some_plays(5))
    stage.lastfm.call_log.rate = 0.0001
    stage.lastfm.call_log.window = 10_000
    calls = limiter(stage.redis, rate=100)
    stage.context.lastfm.profile("FastFinn")
    assert take(calls) > 0
    assert stage.lastfm.call_log.rejected == 0
    stage.ask("FastFinn", 2023)
    stage.run_jobs()
    assert stage.lastfm.call_log.rejected == 5
    assert seconds_to_wait(calls) > 0


def test_a_call_that_is_overtaken_wakes_before_those_that_have_just_begun_to_wait(
    redis: Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    slept: list[float] = []
    calls = Limiter(redis, SLOW, sleep=slept.append)
    answers = iter([5.0, 5.0, 5.0, 0.0, 5.0, 0.0])
    monkeypatch.setattr(calls, "_run", lambda *_: next(answers))
    calls.wait()
    calls.wait()
    first, second, third, next_call = (seconds - 5.0 for seconds in slept)
    assert next_call == first > second > third > 0


def test_of_a_process_one_call_waits_at_a_time_but_for_urgent_ones(
    redis: Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    asleep, most, go_on = Semaphore(0), 0, Event()
    waiting: list[int] = []

    def sleep(_: float) -> None:
        nonlocal most
        waiting.append(1)
        most = max(most, len(waiting))
        asleep.release()
        go_on.wait(PATIENCE)
        waiting.pop()

    calls = Limiter(redis, SLOW, sleep=sleep)
    monkeypatch.setattr(calls, "_run", lambda *_: 0.0 if go_on.is_set() else 5.0)
    with ThreadPoolExecutor(4) as threads:
        for _ in range(3):
            threads.submit(calls.wait)
        asleep.acquire(timeout=PATIENCE)
        threads.submit(calls.wait, urgent=True)
        asleep.acquire(timeout=PATIENCE)
        go_on.set()
    assert most == 2
