"""Which of several albums is meant by a title: rules without a database.

A wrong year is worse than none, so that two that are equally good are none, and every doubt is a no.
"""

from collections.abc import Callable, Sequence

from mirror.candidates import Candidate
from mirror.names import edition, full_key, title_key

# The ids that MusicBrainz gives to kinds of release groups.
ALBUM, SINGLE, EP = 1, 2, 3
COMPILATION, SOUNDTRACK, LIVE, DJ_MIX = 1, 2, 6, 8

CLEARLY = 3  # an album with so many times the releases of its namesake is the one that is meant
TOLD_APART = 10  # characters that a title needs to be the only one of its name

# Titles that say nothing of whose album it is.
_GENERIC = """
greatest hits, the greatest hits, greatest hits live, best of, the best of, the very best of, very best, the best
hits, the hits, the collection, collection, the essential, essential, essentials, anthology, the anthology, gold
platinum, the singles, singles, the complete collection, the ultimate collection, ultimate collection, live
live in concert, in concert, unplugged, mtv unplugged, christmas, christmas album, the christmas album, demo, demos
christmas songs, remixes, the remixes, b-sides, rarities, untitled, ep, unknown album, soundtrack, love songs
original soundtrack
"""
GENERIC = frozenset(title_key(title) for line in _GENERIC.splitlines() for title in line.split(", ") if title)
SELF_TITLED = frozenset(map(full_key, ["S/T", "Self-Titled", "Self Titled", "[self-titled]", "(Self-Titled)"]))


def choose(title: str, candidates: Sequence[Candidate]) -> Candidate | None:
    """The album that is meant by this title; None where no rule tells, or where none is of the format it names."""
    said = edition(title).split()
    left = [candidate for candidate in candidates if candidate.year and _may_be(said, candidate)]
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
