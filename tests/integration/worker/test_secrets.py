"""Neither the API key nor the internal token is ever left in Redis, in an event or in an exception."""

import traceback
import zlib
from base64 import b64decode
from collections.abc import Callable, Iterator
from contextlib import suppress

import pytest
import requests
from redis import Redis

from app.events import Event
from demo.lastfm.faults import Fault
from tests.integration.conftest import KEY, TOKEN
from tests.integration.worker.conftest import RECENT, Stage, some_plays
from worker.context import WorkerContext
from worker.lastfm.errors import KeyRefused, TryAgain


def values(redis: Redis) -> Iterator[bytes]:
    """Every key and value in Redis, whatever its type."""
    readers: dict[bytes, Callable[[bytes], object]] = {
        b"string": redis.get,
        b"hash": redis.hgetall,
        b"list": lambda key: redis.lrange(key, 0, -1),
        b"set": redis.smembers,
        b"zset": lambda key: redis.zrange(key, 0, -1),
        b"stream": redis.xrange,
    }
    for key in redis.scan_iter():
        assert isinstance(key, bytes)
        yield key
        kind = redis.type(key)
        assert isinstance(kind, bytes)
        if kind != b"none":  # it has expired since it was listed
            yield from leaves(readers[kind](key))


def leaves(value: object) -> Iterator[bytes]:
    if isinstance(value, dict):
        yield from leaves([*value.keys(), *value.values()])
    elif isinstance(value, list | tuple | set):
        for item in value:
            yield from leaves(item)
    elif isinstance(value, bytes):
        yield value
        yield from unpacked(value)


def unpacked(value: bytes) -> Iterator[bytes]:
    """Return what RQ has compressed, and what it has encoded in base64 within."""
    with suppress(zlib.error):
        yield zlib.decompress(value)
    with suppress(zlib.error, ValueError):
        yield zlib.decompress(b64decode(value))


def test_redis_holds_no_secret_however_a_fetch_ends(stage: Stage) -> None:
    stage.take_in("SecretSue", some_plays(450))
    ends = [None, Fault("truncated", RECENT, times=5), Fault("error17", RECENT)]
    for year, fault in enumerate(ends, start=2020):
        stage.lastfm.faults.replace([fault] if fault else [])
        stage.ask("SecretSue", year)
        stage.work()

    def break_down(event: Event) -> None:
        if event.phase == "fetching":
            raise RuntimeError("a fault of ours")

    stage.watch(break_down)
    stage.ask("SecretSue", 2023)
    stage.work()
    stage.lastfm.faults.replace([Fault("error10", RECENT)])
    stage.ask("SecretSue", 2025)
    stage.work()
    stage.ask("SecretSue", 2026)  # and one that waits
    seen = list(values(stage.redis))
    assert any(b"a fault of ours" in value for value in seen), "what failed is looked at too"
    assert any(b"SecretSue" in value for value in seen)
    assert not [value for value in seen if KEY.encode() in value or TOKEN.encode() in value]


@pytest.mark.parametrize("what", ["html", "503", "truncated", "cut_json", "error8", "other_user", "hang"])
def test_an_exception_names_no_url_and_no_key(stage: Stage, monkeypatch: pytest.MonkeyPatch, what: str) -> None:
    monkeypatch.setattr("worker.lastfm.client.TIMEOUT", (1, 0.2))
    stage.lastfm.faults.add(Fault(what, times=None, seconds=0.5))
    with pytest.raises(TryAgain) as raised:
        WorkerContext.make(stage.context.settings, delays=()).lastfm.profile("SingleSam")
    check(raised.value)


def test_an_exception_about_the_key_does_not_say_it(stage: Stage) -> None:
    stage.lastfm.faults.add(Fault("error10"))
    with pytest.raises(KeyRefused) as raised:
        stage.context.lastfm.profile("SingleSam")
    check(raised.value)


def test_an_address_where_nobody_answers_is_not_told_with_the_key_in_it(stage: Stage) -> None:
    settings = stage.context.settings.model_copy(update={"lastfm_api_url": "http://127.0.0.1:1/2.0/"})
    with pytest.raises(TryAgain, match=requests.ConnectionError.__name__) as raised:
        WorkerContext.make(settings, delays=()).lastfm.profile("SingleSam")
    check(raised.value)


def check(error: BaseException) -> None:
    told = "".join(traceback.format_exception(error))
    assert KEY not in told
    assert "api_key=" not in told.replace('"api_key": self._key', "")
