"""A name that is written twice, in two scripts: "IU (아이유)", "坂本龍一 Ryuichi Sakamoto"."""

import re
from typing import NamedTuple
from unicodedata import normalize

MAX_READ = 300  # characters
BRACKET = re.compile(r" ?[(\[]([^()\[\]]+)[)\]]$")
_OTHER_SCRIPT = re.compile(r"[^\W\d_\u0000-\u024f\u1e00-\u1eff]")


class TwoNames(NamedTuple):
    """Both names, as they follow each other, and whether the second stands in brackets."""

    first: str
    second: str
    in_brackets: bool


def in_two_scripts(name: str) -> TwoNames | None:
    """Split a name at its bracket, or where it changes between Latin letters and others."""
    text = normalize("NFKC", name)[:MAX_READ]
    if bracket := BRACKET.search(text):
        names = TwoNames(text[: bracket.start()], bracket[1], in_brackets=True)
        is_twice = not (is_latin(names.first) and is_latin(names.second))
    else:
        words = text.split()
        changes = [at for at in range(1, len(words)) if is_latin(words[at]) != is_latin(words[at - 1])]
        at = changes[0] if changes else 0
        names = TwoNames(" ".join(words[:at]), " ".join(words[at:]), in_brackets=False)
        is_twice = len(changes) == 1
    return names if is_twice and all(any(map(str.isalpha, name)) for name in names[:2]) else None


def is_latin(text: str) -> bool:
    """Tell whether a text has no letters of another script."""
    return not _OTHER_SCRIPT.search(text)
