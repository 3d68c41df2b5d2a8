"""The connections to Redis: bounded, and enough for everybody in turn."""

from concurrent.futures import ThreadPoolExecutor

from app.redis_client import connect_redis
from app.settings import Settings

AT_ONCE = 150


def test_whoever_finds_all_connections_in_use_waits_for_one(settings: Settings) -> None:
    with connect_redis(settings) as redis, ThreadPoolExecutor(AT_ONCE) as visitors:
        waits = [visitors.submit(redis.blpop, ["nothing"], 0.5) for _ in range(AT_ONCE)]
        assert [wait.result() for wait in waits] == [None] * AT_ONCE
        clients = [client for client in redis.client_list() if client["addr"]]
    assert len(clients) < AT_ONCE
