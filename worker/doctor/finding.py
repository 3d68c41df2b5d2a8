"""A finding: what the doctor saw of a part, and what to do about it."""

from dataclasses import dataclass, field
from enum import StrEnum

from app.settings import Settings


class State(StrEnum):
    """How a part is."""

    WELL = "well"
    WARNING = "warning"
    """It works, but somebody should look before it does not any more."""
    ILL = "ill"


@dataclass(frozen=True)
class Finding:
    """A part, its state, what was seen in few words, and what mends it; nothing where it is well."""

    part: str
    state: State
    seen: str
    mend: str = ""


@dataclass(frozen=True)
class Visit:
    """What every check is given, and the clocks that were seen on the way."""

    settings: Settings
    clocks: dict[str, float] = field(default_factory=dict)
    """Whose -> how many seconds it is ahead of ours."""


def well(part: str, seen: str) -> Finding:
    """Nothing to do."""
    return Finding(part, State.WELL, seen)


def warning(part: str, seen: str, mend: str) -> Finding:
    """Something to look at."""
    return Finding(part, State.WARNING, seen, mend)


def ill(part: str, seen: str, mend: str) -> Finding:
    """Something to mend."""
    return Finding(part, State.ILL, seen, mend)


def worst(findings: list[Finding]) -> State:
    """The state of all of them together."""
    states = {finding.state for finding in findings}
    return next((state for state in (State.ILL, State.WARNING) if state in states), State.WELL)
