"""Progress of an import and of a replication, on a terminal and in a journal."""

import io
from datetime import UTC, datetime, timedelta

from rich.console import Console
from structlog.testing import capture_logs

from mirror.importing.load import ImportProgress
from mirror.progress import ImportDisplay, ReplicationDisplay, open_console
from mirror.replication.apply import AppliedPacket
from mirror.replication.replicate import ReplicationProgress

STEPS = [
    ImportProgress("artist", 0, 0, 200),
    ImportProgress("artist", 1500, 20, 200),
    ImportProgress("link", 0, 50, 200),
    ImportProgress("indexes", 0, 200, 200),
]


def shown(*, terminal: bool) -> str:
    screen = io.StringIO()
    with ImportDisplay(Console(file=screen, force_terminal=terminal, width=100)) as report:
        for step in STEPS:
            report(step)
    return screen.getvalue()


def test_a_journal_gets_a_line_per_table() -> None:
    assert shown(terminal=False).splitlines() == ["  0 %  artist", " 25 %  link", "100 %  indexes"]


def test_a_program_that_logs_gets_the_same_lines_in_its_log() -> None:
    with capture_logs() as lines, ImportDisplay(open_console(logs=True)) as report:
        for step in STEPS:
            report(step)
        report.say(
            "A sentence that is much longer than a terminal is wide, and must stay on one line " + 9 * "and on "
        )
    assert [line["event"] for line in lines][:3] == ["0 %  artist", "25 %  link", "100 %  indexes"]
    assert len(lines) == 4


def test_a_terminal_gets_a_bar() -> None:
    assert "indexes" in shown(terminal=True)
    assert "200/200 bytes" in shown(terminal=True)


def test_an_empty_archive_has_a_progress_too() -> None:
    with ImportDisplay(Console(file=io.StringIO())) as report:
        report(ImportProgress("artist", 0, 0, 0))


def test_a_journal_shows_the_rate_and_the_time_left() -> None:
    now = 0.0
    screen = io.StringIO()
    with ImportDisplay(Console(file=screen), clock=lambda: now) as report:
        report(ImportProgress("release", 7, 0, 200_000_000))
        now = 100.0
        report(ImportProgress("release_country", 7, 100_000_000, 200_000_000))
    assert screen.getvalue().splitlines()[-1] == " 50 %  release_country: 7 rows, 1.0 MB/s, 2 min left"


def test_a_journal_gets_a_line_every_half_minute_of_a_long_step() -> None:
    now = 0.0
    screen = io.StringIO()
    with ImportDisplay(Console(file=screen), clock=lambda: now) as report:
        for now, rows in ((1.0, 1), (20.0, 2), (40.0, 3)):  # noqa: B007 - the clock reads it
            report(ImportProgress("release", rows, 0, 200))
    assert screen.getvalue().splitlines() == ["  0 %  release: 1 rows", "  0 %  release: 3 rows"]


def test_a_journal_gets_a_line_for_each_packet_and_each_new_reason_to_wait() -> None:
    screen = io.StringIO()
    applied = AppliedPacket(7, datetime.now(UTC) - timedelta(minutes=90), changes=1200, kept=30, drift=2)
    with ReplicationDisplay(Console(file=screen)) as report:
        report(ReplicationProgress(7, 8, applied))
        for _ in range(2):
            report(ReplicationProgress(7, 8, waiting="the server is away"))
    assert screen.getvalue().splitlines() == [
        "packet 7 of 8: 1,200 changes, 30 of them kept, 2 rows corrected, 1 h 30 min old",
        "at packet 7: the server is away",
    ]


def test_a_terminal_gets_a_bar_of_packets() -> None:
    screen = io.StringIO()
    applied = AppliedPacket(7, datetime.now(UTC), changes=1, kept=1, drift=0)
    with ReplicationDisplay(Console(file=screen, force_terminal=True, width=100)) as report:
        report(ReplicationProgress(7, 9, applied))
    assert "1/3" in screen.getvalue()


def test_long_texts_do_not_move_the_rest_of_the_bar() -> None:
    screen = io.StringIO()
    with ImportDisplay(Console(file=screen, force_terminal=True, width=80, color_system=None)) as report:
        report(ImportProgress("release_group_secondary_type_join" * 2, 1_234_567, 100, 200))
    assert "100/200 bytes ? -:--:-- release_group_secondary_type" in screen.getvalue()
