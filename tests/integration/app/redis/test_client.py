"""The connections to Redis: bounded, and enough for everybody in turn."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from redis import Redis
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import OutOfMemoryError, ResponseError

from app.redis.allowance import max_burst
from app.redis.client import connect_redis, is_outage
from app.settings import Settings
from worker.lastfm.limiter import Limiter

AT_ONCE = 150


def test_whoever_finds_all_connections_in_use_waits_for_one(settings: Settings) -> None:
    with connect_redis(settings) as redis, ThreadPoolExecutor(AT_ONCE) as visitors:
        waits = [visitors.submit(redis.blpop, ["nothing"], 0.5) for _ in range(AT_ONCE)]
        assert [wait.result() for wait in waits] == [None] * AT_ONCE
        clients = [client for client in redis.client_list() if client["addr"]]
    assert len(clients) < AT_ONCE


def test_the_calls_of_a_high_rate_share_them(settings: Settings) -> None:
    with connect_redis(settings) as redis:
        limiter = Limiter(redis, rate=50.0)
        limiter.burst = at_once = 2 * max_burst(50.0)  # as many threads as a fetch has then
        with ThreadPoolExecutor(at_once) as calls:
            waits = [calls.submit(limiter.wait) for _ in range(at_once)]
            assert [wait.result() for wait in waits] == [None] * at_once


def test_an_outage_is_told_from_a_mistake_of_ours(redis: Redis) -> None:
    with pytest.raises(ResponseError) as mistake:
        redis.eval("return redis.call('NOTHING')", 0)
    assert not is_outage(mistake.value)
    assert not is_outage(KeyError("x"))
    full_disk = "Command # 1 (SET x 1) of pipeline caused error: MISCONF Errors writing to the AOF file"
    alone = ResponseError("NOREPLICAS Not enough good replicas to write.")
    for error in (ResponseError(full_disk), alone, OutOfMemoryError("maxmemory"), RedisConnectionError("refused")):
        assert is_outage(error)
