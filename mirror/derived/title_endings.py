"""The end of a title that names an edition or a format, as in "Rumours (Super Deluxe)" and "Dreams - Single"."""

import re
from itertools import pairwise

from mirror.derived import editions
from mirror.derived.editions import ARTICLES
from mirror.derived.latin import normalize_spaces, to_latin

OPENING, CLOSING = "([{<", ")]}>"

_MAX_ENDINGS = 6  # editions and formats cut off from the end of a title
_TOKENS = re.compile(r"[a-z]+|\d+(?:st|nd|rd|th)?")
_RE = re.compile(r"\bre[- ](?=issue|master|release|press|record|work|mix)")  # "re-issue" is "reissue"
_YEAR = re.compile(r"(?:19|20)\d\d")


def _vocabulary(words: str) -> frozenset[str]:
    return frozenset(to_latin(word).lower() for word in words.split())


_SOUNDTRACKS = _vocabulary(editions.SOUNDTRACKS)
_EDITIONS = _vocabulary(editions.EDITIONS) | _SOUNDTRACKS
_OTHER_MUSIC = _vocabulary(editions.OTHER_MUSIC)
_LATER = frozenset("23456789") | frozenset(["ii", "iii", "iv", "v", "two", "three", "four", "five"])
_FILM_MUSIC = frozenset(["music", "songs"])
_LAST_WORDS = editions.LAST_WORDS + editions.LAST_PHRASES
_FEATURING = _vocabulary(editions.FEATURING)
_EDITION_WORDS = {": ": _EDITIONS | _vocabulary(editions.AFTER_SEPARATORS)}
_EDITION_WORDS[" / "] = _EDITION_WORDS[": "]
_EDITION_WORDS[" - "] = _EDITION_WORDS[": "] | _vocabulary(editions.FORMATS)
_EDITION_WORDS["("] = _EDITION_WORDS[" - "] | _vocabulary(editions.IN_BRACKETS)
_KNOWN = _EDITION_WORDS["("] | _vocabulary(editions.FILLERS)


def is_other_music(text: str) -> bool:
    """Tell whether the end of a title names another recording: "(Remixes)", "(Taylor's Version)"."""
    return not _OTHER_MUSIC.isdisjoint(_tokens(normalize_spaces(to_latin(text))))


def split_endings(text: str) -> tuple[str, str]:
    """Split a title into what precedes its edition and format, which is never empty, and the words of these."""
    endings: list[str] = []
    while len(endings) < _MAX_ENDINGS and (cut := _bracketed(text) or _separated(text) or _bare(text)):
        text, edition = cut
        endings.insert(0, edition)
    return text, " ".join(filter(None, endings))


def _bracketed(text: str) -> tuple[str, str] | None:
    start = max(text.rfind("("), text.rfind("["), text.rfind("{"), text.rfind("<"))
    if start < 1:
        return None
    head, inside = text[:start].rstrip(OPENING + " "), text[start + 1 :].rstrip(CLOSING + " ")
    words = _tokens(inside)
    if not head or not words or _counts_soundtracks(words) or any(sign in inside for sign in CLOSING):
        return None
    if words[0] in _FEATURING:
        return head, ""
    is_edition = not _EDITIONS.isdisjoint(words) and _OTHER_MUSIC.isdisjoint(words)
    return (head, _edition(words)) if is_edition or _YEAR.fullmatch(inside) or _names_edition(words, "(") else None


def _separated(text: str) -> tuple[str, str] | None:
    if text.endswith(tuple(CLOSING)):
        return None
    at, separator = max((text.rfind(" - "), " - "), (text.rfind(": "), ": "), (text.rfind(" / "), " / "))
    if at < 1:
        return None
    words = _tokens(text[at:])
    if "complete" in words:  # "Mozart: The Complete Edition" is no edition of "Mozart"
        return None
    return (text[:at].rstrip(), _edition(words)) if _names_edition(words, separator) else None


def _bare(text: str) -> tuple[str, str] | None:
    if not text.rstrip("0123456789 .!").lower().endswith(_LAST_WORDS):
        return None
    ending = editions.BARE_ENDING.search(text)
    head = text[: ending.start()].rstrip(" ,") if ending else ""
    return (head, _edition(_tokens(ending[1]))) if ending and head and head.lower() not in ARTICLES else None


def _tokens(text: str) -> list[str]:
    text = text.lower().replace("'", "").replace("motion picture", "motionpicture")
    return _TOKENS.findall(_RE.sub("re", text.replace("sound track", "soundtrack")))


def _counts_soundtracks(words: list[str]) -> bool:
    """Tell whether the end of a title names not the first soundtrack: "Original Soundtrack 2"."""
    counted = _SOUNDTRACKS | {"motionpicture"}
    return any(word in counted and number in _LATER for word, number in pairwise(words))


def _names_edition(words: list[str], separator: str) -> bool:
    if words[-1:] == ["motionpicture"] and next(word for word in words if word != "original") in _FILM_MUSIC:
        return True  # whoever made the film: "Music From the Miramax Motion Picture"
    known = all(word in _KNOWN or word[0].isdigit() for word in words) and not _counts_soundtracks(words)
    return known and not _EDITION_WORDS[separator].isdisjoint(words)


def _edition(words: list[str]) -> str:
    edition = " ".join("soundtrack" if word in _SOUNDTRACKS else word for word in words)
    return edition.replace("motionpicture", "motion picture")
