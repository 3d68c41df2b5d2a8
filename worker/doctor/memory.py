"""Memory: what the doctor saw at its last turn and has told the operator, in one file that survives a reboot."""

import os
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from tempfile import NamedTemporaryFile

from pydantic import BaseModel, ConfigDict, ValidationError

from worker.doctor.finding import Finding, State

FILE = "told.json"
SEVERITY = (State.WELL, State.WARNING, State.ILL)


class Unreadable(Exception):
    """The file cannot be read, whatever it was that changed it."""


class Known(BaseModel):
    """Something that is not well, or was not."""

    model_config = ConfigDict(frozen=True)

    part: str
    about: str = ""
    unknown: bool = False
    """Whether it is that the part could not be looked at."""
    state: State = State.WELL
    """As it was at the last turn."""
    told: State = State.WELL
    """As the operator was told last."""

    def after(self, state: State) -> "Known":
        """Return what is known after one more turn.

        Two turns in a row decide: something is told to be as bad as both have seen it at least, and to be well
        again when both have seen it so. What comes and goes is not told.
        """
        best, worst = sorted((self.state, state), key=SEVERITY.index)
        told = State.WELL if worst == State.WELL else max(self.told, best, key=SEVERITY.index)
        return self.model_copy(update={"state": state, "told": told})


class Message(BaseModel):
    """What is posted to the operator: text for people, and the same for programs."""

    model_config = ConfigDict(frozen=True)

    text: str
    host: str
    appeared: tuple[Finding, ...] = ()
    gone: tuple[Known, ...] = ()


class Memory(BaseModel):
    """What is remembered from one turn to the next."""

    model_config = ConfigDict(frozen=True)

    known: tuple[Known, ...] = ()
    database_asked_at: datetime | None = None
    unsent: tuple[Message, ...] = ()
    """Messages that the webhook has not taken yet, the oldest first."""

    def is_in_trouble(self, part: str) -> bool:
        """Whether this part is not well, or the operator has not been told yet that it is again."""
        return any(known.part == part for known in self.known)


@dataclass(frozen=True)
class Changes:
    """What is known after a turn, what to tell of it, and what the operator may forget."""

    known: tuple[Known, ...]
    appeared: tuple[Finding, ...]
    gone: tuple[Known, ...]


Key = tuple[str, str, bool]


def _key(one: Finding | Known) -> Key:
    """Return what a finding and what is known of it have in common."""
    return one.part, one.about, one.unknown


def compare(known: tuple[Known, ...], findings: list[Finding]) -> Changes:
    """Compare the findings with what was known, the worst first.

    What was not looked at stays as it is known: a part without any finding, and whatever else was known of a part
    with a finding that says so.
    """
    before = {_key(one): one for one in known}
    now: dict[Key, Finding] = {}
    for finding in sorted(findings, key=lambda one: SEVERITY.index(one.state), reverse=True):
        now.setdefault(_key(finding), finding)
    looked_at = {finding.part for finding in findings} - {finding.part for finding in findings if finding.unknown}
    kept, appeared, gone = [], [], []
    for key in dict.fromkeys([*now, *before]):
        found = now.get(key)
        was = before.get(key) or Known(part=key[0], about=key[1], unknown=key[2])
        after = was.after(found.state if found else State.WELL) if found or was.part in looked_at else was
        if found and SEVERITY.index(after.told) > SEVERITY.index(was.told):
            appeared.append(found)
        elif after.told != was.told:
            gone.append(after)
        if {after.state, after.told} != {State.WELL}:
            kept.append(after)
    return Changes(tuple(kept), tuple(appeared), tuple(gone))


def read_memory(folder: Path) -> Memory:
    """Read what was written last; nothing is known the first time. Raises Unreadable."""
    try:
        return Memory.model_validate_json((folder / FILE).read_bytes())
    except FileNotFoundError:
        return Memory()
    except ValidationError as error:
        raise Unreadable from error


def write_memory(folder: Path, memory: Memory) -> None:
    """Replace the file in one step, so that a power cut leaves the one or the other."""
    with NamedTemporaryFile(dir=folder, prefix=f".{FILE}.", delete=False) as file:
        try:
            file.write(memory.model_dump_json().encode())
            file.flush()
            os.fsync(file.fileno())
            Path(file.name).replace(folder / FILE)
        except BaseException:
            Path(file.name).unlink(missing_ok=True)
            raise
