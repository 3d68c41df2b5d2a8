"""Every night what is usual here is counted, and kept without names; so it is once Redis has lost it."""

import worker.jobs
from app.insights.usual_years import CountedShares
from app.jobs import enqueue
from app.jobs.queues import CHORES, count_waiting
from app.jobs.recovery import ask_for_recovery, enqueue_recovery
from app.redis.usual_years import read_usual_shares, read_usual_year, write_usual_years
from tests.integration.worker.conftest import Stage


def test_what_is_usual_is_counted_overnight(stage: Stage) -> None:
    stage.fetch("LightLuca", 2023)
    years = stage.event("LightLuca", 2023).years
    placed = sum(years.values())
    assert read_usual_shares(stage.redis, [2023]) == {}
    for _ in range(2):
        assert enqueue.enqueue_rematch(stage.redis)
        stage.run_jobs()
        shares, ages = read_usual_year(stage.redis, 2023)
        assert shares is not None
        assert shares.listeners == 1
        assert {at: round(placed * share) for at, share in shares.shares.items()} == years
        assert ages is None, "of so few nobody is told where they stand"


def test_who_is_forgotten_is_counted_no_more(stage: Stage) -> None:
    test_what_is_usual_is_counted_overnight(stage)
    stage.connection.execute("DELETE FROM lastfm_users")
    assert enqueue.enqueue_rematch(stage.redis)
    stage.run_jobs()
    assert read_usual_year(stage.redis, 2023) == (None, None)


def test_what_redis_has_lost_is_counted_again_once_for_all_workers(stage: Stage) -> None:
    test_what_is_usual_is_counted_overnight(stage)
    before = read_usual_year(stage.redis, 2023)
    stage.redis.flushall()
    assert read_usual_year(stage.redis, 2023) == (None, None)
    assert [enqueue_recovery(stage.redis) for _ in range(3)] == [True, False, False]
    stage.run_jobs()
    assert read_usual_year(stage.redis, 2023) == before


def test_what_was_counted_while_the_count_waited_stays(stage: Stage) -> None:
    test_what_is_usual_is_counted_overnight(stage)
    stage.redis.flushall()
    assert enqueue_recovery(stage.redis)
    worker.jobs.recover()
    write_usual_years(stage.redis, {(2023, False): CountedShares(listeners=7, shares={1977: 1.0})}, {})
    stage.run_jobs()
    shares, _ = read_usual_year(stage.redis, 2023)
    assert shares is not None
    assert shares.listeners == 7


def test_what_is_there_is_not_counted_again_when_redis_was_started_again(stage: Stage) -> None:
    test_what_is_usual_is_counted_overnight(stage)
    ask_for_recovery(stage.redis)
    assert enqueue_recovery(stage.redis)
    worker.jobs.recover()
    assert count_waiting(stage.redis, CHORES) == 0
    stage.redis.delete("lastyear:usual")
    worker.jobs.recover()
    worker.jobs.recover()
    assert count_waiting(stage.redis, CHORES) == 1
