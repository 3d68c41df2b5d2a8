"""A listener has everything removed on a page: by a word in the profile, which nobody else can put there."""

from dataclasses import replace

import pytest
from flask.testing import FlaskClient

from app.jobs import queues, removal
from app.store import forgetting
from demo.lastfm.accounts import Account
from demo.lastfm.faults import Fault
from tests.integration.app.web.conftest import SAME_ORIGIN
from tests.integration.worker.conftest import JOINED, Stage, some_plays

PAGE = "/user/LeavingLeo/remove"


@pytest.fixture
def leo(stage: Stage, client: FlaskClient) -> Account:
    """Somebody whose year is stored, and who has looked at the page."""
    account = Account("LeavingLeo", JOINED, own=tuple(some_plays(3)), real_name="Leo")
    stage.lastfm.add_account(account)
    stage.fetch("LeavingLeo", 2023)
    assert client.get(PAGE).status_code == 200
    return account


def word(stage: Stage) -> str:
    found = removal.find(stage.redis, "leavingleo")
    assert found is not None
    return found.word


def press(stage: Stage, client: FlaskClient, **form: str) -> str:
    """Presses the button and waits for what the page says then."""
    answer = client.post(PAGE, data=form, headers=SAME_ORIGIN)
    assert (answer.status_code, answer.location) == (303, PAGE)
    assert 'http-equiv="refresh"' in client.get(PAGE).text
    stage.run_jobs()
    return client.get(PAGE).text


def stored(stage: Stage) -> int:
    return stage.connection.execute("SELECT FROM lastfm_users UNION ALL SELECT FROM fetch_jobs").rowcount


def test_the_word_in_the_profile_has_everything_deleted_for_good(
    stage: Stage, client: FlaskClient, leo: Account
) -> None:
    assert f'<strong id="word">{word(stage)}</strong>' in client.get("/user/leavingleo/remove").text
    stage.lastfm.accounts.add(replace(leo, real_name=f"Leo {word(stage).upper()}"))
    page = press(stage, client, for_good="on")
    assert "Everything that was stored here about LeavingLeo has been deleted. Nothing is read again" in " ".join(
        page.split()
    )
    assert stored(stage) == 0
    assert forgetting.is_barred(stage.connection, "LeavingLeo")
    assert 0 < stage.redis.ttl("lastyear:removal:leavingleo") <= removal.OUTCOME_IS_TOLD.total_seconds()


def test_removed_for_now_the_listener_may_be_read_again(stage: Stage, client: FlaskClient, leo: Account) -> None:
    stage.lastfm.accounts.add(replace(leo, real_name=word(stage)))
    assert "has it read again" in press(stage, client)
    assert stored(stage) == 0
    assert not forgetting.is_barred(stage.connection, "LeavingLeo")


def test_without_the_word_nothing_is_deleted(stage: Stage, client: FlaskClient, leo: Account) -> None:
    assert "The word is not in the profile" in press(stage, client, for_good="on")
    assert stored(stage) == 2
    stage.lastfm.accounts.add(replace(leo, real_name=word(stage)))
    assert "has been deleted" in press(stage, client, for_good="on")


def test_while_last_fm_is_away_nothing_is_deleted(stage: Stage, client: FlaskClient, leo: Account) -> None:
    stage.lastfm.accounts.add(replace(leo, real_name=word(stage)))
    stage.lastfm.faults.add(Fault("500", "user.getInfo", times=None))
    assert "Last.fm does not answer right now" in press(stage, client, for_good="on")
    assert stored(stage) == 2


def test_only_the_page_itself_may_ask_for_it(stage: Stage, client: FlaskClient, leo: Account) -> None:
    assert client.post(PAGE, headers={"Sec-Fetch-Site": "cross-site"}).status_code == 403
    assert removal.ask(stage.redis, "LeavingLeo").state == "asked"


def test_a_removal_without_a_job_can_be_asked_for_once_more(
    stage: Stage, client: FlaskClient, leo: Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    stage.lastfm.accounts.add(replace(leo, real_name=word(stage)))
    with monkeypatch.context() as patch:
        patch.setattr(queues, "MAX_WAITING", 0)
        assert client.post(PAGE, headers=SAME_ORIGIN).status_code == 503
    assert 'id="word"' in client.get(PAGE).text, "too many jobs waited"
    client.post(PAGE, headers=SAME_ORIGIN)
    assert 'http-equiv="refresh"' in client.get(PAGE).text
    stage.redis.delete(*stage.redis.scan_iter(match="rq:*"))
    assert 'id="word"' in client.get(PAGE).text, "Redis has lost the job"
    assert "has been deleted" in press(stage, client)
