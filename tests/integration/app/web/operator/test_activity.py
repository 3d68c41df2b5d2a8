"""The last day and the last month: charts and tables of what was counted, which say the same."""

import re
from datetime import UTC, datetime, timedelta, tzinfo
from html import unescape
from typing import Self

import pytest
from flask.testing import FlaskClient
from redis import Redis

from app.counters.catalogue import FETCH_FAILURES, LASTFM_CODES
from app.counters.counts import increment, observe, totals
from app.counters.gauges import note_storage
from app.counters.history import read_history
from app.settings import Settings
from app.web.operator import dashboard
from app.web.operator.activity import Activity, Figure, read_activity
from app.web.operator.measures import ERRORS, FAILURES
from tests.integration.app.web.conftest import NO_REDIS
from tests.integration.app.web.operator.conftest import Pages
from tests.simulated_month import fill

NOW = datetime(2026, 11, 30, 22, 40, tzinfo=UTC)


class _Stopped(datetime):
    """A clock that stands still."""

    @classmethod
    def now(cls, tz: tzinfo | None = None) -> Self:
        """Always the same."""
        return cls.fromtimestamp(NOW.timestamp(), tz)


def seen(redis: Redis, settings: Settings) -> Activity:
    """What is shown."""
    return read_activity(redis, settings, NOW)


def figure(activity: Activity, key: str, *, days: bool = False) -> Figure:
    """One of the charts."""
    return next(pair[days] for pair in activity.figures if pair[0].measure.key == key)


def at(**ago: int) -> float:
    """A time before now."""
    return (NOW - timedelta(**ago)).timestamp()


def test_every_outcome_has_its_column_and_every_code_its_meaning() -> None:
    assert list(FAILURES) == list(FETCH_FAILURES)
    assert set(ERRORS) <= set(LASTFM_CODES)


def test_an_empty_installation_says_so(operator: FlaskClient) -> None:
    page = operator.get("/operator/").text
    assert "Nothing has happened here yet" in page
    assert "<svg" not in page
    assert "Nothing has happened here yet" in operator.get("/operator/tables").text


def test_without_redis_the_tables_say_so(pages_with: Pages) -> None:
    answer = pages_with(redis_url=NO_REDIS).get("/operator/tables")
    assert answer.status_code == 200
    assert "Redis does not answer" in answer.text


def test_what_happened_is_in_its_hour_and_its_day(redis: Redis, settings: Settings) -> None:
    for ago, outcome in ((0, "completed"), (1, "completed"), (1, "broken"), (23, "renamed"), (24, "completed")):
        increment(redis, "fetches", outcome, at=at(hours=ago))
    activity = seen(redis, settings)
    hours = figure(activity, "fetches")
    assert [sum(parts) for parts in zip(*hours.bars, strict=True)] == [2, 1, 1]
    assert hours.bars[-1] == (1, 0, 0)
    assert hours.bars[-2] == (1, 0, 1)
    assert hours.bars[0] == (0, 1, 0)
    days = figure(activity, "fetches", days=True)
    assert [sum(bar) for bar in days.bars[-3:]] == [0, 2, 3]
    assert days.rows[-1][0] == "30 Nov"
    assert hours.rows[-1][0] == "22:00"


def test_waits_are_told_by_their_average_and_their_end(redis: Redis, settings: Settings) -> None:
    for seconds in (1.0, 3.0, 8.0):
        observe(redis, "queue_wait_seconds", seconds, "fetches", at=at())
    observe(redis, "queue_wait_seconds", 9999.0, "chores", at=at(hours=1))
    rows = figure(seen(redis, settings), "wait").rows
    assert rows[-1] == ("22:00", "4.0 s", "10 s")
    assert rows[-2][2] == "over an hour"
    assert rows[-3] == ("20:00", "", "")


def test_storage_stands_until_it_is_measured_again(redis: Redis, settings: Settings) -> None:
    note_storage(redis, 40_000_000, at(days=2))
    assert set(figure(seen(redis, settings), "storage").bars) == {(40.0,)}
    note_storage(redis, 44_000_000, at(hours=2))
    assert [bar[0] for bar in figure(seen(redis, settings), "storage").bars][-4:] == [0, 44, 44, 44]
    days = [bar[0] for bar in figure(seen(redis, settings), "storage", days=True).bars]
    assert days[-4:] == [0, 40, 40, 44]


def test_answers_of_no_use_are_told_by_code_with_the_last_time(redis: Redis, settings: Settings) -> None:
    for hours in (30, 3):
        increment(redis, "lastfm_errors", "29", at=at(hours=hours))
    increment(redis, "lastfm_errors", "11", at=at(days=40))
    [answer] = seen(redis, settings).answers
    assert (answer.code, answer.today, answer.this_month) == ("29", 1, 2)
    assert answer.latest == NOW - timedelta(hours=3)


def test_a_month_is_told_alike_by_its_charts_and_its_tables(
    operator: FlaskClient, redis: Redis, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(dashboard, "datetime", _Stopped)
    fill(redis, NOW)
    activity = seen(redis, settings)
    page, tables = (unescape(operator.get(path).text) for path in ("/operator/", "/operator/tables"))
    assert page.count('class="times"') == 12
    for pair in activity.figures:
        for one in pair:
            assert f'aria-label="{one.summary}"' in page
            assert len(one.rows) == len(one.bars)
        assert f'<section id="{pair[0].measure.key}">' in tables
    hours = figure(activity, "fetches")
    completed = sum(int(row[1].replace(",", "")) for row in hours.rows)
    assert f"{completed:,} completed" in hours.summary
    assert re.search(r"<td class=\"number\">[\d,]+</td>", tables)
    assert "<script" not in page + tables
    assert "style=" not in page + tables


def test_a_month_takes_little_room_and_goes_by_itself(redis: Redis) -> None:
    fill(redis, NOW)
    keys = [key.decode() for key in redis.scan_iter("lastyear:counters*")]
    assert sum(int(str(redis.memory_usage(key))) for key in keys) < 1_000_000
    for_ever = {"lastyear:counters", "lastyear:counters:latest", "lastyear:counters:storage"}
    assert {key for key in keys if int(str(redis.ttl(key))) < 0} == for_ever
    assert len(totals(redis)) < 100
    assert not read_history(redis, NOW).is_empty


def test_the_tables_need_the_password(stranger: FlaskClient) -> None:
    assert stranger.get("/operator/tables").status_code == 401
