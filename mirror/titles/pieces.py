"""What a piece of a title says: that it was added to it, or what must be true of an album for that.

Rules without a database. Every doubt is a no; every pattern meets a short text only.
"""

import re
from collections.abc import Collection
from enum import Enum
from typing import NamedTuple

from rapidfuzz.distance import OSA

from mirror.derived.latin import to_latin
from mirror.derived.title_endings import is_other_music
from mirror.titles import piece_words

MAX_PIECE_LENGTH = 160  # characters
MIN_MISSPELLED_LENGTH = 6  # letters of an unmistakable word that is recognised with a wrong letter


class Kind(Enum):
    """What a piece is, and of which albums."""

    ADDED = "an addition, of whichever album"
    PROBABLE = "probably an addition, where the title is known by itself"
    YEAR = "a year, of an album of that year"
    LIVE = "a place or time of a concert, of a live album"
    SOUNDTRACK = "how a film's music is called, of a soundtrack"
    NAMES = "names, of an album in whose credit they all are"


class Piece(NamedTuple):
    """Something peeled off a title, and what it is."""

    text: str
    kind: Kind

    @property
    def years(self) -> set[int]:
        """The years in it."""
        return {int(year) for year in YEARS.findall(self.text)}

    @property
    def words(self) -> set[str]:
        """Its words, but for those that join others."""
        return name_words(self.text)


_LANGUAGE = r"japanese|korean|english|chinese|spanish|jp|jpn|kor|eng|chn"

_YEAR = r"(?:19|20)\d\d"
_RANGE = re.compile(rf"{_YEAR} ?- ?(?:{_YEAR}|\d\d\b)")
YEARS = re.compile(rf"(?<!\d){_YEAR}(?!\d)")
_WORDS = re.compile(r"[a-z]+|\d+")
_SIDE_BY_SIDE = frozenset("/\\+")  # stand between two titles
# As labels write them: "XLCD583", "PCD-23058", "KOM 082", "9 61113-2", "BRASSIC 56CD"; no year and no date.
CATALOGUE = re.compile(
    rf"\b[A-Z]{{2,}}[ .-]?(?!{_YEAR}\b)\d{{3,}}|\b[A-Z]{{2,}}\d{{2,}}"
    rf"|\b[A-Za-z]{{2,}}[ .]?0\d{{2,}}|\b(?!{_YEAR}\d{{4}}\b)\d{{5,}}"
    r"|\bCD[A-Z]{2,}\d+\b|\b[A-Z]{2,}CD\d+\b|\b\d{2,}CD\b|\b[A-Za-z]+[Cc][Dd] ?\d{2,}\b"
    r"|\b[a-z]{2,5}\d{3,}\b|\bB0[0-9A-Z]{8}\b"
)
# "V0", "320 kbps", "24-96", "24bit/44.1kHz", "5.1", "m4a"
_QUALITY = re.compile(
    r"""\b(?:
        (?:VBR[ -]?)?V0 | VBR[ -]?V\d | V\d[ -]?VBR | \d[ ]?x[ ]?(?=CD|LP)
        | (?:128|160|192|224|256|320)(?:[ ]?k(?:bp|b/)?s?)?
        | (?:16|24|32)(?:[ -]?bits?)?[ ,/@_-]{1,3}(?:44|48|88|96|176|192)(?:[.,]\d)?(?:[ -]?k(?:hz)?)?
        | (?:16|20|24|32)[ -]?bits? | K2(?:HD)? | 1[48]0[ -]?g(?:rams?)?
        | [57]\.1 | 360[ ]reality[ ]audio | m4a | ape | wv
    )(?:\b|(?<=x))""",
    re.IGNORECASE | re.VERBOSE,
)
_CHIPTUNE = re.compile(r"\b8[ -]?bit\b", re.IGNORECASE)
ENSEMBLE = re.compile(
    r"\b(?:orchestr\w*|symphon\w*|philharmon\w*|strings|piano|concert[oi]?|quartet|quintet|trio|ensemble|choir)\b",
    re.IGNORECASE,
)
_ORIGINAL_RECORDING = re.compile(r"\boriginal recordings?(?= re)", re.IGNORECASE)
_MIX_OF_A_YEAR = re.compile(
    rf"(?:{_YEAR} (?:(?:new|stereo|mono|surround|atmos) )?(?:re-?)?mix|(?:stereo )?(?:re-?)?mix {_YEAR})",
    re.IGNORECASE,
)
_LABEL = re.compile(r"(?:[\w'&.]+ ){1,3}(?:records|rec\.?|netlabel)", re.IGNORECASE)
_SHORT_LABEL = re.compile(r"(?:4AD|!?K7!?|R&S|DFA|PIAS|12k)(?: rec(?:ord(?:s|ings))?\.?)?", re.IGNORECASE)
_ROUND_NUMBER = re.compile(r"[1-9]?[05]th(?: anniv\.?)?", re.IGNORECASE)
_SITE = re.compile(r"\b(?:www\.|https?:|[a-z0-9-]+\.(?:com|net|org|info|ru|pk|in|blogspot)\b)", re.IGNORECASE)
_OTHER_LANGUAGE = re.compile(rf"\b(?:{_LANGUAGE})\b.{{0,9}}\bver\b", re.IGNORECASE)
_ORDINAL = re.compile(r"\b\d+(?:st|nd|rd|th)\b", re.IGNORECASE)
_DISC_NUMBER = r"(?:\d{1,2}|one|two|three|four|i{1,3})"
_DISC = re.compile(
    rf"(?:(?:bonus )?(?:cd|disc|disk|dvd|lp|disque|disco) ?{_DISC_NUMBER}\b|d\d$|\d{{1,2}} ?(?:/|of) ?\d{{1,2}}$)",
    re.IGNORECASE,
)
LIVE = r"(?:live|in concert|en vivo|ao vivo|en directo|en concert|dal vivo)"
_AT_A_CONCERT = re.compile(rf"(?:recorded )?{LIVE}\b", re.IGNORECASE)
_FILM = (
    r"(?:motion[ ]picture|feature[ ]film|film|movie|tv[ ]series|television[ ]series|tv[ ]show|series|show|game)"
)
FROM_A_FILM = re.compile(
    rf"""(?:the[ ])?(?:complete[ ]|official[ ]|original[ ]|selected[ ])*
    (?:{_FILM}[ ])?(?:soundtracks?|sound[ ]track|score|songs|music|selections|ost)(?:[ ](?:album|recording|score))?
    (?:[ ](?:and|&)[ ](?:songs|music|score))?
    (?:[ ](?:from|for|of|to|and|or|&|inspired[ ]by|the|hit|original|award[ -]winning|netflix|hbo|disney|{_FILM}
        |soundtracks?|score|television|video|broadway|musical))*+:?""",
    re.IGNORECASE | re.VERBOSE,
)
_OF_SOME_FILM = re.compile(
    r"(?:an? |the )?(?:original )?(?:soundtrack|music|songs|score)\b.{2,60}\b"
    rf"(?:{_FILM}|inspired by\b.{{0,30}})",
    re.IGNORECASE,
)
_SCORE = re.compile(
    rf"(?:the )?(?:(?:complete|expanded|original|official|{_FILM}) )*"
    r"(?:score|soundtracks?|sound ?tracks?|ost|music)(?: (?:album|recording|score))?",
    re.IGNORECASE,
)
# The kinds of K-pop's albums: "The 2nd Mini Album", "1st Single Album", "The First Album"
ORDINAL_ALBUM = re.compile(
    r"""(?:the[ ])?
    (?:(?:\d{1,2}(?:st|nd|rd|th)|first|second|third|fourth|fifth|sixth|seventh|eighth|ninth|tenth)[ ])
    (?:full[ -]length[ ]|full[ ]|studio[ ]|mini[ -]?|single[ ]|digital[ ]|special[ ]|regular[ ]|repackage[ ])*+
    (?:album|ep)(?:[ ]repackage)?
    |(?:the[ ])?(?:mini|full|special|debut)(?:[ ]mini)?[ -]album
    |(?:jeonggyu|mini(?:aelbeom)?)?[ ]?\d{1,2}jib|minii?aelbeom""",
    re.IGNORECASE | re.VERBOSE,
)


def name_words(text: str) -> set[str]:
    """Return the words of names in Latin letters, those of orchestras in English."""
    return (
        {piece_words.IN_ENGLISH.get(word, word) for word in _words(to_latin(text))}
        - piece_words.JOINING
        - piece_words.FILLERS
    )


def judge(text: str) -> Piece | None:
    """Return what a piece is; nothing if it may tell of other music whatever the album."""
    kind = _kind(text) if len(text) <= MAX_PIECE_LENGTH else None
    return Piece(text, kind) if kind else None


def judge_tail(text: str, *, after: str) -> Piece | None:
    """Return what the end of a title after a sign is: less is an addition there than in a bracket."""
    piece = judge(text)
    if piece and piece.kind is Kind.PROBABLE:
        piece = None if _has_sign(_words(text)) else Piece(text, Kind.NAMES)
    if not piece or (piece.kind is Kind.NAMES and after != " - "):
        return None
    if after == " by " or (piece.kind is Kind.ADDED and not _is_plain(text)):
        return None
    return piece


def _is_plain(text: str) -> bool:
    """Tell whether a piece that was added is nothing else by its whole wording."""
    patterns = (_MIX_OF_A_YEAR, _ROUND_NUMBER, ORDINAL_ALBUM, _LABEL)
    return (
        _says_nothing_new(text)
        or any(pattern.fullmatch(text) for pattern in patterns)
        or bool(_SITE.search(text) or _DISC.match(text))
    )


def _says_nothing_new(text: str) -> bool:
    """Tell whether a piece consists of known words and numbers only."""
    plain = _simplified(text)
    words = set(_words(CATALOGUE.sub("", plain)))
    known = all(_is_known(word) or word in piece_words.FILLERS or word.isdigit() for word in words)
    return known and (any(map(_is_known, words)) or bool(CATALOGUE.search(plain)))


def _kind(text: str) -> Kind | None:
    plain = _simplified(text)
    words = set(_words(plain))
    if any(pattern.fullmatch(text) for pattern in (_MIX_OF_A_YEAR, _ROUND_NUMBER, ORDINAL_ALBUM)):
        return Kind.ADDED
    if _AT_A_CONCERT.match(plain) or _is_other_music(plain, words) or _OTHER_LANGUAGE.search(plain):
        return _kind_of_other_music(plain)
    if _DISC.match(plain) or _SITE.search(plain):
        return Kind.ADDED
    return _kind_of_words(plain, words)


def _kind_of_other_music(text: str) -> Kind | None:
    """Return of which albums a piece may be that tells of other music."""
    if concert := _AT_A_CONCERT.match(text):
        words = [word for word in _words(text[concert.end() :]) if word not in piece_words.AT_CONCERTS]
        return None if _is_other_music(" ".join(words), set(words)) else Kind.LIVE
    if _is_of_a_film(text):
        return Kind.SOUNDTRACK
    names = ENSEMBLE.sub("", text)
    return None if names == text or _is_other_music(names, set(_words(names))) else Kind.NAMES


def _is_of_a_film(text: str) -> bool:
    """Tell whether a piece says that it is the music of a film, and of no volume of it."""
    if FROM_A_FILM.fullmatch(text) or _SCORE.fullmatch(text):
        return True
    return bool(_OF_SOME_FILM.fullmatch(text)) and not is_other_music(text) and not _counts(set(_words(text)))


def _kind_of_words(text: str, words: set[str]) -> Kind | None:
    has_catalogue_number = bool(CATALOGUE.search(text))
    if _is_label(text, words):
        return Kind.ADDED
    if not has_catalogue_number and (_counts(words) or all(len(word) == 1 or word.isdigit() for word in words)):
        return None
    if _says_nothing_new(text):
        return Kind.ADDED
    if set() != words - piece_words.FILLERS <= piece_words.COMPILATIONS:
        return None
    if _is_of_a_film(text):
        return Kind.SOUNDTRACK
    if not _SIDE_BY_SIDE.isdisjoint(text.removeprefix("w/")):
        return Kind.NAMES
    if has_catalogue_number:
        return Kind.ADDED
    if _has_sign(words):
        return Kind.PROBABLE
    has_number = re.search(r"\d", _RANGE.sub("", text))  # perhaps the year of a concert
    is_label = len(words) > 1 and not has_number
    if is_label and piece_words.JOINING.isdisjoint(words):
        return Kind.PROBABLE
    return Kind.NAMES if piece_words.NO_NAMES.isdisjoint(words) else None


def _is_other_music(text: str, words: set[str]) -> bool:
    return (
        is_other_music(text)
        or not (piece_words.OTHER_MUSIC | piece_words.FILM_MUSIC).isdisjoint(words)
        or bool(ENSEMBLE.search(text) or _CHIPTUNE.search(text))
    )


def _is_known(word: str) -> bool:
    return word in piece_words.KNOWN or word in piece_words.LABELS or _is_sign(word)


def _is_label(text: str, words: set[str]) -> bool:
    """Tell whether a piece names a label, perhaps with a number, and nothing else that is unknown."""
    if _SHORT_LABEL.fullmatch(text) or _LABEL.fullmatch(text):
        return True
    return not piece_words.LABELS.isdisjoint(words) and _says_nothing_new(text)


def _has_sign(words: Collection[str]) -> bool:
    return any(map(_is_sign, words)) or not piece_words.LABELS.isdisjoint(words)


def _is_sign(word: str) -> bool:
    """Tell whether a word is a sign, perhaps in another language or with a wrong letter."""
    if word in piece_words.SIGNS or word.startswith(("remast", "rimast")):
        return True
    return len(word) >= MIN_MISSPELLED_LENGTH - 1 and any(
        OSA.distance(word, one) <= 1 for one in piece_words.MISSPELLED
    )


def _counts(words: set[str]) -> bool:
    """Tell whether a number in a piece may be that of a volume, not of its discs or tracks."""
    numbers = {
        word for word in words if word in piece_words.COUNTS or (word.isdigit() and not YEARS.fullmatch(word))
    }
    return bool(numbers) and piece_words.COUNTED.isdisjoint(words)


def _simplified(text: str) -> str:
    """Write how good the sound is as "hires", and leave out what misleads."""
    return _QUALITY.sub(" hires ", _ORIGINAL_RECORDING.sub("", text))


def _words(text: str) -> list[str]:
    plain = (
        _ORDINAL.sub("", text)
        .lower()
        .replace("w/", "with ")
        .replace(".", "")
        .replace("'", "")
        .replace("lo-fi", "lofi")
        .replace("re-", "re")
        .replace("pre-", "pre")
    )
    return _WORDS.findall(plain)
