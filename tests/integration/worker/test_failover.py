"""A failover of Valkey in the middle of a fetch: workers, queue and open pages go on, and nothing is lost."""

import json
from functools import partial
from pathlib import Path
from threading import Event

import pytest
from pydantic import SecretStr

from app.redis.client import connect_redis
from app.redis.event_stream import Topic
from app.settings import Settings
from demo.ports import free_port
from demo.server import HttpResponse
from tests import processes
from tests.conftest import PATIENCE, wait_until
from tests.integration.app.web.conftest import Site
from tests.integration.worker.conftest import RECENT, Stage, some_plays
from tests.integration.worker.test_redis_lost import is_completed, workers
from tests.sentinels import PASSWORD, SENTINEL_PASSWORD, sentinels

KIT = Topic("KilledKit", 2023)


def test_a_fetch_goes_on_where_it_was_when_valkeys_primary_is_killed(
    stage: Stage, settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    killed, answers, respond = Event(), iter(range(10)), stage.lastfm.respond

    def held_until_the_kill(target: str, agent: str) -> HttpResponse:
        if RECENT in target and next(answers, None) is None:
            killed.wait(PATIENCE)
        return respond(target, agent)

    monkeypatch.setattr(stage.lastfm, "respond", held_until_the_kill)
    stage.take_in("KilledKit", some_plays(20_000))
    stage.take_in("WaitingWill", some_plays(10))
    with sentinels(tmp_path) as valkeys:
        update = {"redis_url": SecretStr(valkeys.url), "lastfm_requests_per_second": 4.0}
        ours = settings.model_copy(update=update)
        stage.redis = connect_redis(ours, outage_seconds=120)
        port = free_port()
        with processes.web(ours, tmp_path / "web", port) as web, workers(ours, tmp_path / "log") as process:
            page = Site(web, port).websocket(KIT)
            run = stage.ask("KilledKit", 2023)
            wait_until(lambda: stage.job("KilledKit", 2023).expected, otherwise=lambda: process.output)
            stage.ask("WaitingWill", 2023)
            ended = valkeys.end_primary()
            assert stage.counts("KilledKit", 2023).scrobbles < 20_000, "the fetch is under way"
            killed.set()
            for name in ("KilledKit", "WaitingWill"):
                wait_until(
                    partial(is_completed, stage, name),
                    seconds=180,
                    otherwise=lambda: process.output + web.output + valkeys.logs(),
                )
            assert valkeys.primary() != ended
            assert stage.job("KilledKit", 2023).run == run, "nobody had to take it over"
            while (event := json.loads(page.recv())) is None or event["phase"] != "completed":
                pass
            assert event["scrobbles"] == 20_000
            page.close()
            said = process.output + web.output
            for unwanted in ("Traceback", PASSWORD, "p%2Fw%40rd", SENTINEL_PASSWORD):
                assert unwanted not in said
        assert stage.rows("KilledKit", 2023) == stage.told("KilledKit", 2023)
        assert stage.rows("WaitingWill", 2023) == stage.told("WaitingWill", 2023)
        stage.redis.close()
