"""Text that was read in a wrong encoding.

UTF-8 as Windows-1252 or Latin-1: "BjÃ¶rk"; Russian in Windows-1251 as Latin-1: "Êèíî".
"""

import re

from mirror.derived.latin import MAX_READ

MAX_TIMES = 2  # that a text was garbled
MIN_LETTERS = 3  # that Russian is known by

_RUSSIAN = frozenset("¨¸«»").union(map(chr, range(0xC0, 0x100)))
_BYTES = {chr(byte): byte for byte in range(0x80, 0x100)}
_BYTES |= {sign: byte for byte in range(0x80, 0x100) if (sign := bytes([byte]).decode("cp1252", "ignore"))}


def _any_of(first: int, last: int) -> str:
    return f"[{''.join(re.escape(sign) for sign, byte in _BYTES.items() if first <= byte <= last)}]"


_NEXT = _any_of(0x80, 0xBF)
_CHARACTER = re.compile(
    f"{_any_of(0xC2, 0xDF)}{_NEXT}|{_any_of(0xE0, 0xEF)}{_NEXT}{{2}}|{_any_of(0xF0, 0xF4)}{_NEXT}{{3}}"
)


def mend(text: str) -> str:
    """Return the text that was meant; the same text if nothing in it looks garbled."""
    if text.isascii() or len(text) > MAX_READ:
        return text
    if _may_be_russian(text):
        return text.encode("latin-1").decode("cp1251")
    for _ in range(MAX_TIMES):
        text = _CHARACTER.sub(_decoded, text)
    return text


def _may_be_russian(text: str) -> bool:
    """Tell whether all letters are French ones of Latin-1, which are the Russian ones of Windows-1251."""
    if any(not sign.isascii() and sign not in _RUSSIAN for sign in text):
        return False
    letters = [sign for sign in text if sign.isalpha()]
    return len(letters) >= MIN_LETTERS and not any(map(str.isascii, letters))


def _decoded(garbled: re.Match[str]) -> str:
    try:
        return bytes(_BYTES[sign] for sign in garbled[0]).decode()
    except UnicodeDecodeError:
        return garbled[0]
