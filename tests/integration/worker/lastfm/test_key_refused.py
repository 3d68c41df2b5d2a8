"""A key that Last.fm refuses stops every call of every worker until it is changed."""

from dataclasses import replace

import pytest
from pydantic import SecretStr

from app.events import Failure
from app.redis.allowance import REFUSED_KEY
from demo.lastfm.faults import Fault
from tests.integration.worker.conftest import Stage, some_plays
from worker.context import WorkerContext
from worker.lastfm.errors import CallRefused, KeyRefused


def with_key(stage: Stage, key: str) -> WorkerContext:
    """The context of another process that has this key."""
    settings = stage.context.settings.model_copy(update={"lastfm_api_key": SecretStr(key)})
    return WorkerContext.make(settings, delays=(0.0,), pause=0.1)


@pytest.mark.parametrize("error", ["error10", "error26"])
def test_all_workers_stop_calling_until_the_key_changes(stage: Stage, error: str) -> None:
    stage.take_in("KeyedKim", some_plays(2500))
    stage.one_call_at_a_time()
    stage.at_call(3, lambda: stage.lastfm.faults.add(Fault(error, "user.getRecentTracks")))
    job = stage.fetch("KeyedKim", 2023)
    assert (job.status, job.error_message) == ("failed", Failure.LASTFM_REFUSES)
    assert stage.event("KeyedKim", 2023).error == Failure.LASTFM_REFUSES
    assert stage.counts("KeyedKim", 2023).scrobbles > 900, "what is stored is still shown"

    stage.lastfm.call_log.clear()
    same_key = with_key(stage, stage.context.settings.lastfm_api_key.get_secret_value())
    with pytest.raises(KeyRefused):
        same_key.lastfm.profile("KeyedKim")
    assert stage.fetch("KeyedKim", 2023).error_message == Failure.LASTFM_REFUSES
    assert stage.look_up("SingleSam").error == Failure.LASTFM_REFUSES
    assert [call for call in stage.lastfm.calls if call.method != "profile"] == []

    stage.lastfm.api_key = "another key"
    stage.context = with_key(stage, "another key")
    assert stage.fetch("KeyedKim", 2023).status == "completed"
    assert stage.rows("KeyedKim", 2023) == stage.told("KeyedKim", 2023)


def test_a_wrong_key_is_tried_once(stage: Stage) -> None:
    stage.context = with_key(stage, "wrong")
    stage.take_in("KeyedKim", some_plays(5))
    for _ in range(3):
        assert stage.look_up("KeyedKim").error == Failure.LASTFM_REFUSES
    assert stage.calls("user.getInfo") == 1


def end_pause(stage: Stage) -> None:
    """Let the time pass until the next try."""
    stage.redis.hset(REFUSED_KEY, "until", 0)


def test_a_key_that_is_refused_is_tried_anew_after_pauses_that_double_up_to_an_hour(stage: Stage) -> None:
    limiter, key = stage.context.lastfm.limiter, "some key"
    pauses = []
    for _ in range(9):
        assert limiter.refused_for(key) == 0
        pauses.append(limiter.mark_refused(key))
        assert 0 < limiter.mark_refused(key) <= pauses[-1], "calls under way together are refused together"
        assert 0 < limiter.refused_for(key) <= pauses[-1]
        end_pause(stage)
    assert pauses == [30, 60, 120, 240, 480, 960, 1920, 3600, 3600]


def test_when_a_pause_is_over_one_call_finds_out_for_all(stage: Stage) -> None:
    limiter, key = stage.context.lastfm.limiter, "some key"
    limiter.mark_refused(key)
    end_pause(stage)
    assert limiter.refused_for(key) == 0
    assert limiter.refused_for(key) > 0, "the others wait for its answer"
    limiter.mark_accepted()
    assert limiter.refused_for(key) == 0


def test_a_short_refusal_is_over_with_the_next_good_answer(stage: Stage) -> None:
    stage.lastfm.faults.add(Fault("error26"))
    refused = stage.look_up("SingleSam")
    assert refused.error == Failure.LASTFM_REFUSES
    assert refused.next_try_at == pytest.approx(stage.context.clock.now() + 30, abs=10)
    job = stage.fetch("SingleSam", 2023)
    assert job.next_try_at is not None, "the page counts down to it"
    end_pause(stage)
    assert stage.look_up("SingleSam").phase == "completed"
    assert not stage.redis.exists(REFUSED_KEY)


def test_a_key_that_took_the_place_of_a_refused_one_is_not(stage: Stage) -> None:
    limiter = stage.context.lastfm.limiter
    limiter.mark_refused("the old key")
    limiter.forget_other_key("the old key")
    assert limiter.refused_for("the old key") > 0
    limiter.forget_other_key("the new key")
    assert not stage.redis.exists(REFUSED_KEY)


def test_a_call_that_is_our_own_mistake_is_repeated_once(stage: Stage) -> None:
    without_key = replace(stage.context, lastfm=with_key(stage, "").lastfm)
    with pytest.raises(CallRefused):
        without_key.lastfm.profile("SingleSam")
    assert stage.calls("user.getInfo") == 2
