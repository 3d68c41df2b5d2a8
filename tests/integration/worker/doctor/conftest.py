"""For tests of the doctor: an installation that is well, and its findings by part."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from pydantic import SecretStr
from redis import Redis
from rq.serializers import JSONSerializer

from app.jobs.queues import QUEUES, queue
from app.settings import Settings
from worker.doctor import Finding, examine
from worker.doctor.systemd import has_units
from worker.pool import FetchWorker

Looked = Callable[..., dict[str, Finding]]


@pytest.fixture(autouse=True)
def _no_units() -> Iterator[None]:
    """Forget whether this machine has units."""
    has_units.cache_clear()
    yield
    has_units.cache_clear()


@pytest.fixture
def findings(settings: Settings) -> Looked:
    """A function that examines the installation, with some settings changed, and returns the findings by part."""

    def look(**changes: Any) -> dict[str, Finding]:
        values = {
            name: SecretStr(v) if name.endswith(("url", "key", "token")) and name not in PLAIN else v
            for name, v in changes.items()
        }
        return {finding.part: finding for finding in examine(settings.model_copy(update=values), timeout=20)}

    return look


PLAIN = ("lastfm_api_url", "lastfm_web_url", "cover_art_url")


@pytest.fixture
def hand(redis: Redis) -> FetchWorker:
    """An idle worker that serves every queue."""
    worker = FetchWorker([queue(redis, name) for name in QUEUES], connection=redis, serializer=JSONSerializer)
    worker.register_birth()
    return worker
