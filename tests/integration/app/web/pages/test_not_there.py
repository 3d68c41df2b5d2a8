"""What Last.fm counts and does not hand over is named: on the page and as fields of the API."""

import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from flask.testing import FlaskClient
from redis import Redis

from app.events import Gap, new_run
from app.redis.event_stream import Snapshot, Topic, save_snapshot
from tests.integration.app.web.conftest import event
from tests.integration.app.web.pages.test_release_year import text_of

PAGE, API = "/user/SingleSam/2023", "/api/v1/users/SingleSam/years/2023"
GAP = Gap(start=1683122580, end=1683124860, plays=3)
PARTS: dict[str, Any] = {"gaps": (GAP,), "duplicates": 12, "undated": 2, "unreadable": 1}

Put = Callable[..., None]


@pytest.fixture
def put(redis: Redis) -> Put:
    """Makes SingleSam's 2023 be whole, with 100 plays of 120, and what is said of the others."""

    def store(**fields: Any) -> None:
        known = {"phase": "completed", "scrobbles": 100, "expected": 120, "matched": 100, "years": {1985: 100}}
        said = event(run=new_run(), **{**known, "read_at": time.time(), **fields})
        save_snapshot(redis, Topic("SingleSam", 2023), Snapshot(at=time.time(), username="SingleSam", event=said))

    return store


def test_what_is_not_there_is_named_on_the_page(put: Put, client: FlaskClient) -> None:
    put(**PARTS)
    assert (
        "Last.fm does not hand over 3 plays between 14:03 and 14:41 on 3 May (UTC). We keep asking for them."
        " 12 plays that Last.fm lists twice are counted once. 2 plays have no date at Last.fm and are left out."
        " 1 line of Last.fm’s list cannot be read. Last.fm counts 2 plays more than it gave us."
    ) in text_of(client.get(PAGE).text)


def test_it_is_named_in_the_api_too(put: Put, client: FlaskClient) -> None:
    read_at = datetime(2026, 11, 3, 12, tzinfo=UTC).timestamp()
    put(**PARTS, read_at=read_at, added=4, removed=5)
    year = client.get(API).get_json()
    assert year["gaps"] == [{"start": "2023-05-03T14:03:00Z", "end": "2023-05-03T14:41:00Z", "plays": 3}]
    assert {name: year[name] for name in ("duplicates", "undated", "unreadable", "unexplained")} == {
        "duplicates": 12,
        "undated": 2,
        "unreadable": 1,
        "unexplained": 2,
    }
    assert (year["read_at"], year["added"], year["removed"]) == ("2026-11-03T12:00:00Z", 4, 5)


def test_a_year_with_all_its_plays_says_nothing_of_that(put: Put, client: FlaskClient) -> None:
    put(expected=100)
    assert "hand over" not in client.get(PAGE).text
    assert "Last.fm counts" not in client.get(PAGE).text
    year = client.get(API).get_json()
    assert (year["gaps"], year["duplicates"], year["unexplained"]) == ([], 0, 0)


def test_while_plays_come_in_nothing_is_said_to_be_missing(put: Put, client: FlaskClient) -> None:
    put(phase="fetching", **PARTS)
    assert "hand over" not in client.get(PAGE).text


def test_the_page_says_when_the_year_was_read_and_what_that_changed(put: Put, client: FlaskClient) -> None:
    now = datetime.now(UTC)
    put(added=3, removed=1)
    told = text_of(client.get(PAGE).text)
    assert f"Read on {now.day} {now:%B %Y}. The latest reading added 3 plays and removed 1 play." in told
