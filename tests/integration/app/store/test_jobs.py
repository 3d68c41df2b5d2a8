"""Fetch jobs: races for a year are settled by the database."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import pytest

from app.store import Connection, connect, jobs, listeners
from app.store.jobs import SILENCE, FetchJob, Overtaken

END = datetime(2024, 1, 1, tzinfo=UTC)
POINT = datetime(2023, 6, 1, tzinfo=UTC)


def claim(connection: Connection, run: UUID, *, anew: bool = False, name: str = "SingleSam") -> bool:
    return jobs.claim(connection, name, 2023, run, window_end=END, anew=anew)


@pytest.fixture
def run(connection: Connection) -> UUID:
    """A run that has the year and is at work."""
    run = uuid4()
    assert claim(connection, run)
    jobs.begin(connection, run)
    return run


def job(connection: Connection) -> FetchJob:
    job = jobs.look(connection, "SINGLESAM", 2023)
    assert job is not None
    return job


def advance(connection: Connection, run: UUID, behind: datetime | None, to: datetime | None) -> None:
    jobs.advance(connection, run, behind=behind, to=to, progress=1, total_pages=2)


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
    connection.execute("UPDATE fetch_jobs SET updated_at = updated_at - %s", [SILENCE + timedelta(seconds=1)])
    other = uuid4()
    assert claim(connection, other)
    for overtaken in (
        lambda: jobs.begin(connection, run),
        lambda: advance(connection, run, None, POINT),
        lambda: jobs.augment(connection, run, expected=1),
        lambda: jobs.complete(connection, run),
    ):
        with pytest.raises(Overtaken):
            overtaken()
    assert not jobs.fail(connection, run, "too late")
    assert not jobs.drop(connection, run)
    assert (job(connection).run, job(connection).status) == (other, "pending")


def test_a_run_advances_only_from_where_it_stands(connection: Connection, run: UUID) -> None:
    advance(connection, run, None, POINT)
    with pytest.raises(Overtaken):
        advance(connection, run, None, END)
    assert job(connection).resume_from == POINT
    advance(connection, run, POINT, None)
    assert job(connection).resume_from is None


def test_a_claim_goes_on_where_the_last_run_stood_and_anew_from_the_start(
    connection: Connection, run: UUID
) -> None:
    advance(connection, run, None, POINT)
    assert jobs.fail(connection, run, "away")
    assert claim(connection, uuid4())
    found = job(connection)
    assert (found.resume_from, found.progress, found.total_pages, found.error_message) == (POINT, 0, 0, None)
    jobs.fail(connection, found.run, "away")
    assert claim(connection, uuid4(), anew=True)
    assert job(connection).resume_from is None


def test_a_run_that_ended_ends_once(connection: Connection, run: UUID) -> None:
    jobs.augment(connection, run, expected=7)
    jobs.complete(connection, run)
    assert not jobs.fail(connection, run, "too late")
    with pytest.raises(Overtaken):
        jobs.begin(connection, run)
    found = job(connection)
    assert (found.status, found.expected, found.error_message) == ("completed", 7, None)


def test_a_run_may_begin_twice(connection: Connection, run: UUID) -> None:
    advance(connection, run, None, POINT)
    assert jobs.begin(connection, run).resume_from == POINT
    jobs.augment(connection, run, expected=7)
    assert jobs.begin(connection, run).status == "fetching"


def test_years_are_whole_once_they_were_completed_and_final_when_that_was_late_enough(
    connection: Connection, run: UUID
) -> None:
    assert jobs.whole_years(connection, "singlesam") == {}
    jobs.augment(connection, run, expected=7)
    jobs.complete(connection, run)
    late = timedelta(days=15)
    assert jobs.whole_years(connection, "singlesam") == {2023: 7}
    assert jobs.final_years(connection, "singlesam", late) == {2023: 7}
    for completed, final in (("2024-01-15 23:59:59Z", {}), ("2024-01-16 00:00:00Z", {2023: 7})):
        connection.execute("UPDATE fetch_jobs SET completed_at = %s", [completed])
        assert jobs.final_years(connection, "singlesam", late) == final
    claim(connection, uuid4())
    assert jobs.whole_years(connection, "singlesam") == {2023: 7}, "shown while it is brought up to date"


def test_a_listener_is_forgotten_in_any_case_of_the_name(connection: Connection, run: UUID) -> None:
    listeners.save(connection, "SingleSam", available_years=[2023], playcount=1, registered_at=END)
    assert listeners.forget(connection, "singleSAM")
    assert jobs.look(connection, "SingleSam", 2023) is None
    assert listeners.find(connection, "SingleSam") is None
    assert not listeners.forget(connection, "SingleSam")
