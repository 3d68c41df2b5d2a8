"""The reckoning of how far an installation goes: its page is what it prints, and it follows its figures."""

from dataclasses import fields, replace

import pytest

from tests.bench.scaling import (
    BEGIN,
    DOCUMENT,
    END,
    LIMITS,
    VISITORS,
    Demand,
    Figures,
    described,
    most_visitors,
    tables,
)

FIGURES = Figures()


def test_the_page_is_what_the_reckoning_prints() -> None:
    shown = DOCUMENT.read_text(encoding="utf-8").partition(BEGIN)[2].partition(END)[0]
    assert shown == tables(FIGURES), "write it: .venv/bin/python -m tests.bench.scaling --write"


def test_every_figure_says_what_it_is_and_whether_it_was_measured() -> None:
    assert list(described()) == [field.name for field in fields(Figures)]
    assert all(what.startswith(("measured: ", "allowed: ", "assumed: ")) for what in described().values())


@pytest.mark.parametrize("name", LIMITS)
def test_more_visitors_never_take_less(name: str) -> None:
    taken = [LIMITS[name](Demand(FIGURES, visitors)) for visitors in VISITORS]
    assert taken == sorted(taken)
    most = most_visitors(FIGURES, LIMITS[name])
    assert LIMITS[name](Demand(FIGURES, most)) <= 1 < LIMITS[name](Demand(FIGURES, most * 2))


def test_what_is_reckoned_by_hand() -> None:
    """Of 1,000 visitors 100 come in the busiest hour: 30 new years of 15 calls, 20 updates of 2."""
    at = Demand(replace(FIGURES, replays=0), 1000)
    assert at.of_calls == pytest.approx((30 * 15 + 20 * 2) / (3600 * 2))
    assert at.open_pages == pytest.approx(100 / 3600 * 240)
    assert at.days_kept == pytest.approx(100e6 / (12_100 * 9 + 437_500) / 300)
    assert Demand(FIGURES, 1000).of_calls > at.of_calls
