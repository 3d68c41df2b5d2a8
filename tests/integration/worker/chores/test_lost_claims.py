"""Claims whose jobs Redis has lost: the search for them is repeated until all of them are queued."""

import pytest

from app.jobs import job_status, queues
from app.jobs.recovery import ask_for_recovery, enqueue_recovery
from tests.integration.worker.conftest import Stage, some_plays
from worker.shutdown import ShutdownRequested

NAMES = ("WaitingWill", "WaitingWanda", "WaitingWim")


def test_what_a_full_queue_does_not_take_is_looked_for_again(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in NAMES:
        stage.take_in(name, some_plays(3))
        stage.ask(name, 2023)
    stage.redis.flushall()
    stage.connection.execute("UPDATE fetch_jobs SET updated_at = updated_at - interval '1 hour'")
    monkeypatch.setattr(queues, "MAX_WAITING", 2)
    for _ in range(2):
        assert enqueue_recovery(stage.redis)
        stage.run_jobs()
    assert {stage.job(name, 2023).status for name in NAMES} == {"completed"}
    assert not enqueue_recovery(stage.redis), "all were found"


def test_they_are_looked_for_when_another_server_answers_which_may_lack_what_came_last(stage: Stage) -> None:
    stage.take_in("WaitingWill", some_plays(3))
    assert enqueue_recovery(stage.redis)
    stage.run_jobs()
    run = stage.ask("WaitingWill", 2023)
    queues.queue(stage.redis, queues.FETCHES).remove(job_status.job_id(run))
    stage.redis.delete(f"rq:job:{job_status.job_id(run)}")
    stage.connection.execute("UPDATE fetch_jobs SET updated_at = updated_at - interval '1 hour'")
    assert not enqueue_recovery(stage.redis), "the same server has lost nothing"
    stage.redis.set("lastyear:nothing-lost", "what the old primary called itself")
    assert enqueue_recovery(stage.redis)
    stage.run_jobs()
    assert stage.job("WaitingWill", 2023).status == "completed"
    assert not enqueue_recovery(stage.redis)


def test_a_search_that_breaks_is_made_again_and_one_that_is_stopped_goes_back_to_its_queue(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    errors: list[Exception] = [ShutdownRequested(), ZeroDivisionError()]

    def break_down(*_: object) -> None:
        raise errors.pop()

    monkeypatch.setattr("worker.jobs.requeue_lost_years", break_down)
    assert enqueue_recovery(stage.redis)
    with pytest.raises(ZeroDivisionError):
        stage.run_jobs()
    assert enqueue_recovery(stage.redis)
    stage.run_jobs()
    assert not enqueue_recovery(stage.redis)


def test_a_search_that_is_asked_for_while_one_ends_is_made_after_it(stage: Stage) -> None:
    assert enqueue_recovery(stage.redis)
    ask_for_recovery(stage.redis)
    assert not enqueue_recovery(stage.redis), "one is there"
    stage.run_jobs()
    assert enqueue_recovery(stage.redis)
