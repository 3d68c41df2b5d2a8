"""Keys of artist and album names, equal for all spellings of a name: the index is built and searched with them.

A key is the name in lower-case ASCII letters and digits, without spaces and punctuation, so that "Jay-Z", "JAY‐Z"
and "Jay Z" have one key, as have "AC/DC" and "ACDC". That "The Rapist" shares one with "Therapist" does no harm,
since a title is looked up under its artist. A name of punctuation only keeps it.
"""

import re
from itertools import islice, pairwise
from unicodedata import normalize, unidata_version

from anyascii import __version__ as anyascii_version

from mirror.derived import artist_spellings, editions
from mirror.derived.editions import ARTICLES
from mirror.derived.latin import ASCII, MAX_READ, normalize_spaces, to_latin
from mirror.derived.title_endings import split_endings

# Stored together with the keys: keys made by other rules must not be compared with ours.
FOLDING_RULES = f"7, anyascii {anyascii_version}, Unicode {unidata_version}"

MAX_KEY_LENGTH = 200
MAX_ARTIST_KEYS = 20
NAMELESS = "<>"  # the key of a name without any visible character


def title_key(title: str) -> str:
    """Return an album title's key without edition and format: "Rumours (Super Deluxe)" gives "rumours"."""
    latin = to_latin(title)
    return _plain(latin) or _title(split_endings(normalize_spaces(latin))[0], title)


def song_key(title: str) -> str:
    """Return a song's key: like an album's, and without "(Album Version)", "- Radio Edit" and the like."""
    return title_key(editions.CUTS.sub("", title) or title)


def full_key(title: str) -> str:
    """Return the key of an album title including its edition."""
    latin = to_latin(title)
    return _plain(latin) or _title(normalize_spaces(latin), title)


def numbers(title: str) -> list[str]:
    """Return the numbers in a title as digits, however they are written."""
    return [editions.DIGITS.get(word, word) for word in words(title) if word in _NUMBERS or word.isdigit()]


def words(title: str) -> list[str]:
    """Return the words of a title, folded."""
    return _words(normalize_spaces(to_latin(title)))


def edition(title: str) -> str:
    """Return the words that title_key leaves out: "super deluxe", "ep"; usually none, never "live"."""
    return split_endings(normalize_spaces(to_latin(title)))[1]


def artist_key(name: str) -> str:
    """Return an artist's key, the same for "The Beatles", "Beatles, The" and "beatles"."""
    latin = to_latin(name)
    return _plain(latin) or _joined(_words(text := normalize_spaces(latin)), text) or _unfolded(text, name)


def plain_artist_key(name: str) -> str:
    """Return the key of an artist credit without guests and without "- Topic", "VEVO", "(Official)"."""
    return artist_key(artist_spellings.plain_name(name))


def bare_artist_key(name: str) -> str:
    """Return the key of an artist credit without a bracket either: "Nirvana" for "Nirvana (UK)"."""
    return artist_key(artist_spellings.without_bracket(artist_spellings.plain_name(name)))


def artist_keys(name: str) -> tuple[str, ...]:
    """Return the keys to try, best first: the whole name, then whatever else it may stand for.

    That is the name without guests and additions, "A and B" for "A et B", "A", "B".
    """
    whole, others = artist_key(name), map(artist_key, artist_spellings.spellings(name))
    return tuple(islice(dict.fromkeys([whole, *(key for key in others if key != NAMELESS)]), MAX_ARTIST_KEYS))


_NUMBERS = editions.DIGITS.keys() - {"i"}
# Each branch begins with its own character: only such a pattern is fast to search for.
_SIGNS = re.compile(r"&|'[nN]'|\+(?:(?<=\w\+)|(?<=\w \+))(?= ?\w)|#(?=\d)|!(?<=[a-zA-Z]!)(?=[a-zA-Z])")
_SPOKEN = {"&": " and ", "'": " and ", "+": " and ", "#": " no ", "!": "i"}
_INVERTED = re.compile(r", (?:the|an?)$", re.IGNORECASE)

_PLAIN = {ord(sign): sign.lower() if sign.isalnum() else " " for sign in ASCII} | {ord("$"): "s"}
_WITHOUT_SIGNS = _PLAIN | {ord("'"): "", ord("`"): ""}
_WITH_SIGNS = _PLAIN | {ord("'"): "'", ord("`"): "'"} | {ord(sign): "(" for sign in "&+!#:/()[]{}<>"}
_SHORTENED = {"dr": "doctor", "mr": "mister", "mt": "mount"}
_FIRST_OF_LAST = [phrase.split()[0] for phrase in (*editions.LAST_WORDS, *editions.LAST_PHRASES)]
_CUES = editions.NUMERALS.union(editions.PART_WORDS, _FIRST_OF_LAST, _SHORTENED, ["n", "st"])


def _plain(latin: str) -> str:
    """Return the key of a name without anything that needs a closer look, as most are; otherwise nothing."""
    spaced = latin.translate(_WITH_SIGNS)
    words = spaced.replace("'", "").split()
    if "(" in spaced or "'n" in spaced or " - " in latin or not _CUES.isdisjoint(words):
        return ""
    return _joined(words, latin) if words and words[-1] not in ARTICLES else ""


def _title(text: str, title: str) -> str:
    return _joined(_numbered(_words(text)), text) or _unfolded(text, title)


def _joined(words: list[str], text: str) -> str:
    return "".join(words[1:] if _has_article(words, text) else words)[:MAX_KEY_LENGTH]


def _has_article(words: list[str], text: str) -> bool:
    """Tell whether the first word is an article. Not in "The", "The The", "A-ha", "A.R. Kane" and "A R Kane"."""
    if len(words) < 2 or words[0] not in ARTICLES or (len(words) == 2 and words[1] in ARTICLES):
        return False
    return words[0] == "the" or (text[len(words[0])] == " " and len(words[1]) > 1)


def _unfolded(text: str, name: str) -> str:
    """Return the punctuation of a name that has no letters and digits."""
    for signs in (text, normalize("NFKC", name[:MAX_READ])):
        if shown := "".join(sign for sign in signs.casefold() if sign.isprintable() and sign != " "):
            return normalize("NFC", shown)[:MAX_KEY_LENGTH]
    return NAMELESS


def _words(text: str) -> list[str]:
    spoken = _SIGNS.sub(lambda sign: _SPOKEN[sign[0][0]], text)
    words = spoken.translate(_WITHOUT_SIGNS).split()
    if len(words) > 1 and words[-1] in ARTICLES and words[-2] not in ARTICLES and _INVERTED.search(text):
        words.pop()
    last = len(words) - 1
    for index, word in enumerate(words):
        if word == "n" and 0 < index < last and len(words[index - 1]) > 1 < len(words[index + 1]):
            words[index] = "and"
        elif word == "st" and last:
            words[index] = "saint" if index < last else "street"
        elif word in _SHORTENED and index < last:
            words[index] = _SHORTENED[word]
    return words


def _numbered(words: list[str]) -> list[str]:
    """Write "Pt. II" and "Part Two" as "part 2", and a Roman numeral at the end in digits."""
    for index, (word, number) in enumerate(pairwise(words)):
        if word in editions.PART_WORDS and _counts(word, number):
            digits = editions.DIGITS_OF_PARTS.get(number, number.lstrip("0") or "0")
            words[index : index + 2] = [editions.PART_WORDS[word], digits]
    if _ends_in_numeral(words):
        words[-1] = editions.DIGITS[words[-1]]
    return words


def _counts(word: str, number: str) -> bool:
    if number[0].isdigit() or number in editions.NUMERALS:
        return True
    return number in editions.DIGITS_OF_PARTS and word != "no"  # "No One", "No I in Team"


def _ends_in_numeral(words: list[str]) -> bool:
    """Tell whether a numeral follows a name. Not in "II", "The XX" and "T.V."."""
    *name, last = words or [""]
    return last in editions.NUMERALS and bool(name) and "".join(name) not in ARTICLES and len(name[-1] + last) > 2
