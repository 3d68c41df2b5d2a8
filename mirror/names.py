"""Keys of artist and album names, equal for the spellings of one name: the index is built and asked with them.

A key is the name in small letters and digits of ASCII, without spaces and signs, so that "Jay-Z", "JAY‐Z" and
"Jay Z" are one, as are "AC/DC" and "ACDC". That "The Rapist" meets "Therapist" does no harm, as a title is asked
under its artist. A name of signs only keeps its signs.
"""

import re
from itertools import pairwise
from unicodedata import category, normalize, unidata_version

from anyascii import __version__ as anyascii_version
from anyascii import anyascii

from mirror import editions

# Whoever keeps keys keeps this beside them: keys made by other rules are not to be compared.
RULES = f"1, anyascii {anyascii_version}, Unicode {unidata_version}"

LONGEST = 200
MOST_KEYS = 6
NAMELESS = "<>"  # the key of what shows nothing at all

_READ = 1000  # what comes later cannot reach the key, so that no pattern below ever meets a long text
_MOST_TAILS = 6


def title_key(title: str) -> str:
    """An album title's key without edition and format: "Rumours (Super Deluxe)" is "rumours"."""
    latin = _latin(title)
    return _plain(latin) or _title(_split_tails(_tidy(latin))[0], title)


def song_key(title: str) -> str:
    """A song's key: as an album's, and without "(Album Version)", "- Radio Edit" and the like."""
    return title_key(editions.TAKES.sub("", title) or title)


def full_key(title: str) -> str:
    """An album title's key as it stands, edition and all."""
    latin = _latin(title)
    return _plain(latin) or _title(_tidy(latin), title)


def _hosts(name: str) -> str:
    return editions.GUESTS.split(_tidy(_latin(name)), maxsplit=1)[0].rstrip(_OPENING + " ")


def is_other_music(text: str) -> bool:
    """Whether what stands behind a title tells of another recording: "(Remixes)", "(Taylor's Version)"."""
    return not _OTHER_MUSIC.isdisjoint(_tokens(_tidy(_latin(text))))


def numbers(title: str) -> list[str]:
    """The numbers in a title, in digits, however they are written."""
    return [editions.DIGITS.get(word, word) for word in words(title) if word in _NUMBERS or word.isdigit()]


def words(title: str) -> list[str]:
    """A title's words, folded."""
    return _words(_tidy(_latin(title)))


def edition(title: str) -> str:
    """The words that title_key leaves out: "super deluxe", "ep", "soundtrack", mostly none; never "live"."""
    return _split_tails(_tidy(_latin(title)))[1]


def artist_key(name: str) -> str:
    """An artist's key: "The Beatles", "Beatles, The" and "beatles" are one."""
    latin = _latin(name)
    return _plain(latin) or _joined(_words(text := _tidy(latin)), text) or _unfolded(text, name)


def host_key(name: str) -> str:
    """The key of an artist without the guests."""
    return artist_key(_hosts(name))


def artist_keys(name: str) -> tuple[str, ...]:
    """The keys to ask for, best first: the name as it is, without guests, "A et B" as "A and B", "A", "B"."""
    hosts = _hosts(name)
    parts = [part for part in editions.JOINTS.split(hosts) if part and part.lower() not in _ARTICLES]
    guesses = [hosts, " and ".join(parts), *parts] if parts else []
    return tuple(dict.fromkeys(map(artist_key, [name, *guesses])))[:MOST_KEYS]


class _Latin(dict[int, str]):
    """ASCII for a character; anyascii is asked once for each."""

    def __init__(self, known: dict[int, str], *, pictures: bool) -> None:
        super().__init__(known)
        self._pictures = pictures

    def __missing__(self, code: int) -> str:
        if not self._pictures and category(chr(code)) == "So":
            return ""
        latin = anyascii(chr(code).casefold()).strip(":")  # hearts, not :hearts:
        if code <= 0xFFFF:
            self[code] = latin
        return latin


_ASCII = [chr(code) for code in range(128)]
_OTHERWISE = {"×": "x", "°": "o", "®": "", "©": "", "℗": ""}
_FOLDED = {ord(sign): sign for sign in _ASCII} | {ord(sign): latin for sign, latin in _OTHERWISE.items()}
_LATIN, _WITHOUT_PICTURES = _Latin(_FOLDED, pictures=True), _Latin(_FOLDED, pictures=False)


def _latin(text: str) -> str:
    """The text in ASCII, its case as it was."""
    text = text.strip()[:_READ]
    if text.isascii():
        return text
    text = normalize("NFKC", text.replace("™", ""))
    if latin := text.translate(_WITHOUT_PICTURES).strip():
        return latin
    return text.translate(_LATIN)


def _vocabulary(words: str) -> frozenset[str]:
    return frozenset(_latin(word).lower() for word in words.split())


_SOUNDTRACKS = _vocabulary(editions.SOUNDTRACKS)
_EDITIONS = _vocabulary(editions.EDITIONS) | _SOUNDTRACKS
_NUMBERS = editions.DIGITS.keys() - {"i"}
_OTHER_MUSIC = _vocabulary(editions.OTHER_MUSIC)
_CREDITS = _vocabulary(editions.CREDITS)
_TELLING = {": ": _EDITIONS | _vocabulary(editions.EXTRAS)}
_TELLING[" / "] = _TELLING[": "]
_TELLING[" - "] = _TELLING[": "] | _vocabulary(editions.FORMATS)
_TELLING["("] = _TELLING[" - "] | _vocabulary(editions.MARKS)
_KNOWN = _TELLING["("] | _vocabulary(editions.BESIDE)

_ARTICLES = frozenset(["the", "a", "an"])
_OPENING, _CLOSING = "([{<", ")]}>"
# Each branch begins with its own sign, since only such a pattern is searched for fast.
_SIGNS = re.compile(r"&|'[nN]'|\+(?:(?<=\w\+)|(?<=\w \+))(?= ?\w)|#(?=\d)|!(?<=[a-zA-Z]!)(?=[a-zA-Z])")
_SPOKEN = {"&": " and ", "'": " and ", "+": " and ", "#": " no ", "!": "i"}
_INVERTED = re.compile(r", (?:the|an?)$", re.IGNORECASE)
_TOKENS = re.compile(r"[a-z]+|\d+(?:st|nd|rd|th)?")
_YEAR = re.compile(r"(?:19|20)\d\d")

_PLAIN = {ord(sign): sign.lower() if sign.isalnum() else " " for sign in _ASCII} | {ord("$"): "s"}
_WITHOUT_SIGNS = _PLAIN | {ord("'"): "", ord("`"): ""}
_WITH_SIGNS = _PLAIN | {ord("'"): "'", ord("`"): "'"} | {ord(sign): "(" for sign in "&+!#:/()[]{}<>"}
_SHORTENED = {"dr": "doctor", "mr": "mister", "mt": "mount"}
_CUES = editions.NUMERALS.union(editions.COUNTED, editions.BARE_ENDS, _SHORTENED, ["n", "st"])
_CONTROLS = dict.fromkeys([*range(32), 127], " ")


def _plain(latin: str) -> str:
    """The key of a name in which nothing asks for a closer look, as in most; else nothing."""
    spaced = latin.translate(_WITH_SIGNS)
    words = spaced.replace("'", "").split()
    if "(" in spaced or "'n" in spaced or " - " in latin or not _CUES.isdisjoint(words):
        return ""
    return _joined(words, latin) if words and words[-1] not in _ARTICLES else ""


def _tidy(latin: str) -> str:
    return " ".join((latin if latin.isprintable() else latin.translate(_CONTROLS)).split())


def _title(text: str, title: str) -> str:
    return _joined(_numbered(_words(text)), text) or _unfolded(text, title)


def _joined(words: list[str], text: str) -> str:
    return "".join(words[1:] if _has_article(words, text) else words)[:LONGEST]


def _has_article(words: list[str], text: str) -> bool:
    """Whether the first word is an article: not in "The", "The The", "A-ha", "A.R. Kane" and "A R Kane"."""
    if len(words) < 2 or words[0] not in _ARTICLES or (len(words) == 2 and words[1] in _ARTICLES):
        return False
    return words[0] == "the" or (text[len(words[0])] == " " and len(words[1]) > 1)


def _unfolded(text: str, name: str) -> str:
    """What is left of a name without letters and digits: its signs."""
    for signs in (text, normalize("NFKC", name[:_READ])):
        if shown := "".join(sign for sign in signs.casefold() if sign.isprintable() and sign != " "):
            return normalize("NFC", shown)[:LONGEST]
    return NAMELESS


def _words(text: str) -> list[str]:
    spoken = _SIGNS.sub(lambda sign: _SPOKEN[sign[0][0]], text)
    words = spoken.translate(_WITHOUT_SIGNS).split()
    if len(words) > 1 and words[-1] in _ARTICLES and words[-2] not in _ARTICLES and _INVERTED.search(text):
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
    """The words with "Pt. II" and "Part Two" as "part 2", and a Roman numeral at the end in digits."""
    for index, (word, number) in enumerate(pairwise(words)):
        if word in editions.COUNTED and _counts(word, number):
            digits = editions.DIGITS.get(number, number.lstrip("0") or "0")
            words[index : index + 2] = [editions.COUNTED[word], digits]
    if _ends_in_numeral(words):
        words[-1] = editions.DIGITS[words[-1]]
    return words


def _counts(word: str, number: str) -> bool:
    if number[0].isdigit() or number in editions.NUMERALS:
        return True
    return number in editions.DIGITS and word != "no"  # "No One", "No I in Team"


def _ends_in_numeral(words: list[str]) -> bool:
    """Whether a numeral follows a name: not in "II", "The XX" and "T.V."."""
    *name, last = words or [""]
    return last in editions.NUMERALS and bool(name) and "".join(name) not in _ARTICLES and len(name[-1] + last) > 2


def _split_tails(text: str) -> tuple[str, str]:
    """A title before its edition and format tails, and what they say. Something is always left before them."""
    tails: list[str] = []
    while len(tails) < _MOST_TAILS and (cut := _bracketed(text) or _separated(text) or _bare(text)):
        text, said = cut
        tails.insert(0, said)
    return text, " ".join(filter(None, tails))


def _bracketed(text: str) -> tuple[str, str] | None:
    start = max(text.rfind("("), text.rfind("["), text.rfind("{"), text.rfind("<"))
    if start < 1:
        return None
    head, inside = text[:start].rstrip(_OPENING + " "), text[start + 1 :].rstrip(_CLOSING + " ")
    words = _tokens(inside)
    if not head or not words or any(sign in inside for sign in _CLOSING):
        return None
    if words[0] in _CREDITS:
        return head, ""
    is_edition = not _EDITIONS.isdisjoint(words) and _OTHER_MUSIC.isdisjoint(words)
    return (head, _said(words)) if is_edition or _YEAR.fullmatch(inside) or _tells(words, "(") else None


def _separated(text: str) -> tuple[str, str] | None:
    if text.endswith(tuple(_CLOSING)):
        return None
    at, separator = max((text.rfind(" - "), " - "), (text.rfind(": "), ": "), (text.rfind(" / "), " / "))
    if at < 1:
        return None
    words = _tokens(text[at:])
    if "complete" in words:  # "Mozart: The Complete Edition" is no edition of "Mozart"
        return None
    return (text[:at].rstrip(), _said(words)) if _tells(words, separator) else None


def _bare(text: str) -> tuple[str, str] | None:
    if not text.rstrip("0123456789 .!").lower().endswith(editions.BARE_ENDS):
        return None
    tail = editions.BARE.search(text)
    head = text[: tail.start()].rstrip(" ,") if tail else ""
    return (head, _said(_tokens(tail[1]))) if tail and head and head.lower() not in _ARTICLES else None


def _tokens(text: str) -> list[str]:
    return _TOKENS.findall(text.lower().replace("'", "").replace("motion picture", "motionpicture"))


def _tells(words: list[str], separator: str) -> bool:
    known = all(word in _KNOWN or word[0].isdigit() for word in words)
    return known and not _TELLING[separator].isdisjoint(words)


def _said(words: list[str]) -> str:
    said = " ".join("soundtrack" if word in _SOUNDTRACKS else word for word in words)
    return said.replace("motionpicture", "motion picture")
