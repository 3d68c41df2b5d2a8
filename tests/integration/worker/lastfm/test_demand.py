"""What fetches let each other know of the calls that they still have to make."""

from uuid import UUID

from redis import Redis

from app.events import new_run
from worker.fetching.time_left.speed import Speed, known_speed, save_speed
from worker.lastfm.demand import DEMAND_KEY, HOLDS, Demand, drop_demand, note_demand, others_demand


def test_each_run_sees_what_the_others_ask_for_until_they_are_done(redis: Redis) -> None:
    ours, theirs, new = new_run(), new_run(), new_run()
    note_demand(redis, ours, Demand(12, 4))
    note_demand(redis, theirs, Demand(40, 9))
    note_demand(redis, new, Demand(None))
    assert sorted(others_demand(redis, ours), key=str) == sorted([Demand(40, 9), Demand(None)], key=str)
    note_demand(redis, theirs, Demand(0, 1))
    drop_demand(redis, new)
    assert others_demand(redis, ours) == []
    assert others_demand(redis, theirs) == [Demand(12, 4)]


def test_a_run_that_has_said_nothing_for_long_or_by_a_clock_that_was_ahead_does_not_count(redis: Redis) -> None:
    run, now = new_run(), redis.time()[0]
    redis.hset(DEMAND_KEY, str(UUID(int=1)), f"9,2,{now - HOLDS - 1:.3f}")
    redis.hset(DEMAND_KEY, str(UUID(int=2)), f"9,2,{now + 86_400:.3f}")
    assert others_demand(redis, run) == []


def test_the_speed_of_a_fetch_is_known_to_the_next_one(redis: Redis) -> None:
    assert known_speed(redis) == Speed()
    save_speed(redis, Speed(store=0.25, match=0.004))
    assert known_speed(redis) == Speed(store=0.25, match=0.004)
