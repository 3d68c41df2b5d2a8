"""How an import shows how far it is."""

import io

import pytest
from rich.console import Console

from mirror.load import Progress
from mirror.meter import meter

STEPS = [
    Progress("artist", 0, 0, 200),
    Progress("artist", 1500, 20, 200),
    Progress("link", 0, 50, 200),
    Progress("indexes", 0, 200, 200),
]


def shown(*, terminal: bool) -> str:
    screen = io.StringIO()
    with meter(Console(file=screen, force_terminal=terminal, width=100)) as report:
        for step in STEPS:
            report(step)
    return screen.getvalue()


def test_a_journal_gets_a_line_per_table() -> None:
    assert shown(terminal=False).splitlines() == ["  0 %  artist", " 25 %  link", "100 %  indexes"]


def test_a_terminal_gets_a_bar() -> None:
    assert "indexes" in shown(terminal=True)
    assert "200/200 bytes" in shown(terminal=True)


def test_an_empty_archive_is_no_division_by_zero() -> None:
    with meter(Console(file=io.StringIO())) as report:
        report(Progress("artist", 0, 0, 0))


def test_a_journal_is_told_the_pace_and_the_time_left(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = iter([0.0, 0.0, 100.0, 100.0, 100.0])
    monkeypatch.setattr("mirror.meter.monotonic", lambda: next(clock))
    screen = io.StringIO()
    with meter(Console(file=screen)) as report:
        report(Progress("release", 7, 50_000_000, 200_000_000))
        report(Progress("release_country", 7, 100_000_000, 200_000_000))
    assert screen.getvalue().splitlines()[-1] == " 50 %  release_country: 7 rows, 1.0 MB/s, 2 min left"


def test_each_step_has_a_pace_of_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    now = 0.0
    monkeypatch.setattr("mirror.meter.monotonic", lambda: now)
    screen = io.StringIO()
    with meter(Console(file=screen)) as report:
        report(Progress("download", 0, 200_000_000, 200_000_000))
        now = 1000.0
        report(Progress("artist", 0, 0, 200_000_000))
        now = 1100.0
        report(Progress("release", 0, 100_000_000, 200_000_000))
    assert screen.getvalue().splitlines()[-1] == " 50 %  release, 1.0 MB/s, 2 min left"


def test_a_bar_that_begins_anew_does_not_say_that_no_time_is_left() -> None:
    screen = io.StringIO()
    with meter(Console(file=screen, force_terminal=True, width=80, color_system=None)) as report:
        report(Progress("download", 0, 200, 200))
        report(Progress("artist", 0, 50, 200))
    assert "50/200 bytes ? -:--:-- artist" in screen.getvalue()


def test_long_words_leave_the_rest_of_the_bar_as_it_is() -> None:
    screen = io.StringIO()
    with meter(Console(file=screen, force_terminal=True, width=80, color_system=None)) as report:
        report(Progress("release_group_secondary_type_join" * 2, 1_234_567, 100, 200))
    assert "100/200 bytes ? -:--:-- release_group_secondary_type" in screen.getvalue()
