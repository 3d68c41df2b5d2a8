"""The doctor's check of the API key: one call, and what its answer says about the key and about Last.fm."""

import re

import pytest
from redis import Redis

from app.redis.allowance import ALLOWANCE_KEY, PACE_KEY, read_allowance
from demo.lastfm.faults import Fault
from demo.lastfm.stand_in import LastfmStandIn
from tests.integration.conftest import KEY
from tests.integration.worker.doctor.conftest import Looked
from worker.doctor import Finding, State
from worker.lastfm.limiter import Limiter


def key(findings: Looked, **changes: object) -> Finding:
    return findings(**changes)["Last.fm key"]


def test_a_good_key_takes_one_call(findings: Looked, lastfm: LastfmStandIn) -> None:
    assert key(findings) == Finding("Last.fm key", State.WELL, "accepted just now")
    assert [call.method for call in lastfm.calls] == ["user.getInfo"]


@pytest.mark.parametrize("fault", ["error10", "error26"])
def test_a_refused_key_is_ill_and_stops_the_workers_too(
    findings: Looked, lastfm: LastfmStandIn, redis: Redis, fault: str
) -> None:
    lastfm.faults.add(Fault(fault))
    refused = key(findings)
    assert (refused.state, refused.seen) == (State.ILL, f"Last.fm refuses it (error {fault[5:]}, HTTP 403)")
    assert "LASTFM_API_KEY" in refused.mend
    assert Limiter(redis, 1).refused_for(KEY)
    lastfm.faults.clear()
    assert key(findings).state == State.WELL, "whoever asks wants to know how it is now"
    assert not Limiter(redis, 1).refused_for(KEY), "and workers call again at once"


def test_another_key_is_tried_at_once(findings: Looked, lastfm: LastfmStandIn) -> None:
    assert key(findings, lastfm_api_key="wrong").state == State.ILL
    assert key(findings).state == State.WELL


@pytest.mark.parametrize("fault", ["503", "html", "error8", "error11", "error16"])
def test_a_last_fm_that_is_away_says_nothing_of_the_key(
    findings: Looked, lastfm: LastfmStandIn, redis: Redis, fault: str
) -> None:
    lastfm.faults.add(Fault(fault))
    away = key(findings)
    assert away.state == State.WARNING
    assert re.match(r"unknown: Last\.fm is out of order \((error \d+, )?HTTP \d{3}", away.seen)
    assert not Limiter(redis, 1).refused_for(KEY)


def test_a_last_fm_that_cannot_be_reached_is_told_without_the_key(findings: Looked) -> None:
    away = key(findings, lastfm_api_url="http://127.0.0.1:1/")
    assert (away.state, away.seen) == (State.WARNING, "unknown: Last.fm cannot be reached (ConnectionError)")
    assert KEY not in str(away)


def test_error_29_pauses_the_workers_and_the_next_look_makes_no_call(
    findings: Looked, lastfm: LastfmStandIn, redis: Redis
) -> None:
    lastfm.faults.add(Fault("error29"))
    assert "tells us to wait" in key(findings).seen
    assert 50 < read_allowance(redis, 100).seconds_to_wait <= 60
    waiting = key(findings)
    assert waiting.state == State.WARNING
    assert waiting.seen.startswith("not checked: Last.fm has told us to wait for ")
    assert len(lastfm.calls) == 1


def test_a_pace_that_is_slowed_down_is_told(findings: Looked, redis: Redis) -> None:
    Limiter(redis, 100).pause(60)
    redis.hincrbyfloat(PACE_KEY, "grows_from", -60)
    redis.delete(ALLOWANCE_KEY)
    found = key(findings, lastfm_requests_per_second=2.0)
    assert (found.state, found.seen) == (State.WELL, "accepted just now, slowed down to 1 of 2 calls a second")


def test_a_key_that_workers_use_all_the_time_is_well(
    findings: Looked, lastfm: LastfmStandIn, redis: Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("worker.doctor.lastfm.MAX_WAIT", 0.0)
    limiter = Limiter(redis, 0.01)
    for _ in range(limiter.burst + 1):
        limiter.wait(urgent=True)
    found = key(findings, lastfm_requests_per_second=0.01)
    assert (found.state, len(lastfm.calls)) == (State.WELL, 0)
    assert found.seen.startswith("in use: ")


def test_an_allowance_that_is_used_up_is_waited_for(findings: Looked, lastfm: LastfmStandIn, redis: Redis) -> None:
    limiter = Limiter(redis, 2)
    for _ in range(limiter.burst):
        limiter.wait(urgent=True)
    assert key(findings, lastfm_requests_per_second=2.0).state == State.WELL
    assert len(lastfm.calls) == 1
