"""A key that Last.fm refuses stops every call of every worker until it is changed."""

from dataclasses import replace

import pytest
from pydantic import SecretStr

from app.allowance import REFUSED_KEY
from app.events import Failure
from demo.faults import Fault
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


def test_after_an_hour_one_call_finds_out_whether_the_key_is_good_again(stage: Stage) -> None:
    stage.lastfm.faults.add(Fault("error26"))
    stage.look_up("SingleSam")
    assert 3500 < int(str(stage.redis.ttl(REFUSED_KEY))) <= 3600
    stage.redis.delete(REFUSED_KEY)
    assert stage.look_up("SingleSam").phase == "completed"


def test_a_call_that_is_our_own_mistake_is_repeated_once(stage: Stage) -> None:
    without_key = replace(stage.context, lastfm=with_key(stage, "").lastfm)
    with pytest.raises(CallRefused):
        without_key.lastfm.profile("SingleSam")
    assert stage.calls("user.getInfo") == 2
