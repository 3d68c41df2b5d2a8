"""The plan: which stretches of a year to ask Last.fm for, since no stored stretch proves them any more."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from app.listening_years import GAP_HOLDS, LATE_SCROBBLES, PROOF_HOLDS, RUNNING_YEAR_HOLDS
from app.store.stretches import StoredStretch
from worker.fetching.proof import NEARLY_FULL, SIZES, Ask, Stretch


def plan(window: Stretch, stored: Sequence[StoredStretch], now: float, prove_since: float = 0.0) -> list[Ask]:
    """Return what to ask for, the newest first: all of `window` that no stored stretch proves any more at `now`.

    `prove_since` is the time of the last request to read everything anew: older proofs do not count.
    """
    due: list[_Due] = []
    at = window.start
    for one in stored:
        if one.start >= window.end:
            break  # stored while our clock was ahead
        if one.start > at:
            due.append(_Due(Stretch(at, one.start)))
        if not _holds(one, now, prove_since):
            due.append(_Due(Stretch(one.start, min(one.end, window.end)), one.plays, is_gap=one.missing != 0))
        at = max(at, one.end)
    if at < window.end:
        due.append(_Due(Stretch(at, window.end)))
    return [Ask(one.stretch, one.size, is_suspect=one.is_gap) for one in reversed(_joined(due))]


@dataclass(frozen=True)
class _Due:
    """A time to be read, the plays that are stored of it, and whether it was a gap."""

    stretch: Stretch
    plays: int = 0
    is_gap: bool = False

    @property
    def size(self) -> int:
        """How many rows to ask for: of a gap no more than it needs, since many may be why it was not served."""
        fits = [size for size in SIZES if size > self.plays]
        return fits[-1] if self.is_gap and fits else SIZES[0]


def _joined(due: Iterable[_Due]) -> list[_Due]:
    """Join neighbours, as far as one answer holds them. A gap is asked for by itself, since it will fail again."""
    joined: list[_Due] = []
    for one in due:
        last = joined[-1] if joined else None
        fits = last and last.stretch.end == one.stretch.start and last.plays + one.plays <= NEARLY_FULL * SIZES[0]
        if last and fits and not (last.is_gap or one.is_gap):
            joined[-1] = _Due(Stretch(last.stretch.start, one.stretch.end), last.plays + one.plays)
        else:
            joined.append(one)
    return joined


def proven(stored: Iterable[StoredStretch], now: float, prove_since: float = 0.0) -> list[StoredStretch]:
    """Return the stretches that are not to be asked for."""
    return [one for one in stored if _holds(one, now, prove_since)]


def _holds(one: StoredStretch, now: float, prove_since: float) -> bool:
    proven = one.proven_at.timestamp() if one.proven_at else 0.0
    if not proven or proven < prove_since:
        return False
    age = now - proven
    if one.missing != 0:
        return age < GAP_HOLDS.total_seconds()
    if proven < one.end + LATE_SCROBBLES.total_seconds():
        return age < RUNNING_YEAR_HOLDS.total_seconds()
    return age < PROOF_HOLDS.total_seconds()
