"""Which release group answers a query, if any: rules without a database.

Each tier finds release groups in another way. Here is decided what is taken, and whether to ask the next tier.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from mirror.matching.candidates import Candidate
from mirror.matching.query import BY_MBID, BY_NAMES, Placement, Query
from mirror.matching.rules import artists_differ, called_so, choose, choose_undecorated, songs_differ
from mirror.titles.decorations import Rest


@dataclass(frozen=True)
class Considered:
    """Release groups that a method has led to, equally good by that method."""

    method: str
    candidates: Sequence[Candidate]
    rest: Rest | None = None
    """What is left of the scrobbled title without decorations, if the candidates are called so."""

    def choose(self, query: Query) -> Candidate | None:
        """Return the one that is meant, if any."""
        candidates = self.candidates
        if len(candidates) > 1 and len({frozenset(candidate.artists) for candidate in candidates}) > 1:
            candidates = called_so(query.artist_keys, candidates)
        if self.rest:
            return choose_undecorated(self.rest, candidates)
        return choose(query.album.title, candidates)


@dataclass(frozen=True)
class MbidResult:
    """What the scrobbled MBID leads to, and whether the scrobbled artist is in its credit."""

    candidate: Candidate
    kind: str
    artist_agrees: bool


@dataclass(frozen=True)
class Decision:
    """The end of a search: the release group that is taken, or none, since no other tier could know better."""

    candidate: Candidate | None
    method: str
    score: float = 1.0

    @property
    def placement(self) -> Placement | None:
        """The placement, if there is a release group and its year is known."""
        taken = self.candidate
        if not taken or not taken.year:
            return None
        return Placement(
            taken.release_group,
            taken.title,
            taken.credit,
            taken.year,
            self.method,
            self.score,
            songs_differ(taken),
            artists_differ(taken),
        )


Score = Callable[[Query, Candidate], float]
"""How similar the names of a query and of a release group are, from 0 to 1."""


def decide(
    query: Query, method: str, considered: Sequence[Considered], mbid: MbidResult | None, score: Score
) -> Decision | None:
    """Decide by what a method has led to, in order of preference, and by the MBID; None to ask the next tier.

    Exact names that lead to albums of which none can be chosen end the search: no similar name is better.
    """
    by_names = next((found for one in considered if (found := one.choose(query))), None)
    if mbid and _mbid_counts(query, method, considered, by_names, mbid):
        return Decision(mbid.candidate, f"{BY_MBID}: {mbid.kind}")
    if by_names:
        return Decision(by_names, method, round(score(query, by_names), 3))
    if method == BY_NAMES and any(one.candidates for one in considered):
        return Decision(None, method)
    return None


def _mbid_counts(
    query: Query, method: str, considered: Sequence[Considered], by_names: Candidate | None, mbid: MbidResult
) -> bool:
    """Tell whether the MBID is what the search ends with."""
    if method == BY_NAMES:
        return _is_confirmed(query, considered, by_names, mbid)
    return method == BY_MBID and mbid.artist_agrees


def _is_confirmed(
    query: Query, considered: Sequence[Considered], by_names: Candidate | None, mbid: MbidResult
) -> bool:
    """Tell whether exact names lead to the same album as the MBID, or do not speak against it."""
    named = {candidate.id for one in considered for candidate in one.candidates}
    if not query.has_names or mbid.candidate.id in named:
        return True
    if by_names or not query.title_agrees(mbid.candidate):
        return False
    return not query.is_generic or mbid.artist_agrees
