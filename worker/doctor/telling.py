"""Telling: a turn of the timer, which examines everything and tells the operator only what has changed."""

import socket
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import requests

from app.settings import BadSettings, Settings
from worker.doctor import examine, store, unreadable_settings
from worker.doctor.finding import Finding, State
from worker.doctor.memory import (
    Changes,
    Known,
    Memory,
    Message,
    Unreadable,
    compare,
    read_memory,
    write_memory,
)
from worker.doctor.queue import is_busy

TIMEOUT = (3, 7)  # seconds to connect, and to wait for the answer
MAX_UNSENT = 20
DATABASE_EVERY = timedelta(days=1)
LEVELS = {State.ILL: "<3>", State.WARNING: "<4>", State.WELL: "<5>"}  # as systemd reads them, see sd-daemon(3)
FORGOTTEN = "What the doctor had told cannot be read and is forgotten: what is not well is told again."


@dataclass(frozen=True)
class _Turn:
    """What a turn has found, and where to post it; None where the settings cannot be read."""

    findings: list[Finding]
    url: str | None
    asked_database: bool


def take_turn(read: Callable[[], Settings], folder: Path) -> Iterator[str]:
    """Examine everything, and yield a line for the journal for whatever has appeared or is gone since.

    The same goes to OPERATOR_WEBHOOK_URL. What was told is kept in `folder`; a message that the webhook does not
    take is posted again at the next turn.
    """
    memory, messages = Memory(), []
    try:
        memory = read_memory(folder)
    except Unreadable:
        yield LEVELS[State.WARNING] + FORGOTTEN
        messages.append(_message([FORGOTTEN]))
    turn = _examine(read, memory)
    changes = compare(memory.known, turn.findings)
    yield from (LEVELS[finding.state] + _sentence(finding) for finding in changes.appeared)
    yield from (LEVELS[State.WELL] + _well_again(known) for known in changes.gone)
    if changes.appeared or changes.gone:
        messages.append(_report(changes))
    asked_at = datetime.now(UTC) if turn.asked_database else memory.database_asked_at
    unsent = () if turn.url == "" else (*memory.unsent, *messages)[-MAX_UNSENT:]
    # Before anything is posted: where this fails, as on a full disk, the same would be posted at every turn.
    write_memory(folder, Memory(known=changes.known, database_asked_at=asked_at, unsent=unsent))
    if turn.url and unsent:
        left, fault = _post(turn.url, unsent)
        write_memory(folder, Memory(known=changes.known, database_asked_at=asked_at, unsent=left))
        if fault and not memory.unsent:
            yield f"{LEVELS[State.ILL]}OPERATOR_WEBHOOK_URL takes no message ({fault}); it is tried at every turn."


def _examine(read: Callable[[], Settings], memory: Memory) -> _Turn:
    try:
        settings = read()
    except BadSettings as error:
        return _Turn(unreadable_settings(error), None, asked_database=False)
    asks = _asks_database(memory, settings)
    findings = examine(settings, without=() if asks else (store.PART,))
    return _Turn(findings, settings.operator_webhook_url.get_secret_value(), asks)


def _asks_database(memory: Memory, settings: Settings) -> bool:
    """Whether to look at the app database, which wakes it if it is asleep.

    It is awake while a worker is busy. In trouble, it is looked at until it is well; otherwise once a day.
    """
    asked = memory.database_asked_at
    is_due = asked is None or abs(datetime.now(UTC) - asked) >= DATABASE_EVERY
    return is_due or memory.is_in_trouble(store.PART) or is_busy(settings)


def _sentence(finding: Finding) -> str:
    return " ".join(f"{finding.part}: {finding.seen} → {finding.mend}".split())


def _well_again(known: Known) -> str:
    of = f"{known.part} ({known.about})" if known.about else known.part
    return f"{of}: {'can be checked again' if known.unknown else 'well again'}"


def _report(changes: Changes) -> Message:
    lines = [*map(_sentence, changes.appeared), *map(_well_again, changes.gone)]
    return _message(lines, appeared=changes.appeared, gone=changes.gone)


def _message(lines: list[str], *, appeared: tuple[Finding, ...] = (), gone: tuple[Known, ...] = ()) -> Message:
    host = socket.gethostname()
    return Message(text="\n".join([f"LastYear.fm on {host}:", *lines]), host=host, appeared=appeared, gone=gone)


def _post(url: str, messages: tuple[Message, ...]) -> tuple[tuple[Message, ...], str]:
    """Post the messages in turn; return those that are left, and what was wrong with the first of them."""
    for number, message in enumerate(messages):
        body = message.model_dump(mode="json", exclude={"gone": {"__all__": {"state", "told"}}})
        try:
            # The answer's body is not read: it might never end.
            with requests.post(url, json=body, timeout=TIMEOUT, allow_redirects=False, stream=True) as answer:
                fault = "" if answer.ok and not answer.is_redirect else f"status {answer.status_code}"
        except requests.RequestException as error:  # whose text quotes the address, and that may contain a token
            fault = type(error).__name__
        if fault:
            return messages[number:], fault
    return (), ""
