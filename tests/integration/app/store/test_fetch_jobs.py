"""Fetch jobs: races for a year are settled by the database."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import pytest

from app.events import Failure, new_run
from app.store import Connection, connect, fetch_jobs, forgetting, listeners
from app.store.fetch_jobs import ABANDONED_AFTER, FetchJob, Overtaken

END = datetime(2024, 1, 1, tzinfo=UTC)
NOW = datetime(2024, 6, 1, tzinfo=UTC)


def claim(connection: Connection, run: UUID, *, prove_since: datetime | None = None) -> bool:
    return fetch_jobs.claim(connection, "SingleSam", 2023, run, window_end=END, prove_since=prove_since)


def fail(connection: Connection, run: UUID, failure: Failure = Failure.LASTFM_AWAY) -> FetchJob | None:
    return fetch_jobs.fail(connection, run, failure, NOW)


@pytest.fixture
def run(connection: Connection) -> UUID:
    """A run that has the year and is at work."""
    run = uuid4()
    assert claim(connection, run)
    fetch_jobs.begin(connection, run)
    return run


def job(connection: Connection) -> FetchJob:
    job = fetch_jobs.find(connection, "SINGLESAM", 2023)
    assert job is not None
    return job


def test_of_many_claims_one_wins(database_url: str) -> None:
    def try_to(_: int) -> bool:
        with connect(database_url) as connection:
            return claim(connection, uuid4())

    with ThreadPoolExecutor(20) as pool:
        assert sum(pool.map(try_to, range(20))) == 1


def test_a_year_that_somebody_works_at_cannot_be_claimed_until_they_fall_silent(
    connection: Connection, run: UUID
) -> None:
    assert not claim(connection, uuid4())
    connection.execute(
        "UPDATE fetch_jobs SET updated_at = updated_at - %s", [ABANDONED_AFTER + timedelta(seconds=1)]
    )
    other = uuid4()
    assert claim(connection, other)
    for overtaken in (
        lambda: fetch_jobs.begin(connection, run),
        lambda: fetch_jobs.advance(connection, run),
        lambda: fetch_jobs.augment(connection, run),
        lambda: fetch_jobs.complete(connection, run, expected=1),
    ):
        with pytest.raises(Overtaken):
            overtaken()
    assert fail(connection, run) is None
    assert not fetch_jobs.delete(connection, run)
    assert (job(connection).run, job(connection).status) == (other, "queued")


def test_what_is_stored_is_noted_and_added_up(connection: Connection, run: UUID) -> None:
    fetch_jobs.advance(connection, run, expected=9, added=2)
    fetch_jobs.advance(connection, run, added=1, removed=4)
    found = job(connection)
    assert (found.expected, found.added, found.removed) == (9, 3, 4)
    fetch_jobs.augment(connection, run)
    with pytest.raises(Overtaken):
        fetch_jobs.advance(connection, run)


def test_changes_are_of_the_latest_reading_however_often_that_was_interrupted(
    connection: Connection, run: UUID
) -> None:
    fetch_jobs.advance(connection, run, added=2, removed=1)
    fail(connection, run)
    again = uuid4()
    assert claim(connection, again)
    assert (job(connection).added, job(connection).removed) == (2, 1)
    fetch_jobs.begin(connection, again)
    fetch_jobs.complete(connection, again, expected=7)
    assert (job(connection).added, job(connection).removed) == (2, 1)
    assert claim(connection, uuid4())
    assert (job(connection).added, job(connection).removed) == (0, 0)


def test_a_request_to_read_all_anew_holds_until_that_is_done(connection: Connection, run: UUID) -> None:
    fail(connection, run)
    anew, after = uuid4(), uuid4()
    assert claim(connection, anew, prove_since=NOW)
    fail(connection, anew)
    assert claim(connection, after)
    assert job(connection).prove_since == NOW
    fetch_jobs.begin(connection, after)
    fetch_jobs.complete(connection, after, expected=7)
    assert job(connection).prove_since is None


def test_the_wait_for_last_fm_grows_until_something_is_stored(connection: Connection, run: UUID) -> None:
    waits = []
    for number in range(6):
        failed = fail(connection, job(connection).run)
        assert failed is not None
        assert failed.next_try_at is not None
        waits.append((failed.next_try_at - NOW).total_seconds())
        again = uuid4()
        assert claim(connection, again)
        assert job(connection).next_try_at is None
        fetch_jobs.begin(connection, again)
        if number == 4:
            fetch_jobs.advance(connection, again)
    assert waits == [30, 60, 300, 900, 900, 30]


@pytest.mark.parametrize("failure", [failure for failure in Failure if failure is not Failure.LASTFM_AWAY])
def test_other_failures_have_no_next_try(connection: Connection, run: UUID, failure: Failure) -> None:
    failed = fail(connection, run, failure)
    assert failed is not None
    assert (failed.status, failed.failure, failed.next_try_at, failed.tries) == ("failed", failure, None, 0)


def test_a_run_that_ended_ends_once(connection: Connection, run: UUID) -> None:
    fetch_jobs.augment(connection, run)
    fetch_jobs.complete(connection, run, expected=7)
    assert fail(connection, run) is None
    with pytest.raises(Overtaken):
        fetch_jobs.begin(connection, run)
    found = job(connection)
    assert (found.status, found.expected, found.error_message) == ("completed", 7, None)


def test_a_run_may_begin_twice(connection: Connection, run: UUID) -> None:
    fetch_jobs.advance(connection, run, expected=7)
    assert fetch_jobs.begin(connection, run).expected == 7
    fetch_jobs.augment(connection, run)
    assert fetch_jobs.begin(connection, run).status == "fetching"


def test_years_are_whole_once_they_were_completed_and_final_when_that_was_late_enough(
    connection: Connection, run: UUID
) -> None:
    assert fetch_jobs.completed_years(connection, "singlesam") == {}
    fetch_jobs.augment(connection, run)
    fetch_jobs.complete(connection, run, expected=7)
    late = timedelta(days=15)
    assert fetch_jobs.completed_years(connection, "singlesam") == {2023: 7}
    assert fetch_jobs.final_years(connection, "singlesam", late) == {2023: 7}
    for completed, final in (("2024-01-15 23:59:59Z", {}), ("2024-01-16 00:00:00Z", {2023: 7})):
        connection.execute("UPDATE fetch_jobs SET completed_at = %s", [completed])
        assert fetch_jobs.final_years(connection, "singlesam", late) == final
    claim(connection, uuid4())
    assert fetch_jobs.completed_years(connection, "singlesam") == {2023: 7}, "shown while it is brought up to date"


def test_a_year_that_was_completed_before_its_end_is_whole_until_it_ends(
    connection: Connection, run: UUID
) -> None:
    fetch_jobs.complete(connection, run, expected=7)
    connection.execute("UPDATE fetch_jobs SET completed_at = '2023-05-01Z'")
    assert [job(connection).was_whole(at) for at in (END - timedelta(seconds=1), END)] == [True, False]
    assert fetch_jobs.completed_years(connection, "singlesam") == {}
    connection.execute("UPDATE fetch_jobs SET year = extract(year FROM now()), completed_at = now()")
    assert list(fetch_jobs.completed_years(connection, "singlesam").values()) == [7], "so far"


def test_a_listener_is_forgotten_in_any_case_of_the_name(connection: Connection, run: UUID) -> None:
    listeners.save(connection, "SingleSam", available_years=[2023], playcount=1, registered_at=END)
    assert forgetting.forget(connection, "singleSAM", new_run())
    assert fetch_jobs.find(connection, "SingleSam", 2023) is None
    assert listeners.find(connection, "SingleSam") is None
    assert not forgetting.forget(connection, "SingleSam", new_run())
