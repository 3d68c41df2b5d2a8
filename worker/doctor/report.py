"""The report: findings for people at a terminal, and for programs."""

import re
import textwrap
from collections.abc import Iterator
from dataclasses import asdict

import click

from worker.doctor.finding import Finding, State, worst

COLOURS = {State.WELL: "green", State.WARNING: "yellow", State.ILL: "red"}
EXIT = {State.WELL: 0, State.WARNING: 1, State.ILL: 2}
WIDTH = 80
INDENT = 9 + 14  # the columns of states and of parts
COMMAND, HARD_SPACE = re.compile(r"`[^`]+`"), "\u00a0"


def for_programs(findings: list[Finding]) -> dict[str, object]:
    """Return one object: the worst state, and all findings in order. Fields may be added, but none is removed."""
    return {"state": worst(findings), "findings": [asdict(finding) for finding in findings]}


def for_people(findings: list[Finding]) -> Iterator[str]:
    """Yield lines of at most 80 columns: state, part, what was seen, and below that what mends it."""
    for finding in findings:
        state = click.style(f"{finding.state:9}", fg=COLOURS[finding.state], bold=finding.state != State.WELL)
        first, *more = _wrapped(finding.seen)
        yield f"{state}{finding.part:14}{first}"
        yield from (" " * INDENT + line for line in more)
        for number, line in enumerate(_wrapped(finding.mend, "→ ") if finding.mend else []):
            yield " " * INDENT + ("→ " if number == 0 else "  ") + line


def _wrapped(text: str, mark: str = "") -> list[str]:
    # A command has to stay on one line to be copied, so its spaces are hidden from the wrapper.
    whole = COMMAND.sub(lambda command: command[0].replace(" ", HARD_SPACE), text)
    lines = textwrap.wrap(whole, WIDTH - INDENT - len(mark), break_long_words=False, break_on_hyphens=False)
    return [line.replace(HARD_SPACE, " ") for line in lines] or [""]
