"""Events by HTTP: from workers elsewhere who know the token, in one shape, and never large."""

import json
from typing import Any
from uuid import uuid4

import pytest
from flask.testing import FlaskClient
from pydantic import SecretStr
from redis import Redis

from app.events import Event
from app.redis.event_stream import Topic, follow_all, latest_snapshot, parse_snapshot
from tests.conftest import wait_until
from tests.integration.app.web.conftest import NO_REDIS, Site, SiteWith, event
from tests.integration.conftest import TOKEN
from worker.webhook import Webhook

ADDRESS = "/internal/job-update"
BEARER = {"Authorization": f"Bearer {TOKEN}"}


def body(**changes: Any) -> dict[str, Any]:
    """A good event, with some of it changed."""
    given = {"username": "HeavyHelen", "year": 2024, "event": event(done=3).model_dump(mode="json")}
    return {**given, **changes}


def test_without_the_token_nothing_is_taken(client: FlaskClient, redis: Redis) -> None:
    for value in (None, "", "Bearer", "Bearer ", "Bearer wrong", TOKEN, f"Basic {TOKEN}", f"Bearer {TOKEN}x", "ä"):
        headers = {} if value is None else {"Authorization": value}
        answer = client.post(ADDRESS, json=body(), headers=headers)
        assert answer.status_code == 401, value
        assert answer.headers["WWW-Authenticate"] == "Bearer"
        assert TOKEN not in answer.text
    assert latest_snapshot(redis, Topic("HeavyHelen", 2024)) is None


def test_without_a_token_of_our_own_the_door_is_shut(site_with: SiteWith) -> None:
    visitor = site_with(internal_token=SecretStr(""))
    for value in ("Bearer ", "Bearer", ""):
        assert visitor.post(ADDRESS, json=body(), headers={"Authorization": value}).status_code == 401


def test_while_the_token_is_changed_the_new_and_the_old_one_are_taken(site_with: SiteWith) -> None:
    visitor = site_with(internal_token=SecretStr("token-new, token-old"))
    for token, status in (("token-new", 204), ("token-old", 204), ("token-new, token-old", 401), ("token", 401)):
        answer = visitor.post(ADDRESS, json=body(), headers={"Authorization": f"Bearer {token}"})
        assert answer.status_code == status, token


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"{",
        b"[]",
        b"null",
        b"\xff\xfe",
        json.dumps(body(username="../etc")).encode(),
        json.dumps(body(username="x" * 300)).encode(),
        json.dumps(body(username="HeavyHelen\n")).encode(),
        json.dumps(body(year=1999)).encode(),
        json.dumps(body(surprise=1)).encode(),
        json.dumps(body(event={"phase": "fetching"})).encode(),
        json.dumps(body(event={"run": str(uuid4()), "phase": "dancing"})).encode(),
        json.dumps(body(event={"run": str(uuid4()), "phase": "fetching", "done": -1})).encode(),
        json.dumps(body(event={"run": str(uuid4()), "phase": "fetching", "surprise": 1})).encode(),
        json.dumps(body(event={"run": str(uuid4()), "phase": "fetching", "years": {"<b>": 1}})).encode(),
        json.dumps(body(event={"run": str(uuid4()), "phase": "failed", "error": "<script>"})).encode(),
    ],
    ids=lambda data: data[:40].decode("ascii", "replace"),
)
def test_what_is_no_event_is_a_400(app: Any, data: bytes) -> None:
    answer = app.test_client().post(ADDRESS, data=data, headers=BEARER)
    assert answer.status_code == 400
    assert answer.is_json


def test_a_megabyte_is_too_much(client: FlaskClient) -> None:
    answer = client.post(ADDRESS, data=b" " * 1024 * 1024, headers=BEARER)
    assert answer.status_code == 413
    assert answer.is_json


def test_a_good_event_is_kept_and_relayed(client: FlaskClient, redis: Redis) -> None:
    given = body()
    with follow_all(redis) as pubsub:
        wait_until(lambda: pubsub.get_message(timeout=0.1) is None)
        answer = client.post(ADDRESS, json=given, headers=BEARER)
        assert (answer.status_code, answer.data) == (204, b"")
        message = wait_until(lambda: pubsub.get_message(timeout=0.1))
    relayed = parse_snapshot(message["data"])
    assert relayed is not None
    assert relayed.event == Event.model_validate(given["event"])
    assert latest_snapshot(redis, Topic("heavyhelen", 2024)) == relayed


def test_a_worker_elsewhere_is_heard_on_the_page(served: Site) -> None:
    open_page = served.websocket()
    assert json.loads(open_page.recv()) is None
    said = event(done=7)
    Webhook(f"{served.url}{ADDRESS}", TOKEN).publish(Topic("HeavyHelen", 2024), said)
    assert json.loads(open_page.recv()) == said.model_dump(mode="json")
    Webhook(f"{served.url}{ADDRESS}", "wrong").publish(Topic("HeavyHelen", 2024), said)
    assert TOKEN not in served.process.output


def test_without_redis_the_worker_is_told_to_come_again(site_with: SiteWith) -> None:
    answer = site_with(redis_url=NO_REDIS).post(ADDRESS, json=body(), headers=BEARER)
    assert answer.status_code == 503
    assert answer.is_json
