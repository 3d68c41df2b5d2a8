"""What an album is taken for by its names, and why, for the one who doubts it."""

from collections.abc import Iterator

from mirror.candidates import Candidate
from mirror.names import edition
from mirror.question import Question

KINDS = {1: "album", 2: "single", 3: "EP", 11: "other", 12: "broadcast"}
SECONDARY = {
    1: "compilation",
    2: "soundtrack",
    3: "spokenword",
    4: "interview",
    5: "audiobook",
    6: "live",
    7: "remix",
    8: "DJ mix",
    9: "mixtape",
    10: "demo",
    11: "audio drama",
    12: "field recording",
}


def told(question: Question) -> Iterator[str]:
    """The lines that tell what was asked for, what each way led to, and what was taken."""
    said = edition(question.wanted.album)
    yield f"artist asked for   {', '.join(question.artist_keys)}"
    yield f"title asked for    {question.title_key}{f' ({said})' if said else ''}"
    for method, found in question.considered.items():
        yield f"by {method}:"
        yield from (f"  {_line(candidate, question)}" for candidate in found)
    yield _outcome(question)


def _line(candidate: Candidate, question: Question) -> str:
    match = question.match
    mark = "*" if match and match.release_group == candidate.release_group else " "
    kinds = [
        KINDS.get(candidate.type or 0, "of unknown kind"),
        *(SECONDARY.get(k, "") for k in candidate.secondary_types),
    ]
    releases = f"{candidate.releases} release{'s' if candidate.releases != 1 else ''}"
    facts = f"{' '.join(filter(None, kinds))}, {releases}, {candidate.release_group}"
    return f"{mark} {candidate.year or '????'}  {candidate.credit} - {candidate.title}  ({facts})"


def _outcome(question: Question) -> str:
    match = question.match
    if match:
        return f"taken: {match.title} by {match.credit}, {match.year}: {match.method}, {match.score:.0%} alike"
    if not question.considered:
        return "not found: nobody who is called so, or nearly so, has an album that is called so, or nearly so"
    if not any(candidate.year for found in question.considered.values() for candidate in found):
        return "not taken: no year is known of what was found"
    return "not taken: no rule tells which of these is meant, and a wrong year is worse than none"
