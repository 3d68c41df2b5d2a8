"""Who somebody is at Last.fm: unknown, hidden, spelled otherwise; and how much they scrobbled in which year."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from app.progress import Event, Failure, Topic, remember
from app.progress import Snapshot as Kept
from app.store import jobs, listeners
from app.store.scrobbles import year_bounds
from demo.faults import Fault
from tests.integration.worker.conftest import RECENT, Stage, some_plays

INFO = "user.getInfo"


def methods(stage: Stage) -> list[str]:
    return [call.method for call in stage.lastfm.calls]


def without_head_check(stage: Stage) -> None:
    settings = stage.tools.settings.model_copy(update={"lastfm_head_check": False})
    stage.tools = replace(stage.tools, settings=settings)


def test_a_name_that_has_no_profile_costs_no_call_of_the_api(stage: Stage) -> None:
    stage.ask("NobodyNed", 2023)
    stage.run_jobs()
    assert methods(stage) == ["profile"]
    event = stage.event("NobodyNed", 2023)
    assert (event.phase, event.error) == ("failed", Failure.NO_SUCH_USER)
    assert jobs.look(stage.connection, "NobodyNed", 2023) is None, "nothing is kept of names that do not exist"


def test_a_site_that_throttles_leaves_the_answer_to_the_api(stage: Stage) -> None:
    stage.lastfm.throttles_profiles = True
    stage.ask("NobodyNed", 2023)
    stage.run_jobs()
    assert methods(stage) == ["profile", INFO, INFO], "believed only the second time"
    assert stage.event("NobodyNed", 2023).error == Failure.NO_SUCH_USER
    assert stage.fetch("SingleSam", 2023).status == "completed"


def test_a_site_that_is_down_leaves_the_answer_to_the_api(stage: Stage) -> None:
    stage.lastfm.faults.add(Fault("503", "profile", times=None))
    assert stage.fetch("SingleSam", 2023).status == "completed"


def test_the_site_need_not_be_asked_at_all(stage: Stage) -> None:
    without_head_check(stage)
    stage.ask("NobodyNed", 2023)
    stage.run_jobs()
    assert methods(stage) == [INFO, INFO]
    assert stage.event("NobodyNed", 2023).error == Failure.NO_SUCH_USER


def test_an_unknown_name_can_be_asked_for_again_at_once(stage: Stage) -> None:
    stage.ask("NobodyNed", 2023)
    stage.run_jobs()
    stage.take_in("NobodyNed", some_plays(3))
    assert stage.fetch("NobodyNed", 2023).status == "completed"
    assert stage.rows("NobodyNed", 2023) == stage.told("NobodyNed", 2023)


def test_hidden_listening_is_said_to_be_hidden(stage: Stage) -> None:
    job = stage.fetch("HiddenHana", 2023)
    assert (job.status, job.error_message) == ("failed", Failure.LISTENING_HIDDEN)
    event = stage.event("HiddenHana", 2023)
    assert (event.phase, event.error) == ("failed", Failure.LISTENING_HIDDEN)
    assert methods(stage).count(RECENT) == 1, "asking again is no use"


def test_listening_that_was_hidden_later_leaves_what_is_stored(stage: Stage) -> None:
    stage.take_in("ShyShirin", some_plays(5))
    stage.fetch("ShyShirin", 2023)
    stage.lastfm.add_listener(replace(stage.lastfm.listeners["ShyShirin"], hidden=True))
    assert stage.fetch("ShyShirin", 2023).error_message == Failure.LISTENING_HIDDEN
    assert stage.event("ShyShirin", 2023).scrobbles == 5


@pytest.mark.parametrize("asked", ["singlesam", "SINGLESAM", "sInGlEsAm"])
def test_a_name_in_any_case_is_stored_as_last_fm_spells_it(stage: Stage, asked: str) -> None:
    stage.fetch(asked, 2023)
    assert len(stage.rows("SingleSam", 2023)) == 1
    assert stage.event("SingleSam", 2023).phase == "completed"
    assert stage.job("SingleSam", 2023) == stage.job(asked, 2023)


def test_a_listener_who_changed_the_case_of_the_name_is_the_same_one(stage: Stage) -> None:
    stage.take_in("casey", some_plays(5))
    stage.fetch("casey", 2023)
    stage.take_in("CaseY", some_plays(7))
    stage.connection.execute("UPDATE lastfm_users SET checked_at = checked_at - interval '2 days'")
    stage.fetch("casey", 2023)
    assert len(stage.rows("CaseY", 2023)) == 7
    assert stage.connection.execute("SELECT username FROM lastfm_users").fetchall() == [("CaseY",)]


def test_a_known_listener_is_not_asked_about_again_for_a_day(stage: Stage) -> None:
    stage.fetch("SingleSam", 2023)
    stage.lastfm.traffic.forget()
    stage.fetch("SingleSam", 2022)
    assert INFO not in methods(stage)
    assert "profile" not in methods(stage)


def test_a_listener_who_left_last_fm_is_said_not_to_exist_while_the_rows_stay(stage: Stage) -> None:
    stage.take_in("GoneGia", some_plays(5))
    stage.fetch("GoneGia", 2023)
    stage.lastfm.listeners = type(stage.lastfm.listeners)([])
    job = stage.fetch("GoneGia", 2023)
    assert (job.status, job.error_message) == ("failed", Failure.NO_SUCH_USER)
    assert len(stage.rows("GoneGia", 2023)) == 5


def test_years_are_counted_from_the_registration_to_now(stage: Stage) -> None:
    event = stage.look_up("lightluca")
    this_year = datetime.now(UTC).year
    assert event.phase == "completed"
    assert list(map(int, event.years)) == list(range(this_year, 2020, -1))
    assert event.years["2024"] == len(stage.told("LightLuca", 2024))
    assert (event.page, event.pages) == (len(event.years), len(event.years))
    listener = listeners.find(stage.connection, "LIGHTLUCA")
    assert listener is not None
    assert (listener.username, listener.available_years[-1]) == ("LightLuca", 2021)


def test_final_years_are_counted_once(stage: Stage) -> None:
    stage.look_up("LightLuca")
    stage.lastfm.traffic.forget()
    event = stage.look_up("LightLuca")
    now = datetime.now(UTC)
    open_years = sum(now < year_bounds(int(year))[1] + timedelta(days=15) for year in event.years)
    assert methods(stage).count(RECENT) == open_years < len(event.years)


def test_a_year_that_is_stored_whole_needs_no_count(stage: Stage) -> None:
    stage.fetch("LightLuca", 2022)
    stage.lastfm.traffic.forget()
    assert stage.look_up("LightLuca").years["2022"] == len(stage.told("LightLuca", 2022))
    start = str(int(year_bounds(2022)[0].timestamp()))
    assert start not in [call.params.get("from") for call in stage.lastfm.calls]


def test_a_count_that_was_taken_before_the_year_was_final_is_taken_again(stage: Stage) -> None:
    """One of December says less than one of February, however much later it is read."""
    stage.fetch("LightLuca", 2022)
    stage.connection.execute("UPDATE fetch_jobs SET expected = 5, completed_at = '2022-12-20'")
    told = Event(run=stage.job("LightLuca", 2022).run, phase="completed", years={"2022": 5, "2021": 6})
    at = datetime(2022, 12, 20, tzinfo=UTC).timestamp()
    remember(stage.redis, Topic("LightLuca"), Kept(at=at, username="LightLuca", event=told))
    years = stage.look_up("LightLuca").years
    assert years["2022"] == len(stage.told("LightLuca", 2022))
    assert years["2021"] == 6, "that one was final already"


def test_an_unknown_name_has_no_years(stage: Stage) -> None:
    event = stage.look_up("NobodyNed")
    assert (event.phase, event.error, event.years) == ("failed", Failure.NO_SUCH_USER, {})


def test_counting_says_how_far_it_is_and_keeps_what_it_has_when_it_ends_early(stage: Stage) -> None:
    stage.lastfm.faults.add(Fault("error8", RECENT, times=None))
    event = stage.look_up("LightLuca")
    assert (event.phase, event.error) == ("failed", Failure.LASTFM_AWAY)
    assert event.pages == datetime.now(UTC).year - 2020
