"""Listeners: unknown, hidden, or spelled differently; and how much they scrobbled in which year."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from app.events import Event, Failure
from app.jobs.forget import forget_listener
from app.listening_years import year_bounds
from app.redis.event_stream import Snapshot as Kept
from app.redis.event_stream import Topic, latest_snapshot, save_snapshot
from app.store import fetch_jobs, listeners
from demo.lastfm.accounts import Account
from demo.lastfm.faults import Fault
from tests.integration.worker.conftest import RECENT, Stage, some_plays

INFO = "user.getInfo"


def methods(stage: Stage) -> list[str]:
    return [call.method for call in stage.lastfm.calls]


def without_head_check(stage: Stage) -> None:
    settings = stage.context.settings.model_copy(update={"lastfm_head_check": False})
    stage.context = replace(stage.context, settings=settings)


def test_a_name_that_has_no_profile_costs_no_call_of_the_api(stage: Stage) -> None:
    stage.ask("NobodyNed", 2023)
    stage.run_jobs()
    assert methods(stage) == ["profile"]
    event = stage.event("NobodyNed", 2023)
    assert (event.phase, event.error) == ("failed", Failure.NO_SUCH_USER)
    assert fetch_jobs.find(stage.connection, "NobodyNed", 2023) is None, (
        "nothing is kept of names that do not exist"
    )


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
    assert methods(stage).count(RECENT) == 2, "believed only the second time, and then not asked again"


def test_listening_that_was_hidden_later_leaves_what_is_stored(stage: Stage) -> None:
    stage.take_in("ShyShirin", some_plays(5))
    stage.fetch("ShyShirin", 2023)
    stage.lastfm.add_account(replace(stage.lastfm.accounts["ShyShirin"], hidden=True))
    assert stage.fetch("ShyShirin", 2023, refresh=True).error_message == Failure.LISTENING_HIDDEN
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
    stage.fetch("casey", 2023, refresh=True)
    assert len(stage.rows("CaseY", 2023)) == 7
    assert stage.connection.execute("SELECT username FROM lastfm_users").fetchall() == [("CaseY",)]


def test_a_known_listener_is_not_asked_about_again_for_a_day(stage: Stage) -> None:
    stage.fetch("SingleSam", 2023)
    stage.lastfm.call_log.clear()
    stage.fetch("SingleSam", 2022)
    assert INFO not in methods(stage)
    assert "profile" not in methods(stage)


def test_a_listener_who_left_last_fm_is_said_not_to_exist_while_the_rows_stay(stage: Stage) -> None:
    stage.take_in("GoneGia", some_plays(5))
    stage.fetch("GoneGia", 2023)
    stage.lastfm.accounts = type(stage.lastfm.accounts)([])
    job = stage.fetch("GoneGia", 2023, refresh=True)
    assert (job.status, job.error_message) == ("failed", Failure.NO_SUCH_USER)
    assert len(stage.rows("GoneGia", 2023)) == 5


def test_years_are_counted_from_the_registration_to_now(stage: Stage) -> None:
    event = stage.look_up("lightluca")
    this_year = datetime.now(UTC).year
    assert event.phase == "completed"
    assert list(event.years) == list(range(this_year, 2020, -1))
    assert event.years[2024] == len(stage.told("LightLuca", 2024))
    assert (event.done, event.expected) == (len(event.years), len(event.years))
    listener = listeners.find(stage.connection, "LIGHTLUCA")
    assert listener is not None
    assert (listener.username, listener.available_years[-1]) == ("LightLuca", 2021)


def test_final_years_are_counted_once(stage: Stage) -> None:
    stage.look_up("LightLuca")
    stage.lastfm.call_log.clear()
    event = stage.look_up("LightLuca")
    now = datetime.now(UTC)
    open_years = sum(now < year_bounds(year)[1] + timedelta(days=15) for year in event.years)
    assert methods(stage).count(RECENT) == open_years < len(event.years)


def test_a_year_that_is_stored_whole_needs_no_count(stage: Stage) -> None:
    stage.fetch("LightLuca", 2022)
    stage.lastfm.call_log.clear()
    assert stage.look_up("LightLuca").years[2022] == len(stage.told("LightLuca", 2022))
    start = str(int(year_bounds(2022)[0].timestamp()))
    assert start not in [call.params.get("from") for call in stage.lastfm.calls]


def test_a_count_that_was_taken_before_the_year_was_final_is_taken_again(stage: Stage) -> None:
    """A count taken in December can still grow, unlike one taken in February."""
    stage.fetch("LightLuca", 2022)
    stage.connection.execute("UPDATE fetch_jobs SET expected = 5, completed_at = '2022-12-20'")
    told = Event(run=stage.job("LightLuca", 2022).run, phase="completed", years={2022: 5, 2021: 6})
    at = datetime(2022, 12, 20, tzinfo=UTC).timestamp()
    save_snapshot(stage.redis, Topic("LightLuca"), Kept(at=at, username="LightLuca", event=told))
    years = stage.look_up("LightLuca").years
    assert years[2022] == len(stage.told("LightLuca", 2022))
    assert years[2021] == 6, "that one was final already"


def with_plays(stage: Stage, name: str, *moments: str, joined: str = "2020-05-01") -> None:
    """Create an account with a play at each of these moments."""
    plays = [play for moment in moments for play in some_plays(1, since=moment)]
    stage.lastfm.add_account(Account(name, datetime.fromisoformat(joined).replace(tzinfo=UTC), own=tuple(plays)))


def asked_about(stage: Stage, start: int, end: int) -> int:
    """Count the calls about the time from the year `start` up to the year `end`."""
    bounds = [str(int(year_bounds(year)[0].timestamp())) for year in (start, end)]
    return sum([call.params.get("from"), call.params.get("to")] == bounds for call in stage.lastfm.calls)


def first_year(stage: Stage, name: str) -> int | None:
    listener = listeners.find(stage.connection, name)
    assert listener is not None
    return listener.first_year


def age(stage: Stage) -> None:
    """Let a day pass, after which Last.fm is asked again who somebody is."""
    stage.connection.execute("UPDATE lastfm_users SET checked_at = checked_at - interval '2 days'")


def test_plays_from_before_the_registration_have_their_years(stage: Stage) -> None:
    with_plays(stage, "OldOlga", "2006-03-01", "2011-07-01", "2023-01-05")
    years = stage.look_up("OldOlga").years
    assert {year for year, plays in years.items() if plays} == {2006, 2011, 2023}
    assert min(years) == 2006
    assert asked_about(stage, 2002, 2020) == 2, "how many there are, and the oldest one"


def test_they_are_asked_for_once_and_what_was_found_is_kept(stage: Stage) -> None:
    with_plays(stage, "OldOlga", "2006-03-01", "2023-01-05")
    with_plays(stage, "YoungYusuf", "2021-03-01")
    for name in ("OldOlga", "YoungYusuf"):
        stage.look_up(name)
    assert asked_about(stage, 2002, 2020) == 2, "one call each, as there is at most one such play"
    age(stage)
    stage.lastfm.call_log.clear()
    assert min(stage.look_up("OldOlga").years) == 2006
    assert min(stage.look_up("YoungYusuf").years) == 2020
    assert methods(stage).count(INFO) == 2
    assert asked_about(stage, 2002, 2020) == 0


def test_a_fetch_of_a_year_does_not_wait_for_that_and_the_next_count_asks(stage: Stage) -> None:
    with_plays(stage, "OldOlga", "2006-03-01", "2023-01-05")
    stage.fetch("OldOlga", 2023)
    assert asked_about(stage, 2002, 2020) == 0
    assert min(stage.look_up("OldOlga").years) == 2006


def test_who_registered_in_the_first_year_has_nothing_before_it(stage: Stage) -> None:
    with_plays(stage, "FirstFay", "2002-12-01", joined="2002-11-20")
    assert min(stage.look_up("FirstFay").years) == 2002
    assert first_year(stage, "FirstFay") == 2002


def test_a_clock_that_is_ahead_of_last_fms_makes_no_year(stage: Stage) -> None:
    with_plays(stage, "EarlyEla", "2021-03-01")
    stage.lastfm.faults.add(Fault("other_time", times=None, seconds=-366 * 24 * 3600))
    assert max(stage.look_up("EarlyEla").years) == datetime.now(UTC).year - 1


def test_plays_of_1970_make_no_year(stage: Stage) -> None:
    with_plays(stage, "LostLars", "1970-01-01", "2021-03-01")
    assert min(stage.look_up("LostLars").years) == 2020


@pytest.mark.parametrize(("plays", "first"), [(("2009-03-01", "2021-03-01"), 2009), ((), datetime.now(UTC).year)])
def test_without_a_registration_the_years_begin_with_the_oldest_play(
    stage: Stage, plays: tuple[str, ...], first: int
) -> None:
    with_plays(stage, "VagueVera", *plays)
    stage.lastfm.faults.add(Fault("no_registration", INFO, times=None))
    assert min(stage.look_up("VagueVera").years) == first
    age(stage)
    assert min(stage.look_up("VagueVera").years) == first
    listener = listeners.find(stage.connection, "VagueVera")
    assert listener is not None
    assert listener.registered_at is None


def test_a_last_fm_that_does_not_say_when_the_plays_begin_is_asked_the_next_time(stage: Stage) -> None:
    with_plays(stage, "OldOlga", "2006-03-01", "2023-01-05")
    attempts = len(stage.context.lastfm._ask.delays) + 1
    stage.lastfm.faults.add(Fault("503", RECENT, times=attempts))
    event = stage.look_up("OldOlga")
    assert (event.phase, min(event.years)) == ("completed", 2020)
    assert first_year(stage, "OldOlga") is None
    assert min(stage.look_up("OldOlga").years) == 2006


def test_a_year_without_a_count_is_left_out_and_the_others_are_counted(stage: Stage) -> None:
    with_plays(stage, "OldOlga", "2023-01-05")
    stage.look_up("OldOlga")
    stage.redis.flushall()
    stage.lastfm.faults.add(Fault("no_attributes", RECENT))
    event = stage.look_up("OldOlga")
    this_year = datetime.now(UTC).year
    assert (event.phase, set(event.years)) == ("completed", set(range(2020, this_year)))


def renamed(stage: Stage, name: str = "LightLuca", new: str = "LunarLuca") -> None:
    """Let a listener change their name, and a day pass."""
    stage.lastfm.accounts.rename(name, new)
    age(stage)


def keys(stage: Stage) -> list[tuple[str, str]]:
    return stage.connection.execute("SELECT username, username_key FROM lastfm_users ORDER BY 2").fetchall()


def test_a_renamed_listener_takes_everything_along(stage: Stage) -> None:
    stage.fetch("LightLuca", 2022)
    before = stage.look_up("LightLuca")
    renamed(stage)
    event = stage.look_up("lightluca")
    assert (event.phase, event.error, event.renamed_to) == ("failed", Failure.RENAMED, "LunarLuca")
    assert keys(stage) == [("LunarLuca", "lunarluca")]
    assert stage.job("LunarLuca", 2022).status == "completed"
    assert fetch_jobs.find(stage.connection, "LightLuca", 2022) is None
    assert latest_snapshot(stage.redis, Topic("LightLuca", 2022)) is None, "it would be shown under the old name"
    counted = stage.event("LunarLuca")
    assert (counted.phase, counted.years) == ("completed", before.years)


def test_a_name_that_was_never_here_leads_to_the_new_one(stage: Stage) -> None:
    renamed(stage)
    assert stage.look_up("LightLuca").renamed_to == "LunarLuca"
    assert stage.event("LunarLuca").phase == "completed"
    assert keys(stage) == [("LunarLuca", "lunarluca")]


def test_a_listener_who_is_here_by_both_names_keeps_what_the_new_one_has(stage: Stage) -> None:
    stage.fetch("LightLuca", 2022)
    renamed(stage)
    new = stage.fetch("LunarLuca", 2022)
    assert stage.look_up("LightLuca").renamed_to == "LunarLuca"
    assert stage.job("LunarLuca", 2022) == new
    assert keys(stage) == [("LightLuca", "lightluca"), ("LunarLuca", "lunarluca")]


def test_a_fetch_finds_out_too_and_its_own_year_is_read_under_the_new_name(stage: Stage) -> None:
    stage.fetch("LightLuca", 2021)
    stage.fetch("LightLuca", 2022)
    renamed(stage)
    job = stage.fetch("LightLuca", 2022, refresh=True)
    assert (job.status, job.error_message) == ("failed", Failure.RENAMED)
    assert stage.event("LightLuca", 2022).renamed_to == "LunarLuca"
    assert stage.job("LunarLuca", 2021).status == "completed"
    assert stage.fetch("LunarLuca", 2022).status == "completed"
    assert stage.rows("LunarLuca", 2022) == stage.told("LunarLuca", 2022)


def test_a_name_that_changes_within_the_day_is_noticed_while_years_are_counted(stage: Stage) -> None:
    stage.look_up("LightLuca")
    stage.lastfm.accounts.rename("LightLuca", "LunarLuca")
    event = stage.look_up("LightLuca")
    assert (event.error, event.renamed_to) == (Failure.RENAMED, "LunarLuca")
    assert stage.event("LunarLuca").phase == "completed"


def test_who_was_forgotten_for_good_by_the_new_name_is_stored_by_neither(stage: Stage) -> None:
    for year in (2021, 2022):
        stage.fetch("LightLuca", year)
    forget_listener(stage.connection, stage.redis, "LunarLuca", for_good=True)
    renamed(stage)
    stage.ask("LightLuca", 2022, refresh=True)
    stage.run_jobs()
    assert stage.event("LightLuca", 2022).error is Failure.BARRED
    for table in ("lastfm_users", "fetch_jobs", "stretches", "tracks", "albums"):
        assert stage.connection.execute(f"SELECT FROM {table}".encode()).rowcount == 0, table
    assert latest_snapshot(stage.redis, Topic("LightLuca", 2021)) is None
    assert not stage.redis.sismember("lastyear:stored-names", "lightluca")


def test_the_count_of_years_keeps_nothing_of_such_a_listener_either(stage: Stage) -> None:
    stage.look_up("LightLuca")
    forget_listener(stage.connection, stage.redis, "LunarLuca", for_good=True)
    renamed(stage)
    assert stage.look_up("LightLuca").error is Failure.BARRED
    assert keys(stage) == []


def test_an_answer_about_somebody_else_renames_nobody(stage: Stage) -> None:
    stage.look_up("LightLuca")
    age(stage)
    before = keys(stage)
    stage.lastfm.faults.add(Fault("other_user", INFO, user="LightLuca", times=None))
    event = stage.look_up("LightLuca")
    assert (event.error, event.renamed_to) == (Failure.LASTFM_AWAY, None)
    assert keys(stage) == before


def test_a_new_name_that_does_not_exist_is_none(stage: Stage) -> None:
    stage.look_up("LightLuca")
    renamed(stage)
    stage.lastfm.faults.add(Fault("not_found", INFO, user="LunarLuca", times=None))
    assert stage.look_up("LightLuca").error == Failure.LASTFM_AWAY
    assert keys(stage) == [("LightLuca", "lightluca")]


def test_an_unknown_name_has_no_years(stage: Stage) -> None:
    event = stage.look_up("NobodyNed")
    assert (event.phase, event.error, event.years) == ("failed", Failure.NO_SUCH_USER, {})


def test_counting_says_how_far_it_is_and_keeps_what_it_has_when_it_ends_early(stage: Stage) -> None:
    stage.lastfm.faults.add(Fault("error8", RECENT, times=None))
    event = stage.look_up("LightLuca")
    assert (event.phase, event.error) == ("failed", Failure.LASTFM_AWAY)
    assert event.expected == datetime.now(UTC).year - 2020
