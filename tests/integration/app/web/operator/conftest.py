"""The operator's pages as an operator sees them, with the password or without, and jobs to look at."""

from base64 import b64encode
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

import pytest
from flask.testing import FlaskClient
from redis import Redis
from rq import SimpleWorker
from rq.job import Job
from rq.serializers import JSONSerializer

from app.jobs.enqueue import enqueue_listener
from app.jobs.queues import FETCHES, LOOKUPS, QUEUES, queue
from app.settings import Settings
from app.web.operator import create_app
from tests.integration.app.web.conftest import NO_DATABASE
from tests.integration.conftest import PASSWORD

Pages = Callable[..., FlaskClient]


def credentials(user: str = "operator", password: str = PASSWORD) -> dict[str, str]:
    """The header by which a browser says who it is."""
    return {"Authorization": f"Basic {b64encode(f'{user}:{password}'.encode()).decode()}"}


@pytest.fixture
def pages_with(settings: Settings) -> Iterator[Pages]:
    """A visitor of the operator's pages, with some settings changed. They have no app database to ask."""
    with ExitStack() as stack:

        def visitor(*, known: bool = True, **changes: Any) -> FlaskClient:
            app = create_app(settings.model_copy(update={"database_url": NO_DATABASE, **changes}))
            stack.callback(app.extensions["lastyear"].close)
            client = app.test_client()
            if known:
                client.environ_base["HTTP_AUTHORIZATION"] = credentials()["Authorization"]
            return client

        yield visitor


@pytest.fixture
def operator(pages_with: Pages) -> FlaskClient:
    """An operator who has given the password."""
    return pages_with()


@pytest.fixture
def stranger(pages_with: Pages) -> FlaskClient:
    """Somebody who has given none."""
    return pages_with(known=False)


@pytest.fixture
def waiting(redis: Redis) -> Job:
    """A job that waits."""
    enqueue_listener(redis, "HeavyHelen")
    job = queue(redis, LOOKUPS).jobs[0]
    assert isinstance(job, Job)
    return job


@pytest.fixture
def failed(redis: Redis, monkeypatch: pytest.MonkeyPatch) -> Job:
    """A job that has failed, with a title in its last words that is a tag."""

    def broken() -> None:
        raise RuntimeError("HeavyHelen <img src=x onerror=alert(1)>")

    monkeypatch.setattr("worker.jobs.from_environment", broken)
    one = queue(redis, FETCHES)
    job = one.enqueue("worker.jobs.fetch_year", "HeavyHelen", 2024, "x", job_id="fetch-of-helen", failure_ttl=600)
    SimpleWorker([one], connection=redis, serializer=JSONSerializer).work(burst=True, logging_level="CRITICAL")
    return job


@pytest.fixture
def during_a_fetch(redis: Redis, monkeypatch: pytest.MonkeyPatch) -> Callable[[Callable[[], object]], None]:
    """Has something done while a worker is at HeavyHelen's 2024."""

    def run(look: Callable[[], object]) -> None:
        def at_work() -> None:
            look()
            raise RuntimeError("seen enough")

        monkeypatch.setattr("worker.jobs.from_environment", at_work)
        queue(redis, FETCHES).enqueue("worker.jobs.fetch_year", "HeavyHelen", 2024, "x", failure_ttl=600)
        queues = [queue(redis, name) for name in QUEUES]
        SimpleWorker(queues, name="0123456789ab", connection=redis, serializer=JSONSerializer).work(
            burst=True, logging_level="CRITICAL"
        )

    return run
