"""The doctor: checks every part of the installation, and says what to do about those that are not well.

A module for each group of parts, and `telling` and `memory` for its timer. They may import `app` (but not
`app.web`), `mirror` and `worker.lastfm`.
"""

import time
from collections.abc import Callable, Collection, Iterator
from concurrent.futures import Future
from dataclasses import replace
from threading import Thread

from app.logs.lines import without_secrets
from app.settings import WEB_NEEDS, WORKER_NEEDS, BadSettings, Settings, missing
from worker.doctor import covers, lastfm, machine, mirror, queue, site, store
from worker.doctor.finding import CheckContext, Finding, State, ill, unknown, warning, well, worst
from worker.doctor.systemd import runs_application, runs_workers

__all__ = ["Finding", "State", "examine", "unreadable_settings", "worst"]

TIMEOUT = 25.0  # seconds; a suspended Neon compute takes some of them to wake
CLOCK_TOLERANCE = 30.0  # seconds, as the answer that tells the time may have been late
REPORT = "a bug in the doctor: please report it"

Check = Callable[[CheckContext], Iterator[Finding]]
CHECKS: tuple[tuple[Check, tuple[str, ...]], ...] = (
    (store.check_store, store.PARTS),
    (queue.check_queue, queue.PARTS),
    (mirror.check_mirror, mirror.PARTS),
    (lastfm.check_lastfm, lastfm.PARTS),
    (covers.check_covers, covers.PARTS),
    (machine.check_machine, machine.PARTS),
    (site.check_site, site.PARTS),
)
"""Each check, and the parts that it reports on."""
OF_ANY_MACHINE = (machine.check_machine, site.check_site)
"""Checks that need none of the settings that a machine with Caddy or Valkey alone does not have."""


def examine(settings: Settings, *, timeout: float = TIMEOUT, without: Collection[str] = ()) -> list[Finding]:
    """Run every check, and return the findings in the order in which the parts depend on each other.

    The checks run in parallel and have `timeout` seconds, so that a part that hangs does not hide the others.
    `without` leaves out the checks of these parts.
    """
    context = CheckContext(settings)
    deadline = time.monotonic() + timeout
    has_all = runs_application()
    checks = [(check, parts) for check, parts in CHECKS if has_all or check in OF_ANY_MACHINE]
    started = [(_start(check, context), parts) for check, parts in checks if not {*parts} & {*without}]
    findings = [_settings(settings)] if has_all else []
    for future, parts in started:
        findings += _result(future, parts, deadline)
    if context.clocks or context.unsynchronised or (has_all and not without):
        clock = _clock(context)
        # Whether a time server sets it is known from a unit.
        no_units = any(finding.unknown for finding in findings if finding.part == machine.PART)
        findings.append(replace(clock, unknown=True) if no_units and clock.state == State.WELL else clock)
    return [_without_secrets(finding, settings) for finding in findings]


def unreadable_settings(error: BadSettings) -> list[Finding]:
    """Return the findings about settings that cannot be read: no other part can be checked then."""
    return [
        ill("settings", line, "correct it, see .env.example", about=line.partition(":")[0])
        for line in str(error).splitlines()
    ]


def _start(check: Check, context: CheckContext) -> Future[list[Finding]]:
    future: Future[list[Finding]] = Future()

    def run() -> None:
        try:
            future.set_result(list(check(context)))
        except Exception as error:  # noqa: BLE001  becomes a finding, so that the others are still seen
            future.set_exception(error)

    # A daemon thread, so that the command can exit while a check still hangs.
    Thread(target=run, daemon=True).start()
    return future


def _result(future: Future[list[Finding]], parts: tuple[str, ...], deadline: float) -> list[Finding]:
    try:
        error = future.exception(timeout=max(0.0, deadline - time.monotonic()))
    except TimeoutError:
        seen = "has not answered in time"
        again = "see whether it hangs, then run `lastyear doctor` again"
        return [unknown(part, seen, again, State.ILL) for part in parts]
    if error is not None:
        # Not its text, which may quote a secret.
        seen = f"cannot be checked ({type(error).__name__})"
        return [unknown(part, seen, REPORT, State.ILL) for part in parts]
    return future.result()


def _settings(settings: Settings) -> Finding:
    if names := missing(settings, WORKER_NEEDS if runs_workers() else WEB_NEEDS):
        return ill("settings", f"{', '.join(names)} not set", "set them, see .env.example")
    return well("settings", "complete")


def _clock(context: CheckContext) -> Finding:
    # Last.fm's first, which is certainly on another machine.
    whose = next((name for name in ("Last.fm", "the app database") if name in context.clocks), None)
    ahead = context.clocks[whose] if whose else 0.0
    if abs(ahead) >= CLOCK_TOLERANCE:
        seen = f"{abs(ahead):.0f} s {'behind' if ahead > 0 else 'ahead of'} {whose}"
        return ill("clock", seen, "`timedatectl set-ntp true`")
    if context.unsynchronised:
        seen = f"{f'agrees with {whose}, but ' if whose else ''}{context.unsynchronised[0]} reaches no time server"
        return warning("clock", seen, "`timedatectl timesync-status`; time servers answer by UDP on port 123")
    if whose is None:
        return unknown("clock", "unknown: nothing answered that it could be compared with", "`timedatectl`")
    return well("clock", f"agrees with {whose}")


def _without_secrets(finding: Finding, settings: Settings) -> Finding:
    """Remove secrets, whatever a part has reported."""
    secrets = settings.secrets()
    seen, mend = without_secrets(finding.seen, secrets), without_secrets(finding.mend, secrets)
    return replace(finding, seen=seen, mend=mend)
