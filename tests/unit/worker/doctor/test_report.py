"""The report fits a terminal, and its commands can be copied."""

import click
from hypothesis import given
from hypothesis import strategies as st

from worker.doctor.finding import Finding, State, ill, warning, well
from worker.doctor.report import EXIT, WIDTH, for_people, for_programs

WORD = st.text(st.characters(codec="ascii", exclude_characters="`"), max_size=40)
TEXT = st.lists(WORD, max_size=12).map(" ".join)


@given(seen=TEXT, mend=TEXT)
def test_no_line_is_wider_than_a_terminal(seen: str, mend: str) -> None:
    lines = [click.unstyle(line) for line in for_people([warning("failed jobs", seen, mend)])]
    assert max(map(len, lines)) <= WIDTH


def test_a_command_stays_on_one_line() -> None:
    command = "`journalctl -u 'lastyear-worker@*' -n 100`"
    lines = list(for_people([ill("workers", "none is alive", f"see what they said before they went: {command}")]))
    assert any(command in line for line in lines)
    assert len(lines) == 3


def test_columns_stand_under_each_other() -> None:
    lines = [click.unstyle(line) for line in for_people([well("disk", "enough"), ill("queue", "full", "`wait`")])]
    assert lines == [
        "well     disk          enough",
        "ill      queue         full",
        "                       → `wait`",
    ]


def test_the_worst_finding_decides_how_it_ends() -> None:
    fine, odd, bad = well("a", ""), warning("b", "", ""), ill("c", "", "")
    for findings, state in (([fine], "well"), ([fine, odd], "warning"), ([odd, bad, fine], "ill"), ([], "well")):
        assert for_programs(findings)["state"] == state
    assert [EXIT[state] for state in (State.WELL, State.WARNING, State.ILL)] == [0, 1, 2]


def test_programs_get_plain_values() -> None:
    assert for_programs([Finding("disk", State.WARNING, "little", "make room")])["findings"] == [
        {"part": "disk", "state": "warning", "seen": "little", "mend": "make room", "about": "", "unknown": False}
    ]
