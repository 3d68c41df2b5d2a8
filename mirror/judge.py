"""Which of several albums is meant by a title: rules without a database.

A wrong year is worse than none, so that two that are equally good are none, and every doubt is a no.
"""

import re
from collections.abc import Callable, Sequence

from mirror.candidates import Candidate
from mirror.names import edition, full_key, title_key, words

# The ids that MusicBrainz gives to kinds of release groups.
ALBUM, SINGLE, EP = 1, 2, 3
COMPILATION, SOUNDTRACK, LIVE, DJ_MIX = 1, 2, 6, 8

CLEARLY = 3  # an album with so many times the releases of its namesake is the one that is meant
YEAR = re.compile(r"[(\[]((?:19|20)\d\d)[)\]]")
TOLD_APART = 10  # characters that a title needs to be the only one of its name

# A title of such words alone says nothing of whose album it is.
_SAYING_NOTHING = """
    greatest hits hit best of the very collection collected essential essentials anthology gold golden platinum
    singles single complete ultimate definitive original originals album albums classics classic series live in
    concert unplugged mtv christmas merry xmas songs song love demo demos remixes remix remixed sides rarities
    untitled unknown ep lp soundtrack recordings recorded works early late years box set vol volume part no
    number one two three all time my his her their our a an and for from top
"""
_GENERIC = frozenset(_SAYING_NOTHING.split())
SELF_TITLED = frozenset(map(title_key, ["S/T", "Self-Titled", "Self Titled", "[self-titled]", "(Self-Titled)"]))


def is_generic(title: str) -> bool:
    """Whether many albums are called so: "Greatest Hits", "20 Greatest Hits, Volume 2"."""
    said = words(title)
    return bool(said) and all(word in _GENERIC or len(word) == 1 or _is_count(word) for word in said)


def _is_count(word: str) -> bool:
    """Whether it is a number, and no year."""
    return word.isdigit() and len(word) < 4


def choose(title: str, candidates: Sequence[Candidate]) -> Candidate | None:
    """The album that is meant by this title; None where no rule tells, or where none is of the format it names."""
    said = edition(title).split()
    left = [
        candidate
        for candidate in candidates
        if candidate.year and _may_be(said, candidate) and _years_agree(title, candidate)
    ]
    if len(left) == 1:
        return left[0]
    for better in (_of_format(said), _titled(title), _plain, _album):
        left = [candidate for candidate in left if better(candidate)] or left
    left = sorted(left, key=lambda candidate: (-candidate.releases, candidate.year, candidate.id))
    if len({candidate.year for candidate in left}) > 1 and left[0].releases < CLEARLY * left[1].releases:
        return None
    return left[0] if left else None


def is_live(candidate: Candidate) -> bool:
    """Whether it is known to be a live album."""
    return LIVE in candidate.secondary_types


def songs_differ(candidate: Candidate) -> bool:
    """Whether its songs may have come out in other years than itself."""
    return not {COMPILATION, LIVE, DJ_MIX}.isdisjoint(candidate.secondary_types)


def is_compilation(candidate: Candidate) -> bool:
    """Whether it is of a kind that has tracks of many artists."""
    return not {COMPILATION, SOUNDTRACK, DJ_MIX}.isdisjoint(candidate.secondary_types)


def _may_be(said: Sequence[str], candidate: Candidate) -> bool:
    """A single is not the album of its name."""
    return candidate.type != ALBUM or not {"single", "ep"} & set(said)


def _years_agree(title: str, candidate: Candidate) -> bool:
    """A year in brackets tells one "Live" from the next; behind another title it is mostly a reissue's."""
    asked, own = YEAR.findall(title), YEAR.findall(candidate.title)
    if own and asked:
        return asked == own
    if is_generic(title):
        return not own and (not asked or str(candidate.year) in asked)
    return True


def _of_format(said: Sequence[str]) -> Callable[[Candidate], bool]:
    def is_of_format(candidate: Candidate) -> bool:
        if "ep" in said:
            return candidate.type == EP
        if "single" in said:
            return candidate.type == SINGLE
        return "soundtrack" not in said or SOUNDTRACK in candidate.secondary_types

    return is_of_format


def _titled(title: str) -> Callable[[Candidate], bool]:
    whole, short = full_key(title), title_key(title)
    return lambda candidate: full_key(candidate.title) == whole or title_key(candidate.title) == short


def _plain(candidate: Candidate) -> bool:
    return not set(candidate.secondary_types) - {SOUNDTRACK}


def _album(candidate: Candidate) -> bool:
    return candidate.type == ALBUM
