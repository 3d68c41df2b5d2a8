"""What tests of pages need besides: a year as Redis has it, of anybody."""

import time
from collections.abc import Callable

import pytest
from redis import Redis

from app.events import new_run
from app.redis.event_stream import Snapshot, Topic, save_snapshot
from tests.integration.app.web.conftest import event

PutYear = Callable[..., None]


@pytest.fixture
def put_year(redis: Redis) -> PutYear:
    """Makes somebody's 2023 stand like that."""

    def store(name: str, years: dict[int, int], **fields: object) -> None:
        plays = sum(years.values())
        known: dict[str, object] = {"phase": "completed", "scrobbles": plays, "expected": plays, "matched": plays}
        said = event(run=new_run(), **{**known, "years": years, **fields})
        save_snapshot(redis, Topic(name, 2023), Snapshot(at=time.time(), username=name, event=said))

    return store
