"""Whom an artist's name may mean if nobody has it: each name of a joint credit, the name without additions."""

import re
from collections.abc import Iterable, Iterator

from mirror.derived import editions
from mirror.derived.editions import ARTICLES
from mirror.derived.latin import normalize_spaces, to_latin
from mirror.derived.mojibake import mend
from mirror.derived.title_endings import OPENING, is_other_music
from mirror.derived.two_scripts import BRACKET, in_two_scripts

MAX_READ_OF_A_CREDIT = 300  # characters
MAX_ADDITIONS = 3
MAX_NAMES_TO_COMBINE = 5  # in a joint credit
MIN_LENGTH_WITHOUT_SPACES = 3  # letters of a name in "Above&Beyond", so that "AC/DC" is not two

_CAMEL_CASE = re.compile(r"(?<=[a-z])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")
_INVERTED = re.compile(r"([^,;&/+]+), ([^,;&/+]+)")
_JOINERS = re.compile(f"({editions.JOINERS.pattern}|[{''.join(editions.JOINING_WITHOUT_SPACES)}])", re.IGNORECASE)
_LONE_SIGN = re.compile(r"(?<=\s)[^\w\s&+\-\u2010-\u2015]+(?=\s)")
_OTHER_PERFORMERS = frozenset(editions.OTHER_PERFORMERS.split())
_WORDS = re.compile(r"[a-z]+")
_SPACED = str.maketrans(dict.fromkeys(editions.JOINING_SIGNS, " ; "))


def spellings(name: str) -> Iterator[str]:
    """Yield the names to try if nobody has the whole name, the likeliest first. Some may be the same."""
    yield (mended := mend(name[:MAX_READ_OF_A_CREDIT]))
    yield without_guests(mended)
    yield (plain := plain_name(mended))
    yield without_bracket(plain)
    if names := in_two_scripts(mended):
        yield from (names.first, names.second)
    if inverted := _INVERTED.fullmatch(plain):
        yield f"{inverted[2]} {inverted[1]}"
    joint = without_bracket(plain_name(_LONE_SIGN.sub(";", mended.translate(_SPACED))))
    yield from _names_in(joint)


def plain_name(name: str) -> str:
    """Return a name without guests, and without what is surely no part of it: "- Topic", "VEVO", "(Official)"."""
    name = without_guests(mend(name[:MAX_READ_OF_A_CREDIT]))
    for _ in range(MAX_ADDITIONS):
        addition = editions.ARTIST_ADDITIONS.search(name)
        left = f"{name[: addition.start()]}{name[addition.end() :]}".strip() if addition else ""
        if not left:
            break
        name = left if " " in left else _CAMEL_CASE.sub(" ", left)
    return name


def without_bracket(name: str) -> str:
    """Return a name without the bracket that tells between artists of one name: "Nirvana (UK)"."""
    bracket = BRACKET.search(name)
    tells = bracket and bracket[0].startswith(" ") and not _is_other(bracket[1])  # not "f(x)"
    return name[: bracket.start()] if bracket and tells else name


def without_guests(name: str) -> str:
    """Return an artist credit without its guests."""
    return editions.GUESTS.split(normalize_spaces(to_latin(name)), maxsplit=1)[0].rstrip(OPENING + " ")


def is_other_performer(name: str) -> bool:
    """Tell whether a name is that of somebody who plays another artist's music: "Coldplay Tribute"."""
    return not _OTHER_PERFORMERS.isdisjoint(_WORDS.findall(name.lower()))


def _is_other(bracket: str) -> bool:
    return is_other_music(bracket) or is_other_performer(bracket)


def _names_in(credit: str) -> Iterator[str]:
    """Yield the names in a joint credit, the longest first: "Simon & Garfunkel" of "Enya, Simon & Garfunkel".

    None if one of them plays the music of another: "Coldplay - Tribute".
    """
    if is_other_performer(credit):
        return
    pieces = _JOINERS.split(credit)
    names, joiners = pieces[::2], pieces[1::2]
    single = [
        name
        for name, *around in zip(names, ["", *joiners], [*joiners, ""], strict=True)
        if name and name.lower() not in ARTICLES and _is_a_name(name, around)
    ]
    if len(single) > 1:
        yield " and ".join(name for name in names if name and name.lower() not in ARTICLES)
    if single and len(names) <= MAX_NAMES_TO_COMBINE:
        for length in range(len(names) - 1, 1, -1):
            for at in range(len(names) - length + 1):
                yield "".join(pieces[2 * at : 2 * (at + length) - 1])
    yield from single


def _is_a_name(name: str, around: Iterable[str]) -> bool:
    """Tell whether a part of a credit between these signs is not too short for a name, as in "AC/DC"."""
    is_apart = editions.JOINING_WITHOUT_SPACES.isdisjoint(around)
    return is_apart or len(name.strip(" .-'")) >= MIN_LENGTH_WITHOUT_SPACES
