"""The missing years of a listener are fetched one at a time, so that others wait for one of them at most."""

from concurrent.futures import ThreadPoolExecutor

import pytest

from app.events import Event, Failure
from app.jobs import backlog, queues
from app.jobs.queues import FETCHES
from app.store import Pool, fetch_jobs
from demo.lastfm.accounts import Play
from demo.lastfm.faults import Fault
from tests.integration.worker.conftest import RECENT, Killed, Stage, second

MISSING = range(2009, 2024)
assert len(MISSING) == 15


def plays_of_all(years: range) -> list[Play]:
    return [Play(second(f"{year}-05-01") + n, "Somebody", "Song", "Album", "") for year in years for n in range(3)]


def fetch_all(stage: Stage, name: str, years: range = MISSING) -> None:
    stage.take_in(name, plays_of_all(years))
    backlog.add_years(stage.redis, name, years)
    backlog.enqueue_next_year(stage.connection, stage.redis, name)


def waiting(stage: Stage) -> int:
    return queues.queue(stage.redis, FETCHES).count


def watch_the_order(stage: Stage, *names: str) -> list[tuple[str, int]]:
    """Whose year was completed, in order; filled while jobs run."""
    order: list[tuple[str, int]] = []

    def note(event: Event) -> None:
        if event.phase != "completed":
            return
        whole = {(name, year) for name in names for year in fetch_jobs.completed_years(stage.connection, name)}
        order.extend(sorted(whole - set(order)))

    stage.watch(note)
    return order


def test_every_missing_year_is_fetched_the_newest_first(stage: Stage) -> None:
    order = watch_the_order(stage, "ManyMax")
    fetch_all(stage, "ManyMax")
    stage.run_jobs()
    assert sorted(fetch_jobs.completed_years(stage.connection, "ManyMax")) == list(MISSING)
    # What is whole is told just before it is committed: the last is not among them yet.
    assert [year for _, year in order] == sorted(MISSING, reverse=True)[: len(order)]
    assert len(order) >= 14
    assert backlog.pending_years(stage.redis, "ManyMax") == []


def test_a_listener_with_fifteen_years_holds_another_up_by_one_at_most(stage: Stage) -> None:
    stage.take_in("SingleSue", plays_of_all(range(2020, 2021)))
    fetch_all(stage, "ManyMax")
    stage.ask("SingleSue", 2020)
    assert stage.event("SingleSue", 2020).queued_ahead == 1
    stage.run_jobs()
    pages = [call.params for call in stage.lastfm.calls if call.method == RECENT]
    before = pages[: next(n for n, page in enumerate(pages) if page["user"] == "SingleSue")]
    assert len({page["from"] for page in before}) == 1
    assert len(fetch_jobs.completed_years(stage.connection, "ManyMax")) == 15, "and nobody starves"


def test_two_listeners_with_many_years_take_turns(stage: Stage) -> None:
    years = range(2018, 2022)
    fetch_all(stage, "ManyMax", years)
    fetch_all(stage, "MoreMia", years)
    stage.run_jobs()
    users = [call.params["user"] for call in stage.lastfm.calls if call.method == RECENT]
    turns = [user for n, user in enumerate(users) if n == 0 or users[n - 1] != user]
    assert turns == ["ManyMax", "MoreMia"] * 4


def test_whoever_asks_while_there_is_a_backlog_no_second_one_is_queued(stage: Stage, database_url: str) -> None:
    stage.take_in("ManyMax", plays_of_all(MISSING))
    backlog.add_years(stage.redis, "ManyMax", MISSING)
    pool = Pool(database_url)

    def enqueue_next(_: int) -> None:
        with pool.connection() as borrowed:
            backlog.enqueue_next_year(borrowed, stage.redis, "ManyMax")

    with ThreadPoolExecutor(8) as visitors:
        list(visitors.map(enqueue_next, range(24)))
    pool.close()
    assert waiting(stage) == 1


def test_a_worker_killed_in_the_middle_does_not_end_the_line(stage: Stage) -> None:
    fetch_all(stage, "ManyMax", range(2021, 2024))
    context = stage.context

    def kill(event: Event) -> None:
        if event.phase == "augmenting":
            raise Killed

    stage.watch(kill)
    with pytest.raises(Killed):
        stage.run_jobs()
    assert waiting(stage) == 0
    stage.context = context
    stage.run_again("ManyMax", 2023, stage.job("ManyMax", 2023).run)  # as RQ does
    stage.run_jobs()
    assert sorted(fetch_jobs.completed_years(stage.connection, "ManyMax")) == [2021, 2022, 2023]


def test_a_worker_killed_between_two_years_does_not_either(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    def die(*_: object) -> None:
        raise Killed

    fetch_all(stage, "ManyMax", range(2022, 2024))
    with monkeypatch.context() as patch:
        patch.setattr("worker.jobs.backlog.enqueue_next_year", die)
        with pytest.raises(Killed):
            stage.run_jobs()
    assert waiting(stage) == 0
    stage.run_again("ManyMax", 2023, stage.job("ManyMax", 2023).run)
    stage.run_jobs()
    assert sorted(fetch_jobs.completed_years(stage.connection, "ManyMax")) == [2022, 2023]


def test_a_year_that_breaks_does_not_keep_the_others(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    fetch_all(stage, "ManyMax", range(2021, 2024))

    def break_down(*_: object) -> None:
        raise ZeroDivisionError

    with monkeypatch.context() as patch:
        patch.setattr("worker.jobs.match_albums", break_down)
        with pytest.raises(ZeroDivisionError):
            stage.run_jobs()
    stage.run_jobs()
    assert stage.job("ManyMax", 2023).error_message == Failure.BROKEN
    assert sorted(fetch_jobs.completed_years(stage.connection, "ManyMax")) == [2021, 2022]


def test_when_last_fm_is_away_the_backlog_stays(stage: Stage) -> None:
    stage.lastfm.faults.add(Fault("503", RECENT, times=None))
    fetch_all(stage, "ManyMax", range(2021, 2024))
    stage.run_jobs()
    assert stage.calls(RECENT) == 10, "a stretch and another one five times each; the other years are not tried"
    assert backlog.pending_years(stage.redis, "ManyMax") == [2023, 2022, 2021]
    stage.lastfm.faults.clear()
    stage.connection.execute("UPDATE fetch_jobs SET next_try_at = next_try_at - interval '2 minutes'")
    backlog.enqueue_next_year(stage.connection, stage.redis, "ManyMax")
    stage.run_jobs()
    assert sorted(fetch_jobs.completed_years(stage.connection, "ManyMax")) == [2021, 2022, 2023]


def test_what_says_the_same_of_every_year_clears_the_backlog(stage: Stage) -> None:
    stage.lastfm.faults.add(Fault("error17", RECENT, times=None))
    fetch_all(stage, "ManyMax", range(2021, 2024))
    stage.run_jobs()
    assert stage.calls(RECENT) == 2
    assert backlog.pending_years(stage.redis, "ManyMax") == []


def test_while_last_fm_refuses_the_key_the_backlog_stays(stage: Stage) -> None:
    stage.lastfm.faults.add(Fault("error26", RECENT, times=None))
    fetch_all(stage, "ManyMax", range(2021, 2024))
    stage.run_jobs()
    assert stage.calls(RECENT) == 1, "the other years are not tried"
    assert backlog.pending_years(stage.redis, "ManyMax") == [2023, 2022, 2021]


def test_a_year_that_somebody_else_has_fetched_meanwhile_is_not_fetched_again(stage: Stage) -> None:
    stage.take_in("ManyMax", plays_of_all(range(2021, 2024)))
    stage.fetch("ManyMax", 2022)
    stage.lastfm.call_log.clear()
    fetch_all(stage, "ManyMax", range(2021, 2024))
    stage.run_jobs()
    assert len({call.params["from"] for call in stage.lastfm.calls if call.method == RECENT}) == 2


def test_a_backlog_is_the_listeners_in_any_case_of_the_name_and_can_be_forgotten(stage: Stage) -> None:
    backlog.add_years(stage.redis, "ManyMax", [2021, 2023])
    backlog.add_years(stage.redis, "manymax", [])
    assert backlog.pending_years(stage.redis, "MANYMAX") == [2023, 2021]
    backlog.clear(stage.redis, "manyMAX")
    assert backlog.pending_years(stage.redis, "ManyMax") == []
    backlog.enqueue_next_year(stage.connection, stage.redis, "ManyMax")
    assert waiting(stage) == 0
