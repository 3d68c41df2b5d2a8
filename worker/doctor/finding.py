"""A finding: what the doctor saw of a part of the installation, and what to do about it."""

from dataclasses import dataclass, field
from enum import StrEnum

from app.settings import Settings


class State(StrEnum):
    """How well a part is."""

    WELL = "well"
    WARNING = "warning"
    """It works, but needs attention before it stops working."""
    ILL = "ill"


@dataclass(frozen=True)
class Finding:
    """A part, its state, what was seen, and what mends it; the latter is empty if the part is well."""

    part: str
    state: State
    seen: str
    mend: str = ""
    about: str = ""
    """What of the part, where it may have several findings: the name of a unit."""
    unknown: bool = False
    """Whether the part could not be looked at, or not all of it: what is not named may be well or not."""


@dataclass(frozen=True)
class CheckContext:
    """What every check is given, and the clocks that checks come across."""

    settings: Settings
    clocks: dict[str, float] = field(default_factory=dict)
    """Whose clock -> by how many seconds it is ahead of this machine's."""
    unsynchronised: list[str] = field(default_factory=list)
    """The units that should have synchronised this machine's clock and have not."""


def well(part: str, seen: str) -> Finding:
    """Report a part that needs nothing."""
    return Finding(part, State.WELL, seen)


def warning(part: str, seen: str, mend: str, *, about: str = "") -> Finding:
    """Report a part that needs attention."""
    return Finding(part, State.WARNING, seen, mend, about)


def ill(part: str, seen: str, mend: str, *, about: str = "") -> Finding:
    """Report a part that does not work."""
    return Finding(part, State.ILL, seen, mend, about)


def unknown(part: str, seen: str, mend: str, state: State = State.WARNING) -> Finding:
    """Report a part that could not be looked at."""
    return Finding(part, state, seen, mend, unknown=True)


def worst(findings: list[Finding]) -> State:
    """Return the worst state of all findings."""
    states = {finding.state for finding in findings}
    return next((state for state in (State.ILL, State.WARNING) if state in states), State.WELL)
