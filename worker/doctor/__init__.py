"""The doctor: looks at every part a machine needs and says what to do about those that ail."""

import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from dataclasses import replace
from threading import Thread
from types import ModuleType

from app.logs import HIDDEN
from app.settings import WORKER_NEEDS, BadSettings, Settings, missing
from worker.doctor import lastfm, machine, mirror, queue, store
from worker.doctor.finding import Finding, State, Visit, ill, warning, well, worst

__all__ = ["Finding", "State", "examine", "unreadable", "worst"]

PATIENCE = 25.0  # seconds; a suspended Neon compute takes some to wake
REPORT = "the doctor did not expect this: please report it"
WRONG_BY = 30.0  # seconds by which a clock is wrong, and not only the answer late

CHECKS: tuple[ModuleType, ...] = (store, queue, mirror, lastfm, machine)


def examine(settings: Settings, *, patience: float = PATIENCE) -> list[Finding]:
    """Every finding, in the order in which the parts build on each other, within so many seconds.

    The checks run side by side, so that a part that hangs keeps none of the others from being seen.
    """
    visit = Visit(settings)
    deadline = time.monotonic() + patience
    begun = [(check, _begin(check.check, visit)) for check in CHECKS]
    findings = [_settings(settings)]
    for check, future in begun:
        findings += _result(check, future, deadline)
    return [_blotted(finding, settings) for finding in [*findings, _clock(visit)]]


def unreadable(error: BadSettings) -> list[Finding]:
    """The only finding where the settings themselves cannot be read."""
    return [ill("settings", line, "set it anew, see .env.example") for line in str(error).splitlines()]


def _begin(check: Callable[[Visit], Iterator[Finding]], visit: Visit) -> Future[list[Finding]]:
    future: Future[list[Finding]] = Future()

    def run() -> None:
        try:
            future.set_result(list(check(visit)))
        except Exception as error:  # noqa: BLE001  told as a finding: the other parts are seen nevertheless
            future.set_exception(error)

    # Of a daemon the command's end does not wait for what hangs.
    Thread(target=run, daemon=True).start()
    return future


def _result(check: ModuleType, future: Future[list[Finding]], deadline: float) -> list[Finding]:
    try:
        error = future.exception(timeout=max(0.0, deadline - time.monotonic()))
    except TimeoutError:
        seen = "has not answered in time"
        return [ill(part, seen, "see whether it hangs, then `lastyear doctor` again") for part in check.PARTS]
    if error is not None:
        # Its text may quote anything.
        return [ill(part, f"cannot be examined ({type(error).__name__})", REPORT) for part in check.PARTS]
    return future.result()


def _settings(settings: Settings) -> Finding:
    if names := missing(settings, WORKER_NEEDS):
        return ill("settings", f"{', '.join(names)} not set", f"set {' and '.join(names)}")
    return well("settings", "all there")


def _clock(visit: Visit) -> Finding:
    # Last.fm's is surely another machine's.
    whose = next((name for name in ("Last.fm", "the app database") if name in visit.clocks), None)
    if whose is None:
        return warning("clock", "nothing answered that could be compared", "`timedatectl`")
    ahead = visit.clocks[whose]
    if abs(ahead) < WRONG_BY:
        return well("clock", f"as at {whose}")
    return ill(
        "clock",
        f"{abs(ahead):.0f} s {'behind' if ahead > 0 else 'ahead of'} {whose}",
        "`timedatectl set-ntp true`",
    )


def _blotted(finding: Finding, settings: Settings) -> Finding:
    """Whatever a part has said of itself, no secret leaves."""
    seen, mend = finding.seen, finding.mend
    for secret in sorted(settings.secrets(), key=len, reverse=True):
        seen, mend = seen.replace(secret, HIDDEN), mend.replace(secret, HIDDEN)
    return replace(finding, seen=seen, mend=mend)
