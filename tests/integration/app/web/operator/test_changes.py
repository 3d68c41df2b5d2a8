"""The operator's buttons: they do what the commands do, for who has the password, their own page, and may."""

import re
from collections.abc import Callable
from datetime import date

import pytest
from flask.testing import FlaskClient
from redis import Redis
from werkzeug.test import TestResponse

from app.jobs import admin
from app.redis.event_stream import Topic, latest_snapshot
from app.redis.notice import read_notice, write_notice
from app.redis.pause import is_paused, pause
from app.settings import NOTHING, Settings
from app.store import Connection, forgetting
from app.web.operator import changes
from tests.integration.app.web.conftest import SAME_ORIGIN
from tests.integration.app.web.operator.conftest import Pages

PAGE = "/operator/changes"
ADDRESSES = ("fetch", "forget", "pause", "resume", "notice")
Press = Callable[..., TestResponse]


@pytest.fixture
def buttons(pages_with: Pages, settings: Settings) -> FlaskClient:
    """An operator who may change things, where the pages have the app database."""
    return pages_with(operator_may_change=True, database_url=settings.database_url)


def token(page: FlaskClient) -> str:
    found = re.findall(r'name="token" value="([0-9a-f]{64})"', page.get(PAGE).text)
    assert len(set(found)) == 1
    return str(found[0])


@pytest.fixture
def press(buttons: FlaskClient) -> Press:
    """Send a form as the page does, and follow where it leads."""

    def send(address: str, **fields: str) -> TestResponse:
        data = {"token": token(buttons), **fields}
        return buttons.post(f"{PAGE}/{address}", data=data, headers=SAME_ORIGIN, follow_redirects=True)

    return send


def said(answer: TestResponse) -> str:
    assert answer.status_code == 200, answer.text
    found = re.search(r'id="said">([^<]+)<', answer.text)
    return found[1] if found else ""


def test_a_year_is_fetched_and_a_listener_forgotten_after_a_second_question(
    press: Press, redis: Redis, connection: Connection, run_jobs: Callable[[], None]
) -> None:
    assert said(press("fetch", name="SingleSam", year="2023")) == "The year is queued."
    assert said(press("fetch", name="singlesam", year="2023")) == "The year was on its way already."
    run_jobs()
    snapshot = latest_snapshot(redis, Topic("SingleSam", 2023))
    assert snapshot is not None
    assert snapshot.event.phase == "completed"
    question = press("forget", name="SingleSam")
    assert "Forget SingleSam?" in question.text
    assert latest_snapshot(redis, Topic("SingleSam", 2023)), "nothing is deleted yet"
    done = press("forget", name="SingleSam", confirmed="for good")
    assert said(done) == "Everything about the listener is deleted."
    assert latest_snapshot(redis, Topic("SingleSam", 2023)) is None
    assert connection.execute("SELECT count(*) FROM lastfm_users").fetchone() == (0,)
    assert forgetting.is_barred(connection, "SingleSam")
    refused = press("fetch", name="SingleSam", year="2023")
    assert refused.status_code == 409
    assert "was forgotten for good" in refused.text
    assert said(press("forget", name="LightLuca", confirmed="for now")) == "Nothing was stored about the listener."


def test_fetching_is_paused_and_resumed_and_the_dashboard_says_so(
    press: Press, buttons: FlaskClient, redis: Redis
) -> None:
    paused = press("pause")
    assert said(paused).startswith("Fetching is paused.")
    assert is_paused(redis)
    assert 'id="resume"' in paused.text
    assert 'id="pause"' not in paused.text
    assert "Fetching has been paused for" in buttons.get("/operator/").text
    assert 'id="pause"' in press("resume").text
    assert not is_paused(redis)
    assert "Fetching has been paused" not in buttons.get("/operator/").text


def test_a_notice_is_written_and_cleared_and_never_taken_for_a_tag(press: Press, redis: Redis) -> None:
    shown = press("notice", text="<b>Sunday</b>")
    assert said(shown) == "Every page shows the notice now."
    assert "&lt;b&gt;Sunday&lt;/b&gt;" in shown.text
    assert "<b>Sunday" not in shown.text
    assert read_notice(redis) == "<b>Sunday</b>"
    assert press("notice", text="x" * 301).status_code == 400
    assert read_notice(redis) == "<b>Sunday</b>"
    assert said(press("notice", clear="yes")) == "No page shows a notice any more."
    assert read_notice(redis) == ""


@pytest.mark.parametrize(
    ("address", "fields"),
    [
        ("fetch", {"name": "a b", "year": "2023"}),
        ("fetch", {"name": "SingleSam", "year": "1999"}),
        ("fetch", {"name": "SingleSam"}),
        ("forget", {"name": "<img src=x>", "confirmed": "for now"}),
        ("forget", {}),
    ],
)
def test_what_is_no_name_or_year_changes_nothing(
    press: Press, redis: Redis, address: str, fields: dict[str, str]
) -> None:
    answer = press(address, **fields)
    assert answer.status_code == 404
    assert "<img" not in answer.text
    assert admin.list_jobs(redis) == []


def test_without_the_setting_there_are_no_buttons_and_no_address_answers(
    operator: FlaskClient, pages_with: Pages, redis: Redis, settings: Settings
) -> None:
    assert PAGE not in operator.get("/operator/").text
    assert operator.get(PAGE).status_code == 403
    allowed = token(pages_with(operator_may_change=True, database_url=settings.database_url))
    for address in ADDRESSES:
        data = {"token": allowed, "text": "x", "name": "SingleSam", "year": "2023", "confirmed": "for now"}
        assert operator.post(f"{PAGE}/{address}", data=data, headers=SAME_ORIGIN).status_code == 403
    assert not is_paused(redis)
    assert read_notice(redis) == ""


def test_a_form_from_elsewhere_or_without_its_token_changes_nothing(
    buttons: FlaskClient, stranger: FlaskClient, redis: Redis
) -> None:
    pause(redis)
    write_notice(redis, "as it was")
    ours = token(buttons)
    for address in ADDRESSES:
        form = {"text": "x", "clear": "yes", "name": "SingleSam", "year": "2023", "confirmed": "for now"}
        path = f"{PAGE}/{address}"
        foreign = {"Sec-Fetch-Site": "cross-site"}
        assert buttons.post(path, data={**form, "token": ours}, headers=foreign).status_code == 403
        for wrong in ("", "0" * 64, "ü", ours[:-1]):
            assert buttons.post(path, data={**form, "token": wrong}, headers=SAME_ORIGIN).status_code == 403
        assert stranger.post(path, data={**form, "token": ours}, headers=SAME_ORIGIN).status_code == 401
        assert buttons.get(path).status_code == 405
    assert is_paused(redis)
    assert read_notice(redis) == "as it was"
    assert admin.list_jobs(redis) == []


def test_a_page_that_was_open_at_midnight_still_works_and_an_older_one_does_not(
    buttons: FlaskClient, redis: Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    def press_on(day: date) -> int:
        monkeypatch.setattr(changes, "_today", lambda: day)
        return buttons.post(f"{PAGE}/pause", data={"token": opened}, headers=SAME_ORIGIN).status_code

    monkeypatch.setattr(changes, "_today", lambda: date(2024, 2, 28))
    opened = token(buttons)
    assert press_on(date(2024, 3, 1)) == 403
    assert not is_paused(redis)
    assert press_on(date(2024, 2, 29)) == 303
    assert is_paused(redis)


def test_without_the_app_database_the_page_names_the_commands(pages_with: Pages) -> None:
    page = pages_with(operator_may_change=True, database_url=NOTHING).get(PAGE).text
    assert 'id="pause"' in page
    assert 'id="fetch"' not in page
    assert "lastyear forget" in page
