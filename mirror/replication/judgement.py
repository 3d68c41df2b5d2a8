"""The judgement of a mirror: whether it is as new as it should be, and what it still has to catch up."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum

from mirror.derived.names import FOLDING_RULES
from mirror.errors import SchemaChanged
from mirror.state import MAX_LAG, MirrorState

TOO_FAR_BEHIND = timedelta(hours=36)


class Verdict(StrEnum):
    """How well the mirror is: `well`, `warning` (it lags behind) or `ill` (it will not mend itself)."""

    WELL = "well"
    WARNING = "warning"
    ILL = "ill"


class Remedy(StrEnum):
    """What helps."""

    NOTHING = ""
    WAIT = "wait"
    REPLICATE = "replicate"
    IMPORT = "import"
    UPDATE = "update"
    """A newer LastYear.fm, then an import."""


@dataclass(frozen=True)
class Judgement:
    """The verdict on a mirror, what was seen of it, and what helps."""

    verdict: Verdict
    seen: str
    remedy: Remedy = Remedy.NOTHING


def judge(
    state: MirrorState,
    *,
    follows: bool,
    replicating: bool = False,
    behind: int | None = None,
    now: datetime | None = None,
) -> Judgement:
    """Judge a mirror.

    `follows` says that packets are expected even if none was applied yet, `replicating` that some are being
    applied at the moment, `behind` how many there are to apply where that is known. A new import is older than
    MAX_LAG, as exports are, and has as long as that to catch up. Without replication the operator decides when to
    import.
    """
    if state.names_rules != FOLDING_RULES:
        return Judgement(Verdict.ILL, "imported by another version of LastYear.fm", Remedy.IMPORT)
    if state.replication_sequence is None or not (state.packets or follows):
        return Judgement(Verdict.WELL, f"{state.profile}, export {state.export_stamp}, not replicated")
    now = now or datetime.now(UTC)
    since_import = now - state.imported_at
    lag = now - state.as_of if state.as_of else since_import
    seen = _seen(state, lag, since_import, replicating=replicating, behind=behind)
    overdue = min(lag, since_import)
    if state.last_error and SchemaChanged.is_said_in(state.last_error):
        verdict = Verdict.ILL if overdue > TOO_FAR_BEHIND else Verdict.WARNING
        return Judgement(verdict, f"{seen}; MusicBrainz has changed its schema", Remedy.UPDATE)
    if overdue > TOO_FAR_BEHIND:
        if replicating:
            return Judgement(Verdict.WARNING, seen, Remedy.WAIT)
        return Judgement(Verdict.ILL, seen, Remedy.REPLICATE)
    if not replicating and (overdue > MAX_LAG or state.last_error):
        return Judgement(Verdict.WARNING, seen, Remedy.REPLICATE)
    return Judgement(Verdict.WELL, seen)


def _seen(
    state: MirrorState, lag: timedelta, since_import: timedelta, *, replicating: bool, behind: int | None
) -> str:
    facts = [state.profile, f"as of {format_age(lag)} ago"]
    if not state.replicated_to:
        facts.append(f"imported {format_age(since_import)} ago")
    if replicating:
        facts.append("packets are being applied")
    if lag > MAX_LAG:
        packets = "" if behind is None else f" ({behind:,} packets)"
        facts.append(f"{format_age(lag)}{packets} still to catch up")
    return ", ".join(facts)


def format_age(time: timedelta) -> str:
    """Format a length of time in its two largest units: `3 d 4 h`, `4 h 5 min`, `5 min`."""
    minutes = max(round(time.total_seconds()), 0) // 60
    days, hours = minutes // 1440, minutes // 60 % 24
    return f"{days} d {hours} h" if days else f"{hours} h {minutes % 60} min" if hours else f"{minutes} min"
