"""Read-only queries for the web: release years, why an album has its year, and how far replication is.

The only module of `mirror` that `app.web` may import.
"""

from functools import partial
from uuid import UUID

from mirror.answering.answers import Answer, Question
from mirror.answering.process import MatchingProcess
from mirror.database import read
from mirror.errors import MatchingBusy, MirrorEmpty, MirrorError
from mirror.matching import explain
from mirror.matching.explain import Explanation
from mirror.matching.reasons import MAX_NAME_LENGTH, Reason
from mirror.plausible_years import EARLIEST_RELEASE_YEAR
from mirror.replication.judgement import Remedy, judge
from mirror.state import MirrorState, mirror_state

__all__ = [
    "EARLIEST_RELEASE_YEAR",
    "MAX_NAME_LENGTH",
    "Answer",
    "Explanation",
    "MatchingBusy",
    "MatchingProcess",
    "MirrorError",
    "MirrorState",
    "Question",
    "Reason",
    "Remedy",
    "explanation",
    "remedy",
    "state",
]

PATIENCE_SECONDS = 2  # for the connection, and for each query: a visitor is waiting


def explanation(url: str, release_group: UUID) -> Explanation | None:
    """Explain the year of a release group, even if merged; None where the mirror does not have it.

    Raises MirrorError if the mirror cannot answer.
    """
    try:
        question = partial(explain.explain, mbid=release_group)
        return read(url, question, application_name="lastyear-web", seconds=PATIENCE_SECONDS)
    except MirrorEmpty:
        return None


def state(url: str) -> MirrorState | None:
    """Read what the mirror holds and how far it is replicated; None before its first import.

    Raises MirrorError if the mirror cannot answer.
    """
    try:
        return read(url, mirror_state, application_name="lastyear-web", seconds=PATIENCE_SECONDS)
    except MirrorEmpty:
        return None


def remedy(state: MirrorState) -> Remedy:
    """Tell what the mirror needs, if anything; one to which no packet was applied may be of any age."""
    return judge(state, follows=False).remedy
