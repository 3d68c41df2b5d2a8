"""Every night what is usual here is counted, and kept without names."""

from app.jobs import enqueue
from app.redis.usual_years import read_usual_shares, read_usual_year
from tests.integration.worker.conftest import Stage


def test_what_is_usual_is_counted_overnight(stage: Stage) -> None:
    stage.fetch("LightLuca", 2023)
    years = stage.event("LightLuca", 2023).years
    placed = sum(years.values())
    assert read_usual_shares(stage.redis, [2023]) == {}
    for _ in range(2):
        assert enqueue.enqueue_rematch(stage.redis)
        stage.run_jobs()
        shares, ages = read_usual_year(stage.redis, 2023)
        assert shares is not None
        assert shares.listeners == 1
        assert {at: round(placed * share) for at, share in shares.shares.items()} == years
        assert ages is None, "of so few nobody is told where they stand"


def test_who_is_forgotten_is_counted_no_more(stage: Stage) -> None:
    test_what_is_usual_is_counted_overnight(stage)
    stage.connection.execute("DELETE FROM lastfm_users")
    assert enqueue.enqueue_rematch(stage.redis)
    stage.run_jobs()
    assert read_usual_year(stage.redis, 2023) == (None, None)
