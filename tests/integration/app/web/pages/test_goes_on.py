"""A year that Last.fm has interrupted goes on by itself: the page says when, and does so without a reload."""

import re
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from flask.testing import FlaskClient
from redis import Redis

from app.events import Failure, new_run
from app.jobs import backlog
from app.redis.event_stream import Snapshot, Topic, save_snapshot
from app.store import Connection, fetch_jobs
from tests.integration.app.web.conftest import SAME_ORIGIN, Jobs, Known, RunJobs, event
from tests.integration.app.web.pages.test_release_year import text_of
from worker.lastfm.limiter import Limiter

YEAR = "/user/LightLuca/2023"
LIST = "/user/LightLuca"

Put = Callable[..., None]


@pytest.fixture
def put(redis: Redis, monkeypatch: pytest.MonkeyPatch) -> Put:
    """Makes one of LightLuca's years be interrupted, to be tried again in 28 seconds, or be as it is told.

    Time stands still, so that what is counted down can be told.
    """
    now = time.time()
    monkeypatch.setattr(time, "time", lambda: now)

    def store(year: int | None = 2023, *, seconds: float | None = 28, **fields: Any) -> None:
        known = {"phase": "failed", "error": Failure.LASTFM_AWAY, "scrobbles": 9, "matched": 9, "years": {1985: 9}}
        next_try_at = None if seconds is None else time.time() + seconds
        said = event(run=new_run(), **{**known, "expected": 900, "next_try_at": next_try_at, **fields})
        save_snapshot(redis, Topic("LightLuca", year), Snapshot(at=time.time(), username="LightLuca", event=said))

    return store


def reloads_after(page: str) -> str | None:
    """After how many seconds a browser without scripts loads the page again."""
    found = re.search(r'<noscript><meta http-equiv="refresh" content="(\d+)"></noscript>', page)
    return found and found[1]


@pytest.mark.parametrize("fields", [{}, {"scrobbles": 0, "matched": 0, "years": {}}])
def test_an_interrupted_year_counts_down_to_the_next_try_and_offers_to_go_on_at_once(
    put: Put, client: FlaskClient, jobs: Jobs, fields: dict[str, Any]
) -> None:
    put(**fields)
    page = client.get(YEAR).text
    assert "Last.fm does not answer right now Next try in 0:28 ; this page goes on by itself." in text_of(page)
    assert '<span role="timer" data-seconds="28">' in page
    assert f'data-live="{YEAR}"' in page
    assert "live.js" in page
    assert reloads_after(page) == "28"
    assert f'<form method="post" action="{YEAR}/resume"><button id="resume">Go on now</button>' in page
    assert jobs() == 0


def test_all_of_a_year_is_read_anew_with_another_button_that_is_quieter(put: Put, client: FlaskClient) -> None:
    put()
    anew = f'<form method="post" action="{YEAR}/refresh"><button class="plain" id="refresh">Read all of 2023 anew'
    assert anew in client.get(YEAR).text
    put(scrobbles=0, matched=0, years={})
    assert "anew" not in client.get(YEAR).text, "of nothing"


def test_a_visit_when_the_next_try_is_due_makes_it_go_on(put: Put, client: FlaskClient, jobs: Jobs) -> None:
    put(seconds=-1)
    page = client.get(YEAR).text
    assert jobs() == 1
    assert "Asking Last.fm…" in page
    assert reloads_after(page) == "5"


@pytest.mark.parametrize("failure", [Failure.LASTFM_AWAY, Failure.BROKEN, Failure.LASTFM_REFUSES])
def test_a_failure_without_a_next_try_holds_as_long_as_it_says(
    put: Put, client: FlaskClient, jobs: Jobs, failure: Failure
) -> None:
    put(seconds=None, error=failure)
    page = client.get(YEAR).text
    assert "data-live" not in page
    assert 'role="timer"' not in page
    assert reloads_after(page) is None
    assert f'action="{YEAR}/resume"' in page
    assert jobs() == 0


def test_a_refused_key_is_counted_down_to_its_next_try_and_asked_about_no_longer_once_it_is_accepted(
    put: Put, client: FlaskClient, jobs: Jobs, redis: Redis
) -> None:
    limiter = Limiter(redis, 1)
    limiter.mark_refused("the key")
    put(error=Failure.LASTFM_REFUSES)
    page = text_of(client.get(YEAR).text)
    assert "Last.fm refuses this site’s key Next try in 0:28 ; this page goes on by itself." in page
    assert jobs() == 0
    limiter.mark_accepted()
    client.get(YEAR)
    assert jobs() == 1


@pytest.mark.parametrize("year", [None, 2023])
def test_a_run_that_waits_for_our_database_is_said_to(put: Put, client: FlaskClient, year: int | None) -> None:
    nothing: dict[str, Any] = {"scrobbles": 0, "matched": 0, "years": {}}
    put(year, seconds=None, phase="fetching", error=None, waiting_for="database", **nothing)
    page = client.get(YEAR if year else "/user/LightLuca").text
    assert "Waiting for our own database" in page
    assert "data-live" in page


def test_the_button_makes_it_go_on_before_the_next_try_and_reads_nothing_anew(
    put: Put, client: FlaskClient, jobs: Jobs, known: Known, monkeypatch: pytest.MonkeyPatch
) -> None:
    known("LightLuca")
    claims: list[bool] = []
    claim = fetch_jobs.claim

    def seen(*arguments: Any, prove_since: datetime | None, **options: Any) -> bool:
        claims.append(prove_since is not None)
        return claim(*arguments, prove_since=prove_since, **options)

    monkeypatch.setattr(fetch_jobs, "claim", seen)
    for year, action in ((2023, "resume"), (2022, "refresh")):
        put(year)
        answer = client.post(f"/user/LightLuca/{year}/{action}", headers=SAME_ORIGIN)
        assert (answer.status_code, answer.location) == (303, f"/user/LightLuca/{year}")
        assert 'class="progress"' in client.get(f"/user/LightLuca/{year}").text
    assert claims == [False, True]
    assert jobs() == 2


def test_while_a_worker_waits_for_lastfm_the_page_says_when_it_asks_again(put: Put, client: FlaskClient) -> None:
    put(phase="fetching", error=None, done=9, seconds=5)
    page = client.get(YEAR).text
    assert "9 of 900 plays checked · Last.fm does not answer · asking again in 5" in text_of(page)
    assert '<span role="timer" data-seconds="5">5</span>&nbsp;s' in page
    put(phase="fetching", error=None, seconds=5, expected=None, scrobbles=0, matched=0, years={})
    page = client.get(YEAR).text
    assert "Last.fm does not answer · asking again in 5" in text_of(page)
    assert "in a moment" not in page
    put(phase="fetching", error=None, done=9, seconds=-1)
    page = client.get(YEAR).text
    assert "asking again" not in page
    assert "Last.fm does not answer" not in page


def test_a_whole_year_that_is_read_again_says_so_quietly(put: Put, client: FlaskClient) -> None:
    put(phase="fetching", error=None, was_whole=True, seconds=5)
    page = client.get(YEAR).text
    assert "It is being read again. Last.fm does not answer right now · asking again in 5" in text_of(page)
    assert 'class="progress"' not in page
    put(was_whole=True)
    page = client.get(YEAR).text
    assert "Last.fm does not answer right now · next try in 0:28 ." in text_of(page)
    assert 'role="alert"' not in page
    assert f'action="{YEAR}/resume"><button class="plain" id="resume">Go on now' in page
    assert f'data-live="{YEAR}"' in page


def test_a_comparison_goes_on_too(put: Put, client: FlaskClient, redis: Redis) -> None:
    put()
    whole = event(run=new_run(), phase="completed", scrobbles=9, matched=9, years={1985: 9})
    save_snapshot(redis, Topic("SingleSam", 2023), Snapshot(at=time.time(), username="SingleSam", event=whole))
    page = client.get("/user/SingleSam/2023?with=LightLuca").text
    said = "LightLuca : So far, 9 of 900 plays. Last.fm does not answer right now · next try in 0:28"
    assert said in text_of(page)
    assert f'data-live="{YEAR}"' in page
    assert reloads_after(page) == "28"


@pytest.fixture
def counted(client: FlaskClient, run_jobs: RunJobs) -> None:
    """LightLuca's years are counted."""
    client.get(LIST)
    run_jobs()


@pytest.mark.usefixtures("counted")
def test_a_line_of_years_counts_down_and_the_button_is_there(put: Put, client: FlaskClient, jobs: Jobs) -> None:
    put(2023)
    put(2022, seconds=60, scrobbles=0, matched=0, years={})
    page = client.get(LIST).text
    assert re.search("2023 ([0-9]+) So far, 9 of \\1 plays · next try in 0:28", text_of(page))
    assert "Last.fm does not answer · next try in 1:00" in text_of(page)
    assert f'data-live="{LIST}"' in page
    assert reloads_after(page) == "28"
    assert (
        f'<form method="post" action="{LIST}/resume"><button id="resume" class="plain">Go on now</button>' in page
    )
    assert jobs() == 0


@pytest.mark.usefixtures("counted")
def test_a_line_goes_on_when_it_is_due_one_at_a_time(
    put: Put, client: FlaskClient, jobs: Jobs, run_jobs: RunJobs
) -> None:
    put(2023, seconds=-1)
    put(2022, seconds=-1)
    client.get(LIST)
    assert jobs() == 1
    run_jobs()
    page = client.get(LIST).text
    assert "o far" not in page
    assert "data-live" not in page
    assert jobs() == 0


@pytest.mark.usefixtures("counted")
def test_a_backlog_waits_for_the_next_try_and_then_goes_on(
    put: Put, client: FlaskClient, jobs: Jobs, run_jobs: RunJobs, redis: Redis
) -> None:
    backlog.add_years(redis, "LightLuca", [2023, 2022])
    put(2023)
    page = client.get(LIST).text
    assert "2 years to go, one at a time" in text_of(page)
    assert "Last.fm does not answer right now; next try in 0:28 ." in text_of(page)
    assert jobs() == 0
    put(2023, seconds=-1)
    client.get(LIST)
    assert jobs() == 1
    run_jobs()
    assert backlog.pending_years(redis, "LightLuca") == []


@pytest.mark.usefixtures("counted")
def test_a_backlog_that_waits_for_a_refused_key_goes_on_once_it_is_accepted(
    put: Put, client: FlaskClient, jobs: Jobs, redis: Redis, connection: Connection
) -> None:
    backlog.add_years(redis, "LightLuca", [2023, 2022])
    limiter, run, now = Limiter(redis, 1), new_run(), datetime.now(UTC)
    limiter.mark_refused("the key")
    assert fetch_jobs.claim(connection, "LightLuca", 2023, run, window_end=now)
    assert fetch_jobs.fail(connection, run, Failure.LASTFM_REFUSES, now, timedelta(hours=1))
    put(error=Failure.LASTFM_REFUSES)
    client.get(LIST)
    assert jobs() == 0
    limiter.mark_accepted()
    client.get(LIST)
    assert jobs() == 1


@pytest.mark.usefixtures("counted")
def test_the_button_makes_interrupted_years_go_on_before_their_next_try_and_no_others(
    put: Put, client: FlaskClient, jobs: Jobs, redis: Redis
) -> None:
    put(2023)
    put(2021)
    answer = client.post(f"{LIST}/resume", headers=SAME_ORIGIN)
    assert (answer.status_code, answer.location) == (303, LIST)
    assert backlog.pending_years(redis, "LightLuca") == [2023, 2021]
    assert jobs() == 1


def test_years_that_could_not_be_counted_are_counted_again_when_it_is_due(
    put: Put, client: FlaskClient, jobs: Jobs
) -> None:
    put(None, scrobbles=0, matched=0, years={2023: 9})
    page = client.get(LIST).text
    assert "Some counts may be missing or old. Next try in 0:28 ; this page goes on by itself." in text_of(page)
    assert reloads_after(page) == "28"
    assert jobs() == 0
    put(None, seconds=-1, scrobbles=0, matched=0, years={2023: 9})
    client.get(LIST)
    assert jobs() == 1


def test_a_program_is_told_when_to_ask_again(put: Put, client: FlaskClient) -> None:
    put()
    for path in ("", "/albums?released=1985"):
        answer = client.get(f"/api/v1/users/LightLuca/years/2023{path}")
        assert (answer.status_code, answer.headers["Retry-After"]) == (202, "28")
    said = client.get("/api/v1/users/LightLuca/years/2023").get_json()
    assert (said["state"], said["whole"], said["trouble"]["code"]) == ("failed", False, "lastfm_away")
    assert said["next_try_at"].endswith("Z")
    put(None, phase="completed", error=None, seconds=None, years={2023: 900})
    answer = client.get("/api/v1/users/LightLuca")
    assert (answer.status_code, answer.headers["Retry-After"]) == (202, "28")
    put(was_whole=True)
    assert client.get("/api/v1/users/LightLuca/years/2023").status_code == 200
    put(scrobbles=0, matched=0, years={})
    answer = client.get("/api/v1/users/LightLuca/years/2023")
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "28")
