"""Folded names: what spellings of a name have in common, for albums whose release group is not known."""

from html import unescape
from unicodedata import category, normalize

ACCENTS = range(0x300, 0x370)  # of Latin, Greek and Cyrillic; in other scripts marks make other letters


class _Letters(dict[int, str]):
    """Character -> what is left of it. Works each out once."""

    def __missing__(self, code: int) -> str:
        kind = category(chr(code))
        kept = kind[0] in "LMNS" and kind != "Sk" and code not in ACCENTS
        self[code] = chr(code) if kept else ""
        return self[code]


_LETTERS = _Letters({ord("&"): "and"})


def fold(name: str) -> str:
    """Return a name without case, accents, punctuation, blanks and a leading "The".

    A name that consists of these stays as it is.
    """
    letters = normalize("NFKD", unescape(name)).casefold().strip().removeprefix("the ").translate(_LETTERS)
    return letters or name
