"""A Redis that Sentinel looks after: who connects asks for the primary, and for the next one when that is gone."""

import signal
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path

import pytest
from pydantic import SecretStr
from redis.exceptions import RedisError

from app.events import Event, new_run
from app.redis import client as redis_client
from app.redis.client import connect_redis, is_outage
from app.redis.event_stream import Topic, publish
from app.redis.sentinel_url import parse_sentinel_url
from app.settings import Settings, read_settings
from app.web.live import subscriptions
from app.web.live.subscriptions import Subscriptions
from tests.conftest import PATIENCE, wait_until
from tests.sentinels import NAME, SENTINEL_PASSWORD, Sentinels, sentinels
from tests.tls import Authority, front

HELEN = Topic("HeavyHelen", 2024)


@pytest.fixture
def watched(tmp_path: Path) -> Iterator[Sentinels]:
    """A Valkey, its replica and three sentinels."""
    with sentinels(tmp_path) as found:
        yield found


@pytest.fixture
def by_sentinels(watched: Sentinels) -> Settings:
    """The settings that lead to them."""
    return read_settings({"REDIS_URL": watched.url}, [])


def test_whoever_connects_finds_the_primary_and_then_the_next_one(
    watched: Sentinels, by_sentinels: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(subscriptions, "PING_SECONDS", 0.5)
    monkeypatch.setattr(subscriptions, "PONG_SECONDS", 1.0)
    with connect_redis(by_sentinels, outage_seconds=120) as redis, connect_redis(by_sentinels) as impatient:
        with ThreadPoolExecutor(100) as visitors:  # more than there are connections
            waits = [visitors.submit(redis.incr, "visits") for _ in range(100)]
            assert sorted(int(wait.result()) for wait in waits) == list(range(1, 101))
        assert impatient.get("visits") == b"100"
        relay = Subscriptions(impatient)
        with relay.subscribe(HELEN) as page:
            publish(redis, HELEN, Event(run=new_run(), phase="fetching", done=1))
            assert '"done":1,' in (page.wait(PATIENCE) or "")
            wait_until(lambda: watched.has_replica(), otherwise=watched.logs)
            frozen = watched.end_primary(signal.SIGSTOP)  # it neither answers nor hangs up
            with suppress(RedisError):  # it times out, unless the failover was quicker than this
                impatient.incr("tries")
            assert redis.set("after", "the failover")
            assert watched.primary() != frozen
            assert wait_until(lambda: tries(impatient), otherwise=watched.logs) == b"the failover"
            event = Event(run=new_run(), phase="fetching", done=2)
            publish(redis, HELEN, event)  # before the relay has noticed, or after
            wait_until(lambda: '"done":2,' in (page.wait(1) or ""), otherwise=watched.logs)
        relay.close()
        # The one that was frozen believes for a while that it is the primary; nobody is sent there.
        watched.servers[frozen].send_signal(signal.SIGCONT)
        wait_until(watched.has_replica, otherwise=watched.logs)
        assert redis.get("after") == b"the failover"


def tries(impatient: object) -> object:
    """What was written after the failover; None while it does not answer."""
    try:
        return impatient.get("after")  # type: ignore[attr-defined]
    except RedisError:
        return None


def test_a_sentinel_that_is_away_is_passed_over_a_wrong_password_is_an_outage_and_tls_is_spoken_with_all(
    watched: Sentinels, by_sentinels: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    authority, primary = Authority(tmp_path), watched.primary()
    assert primary is not None
    with front(authority, watched.ports[1]) as sentinel, front(authority, primary) as encrypted:
        url = f"rediss+sentinel://:p%2Fw%40rd-of-valkey@localhost:{sentinel.port}/{NAME}"
        options = f"?sentinel_password={SENTINEL_PASSWORD}&ssl_ca_certs={authority.file}"
        found = redis_client._Sentinels(parse_sentinel_url(url + options))
        assert found.find_primary() == ("127.0.0.1", primary)
        # The sentinels, which speak none here, do not know of its front.
        address = ("localhost", encrypted.port)
        monkeypatch.setattr(redis_client._Sentinels, "find_primary", lambda _: address)
        with connect_redis(read_settings({"REDIS_URL": url + options}, [])) as redis:
            assert redis.ping()
        assert (sentinel.connections, encrypted.connections) == (1, 1)
        with connect_redis(read_settings({"REDIS_URL": url}, [])) as redis, pytest.raises(RedisError):
            redis.ping()
        monkeypatch.undo()
    away = watched.ports[0]
    watched.servers[away].kill()
    watched.servers[away].wait()
    with connect_redis(by_sentinels) as redis:
        assert redis.ping()
    for wrong in ("", "?sentinel_password=wrong"):
        wrongly = SecretStr(watched.url.partition("?")[0] + wrong)
        with connect_redis(by_sentinels.model_copy(update={"redis_url": wrongly})) as redis:
            with pytest.raises(RedisError) as refused:
                redis.ping()
            assert is_outage(refused.value)
            assert SENTINEL_PASSWORD not in str(refused.value)
