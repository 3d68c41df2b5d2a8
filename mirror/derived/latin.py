"""Text in ASCII, whatever script it is written in."""

import html
import re
from html.entities import html5
from unicodedata import category, normalize

from anyascii import anyascii

MAX_READ = 500  # characters; later ones cannot reach a key, and no pattern ever meets a longer text


_PICTURES = range(0x1F000, 0x20000)


class _Latin(dict[int, str]):
    """Character -> ASCII. Asks anyascii once for each."""

    def __init__(self, known: dict[int, str], *, pictures: bool) -> None:
        super().__init__(known)
        self._pictures = pictures

    def __missing__(self, code: int) -> str:
        if not self._pictures and category(chr(code)) == "So":
            return ""
        latin = anyascii(chr(code).casefold()).strip(":")  # hearts, not :hearts:
        if code <= 0xFFFF or code in _PICTURES:
            self[code] = latin
        return latin


ASCII = [chr(code) for code in range(128)]
_OTHERWISE = {"×": "x", "°": "o", "®": "", "©": "", "℗": ""}
_FOLDED = {ord(sign): sign for sign in ASCII} | {ord(sign): latin for sign, latin in _OTHERWISE.items()}
_WITH_PICTURES, _WITHOUT_PICTURES = _Latin(_FOLDED, pictures=True), _Latin(_FOLDED, pictures=False)
_ENTITY = re.compile(r"&(?:#\d{2,7};?|#[xX][\da-fA-F]{2,6};?|[a-zA-Z]{2,8}\d{0,2};)")
_MAX_ENCODED = 3  # times that a text was encoded for HTML
_CONTROLS = dict.fromkeys([*range(32), 127], " ")


def to_latin(text: str) -> str:
    """Return the text in ASCII, with its case unchanged."""
    text = text.strip()[:MAX_READ]
    if "&" in text:
        text = _without_entities(text)
    if text.isascii():
        return text
    text = normalize("NFKC", text.replace("™", ""))[:MAX_READ]
    latin = text.translate(_WITHOUT_PICTURES).strip() or text.translate(_WITH_PICTURES)
    return latin[:MAX_READ]


def _decoded(entity: re.Match[str]) -> str:
    return html.unescape(entity[0]) if entity[0][1] == "#" else html5.get(entity[0][1:], entity[0])


def _without_entities(text: str) -> str:
    """Decode what was encoded for HTML: "&amp;", "&#39;", "&amp;quot;"."""
    for _ in range(_MAX_ENCODED):
        decoded = _ENTITY.sub(_decoded, text)
        if decoded == text:
            break
        text = decoded
    return text.strip()


def normalize_spaces(latin: str) -> str:
    """Replace control characters, and put one space between words."""
    return " ".join((latin if latin.isprintable() else latin.translate(_CONTROLS)).split())
